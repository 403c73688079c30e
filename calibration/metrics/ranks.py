"""Ranks, and Spearman's correlation of many resamples at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, over
from annotation.statistics.intervals import IntArray


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
    finer, coarser = sorted((_Side.of(x, index), _Side.of(y, index)), key=lambda side: -len(side.starts))
    # In the finer side's order, the coarser one's ranks are a small table that stays in the cache.
    position, other = finer.group[finer.order], coarser.group[finer.order]
    untied = len(finer.starts) == len(x)

    def statistic(weights: FloatArray) -> FloatArray:
        # Rows are items and columns replicates, so that every step runs over contiguous numbers.
        columns = np.ascontiguousarray(weights.T)
        ranks, squares = finer.weighted_ranks(columns)
        other_ranks, other_squares = coarser.weighted_ranks(columns)
        products = np.einsum(
            "ir,ir,ir->r",
            columns[finer.clusters],
            ranks if untied else ranks[position],
            other_ranks[other],
        )
        return np.clip(over(products, np.sqrt(squares * other_squares)), -1, 1)

    return statistic


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two variables, sorted: its ties, and the cluster of each item in that order."""

    order: IntArray
    starts: IntArray
    group: IntArray
    clusters: IntArray

    @classmethod
    def of(cls, x: FloatArray, index: IntArray) -> "_Side":
        order = np.argsort(x, kind="stable")
        _, starts, group = np.unique(x[order], return_index=True, return_inverse=True)
        by_item = np.empty_like(group)
        by_item[order] = group
        return cls(order, starts, by_item, index[order])

    def weighted_ranks(self, columns: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mid-ranks of each distinct number less their mean, and the sum of their squares."""
        weight = columns[self.clusters]
        if len(self.starts) < len(weight):
            weight = np.add.reduceat(weight, self.starts, axis=0)
        ranks = np.cumsum(weight, axis=0)
        n = ranks[-1].copy()
        ranks -= weight / 2
        ranks -= n / 2
        squares = (n**3 - np.einsum("gr,gr,gr->r", weight, weight, weight)) / 12
        # One number left: nothing but rounding.
        return ranks, np.where(squares > 1e-12 * n**3, squares, 0.0)
