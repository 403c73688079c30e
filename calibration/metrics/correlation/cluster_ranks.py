"""Rank correlations of one scorer after another with the same labels, in the same resamples of clusters.

Items of a cluster come up equally often, so the mid-rank of an item in a resample is a sum over clusters: of
their weights times how many of their items lie below it, ties by half. Ranks of all items in all resamples
are then one matrix product. Its terms are halves of whole numbers and exact below 2**53, in whatever order
and by however many threads they are added up: the same resamples give the same numbers to the last bit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray, over
from calibration.metrics.correlation.ranks import difference_statistic, spearman_statistic

# With more clusters, sorting the items and adding their weights up takes less than the product.
MOST_CLUSTERS = 100
# Items times resamples made at once, 16 MB, and held in all, 160 MB: what is more is made again each time.
CHUNK, MOST_HELD = 2_000_000, 20_000_000

Against = Callable[[FloatArray], FloatArray]


def spearman_against(y: FloatArray, index: IntArray, weights: FloatArray) -> Against:
    """Make Spearman's correlation with y in given resamples a function of the other side.

    Parameters
    ----------
    y : ndarray of float, shape (items,)
        Without missing values.
    index : ndarray of int, shape (items,)
        The cluster of each item, from 0.
    weights : ndarray of float, shape (r, clusters)
        How often each cluster comes up in each resample: whole numbers.

    Returns
    -------
    callable
        From x of shape (items,), without missing values, to r correlations: what Spearman's would be of the
        repeated items, NaN where a side is constant. What is of y alone is computed once, and held: one
        number an item and resample, up to 160 MB.

    Notes
    -----
    With b the ranks of y less their mean and A how many items of each cluster lie below each item by x, the
    products of both ranks add up to the rows of (w b) A times the weights: x's own ranks are never made.
    With T the weights of the groups of ties and N their sum, squared ranks about their mean add up to
    (N^3 - sum T^3) / 12.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 3.0])
    >>> against = spearman_against(y, np.arange(3), np.array([[1.0, 1.0, 1.0], [0.0, 3.0, 0.0]]))
    >>> against(np.array([5.0, 7.0, 6.0]))
    array([0.5, nan])
    """
    return _against(y, index, weights, signed=False)


def difference_against(y: FloatArray, index: IntArray, weights: FloatArray) -> Against:
    """Make Spearman's correlation of differences, each in both orientations, a function of one side.

    Parameters
    ----------
    y : ndarray of float, shape (pairs,)
        Differences in one orientation, without missing values.
    index, weights
        As for `spearman_against`, of pairs.

    Returns
    -------
    callable
        As of `spearman_against` of y and -y, with x and -x. Both orientations lie symmetrically about
        zero, so that ranks of the sizes are enough, and the signs come in with the products.

    Examples
    --------
    >>> against = difference_against(np.array([2.0, -1.0]), np.arange(2), np.array([[1.0, 1.0]]))
    >>> against(np.array([1.0, -2.0]))
    array([0.6])
    """
    return _against(y, index, weights, signed=True)


def _against(y: FloatArray, index: IntArray, weights: FloatArray, *, signed: bool) -> Against:
    if weights.shape[1] > MOST_CLUSTERS:
        statistic = difference_statistic if signed else spearman_statistic
        return lambda x: statistic(x, y, index)(weights)
    labels = _Side.of(y, index, weights.shape[1], signed=signed)
    held = list(labels.ranked(weights)) if len(y) * len(weights) <= MOST_HELD else None

    def against(x: FloatArray) -> FloatArray:
        scores = _Side.of(x, index, weights.shape[1], signed=signed)
        parts = labels.ranked(weights) if held is None else held
        return np.concatenate([part.correlations(scores) for part in parts])

    return against


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two variables.

    Attributes
    ----------
    below : ndarray of float, shape (items, clusters)
        Items of each cluster below each item, ties by half; with the sign of a difference.
    index : ndarray of int, shape (items,)
    alone : ndarray of float, shape (clusters,)
        Items that tie with no other.
    tied, zeros : ndarray of float, shape (clusters, groups) and (clusters,)
        Items in each group of ties, and items that are 0.
    """

    below: FloatArray
    index: IntArray
    alone: FloatArray
    tied: FloatArray
    zeros: FloatArray
    signed: bool

    @classmethod
    def of(cls, x: FloatArray, index: IntArray, clusters: int, *, signed: bool) -> Self:
        levels, group, sizes = np.unique(np.abs(x) if signed else x, return_inverse=True, return_counts=True)
        places = np.bincount(group * clusters + index, minlength=len(sizes) * clusters)
        counts = places.reshape(-1, clusters).astype(np.float64)
        below = (np.cumsum(counts, axis=0) - counts / 2)[group]
        if signed:
            below *= np.sign(x)[:, None]
        alone, tied = counts[sizes == 1].sum(axis=0), counts[sizes > 1].T
        return cls(below, index, alone, tied, counts[levels == 0].sum(axis=0), signed)

    def ranked(self, weights: FloatArray) -> Iterator["_Ranked"]:
        """Weights times ranks less their mean, some resamples at a time."""
        sizes = np.bincount(self.index, minlength=weights.shape[1]).astype(np.float64)
        rows = max(1, CHUNK // len(self.index))
        for start in range(0, len(weights), rows):
            part = weights[start : start + rows]
            drawn = _Drawn(part, part * part * part, part @ sizes)
            ranks = part @ self.below.T
            if not self.signed:
                ranks -= drawn.number[:, None] / 2
            ranks *= part[:, self.index]
            yield _Ranked(drawn, ranks, self.squares(drawn))

    def squares(self, drawn: "_Drawn") -> FloatArray:
        """Squared ranks about their mean, added up; of a difference half of those of both orientations."""
        ties = drawn.cubes @ self.alone
        if self.tied.size:
            groups = drawn.weights @ self.tied
            ties += np.einsum("rg,rg,rg->r", groups, groups, groups)
        if not self.signed:
            return (drawn.number**3 - ties) / 12
        # Each orientation has its ties, but differences of zero are one tie of both.
        zeros = drawn.weights @ self.zeros
        return (4 * drawn.number**3 - ties - 3 * zeros**3) / 12


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Some resamples: the weights of clusters, those cubed, and how many items come up."""

    weights: FloatArray
    cubes: FloatArray
    number: FloatArray


@dataclass(frozen=True, eq=False)
class _Ranked:
    """The labels' side in some resamples: weights times ranks, shape (r, items), and their squares' sum."""

    drawn: _Drawn
    weighted: FloatArray
    squares: FloatArray

    def correlations(self, scores: _Side) -> FloatArray:
        products = np.einsum("rc,rc->r", self.weighted @ scores.below, self.drawn.weights)
        return np.clip(over(products, np.sqrt(self.squares * scores.squares(self.drawn))), -1, 1)
