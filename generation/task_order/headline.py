"""What a report of the order of tasks answers, in a sentence or two: the best order, and how it is known."""

from generation.reported import Json
from generation.templatetags.numbers import end, fixed

# Of a name that is written from right to left, so that what stands beside it keeps its place.
ISOLATED = "\N{FIRST STRONG ISOLATE}{}\N{POP DIRECTIONAL ISOLATE}"


def headline(found: Json) -> str:
    """The answer; where it cannot be told, that."""
    if not (orders := found["orders"]):
        return f"It cannot be told: {found['reasons']['orders']}."
    return " ".join(filter(None, (_best(orders), _met(found))))


def _best(orders: Json) -> str:
    gain, more = orders["certainty"]["advantage"], orders["ties"] - 1
    name = " → ".join(ISOLATED.format(task) for task in orders["best"][0])
    least = f"“{name}” is predicted to forget least of {orders['orders']:,} orders"
    ties = f", and {more:,} more as little" if more else ""
    if gain["low"] is None:
        return f"{least}{ties}; how sure that is, is undefined: {gain['reason']}."
    by = f"{fixed(gain['value'], 3)} ({end(gain['low'], 3)} to {end(gain['high'], 3)})"
    if gain["low"] <= 0:
        return (
            f"It cannot be told whether the order matters: of {orders['orders']:,} orders, that which is "
            f"predicted to forget least forgets {by} less than the median order."
        )
    return f"{least}{ties}: {by} less than the median order, in shares of the tasks’ scales."


def _met(found: Json) -> str:
    fit = found["prediction"]["foretold"]
    if fit is None or fit["pearson"]["value"] is None:
        return ""
    one = fit["pearson"]
    ends = "" if one["low"] is None else f" ({end(one['low'])} to {end(one['high'])})"
    numbers = f"{fixed(one['value'])}{ends}"
    if one["low"] is not None and one["low"] <= 0:
        return f"Whether other runs foretell what comes of a run cannot be told: they correlate at {numbers}."
    return f"What the other runs foretell of a run and what came correlate at {numbers}."
