"""The share of items that something is true of, with an interval that a share near 0 does not fool."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import cluster_index, cluster_sums
from annotation.statistics.counts import over
from annotation.statistics.intervals import Estimate, no_interval


def share_estimate(
    hits: npt.ArrayLike, *, clusters: npt.ArrayLike | None = None, confidence: float = 0.95
) -> Estimate:
    """Share of items that are hits, with Wilson's interval for as many items as clusters are worth.

    Parameters
    ----------
    hits : array_like of float, shape (items,)
        1 or 0; NaN is an item without the value, and is left out.
    clusters : array_like of shape (items,), optional
        The query, or form, of each item. By default each item.
    confidence : float

    Returns
    -------
    Estimate
        `n` counts the items with the value; undefined if there are none.

    Raises
    ------
    ValueError
        If there is not one cluster an item.

    Notes
    -----
    The items count as the number of independent ones whose share would vary as a jackknife over clusters
    shows; where all are alike, which shows nothing, as the number of clusters. Student's t stands for the
    normal quantile. Simulated coverage at nominal 95 % of a share of .04, 2 pairs a query: 94 to 97 % with 10
    to 100 queries, where the jackknife itself has 80 to 91 %, and no width at all if there is no hit.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212; Korn & Graubard (1998), Survey
    Methodology 24, 193-201, for the effective number.

    Examples
    --------
    >>> found = share_estimate([0.0] * 20)
    >>> found.value, found.low, round(found.high, 2)
    (0.0, 0.0, 0.18)
    """
    every = np.asarray(hits, dtype=np.float64)
    kept = ~np.isnan(every)
    n = int(kept.sum())
    if not n:
        return Estimate(None, None, None, 0, "no item has the value")
    index, number = cluster_index(clusters, len(every), kept=kept)
    sums = cluster_sums(np.stack([every[kept], np.ones(n)], axis=1), index, number)
    total = sums.sum(axis=0)
    value = float(total[0] / n)
    if without := no_interval(n, clusters=number, replicates=0, rng=None, method="jackknife"):
        return Estimate(value, None, None, n, without)
    from scipy.special import stdtrit  # an eighth of a second

    left_out = over(total[0] - sums[:, 0], n - sums[:, 1])
    variance = left_out.var() * (number - 1)
    worth = min(value * (1 - value) / variance, n) if variance > 0 else number
    t = float(stdtrit(number - 1, (1 + confidence) / 2))
    middle = value + t**2 / (2 * worth)
    half = t * np.sqrt(value * (1 - value) / worth + (t / (2 * worth)) ** 2)
    low, high = ((middle + end) / (1 + t**2 / worth) for end in (-half, half))
    # Rounding, where the share is 0 or 1.
    low, high = max(0.0, min(low, value)), min(1.0, max(high, value))
    return Estimate(value, low, high, n, None, number, number, "jackknife")
