"""Krippendorff's alpha of many resamples at once, from sums over clusters of items.

An item's coincidences are its pairs of labels, each weighing one over its labels less one. Nominal alpha
needs how many of them are equal, interval alpha their products, ordinal alpha which values meet.
"""

from typing import Any

import numpy as np

from annotation.statistics.clusters import IntArray, cluster_sums
from annotation.statistics.counts import FloatArray, over, totals
from annotation.statistics.intervals import Statistic

# Beyond so many values, the values that meet are more numbers than the items' own labels.
MOST_VALUES = 20
# The most of them that all clusters hold together: 8 million numbers, 64 MB.
CELLS = 8_000_000
# Replicates whose ranks of all values are held at once: few enough to stay near the cache.
AT_ONCE = 64


def nominal_sums(counts: FloatArray, index: IntArray, number: int) -> FloatArray:
    """One row a cluster: the labels of each value, then its equal coincidences.

    Parameters
    ----------
    counts : ndarray of float, shape (items, V)
        Two labels or more of each item; so for every function here.
    index : ndarray of int, shape (items,)
        The cluster of each item, from 0.
    number : int
        How many clusters there are.

    Returns
    -------
    ndarray of float, shape (number, V + 1)

    Examples
    --------
    >>> nominal_sums(np.array([[2.0, 1.0]]), np.array([0]), 1)
    array([[2., 1., 1.]])
    """
    equal = totals(counts * (counts - 1)) / _one_less(counts)
    return cluster_sums(np.column_stack([counts, equal]), index, number)


def nominal_alpha(sums: FloatArray) -> FloatArray:
    """Nominal alpha of each row of `nominal_sums`; NaN if it has one value only.

    Examples
    --------
    >>> nominal_alpha(np.array([[3.0, 3.0, 6.0], [3.0, 0.0, 3.0]]))
    array([ 1., nan])
    """
    labels = sums[:, :-1]
    n = labels.sum(axis=1)
    observed = n - sums[:, -1]
    expected = (n * n - np.square(labels).sum(axis=1)) / (n - 1)
    return 1 - over(observed, expected)


def interval_sums(
    n: FloatArray, total: FloatArray, squares: FloatArray, index: IntArray, number: int
) -> FloatArray:
    """One row a cluster: labels, their sum, their sum of squares, and the products of its coincidences.

    Parameters
    ----------
    n, total, squares : ndarray of float, shape (items,)
        Labels of each item, two or more, their sum and their sum of squares: better of `centred` labels.
    index, number
        As for `nominal_sums`.

    Returns
    -------
    ndarray of float, shape (number, 4)

    Examples
    --------
    >>> interval_sums(np.array([2.0]), np.array([0.0]), np.array([2.0]), np.array([0]), 1)
    array([[ 2.,  0.,  2., -2.]])
    """
    products = (np.square(total) - squares) / (n - 1)
    return cluster_sums(np.stack([n, total, squares, products], axis=1), index, number)


def interval_alpha(sums: FloatArray) -> FloatArray:
    """Interval alpha of each row of `interval_sums`; NaN if all its labels are the same.

    Examples
    --------
    >>> interval_alpha(np.array([[4.0, 0.0, 4.0, 4.0], [2.0, 2.0, 2.0, 2.0]]))
    array([ 1., nan])
    """
    n, total, squares, products = sums.T
    observed = squares - products
    spread = n * squares - np.square(total)
    # A replicate in which one value is left has no spread but for rounding.
    spread = np.where(spread > 1e-12 * n * squares, spread, 0.0)
    return 1 - over(observed * (n - 1), spread)


def centred(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Values less their weighted mean, in units of the largest: no square overflows or loses its digits.

    Interval alpha depends on neither origin nor unit.

    Examples
    --------
    >>> centred(np.array([1e200, 3e200]), np.ones(2))
    array([-1.,  1.])
    """
    # A power of two keeps all digits: far from the origin they are in the differences.
    x = np.ldexp(values, -np.frexp(np.abs(values).max())[1])
    x = x - np.average(x, weights=weights)
    scaled: FloatArray = x / (np.abs(x).max() or 1.0)
    return scaled


def ordinal_sums(counts: FloatArray, index: IntArray, number: int) -> FloatArray:
    """One row a cluster: the labels of each value, then the coincidences of each two values that meet.

    Parameters
    ----------
    counts, index, number
        As for `nominal_sums`.

    Returns
    -------
    ndarray of float, shape (number, V + V (V + 1) / 2)
        Coincidences are symmetric: of two different values both orders are added up.

    Examples
    --------
    >>> ordinal_sums(np.array([[2.0, 1.0]]), np.array([0]), 1)
    array([[2., 1., 1., 2., 0.]])
    """
    scaled = counts / _one_less(counts)[:, None]
    columns = [cluster_sums(counts, index, number)]
    for value in range(counts.shape[1]):
        met = 2 * scaled[:, value, None] * counts[:, value:]
        met[:, 0] = scaled[:, value] * (counts[:, value] - 1)
        columns.append(cluster_sums(met, index, number))
    return np.hstack(columns)


def ordinal_alpha(sums: FloatArray, size: int) -> FloatArray:
    """Ordinal alpha of each row of `ordinal_sums` on `size` values; NaN if all its labels are the same.

    It is interval alpha on mid-ranks, and the mid-ranks are those of each row.

    Examples
    --------
    >>> ordinal_alpha(np.array([[2.0, 2.0, 2.0, 0.0, 2.0], [2.0, 0.0, 2.0, 0.0, 0.0]]), 2)
    array([ 1., nan])
    """
    columns = np.ascontiguousarray(sums.T)
    labels, met = columns[:size], columns[size:]
    ranks = _mid_ranks(labels)
    one, other = np.triu_indices(size)
    products = np.einsum("pr,pr,pr->r", met, ranks[one], ranks[other])
    return _ordinal_alpha(labels, ranks, products)


def ordinal_statistic(counts: Any, index: IntArray, number: int) -> Statistic:
    """Ordinal alpha as a function of cluster weights, for many values or clusters.

    Parameters
    ----------
    counts : ndarray or scipy.sparse array of float, shape (items, V)
        Two labels or more of each item.
    index, number
        As for `nominal_sums`.

    Returns
    -------
    callable
        From weights of shape (r, number) to r alphas; NaN where all labels are the same. In place of the
        values that meet it goes through the items' values in each replicate, those alone that have labels.

    Examples
    --------
    >>> statistic = ordinal_statistic(np.array([[2.0, 0.0], [0.0, 2.0]]), np.arange(2), 2)
    >>> statistic(np.array([[1.0, 1.0], [2.0, 0.0]]))
    array([ 1., nan])
    """
    from scipy import sparse  # a sixth of a second

    table = sparse.csr_array(counts)
    one_less = table.sum(axis=1) - 1
    items = np.arange(len(one_less))
    member = sparse.csr_array((np.ones(len(items)), (index, items)), shape=(number, len(items)))
    by_value = (member @ table).T.tocsr()
    scaled_by_value = (member @ sparse.diags_array(1 / one_less) @ table).T.tocsr()
    root = sparse.diags_array(1 / np.sqrt(one_less)) @ table

    def alphas(weights: FloatArray) -> FloatArray:
        # Columns are replicates: so sparse products run over contiguous numbers.
        columns = np.ascontiguousarray(weights.T)
        labels = by_value @ columns
        ranks = _mid_ranks(labels)
        by_item = root @ ranks
        products = np.einsum("ir,ir,ir->r", columns[index], by_item, by_item)
        products -= np.einsum("vr,vr,vr->r", scaled_by_value @ columns, ranks, ranks)
        return _ordinal_alpha(labels, ranks, products)

    def statistic(weights: FloatArray) -> FloatArray:
        return np.concatenate(
            [alphas(weights[start : start + AT_ONCE]) for start in range(0, len(weights), AT_ONCE)]
        )

    return statistic


def _one_less(counts: FloatArray) -> FloatArray:
    return totals(counts) - 1


def _mid_ranks(labels: FloatArray) -> FloatArray:
    """Mid-ranks of each value (row) in each replicate (column), less their mean, in units of the labels."""
    ranks = np.cumsum(labels, axis=0)
    n = ranks[-1].copy()
    ranks -= labels / 2
    ranks -= n / 2
    ranks /= np.maximum(n, 1)
    return ranks


def _ordinal_alpha(labels: FloatArray, ranks: FloatArray, products: FloatArray) -> FloatArray:
    used = np.count_nonzero(labels > 0, axis=0)
    squares = np.where(used > 1, np.einsum("vr,vr,vr->r", labels, ranks, ranks), 0.0)
    n = labels.sum(axis=0)
    return interval_alpha(np.stack([n, np.zeros_like(n), squares, products], axis=1))
