"""Rank correlation of a scorer with people within queries."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, over
from annotation.statistics.intervals import Estimate, IntArray, bootstrap_estimate, cluster_index
from calibration.metrics.correlation import FEWEST, TOO_FEW, complete
from calibration.metrics.ranks import mid_ranks


def within_query_spearman(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    queries: npt.ArrayLike,
    *,
    replicates: int = 1000,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Mean over queries of Spearman's correlation among the items of a query.

    Parameters
    ----------
    x, y : array_like of float, shape (items,)
        Scores and mean labels. Items in which either is NaN are left out.
    queries : array_like, shape (items,)
        The query of each item; queries are what is resampled.
    replicates, rng, confidence
        As for `spearman_interval`.

    Returns
    -------
    Estimate
        `n` counts the queries used: those with at least 3 items, and neither scores nor mean
        labels all equal. The reason tells how many were left out. Undefined if none is used.

    Raises
    ------
    ValueError
        If the lengths differ, or `rng` is missing.

    Examples
    --------
    >>> within_query_spearman([1, 2, 3, 9, 8, 7], [1, 2, 3, 1, 2, 3], list("aaabbb"), replicates=0).value
    0.0
    """
    a, b, kept = complete(x, y)
    query, number = cluster_index(np.asarray(queries)[kept], len(a))
    each = _spearman_by_group(a, b, query, number)
    used = each[np.isfinite(each)]
    left_out = number - len(used)
    why = f"{left_out} of {number} queries left out: fewer than 3 items, or scores or mean labels all equal"
    if not len(used):
        return Estimate(None, None, None, 0, why if number else TOO_FEW)
    found = bootstrap_estimate(
        float(used.mean()),
        lambda weights: weights @ used / len(used),
        n=len(used),
        clusters=len(used),
        replicates=replicates,
        rng=rng,
        confidence=confidence,
    )
    reasons = [reason for reason in (found.reason, why if left_out else None) if reason]
    return Estimate(found.value, found.low, found.high, found.n, "; ".join(reasons) or None, found.replicates)


def _spearman_by_group(x: FloatArray, y: FloatArray, group: IntArray, number: int) -> FloatArray:
    sizes = np.bincount(group, minlength=number)
    a = _ranks_in_groups(x, group, sizes)
    b = _ranks_in_groups(y, group, sizes)

    def sums(product: FloatArray) -> FloatArray:
        return np.bincount(group, weights=product, minlength=number).astype(np.float64, copy=False)

    correlation = np.clip(over(sums(a * b), np.sqrt(sums(a * a) * sums(b * b))), -1, 1)
    return np.where(sizes >= FEWEST, correlation, np.nan)


def _ranks_in_groups(x: FloatArray, group: IntArray, sizes: IntArray) -> FloatArray:
    """Mid-ranks within each group, less their mean."""
    _, coded = np.unique(x, return_inverse=True)
    before = np.concatenate([[0], np.cumsum(sizes)])[group]
    ranks: FloatArray = mid_ranks(group * (coded.max(initial=0) + 1) + coded) - before
    return ranks - (sizes[group] + 1) / 2
