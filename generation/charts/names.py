"""Names of models in plots."""

MOST_LETTERS = 40


def shortened(name: str, most: int = MOST_LETTERS) -> str:
    """The name with its middle left out where it is long: names of models differ at their ends."""
    if len(name) <= most:
        return name
    tail = (most - 1) // 2
    return f"{name[: most - 1 - tail]}…{name[-tail:]}"
