"""Beyond what a person is flagged: the usual limits, and a study's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from annotation.models import Study

# Of two answers one may be right for nearly every item.
OF_TWO = {"modal_share": 1.0, "run": 50}
# Of the way from one end of the scale to the other: what answers at random come to is .3.
FAR = 0.4


@dataclass(frozen=True)
class Limits:
    """A study's limits; a person beyond one of them gets a flag, and nothing else follows from it.

    Attributes
    ----------
    labels : int
        On fewer answers, only failed checks say anything.
    seconds : float or None
        Least median active time an item; None: the time that reading its texts takes.
    modal_share, run : float, int
        Most of one's answers that are the same, and most in a row.
    side_share : float
        Largest share of one side, left or right, of the answers to comparisons that took one.
    correlation, correlation_items : float, int
        Least correlation with the others, where it rests on so many items.
    difference : float
        Most of the mean distance from the others, in steps of the scale.
    cannot_judge : float
        Largest share of items that one could not judge.
    failed_checks : int
        The study's own number, which is in its settings.
    """

    labels: int = 8
    seconds: float | None = None
    modal_share: float = 0.9
    run: int = 10
    side_share: float = 0.9
    correlation: float = 0.0
    correlation_items: int = 10
    difference: float = 0.0
    cannot_judge: float = 0.3
    failed_checks: int = 2


# What a study may set, and within what.
RANGES: dict[str, tuple[float, float]] = {
    "labels": (1, 10_000),
    "seconds": (0, 3_600),
    "modal_share": (0, 1),
    "run": (2, 10_000),
    "side_share": (0.5, 1),
    "correlation": (-1, 1),
    "correlation_items": (3, 10_000),
    "difference": (0, 100),
    "cannot_judge": (0, 1),
}
WHOLE = frozenset({"labels", "run", "correlation_items"})


def limits_of(study: Study) -> Limits:
    """The limits that hold in a study."""
    usual: dict[str, Any] = {"difference": FAR * (study.scale_high - study.scale_low)}
    if len(study.values) == 2:
        usual |= OF_TWO
    return Limits(**usual | study.quality_limits, failed_checks=study.failed_checks_limit)


def check_limits(given: Any) -> None:
    """Raise ValueError, with a line for a person, unless `given` maps names of limits to fitting numbers."""
    if not isinstance(given, Mapping):
        raise ValueError("quality limits: give names of limits with their numbers.")
    for name, number in given.items():
        if name not in RANGES:
            raise ValueError(f"quality limits: there is no limit {name}; there are {', '.join(RANGES)}.")
        low, high = RANGES[name]
        numeric = isinstance(number, int | float) and not isinstance(number, bool)
        if not numeric or not isfinite(number) or not low <= number <= high:
            raise ValueError(f"quality limits: {name} is a number from {low:g} to {high:g}, not {number!r}.")
        if name in WHOLE and number != int(number):
            raise ValueError(f"quality limits: {name} is a whole number, not {number}.")
