"""Rank correlation of a scorer with people, over all items and within queries."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, over
from annotation.statistics.intervals import Estimate, IntArray, bootstrap_estimate, cluster_index
from calibration.metrics.ranks import mid_ranks, spearman_statistic

FEWEST = 3
TOO_FEW = "fewer than 3 items with both a score and labels"
CONSTANT = "all scores, or all mean labels, are equal"


def pearson(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Pearson's correlation.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Pairs in which either is NaN are left out.

    Returns
    -------
    float
        From -1 to 1; NaN with fewer than 3 pairs, a constant side or an infinite number.

    Raises
    ------
    ValueError
        If the two do not have one and the same length.

    Examples
    --------
    >>> pearson([1, 2, 3], [2, 4, 6])
    1.0
    """
    a, b, _ = _complete(x, y)
    if _undefined(a, b) or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    # Each side in its own unit, so that no square overflows or vanishes.
    a, b = a / np.abs(a).max(), b / np.abs(b).max()
    return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1, 1))


def spearman(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Spearman's rank correlation: Pearson's of mid-ranks.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Pairs in which either is NaN are left out.

    Returns
    -------
    float
        From -1 to 1; NaN with fewer than 3 pairs or a constant side.

    Raises
    ------
    ValueError
        If the two do not have one and the same length.

    References
    ----------
    Spearman (1904), American Journal of Psychology 15, 72-101.

    Examples
    --------
    >>> round(spearman([1, 2, 3, 4], [1, 3, 2, 9]), 6)
    0.8
    """
    a, b, _ = _complete(x, y)
    return pearson(mid_ranks(a), mid_ranks(b))


def kendall(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Kendall's tau-b.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Pairs in which either is NaN are left out.

    Returns
    -------
    float
        From -1 to 1; NaN with fewer than 3 pairs or a constant side.

    Raises
    ------
    ValueError
        If the two do not have one and the same length.

    References
    ----------
    Kendall (1945), Biometrika 33, 239-251.

    Examples
    --------
    >>> round(kendall([1, 2, 3, 4], [1, 3, 2, 9]), 6)
    0.666667
    """
    from scipy.stats import kendalltau  # a second to import, and only this function needs it

    a, b, _ = _complete(x, y)
    return float("nan") if _undefined(a, b) else float(kendalltau(a, b).statistic)


def spearman_interval(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 1000,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Spearman's correlation with a cluster bootstrap interval.

    Parameters
    ----------
    x, y : array_like of float, shape (items,)
        Scores and mean labels. Items in which either is NaN are left out.
    clusters : array_like of shape (items,), optional
        What is resampled: the query, or the form, of each item. By default each item.
    replicates : int
        0 for the value alone.
    rng : numpy.random.Generator, optional
        Needed if there are replicates.
    confidence : float

    Returns
    -------
    Estimate
        `n` counts the items with both. Undefined with fewer than 3 of them or a constant side.

    Raises
    ------
    ValueError
        If the lengths differ, or `rng` is missing.

    Examples
    --------
    >>> x = np.arange(30.0)
    >>> spearman_interval(x, x ** 2, replicates=100, rng=np.random.default_rng(0)).low
    1.0
    """
    a, b, kept = _complete(x, y)
    if len(a) < FEWEST:
        return Estimate(None, None, None, len(a), TOO_FEW)
    if _undefined(a, b):
        return Estimate(None, None, None, len(a), CONSTANT)
    index, number = cluster_index(None if clusters is None else np.asarray(clusters)[kept], len(a))
    return bootstrap_estimate(
        spearman(a, b),
        spearman_statistic(a, b, index),
        n=len(a),
        clusters=number,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
        width=len(a),
    )


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
    a, b, kept = _complete(x, y)
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


def _complete(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"scores and labels must be two lists of one length, not {a.shape} and {b.shape}")
    kept = ~(np.isnan(a) | np.isnan(b))
    return a[kept], b[kept], kept


def _undefined(a: FloatArray, b: FloatArray) -> bool:
    return len(a) < FEWEST or bool((a == a[0]).all() or (b == b[0]).all())


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
