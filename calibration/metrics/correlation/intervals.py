"""Correlation of a scorer with people, over all items."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate, cluster_estimate
from calibration.metrics.correlation.moments import pearson_statistic
from calibration.metrics.correlation.ranks import kendall_statistic, mid_ranks, spearman_statistic

FEWEST = 3
TOO_FEW = "fewer than 3 items with both a score and labels"
CONSTANT = "all scores, or all mean labels, are equal"
INFINITE = "a score, or a mean label, is infinite"
# Kendall's interval goes through the pairs of items: with this many, each its own cluster, 1,000 replicates
# take half a second to a second on one or two busy cores; twice as many items take four times that.
MOST_ITEMS = 5_000
TOO_MANY = f"no interval: more than {MOST_ITEMS:,} items, whose pairs are too many to resample"


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
    a, b, _ = complete(x, y)
    if _undefined(a, b) or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    # Each side in its own unit, so that no square overflows or vanishes; a power of 2, which rounds nothing.
    a, b = (np.ldexp(side, -np.frexp(np.abs(side).max())[1]) for side in (a, b))
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
    a, b, _ = complete(x, y)
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

    a, b, _ = complete(x, y)
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
        `n` counts the items with both. Undefined with fewer than 3 of them or a constant side;
        without an interval with fewer than 6.

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
    return _interval(spearman, spearman_statistic, x, y, clusters, replicates, rng, confidence)


def kendall_interval(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 1000,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Kendall's tau-b with a cluster bootstrap interval.

    Parameters
    ----------
    x, y, clusters, replicates, rng, confidence
        As for `spearman_interval`.

    Returns
    -------
    Estimate
        As of `spearman_interval`. With more than 5,000 items the value alone, and the reason.

    Raises
    ------
    ValueError
        If the lengths differ, or `rng` is missing.

    Examples
    --------
    >>> x = np.arange(30.0)
    >>> kendall_interval(x, x ** 2, replicates=100, rng=np.random.default_rng(0)).low
    1.0
    """
    return _interval(kendall, kendall_statistic, x, y, clusters, replicates, rng, confidence, most=MOST_ITEMS)


def pearson_interval(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 1000,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Pearson's correlation with a cluster bootstrap interval.

    Parameters
    ----------
    x, y, clusters, replicates, rng, confidence
        As for `spearman_interval`.

    Returns
    -------
    Estimate
        As of `spearman_interval`; undefined with an infinite number too.

    Raises
    ------
    ValueError
        If the lengths differ, or `rng` is missing.

    Examples
    --------
    >>> x = np.arange(30.0)
    >>> found = pearson_interval(x, 2 * x, replicates=100, rng=np.random.default_rng(0))
    >>> round(found.low, 12)
    1.0
    """
    return _interval(pearson, pearson_statistic, x, y, clusters, replicates, rng, confidence)


def complete(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """The pairs in which neither is NaN, and where they stand. Raises ValueError."""
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"scores and labels must be two lists of one length, not {a.shape} and {b.shape}")
    kept = ~(np.isnan(a) | np.isnan(b))
    return a[kept], b[kept], kept


def _undefined(a: FloatArray, b: FloatArray) -> bool:
    return len(a) < FEWEST or bool((a == a[0]).all() or (b == b[0]).all())


def _interval(
    measure: Callable[[FloatArray, FloatArray], float],
    statistic: Callable[[FloatArray, FloatArray, IntArray], Callable[[FloatArray], FloatArray]],
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    clusters: npt.ArrayLike | None,
    replicates: int,
    rng: np.random.Generator | None,
    confidence: float,
    *,
    most: int | None = None,
) -> Estimate:
    a, b, kept = complete(x, y)
    if len(a) < FEWEST:
        return Estimate(None, None, None, len(a), TOO_FEW)
    if _undefined(a, b):
        return Estimate(None, None, None, len(a), CONSTANT)
    value = measure(a, b)
    if np.isnan(value):
        return Estimate(None, None, None, len(a), INFINITE)
    if not replicates:
        return Estimate(value, None, None, len(a), "no interval was asked for")
    if most and len(a) > most:
        return Estimate(value, None, None, len(a), TOO_MANY)
    index, number = cluster_index(clusters, len(kept), kept=kept)
    return cluster_estimate(
        value,
        statistic(a, b, index),
        n=len(a),
        clusters=number,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
        width=len(a),
    )
