"""Each annotator's labels as ranks among their own, and these shuffled among the people of each item."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray, over
from calibration.metrics.correlation.ranks import mid_ranks

# Below this a correlation is next to nothing but noise; people who compare pairs label ten at a sitting.
FEWEST_ITEMS = 8
PERMUTATIONS = 199
# Numbers handled at once: 2 MB, which stays near the cache.
CHUNK = 250_000


@dataclass(frozen=True, eq=False)
class AnnotatorRanks:
    """Labels of the annotators who gave enough, as shares of ranks among their own, by person and item.

    The first row of `shares` holds the labels as given, each further one those of each item dealt anew to
    the people who labelled it: what people's numbers would be if nobody's labels were their own.

    Attributes
    ----------
    person, item : ndarray of int, shape (labels,)
    shares : ndarray of float32, shape (1 + permutations, labels)
        Mid-ranks among the person's labels over how many they are, less a half.
    sizes : ndarray of int, shape (annotators,)
        Labels of each annotator.
    people : int
        All who labelled, the annotators among them.
    kept : float
        Which part of the variance between annotators dealing anew leaves in, on average: some labels come
        back to their own person, and all where nobody else labelled an item.
    """

    person: IntArray
    item: IntArray
    shares: npt.NDArray[np.float32]
    sizes: IntArray
    people: int
    kept: float

    @classmethod
    def of(
        cls,
        person: npt.ArrayLike,
        item: npt.ArrayLike,
        value: npt.ArrayLike,
        *,
        items: int,
        scored: npt.ArrayLike | None = None,
        fewest_items: int = FEWEST_ITEMS,
        permutations: int = PERMUTATIONS,
        rng: np.random.Generator,
    ) -> "AnnotatorRanks":
        """Rank the labels of everybody who gave enough, and shuffle them within items.

        Parameters
        ----------
        person, item : array_like of int, shape (labels,)
            The places of the label's person and item, from 0.
        value : array_like of float, shape (labels,)
        items : int
        scored : array_like of bool, shape (items,), optional
            The items that count; by default all.
        fewest_items : int
            People with fewer labels of those are left out, as are people whose labels are all alike.
        permutations : int
        rng : numpy.random.Generator

        Raises
        ------
        ValueError
            If the arrays do not fit each other.

        Examples
        --------
        >>> person, item = np.divmod(np.arange(24), 8)
        >>> ranks = AnnotatorRanks.of(person, item, item % 3, items=8, rng=np.random.default_rng(0))
        >>> ranks.sizes.tolist(), ranks.shares.shape
        ([8, 8, 8], (200, 24))
        """
        who, what = np.asarray(person, dtype=np.intp), np.asarray(item, dtype=np.intp)
        given = np.asarray(value, dtype=np.float64)
        if who.ndim != 1 or not who.shape == what.shape == given.shape:
            raise ValueError("person, item and value need one entry a label")
        if len(what) and not (what.min() >= 0 and what.max() < items and who.min() >= 0):
            raise ValueError(f"person and item are places from 0, of {items} items")
        everybody = len(np.unique(who))
        kept = np.ones(items, dtype=bool) if scored is None else np.asarray(scored, dtype=bool)
        who, what, given = _enough(who, what, given, kept[what], fewest_items)
        order = np.lexsort((what, who))
        who, what, given = who[order], what[order], given[order]
        sizes = np.bincount(who) if len(who) else np.zeros(0, dtype=np.intp)
        dealt = _dealt(what, permutations, rng)
        shares = (_ranks(given, who, sizes) / sizes[who] if len(who) else given).astype(np.float32)
        return cls(who, what, shares[dealt], sizes, everybody, _left_in(who, sizes, dealt, rng))

    def scored(self, scores: FloatArray) -> FloatArray:
        """Ranks of the scores among each annotator's items, with mean 0 and mean square 1; NaN if all alike.

        Raises ValueError where an item has no score.
        """
        if len(self.item) and len(scores) <= int(self.item.max()):
            raise ValueError(f"the labels are of more than {len(scores)} items")
        of_labels = scores[self.item]
        if np.isnan(of_labels).any():
            raise ValueError("an item whose labels were ranked has no score")
        if not len(of_labels):
            return of_labels
        return self._unit(_ranks(of_labels, self.person, self.sizes) / self.sizes[self.person])

    @cached_property
    def standardised(self) -> FloatArray:
        """The labels' own shares with mean 0 and mean square 1 a person."""
        return self._unit(self.shares[0].astype(np.float64))

    def correlations(self, scored: FloatArray) -> FloatArray:
        """Spearman's with each annotator, as labels were given and as dealt: (1 + permutations, annotators).

        NaN where an annotator's labels, or the scores of their items, are all alike.
        """
        if not len(self.sizes):
            return np.full((len(self.shares), 0), np.nan)
        products = self._summed(scored.astype(np.float32)) / self.sizes
        return np.clip(over(products, self._sd), -1, 1)

    @cached_property
    def _sd(self) -> FloatArray:
        """Of each annotator's shares, in each dealing."""
        mean = self._summed(np.ones(len(self.item), dtype=np.float32)) / self.sizes
        square = np.concatenate(
            [np.add.reduceat(part * part, self._starts, axis=1) for part in self._parts()], dtype=np.float64
        )
        variance = square / self.sizes - mean * mean
        return np.sqrt(np.where(variance > 1e-6, variance, 0))

    @property
    def _starts(self) -> IntArray:
        return np.cumsum(self.sizes) - self.sizes

    def _parts(self) -> list[npt.NDArray[np.float32]]:
        step = max(1, CHUNK // max(1, len(self.item)))
        return [self.shares[start : start + step] for start in range(0, len(self.shares), step)]

    def _summed(self, factor: npt.NDArray[np.float32]) -> FloatArray:
        """Sums over each annotator's labels of the shares times a factor, shape (dealings, annotators)."""
        parts = [np.add.reduceat(part * factor, self._starts, axis=1) for part in self._parts()]
        return np.concatenate(parts, dtype=np.float64)

    def _unit(self, x: FloatArray) -> FloatArray:
        mean = np.bincount(self.person, x) / self.sizes
        centred = x - mean[self.person]
        square = np.bincount(self.person, centred * centred) / self.sizes
        sd = np.sqrt(np.where(square > 1e-6, square, np.nan))
        return np.asarray(centred / sd[self.person])


def _enough(
    who: IntArray, what: IntArray, given: FloatArray, kept: npt.NDArray[np.bool_], fewest: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """The labels of the people with enough of them, not all alike; people numbered anew."""
    who, what, given = who[kept], what[kept], given[kept]
    if not len(who):
        return who, what, given
    low, high = np.full(who.max() + 1, np.inf), np.full(who.max() + 1, -np.inf)
    np.minimum.at(low, who, given)
    np.maximum.at(high, who, given)
    good = (np.bincount(who) >= fewest) & (high > low)
    rows = good[who]
    return (np.cumsum(good) - 1)[who[rows]], what[rows], given[rows]


def _ranks(x: FloatArray, who: IntArray, sizes: IntArray) -> FloatArray:
    """Mid-ranks among each person's numbers, less the middle one; people stand in order."""
    _, coded = np.unique(x, return_inverse=True)
    before = np.cumsum(sizes) - sizes
    ranks: FloatArray = mid_ranks(who * (int(coded.max()) + 1) + coded) - before[who]
    return ranks - (sizes[who] + 1) / 2


def _dealt(what: IntArray, permutations: int, rng: np.random.Generator) -> IntArray:
    """Places of labels: as they are, then dealt anew within each item, shape (1 + permutations, labels)."""
    by_item = np.argsort(what, kind="stable")
    dealt = np.empty((1 + permutations, len(what)), dtype=np.intp)
    dealt[0] = np.arange(len(what))
    for row in dealt[1:]:
        row[by_item] = by_item[np.argsort(rng.random(len(what)) + what[by_item])]
    return dealt


def _left_in(who: IntArray, sizes: IntArray, dealt: IntArray, rng: np.random.Generator) -> float:
    """Which part of a variance drawn between people is left between them by dealing anew."""
    if len(sizes) < 2:
        return 1.0
    effect = rng.normal(size=len(sizes)).astype(np.float32)[who]
    starts = np.cumsum(sizes) - sizes
    means = np.array([np.add.reduceat(effect[row], starts) for row in dealt]) / sizes
    variance = np.average(
        (means - np.average(means, axis=1, weights=sizes)[:, None]) ** 2, axis=1, weights=sizes
    )
    return float(variance[1:].mean() / variance[0]) if len(dealt) > 1 else 1.0
