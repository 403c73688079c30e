"""Answers of people, or of a panel, one a row: what effects are computed from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Answers:
    """Who answered what about which item.

    Attributes
    ----------
    item, person : int arrays, shape (answers,)
        Places from 0. Whoever is not known is a person of their own.
    value : ndarray of float, shape (answers,)
    items, people : int
        How many places there are; some may have no answer.
    within : ndarray of float, shape (answers,), or None
        The variance that an answer stands for, where it is the mean of a distribution.
    """

    item: IntArray
    person: IntArray
    value: FloatArray
    items: int
    people: int
    within: FloatArray | None = None

    def at(self, kept: npt.NDArray[np.bool_]) -> "Answers":
        """These answers alone; places stay."""
        within = None if self.within is None else self.within[kept]
        return Answers(self.item[kept], self.person[kept], self.value[kept], self.items, self.people, within)

    @cached_property
    def number(self) -> IntArray:
        """Answers of each item."""
        return np.bincount(self.item, minlength=self.items)

    @cached_property
    def means(self) -> FloatArray:
        """Mean answer of each item; NaN without any."""
        sums = np.bincount(self.item, weights=self.value, minlength=self.items)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean: FloatArray = sums / self.number
        return mean

    @cached_property
    def residuals(self) -> FloatArray:
        """Each answer less the mean of its item."""
        return self.value - self.means[self.item]
