"""What the address of a plot says beside its name."""

from collections.abc import Mapping


def counts_excluded(asked: Mapping[str, str]) -> bool:
    """Whether an address asks for the labels of excluded people too."""
    return asked.get("excluded") == "with"


def asking(with_excluded: bool) -> dict[str, str]:
    """What an address says to ask so."""
    return {"excluded": "with"} if with_excluded else {}
