"""Ranks, and the rank correlations of many resamples at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray, over

# Signs of pairs held at once: 2 million numbers, 8 MB, whatever the number of items.
CELLS = 2_000_000
# Ranks held at once: 2 MB, which stays near the cache and is twice as fast as all replicates at once.
CACHED = 250_000
FEWEST_COLUMNS = 32


def mid_ranks(x: npt.ArrayLike) -> FloatArray:
    """Ranks from 1, tied values sharing the mean of their ranks.

    Parameters
    ----------
    x : array_like of float, shape (n,)
        Without missing values.

    Returns
    -------
    ndarray of float, shape (n,)

    Examples
    --------
    >>> mid_ranks([10, 30, 10, 20])
    array([1.5, 4. , 1.5, 3. ])
    """
    _, group, sizes = np.unique(np.asarray(x), return_inverse=True, return_counts=True)
    ranks: FloatArray = (np.cumsum(sizes) - (sizes - 1) / 2)[group]
    return ranks


def ranks_in_groups(x: npt.ArrayLike, group: IntArray) -> FloatArray:
    """Mid-ranks from 1 within each group.

    Parameters
    ----------
    x : array_like of float, shape (n,)
        Without missing values.
    group : ndarray of int, shape (n,)
        The group of each number, from 0.

    Returns
    -------
    ndarray of float, shape (n,)

    Examples
    --------
    >>> ranks_in_groups([10, 30, 10, 20], np.array([0, 1, 0, 1]))
    array([1.5, 2. , 1.5, 1. ])
    """
    _, coded = np.unique(np.asarray(x), return_inverse=True)
    before = np.concatenate([[0], np.cumsum(np.bincount(group))])[group]
    ranks: FloatArray = mid_ranks(group * (coded.max(initial=0) + 1) + coded) - before
    return ranks


def spearman_statistic(x: FloatArray, y: FloatArray, index: IntArray) -> Callable[[FloatArray], FloatArray]:
    """Make Spearman's correlation a function of cluster weights, many sets of them at once.

    Parameters
    ----------
    x, y : ndarray of float, shape (items,)
        Without missing values.
    index : ndarray of int, shape (items,)
        The cluster of each item, from 0.

    Returns
    -------
    callable
        From weights of shape (r, clusters), how often each cluster comes up, to r correlations:
        what Spearman's would be of the repeated items, NaN where a side is constant.

    Notes
    -----
    The items are sorted once. In each replicate the mid-rank of a group of ties is the weight
    before it and half its own, and with W the weights of the groups and N their sum the squared
    ranks about their mean add up to (N^3 - sum W^3) / 12.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> statistic = spearman_statistic(x, x, np.arange(3))
    >>> statistic(np.array([[1.0, 1.0, 1.0], [0.0, 3.0, 0.0]]))
    array([ 1., nan])
    """
    return _rank_statistic(_Side.of(x, index), _Side.of(y, index))


def difference_statistic(x: FloatArray, y: FloatArray, index: IntArray) -> Callable[[FloatArray], FloatArray]:
    """Make Spearman's correlation of differences, each in both orientations, a function of cluster weights.

    Parameters
    ----------
    x, y : ndarray of float, shape (pairs,)
        Differences in one orientation, without missing values.
    index : ndarray of int, shape (pairs,)
        The cluster of each pair, from 0.

    Returns
    -------
    callable
        As of `spearman_statistic` of x and -x with y and -y, at half its cost.

    Notes
    -----
    Both orientations lie symmetrically about zero: the rank of -d less the mean rank is minus that of d.
    So ranks of the sizes are enough, and the signs come in with the products.

    Examples
    --------
    >>> statistic = difference_statistic(np.array([1.0, -2.0]), np.array([2.0, -1.0]), np.arange(2))
    >>> statistic(np.array([[1.0, 1.0], [2.0, 0.0]]))
    array([0.6, 1. ])
    """
    sides = _Sizes.of(np.abs(x), index), _Sizes.of(np.abs(y), index)
    return _rank_statistic(*sides, signs=np.sign(x) * np.sign(y))


def _rank_statistic(
    x: "_Side", y: "_Side", *, signs: FloatArray | None = None
) -> Callable[[FloatArray], FloatArray]:
    finer, coarser = sorted((x, y), key=lambda side: -len(side.starts))
    # In the finer side's order, the coarser one's ranks are a small table that stays in the cache.
    position, other = finer.group[finer.order], coarser.group[finer.order]
    untied = len(finer.starts) == len(position)
    signed = None if signs is None else signs[finer.order, None]
    width = max(FEWEST_COLUMNS, CACHED // len(position))

    def correlations(weights: FloatArray) -> FloatArray:
        # Rows are items and columns replicates, so that every step runs over contiguous numbers.
        columns = np.ascontiguousarray(weights.T)
        ranks, squares = finer.weighted_ranks(columns)
        other_ranks, other_squares = coarser.weighted_ranks(columns)
        weight = columns[finer.clusters]
        if signed is not None:
            weight *= signed
        products = np.einsum("ir,ir,ir->r", weight, ranks if untied else ranks[position], other_ranks[other])
        return np.clip(over(products, np.sqrt(squares * other_squares)), -1, 1)

    def statistic(weights: FloatArray) -> FloatArray:
        starts = range(0, len(weights), width)
        return np.concatenate([correlations(weights[start : start + width]) for start in starts])

    return statistic


def kendall_statistic(x: FloatArray, y: FloatArray, index: IntArray) -> Callable[[FloatArray], FloatArray]:
    """Make Kendall's tau-b a function of cluster weights, many sets of them at once.

    Parameters
    ----------
    x, y : ndarray of float, shape (items,)
        Without missing values.
    index : ndarray of int, shape (items,)
        The cluster of each item, from 0.

    Returns
    -------
    callable
        From weights of shape (r, clusters), how often each cluster comes up, to r correlations:
        what tau-b would be of the repeated items, NaN where a side is constant.

    Notes
    -----
    With S the signs of the pairs of items, added up by their two clusters, concordant less
    discordant pairs are w'Sw / 2; copies of an item tie with each other. S is made block by block
    of its rows, and each pair once. With W the weights of the distinct numbers of a side and N
    their sum, (N^2 - sum W^2) / 2 of its pairs are untied.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> statistic = kendall_statistic(x, x, np.arange(3))
    >>> statistic(np.array([[1.0, 1.0, 1.0], [0.0, 3.0, 0.0]]))
    array([ 1., nan])
    """
    sides = _Side.of(x, index), _Side.of(y, index)
    order = np.argsort(index, kind="stable")
    a, b = (side.group[order].astype(np.int32) for side in sides)
    cluster, sizes = index[order], np.bincount(index)
    # Half the width is twice the speed, and exact as long as every sum of whole numbers stays below 2^24.
    exact = np.float32 if len(sizes) * int(sizes.max()) ** 2 < 2**24 else np.float64

    def statistic(weights: FloatArray) -> FloatArray:
        drawn = weights.astype(exact)
        balance = np.zeros(len(weights))
        height = max(1, CELLS // len(a))
        for first in range(0, len(a), height):
            rows, columns = slice(first, first + height), slice(first, None)
            signs = np.sign(np.subtract.outer(a[rows], a[columns]))
            signs *= np.sign(np.subtract.outer(b[rows], b[columns]))
            signs[:, :height] = np.triu(signs[:, :height])
            sums, upper = _summed(signs, cluster[rows], axis=0)
            sums, lower = _summed(sums, cluster[columns], axis=1)
            balances = (drawn[:, lower] @ sums.T.astype(exact)).astype(np.float64)
            balance += np.einsum("rc,rc->r", balances, weights[:, upper])
        by_cluster = np.ascontiguousarray(weights.T)
        untied = [side.untied_pairs(by_cluster) for side in sides]
        return np.clip(over(balance, np.sqrt(untied[0] * untied[1])), -1, 1)

    return statistic


def _summed(
    signs: npt.NDArray[np.int32], cluster: IntArray, *, axis: int
) -> tuple[npt.NDArray[np.int32], IntArray]:
    """Sums over the clusters along an axis, which is sorted by cluster; and those clusters."""
    starts = np.flatnonzero(np.diff(cluster, prepend=-1))
    alone = len(starts) == len(cluster)
    return signs if alone else np.add.reduceat(signs, starts, axis=axis), cluster[starts]


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two variables, sorted: its ties, and the cluster of each item in that order.

    `zero` is whether the least number is 0.
    """

    order: IntArray
    starts: IntArray
    group: IntArray
    clusters: IntArray
    zero: bool

    @classmethod
    def of(cls, x: FloatArray, index: IntArray) -> Self:
        order = np.argsort(x, kind="stable")
        _, starts, group = np.unique(x[order], return_index=True, return_inverse=True)
        by_item = np.empty_like(group)
        by_item[order] = group
        return cls(order, starts, by_item, index[order], bool(x[order[0]] == 0))

    def weights(self, columns: FloatArray) -> FloatArray:
        """How often each distinct number comes up."""
        weight = columns[self.clusters]
        return np.add.reduceat(weight, self.starts, axis=0) if len(self.starts) < len(weight) else weight

    def untied_pairs(self, columns: FloatArray) -> FloatArray:
        """How many pairs of items differ."""
        weight = self.weights(columns)
        pairs: FloatArray = (weight.sum(axis=0) ** 2 - np.einsum("gr,gr->r", weight, weight)) / 2
        return pairs

    def weighted_ranks(self, columns: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mid-ranks of each distinct number less their mean, and the sum of their squares."""
        weight = self.weights(columns)
        ranks = np.cumsum(weight, axis=0)
        n = ranks[-1].copy()
        ranks -= weight / 2
        ranks -= n / 2
        squares = (n**3 - np.einsum("gr,gr,gr->r", weight, weight, weight)) / 12
        # One number left: nothing but rounding.
        return ranks, np.where(squares > 1e-12 * n**3, squares, 0.0)


class _Sizes(_Side):
    """Sizes of differences, each of which counts in both orientations."""

    def weighted_ranks(self, columns: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mid-ranks, less their mean, of each distinct size; half the sum of squares of both orientations.

        Differences of zero have no rank here: their sign, 0, leaves them out of every product.
        """
        weight = self.weights(columns)
        ranks = np.cumsum(weight, axis=0)
        n = 2 * ranks[-1]
        ranks -= weight / 2
        ties = 2 * np.einsum("gr,gr,gr->r", weight, weight, weight)
        if self.zero:
            ties += 6 * weight[0] ** 3  # one tie of both orientations, not two ties
        squares = (n**3 - ties) / 24
        return ranks, np.where(squares > 1e-12 * n**3, squares, 0.0)
