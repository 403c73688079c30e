"""Subsets of items, or of pairs, on which rank correlations are wanted in many orders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import FEWEST_ITEMS
from calibration.metrics.correlation.intervals import CONSTANT, spearman
from calibration.metrics.correlation.ranks import mid_ranks

BoolArray = npt.NDArray[np.bool_]

FEW = f"fewer than {FEWEST_ITEMS} items, or pairs, with a score and labels"
EVERY = "it keeps all items, or pairs: there is no drop"


@dataclass(frozen=True, eq=False)
class Wanted:
    """A subset for which rho is wanted.

    Attributes
    ----------
    mask : ndarray of bool, shape (units,)
        Items, or pairs.
    m_ranks : ndarray of float, shape (units,)
        Ranks of the means inside, centred and of length 1; 0 outside.
    s_ranks : ndarray of float, shape (n,)
        The same of untied scores, from the lowest.
    observed : float
    reason : str or None
        Why rho is undefined, or has nothing to be held against.
    """

    mask: BoolArray
    m_ranks: FloatArray
    s_ranks: FloatArray
    observed: float
    reason: str | None

    @classmethod
    def of(cls, mask: BoolArray, scores: FloatArray, means: FloatArray) -> "Wanted":
        n = int(mask.sum())
        observed = spearman(scores[mask], means[mask])
        reason = FEW if n < FEWEST_ITEMS else CONSTANT if np.isnan(observed) else None
        ranks = np.zeros(len(mask))
        if reason is None:
            ranks[mask] = mid_ranks(means[mask])
            ranks[mask] -= (n + 1) / 2
        return cls(mask, unit(ranks), unit(np.arange(n, dtype=np.float64) - (n - 1) / 2), observed, reason)

    def of_some(self) -> "Wanted":
        """Undefined if it keeps all: rho there is what the permuted ones are moved to."""
        return replace(self, reason=self.reason or (EVERY if self.mask.all() else None))


def within(
    wanted: Sequence[Wanted], ordered: Sequence[npt.NDArray[Any]]
) -> Iterator[tuple[Wanted, list[npt.NDArray[Any]]]]:
    """What stands in order of all units, in the order of each subset's own.

    `ordered` are arrays of shape (r, units), the first of them the units' places. A subset of the one before
    it is taken from that: most follow each other from wide to narrow.
    """
    before, narrowed = np.zeros(0, dtype=np.bool_), list(ordered)
    for one in wanted:
        if one.reason:
            continue
        if not before.size or (one.mask & ~before).any():
            narrowed = list(ordered)
        n = int(one.mask.sum())
        if n < narrowed[0].shape[1]:
            chosen = np.take(one.mask, narrowed[0])
            narrowed = [numbers[chosen].reshape(-1, n) for numbers in narrowed]
        before = one.mask
        yield one, narrowed


def as_masks(insides: Sequence[npt.ArrayLike], items: int) -> list[BoolArray]:
    """Masks of so many items. Raises ValueError."""
    masks = [np.asarray(inside, dtype=np.bool_) for inside in insides]
    for mask in masks:
        if mask.shape != (items,):
            raise ValueError(f"a subset must have shape ({items},), not {mask.shape}")
    return masks


def unit(numbers: FloatArray) -> FloatArray:
    """The numbers over their length; zeros stay."""
    length = float(np.sqrt(numbers @ numbers))
    return numbers / length if length else numbers
