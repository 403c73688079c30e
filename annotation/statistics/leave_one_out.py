"""Jackknife intervals of statistics that are made of sums over items."""

from collections.abc import Callable

import numpy.typing as npt

from annotation.statistics.clusters import Kept, cluster_index, cluster_sums
from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import EVERYWHERE, Bounds, Estimate, sums_estimate

Statistic = Callable[[FloatArray], FloatArray]


def leave_one_out(
    columns: FloatArray,
    statistic: Statistic,
    *,
    kept: Kept | None = None,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    bounds: Bounds = EVERYWHERE,
    none: str = "no item has the value",
    undefined: str = "it is undefined",
) -> Estimate:
    """Estimate a function of sums over items, with the interval of leaving out each cluster once.

    Parameters
    ----------
    columns : ndarray of float, shape (K, items)
        What is added up.
    statistic : callable
        Takes sums of shape (K, ...) and returns an array of shape (...), NaN where undefined.
    kept : ndarray of bool, shape (items,), or of int, optional
        The items that the statistic rests on, as a mask or by their places; by default all.
    clusters : array_like of shape (items,), optional
        By default each item is its own.
    confidence : float
    bounds : tuple of float
        As for `jackknife_interval`.
    none, undefined : str
        Why there is no value: without items, and when the statistic is NaN.

    Returns
    -------
    Estimate
        `n` counts the items kept. No interval from fewer than 6 items or 2 clusters.

    Raises
    ------
    ValueError
        If there is not one cluster an item.

    Notes
    -----
    See `sums_estimate` and `jackknife_interval`. Nothing is drawn: the same numbers have the same interval.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([[1.0, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1]])
    >>> found = leave_one_out(rows, lambda sums: sums[0] / sums[1], clusters=[1, 1, 2, 2, 3, 3])
    >>> found.value, found.n, found.clusters
    (3.5, 6, 3)
    """
    index, number = cluster_index(clusters, columns.shape[1], kept=kept)
    n = len(index)
    if n == 0:
        return Estimate(None, None, None, 0, none)
    rows = columns.T if kept is None else columns.T[kept]
    found = sums_estimate(
        cluster_sums(rows, index, number),
        lambda sums: statistic(sums.T),
        n=n,
        replicates=0,
        rng=None,
        confidence=confidence,
        method="jackknife",
        bounds=bounds,
    )
    return Estimate(None, None, None, n, undefined) if found.value is None else found
