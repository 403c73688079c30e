"""A subset of items, and how a share of the items is cut at a value."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import BoolArray, FloatArray, totals

PairArray = npt.NDArray[np.intp]

# Equal measures reached by different sums differ in their last digits: they must tie all the same.
DIGITS = 10

# What a number may lack to a bound and still reach it, of 1 or of the number where that is larger.
SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Subset:
    """Items chosen by one rule at one parameter.

    Attributes
    ----------
    rule : str
    parameter : float
    mask : ndarray of bool, shape (items,)
        The items chosen; with `pairs`, those in any pair. Items without labels never are.
    boundary_ties : int
        How many items share the value at which a share of the items was cut, when the share ends
        in their midst: file order would have had to choose among them, here all are in. 0 when
        the cut falls between two values, and for rules that cut at a value, not a share.
    pairs : ndarray of int, shape (m, 2), or None
        For the rule near_pairs, the two items of each pair.
    unlisted : int
        How many pairs there are where they are too many to be listed; `mask` and `pairs` are then empty.
    """

    rule: str
    parameter: float
    mask: BoolArray
    boundary_ties: int = 0
    pairs: PairArray | None = None
    unlisted: int = 0

    @property
    def n(self) -> int:
        """Items in the subset, or pairs where it is made of pairs."""
        return int(self.mask.sum()) if self.pairs is None else len(self.pairs) + self.unlisted


def measured(measure: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """The measure with its noise rounded away, and its sorted known values."""
    rounded = np.asarray(measure, dtype=np.float64).round(DIGITS)
    return rounded, np.sort(rounded[~np.isnan(rounded)])


def reaches(numbers: FloatArray, bound: float) -> BoolArray:
    """Which numbers are at least the bound, but for rounding; NaN never is."""
    return np.asarray(numbers >= bound - SLACK * np.maximum(1, np.abs(numbers)))


def of_several(measure: FloatArray, counts: FloatArray) -> FloatArray:
    """The measure, NaN where there are fewer than two labels: one label shows no disagreement."""
    return np.where(totals(counts) >= 2, measure, np.nan)


def checked_percent(percent: float) -> float:
    if not 0 < percent <= 100:
        raise ValueError(f"percent must lie above 0 and at most at 100, not {percent}")
    return percent


def nothing(rule: str, parameter: float, measure: FloatArray) -> Subset:
    return Subset(rule, float(parameter), np.zeros(len(measure), dtype=np.bool_))


def from_percentile(measure: FloatArray, known: FloatArray, percentile: float) -> tuple[BoolArray, BoolArray]:
    """Items from a percentile on, and those that tie across it."""
    cut = np.round(np.percentile(known, percentile), DIGITS)
    inside = measure >= cut
    wanted = len(known) - int(np.ceil(np.round((len(known) - 1) * percentile / 100, DIGITS)))
    return inside, (measure == cut) & (inside.sum() > wanted)


def most(rule: str, measure: npt.ArrayLike, percent: float) -> Subset:
    level, known = measured(measure)
    percentile = 100 - checked_percent(percent)
    if not len(known):
        return nothing(rule, percent, level)
    inside, tied = from_percentile(level, known, percentile)
    return Subset(rule, float(percent), inside, int(tied.sum()))


def top(rule: str, measure: npt.ArrayLike, percent: float) -> Subset:
    level, known = measured(measure)
    wanted = int(np.floor(np.round(len(known) * checked_percent(percent) / 100, DIGITS)))
    if not wanted:
        return nothing(rule, percent, level)
    inside = level >= known[-wanted]
    tied = (level == known[-wanted]) & (inside.sum() > wanted)
    return Subset(rule, float(percent), inside, int(tied.sum()))
