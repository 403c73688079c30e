"""Pearson's correlation of many resamples at once."""

from collections.abc import Callable

import numpy as np

from annotation.statistics.clusters import IntArray, cluster_sums
from annotation.statistics.counts import FloatArray, over


def pearson_statistic(x: FloatArray, y: FloatArray, index: IntArray) -> Callable[[FloatArray], FloatArray]:
    """Make Pearson's correlation a function of cluster weights, many sets of them at once.

    Parameters
    ----------
    x, y : ndarray of float, shape (items,)
        Finite, and neither constant.
    index : ndarray of int, shape (items,)
        The cluster of each item, from 0.

    Returns
    -------
    callable
        From weights of shape (r, clusters), how often each cluster comes up, to r correlations:
        what Pearson's would be of the repeated items, NaN where a side is constant.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 4.0])
    >>> statistic = pearson_statistic(x, x, np.arange(3))
    >>> statistic(np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0]]))
    array([ 1., nan])
    """
    a, b = _centred(x), _centred(y)
    rows = np.stack([np.ones_like(a), a, b, a * a, b * b, a * b], axis=1)
    sums = cluster_sums(rows, index, int(index.max()) + 1)

    def statistic(weights: FloatArray) -> FloatArray:
        n, sa, sb, saa, sbb, sab = (weights @ sums).T
        spread = np.sqrt(_about_mean(saa, sa, n)) * np.sqrt(_about_mean(sbb, sb, n))
        return np.clip(over(sab - over(sa * sb, n), spread), -1, 1)

    return statistic


def _centred(x: FloatArray) -> FloatArray:
    """About the median, not the mean: a resample without an outlier then keeps its digits."""
    centred = x - np.median(x)
    scaled: FloatArray = centred / np.abs(centred).max()
    return scaled


def _about_mean(squares: FloatArray, total: FloatArray, n: FloatArray) -> FloatArray:
    about_mean = squares - over(total**2, n)
    # One number left: nothing but rounding.
    return np.where(about_mean > 1e-12 * squares, about_mean, 0.0)
