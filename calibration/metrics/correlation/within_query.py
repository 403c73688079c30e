"""Rank correlation of a scorer with people within queries."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.counts import FloatArray, over
from annotation.statistics.intervals import Estimate, cluster_estimate
from calibration.metrics.correlation.intervals import FEWEST, TOO_FEW, complete
from calibration.metrics.correlation.ranks import ranks_in_groups


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
        labels all equal. The reason tells how many were left out, and why: a scorer that cannot
        tell the answers of a query apart is left out there, not counted as wrong. Undefined if
        none is used.

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
    query, number = cluster_index(queries, len(kept), kept=kept)
    each = spearman_by_query(a, b, query, number)
    known = np.isfinite(each)
    used, why = each[known], _left_out(a, query, number, known)
    if not len(used):
        return Estimate(None, None, None, 0, why or TOO_FEW)
    found = cluster_estimate(
        float(used.mean()),
        lambda weights: weights @ used / len(used),
        n=int(known[query].sum()),
        clusters=len(used),
        replicates=replicates,
        rng=rng,
        confidence=confidence,
    )
    return replace(found, n=len(used), reason="; ".join(filter(None, (found.reason, why))) or None)


def _left_out(x: FloatArray, query: IntArray, number: int, known: npt.NDArray[np.bool_]) -> str:
    """How many queries are left out and for which reason each; empty if none is."""
    few = np.bincount(query, minlength=number) < FEWEST
    order = np.lexsort((x, query))
    rises = (np.diff(x[order]) > 0) & (np.diff(query[order]) == 0)
    told_apart = np.bincount(query[order][1:][rises], minlength=number) > 0
    reasons = {
        "fewer than 3 items": few,
        "all scores equal": ~few & ~told_apart,
        "all mean labels equal": ~few & told_apart & ~known,
    }
    counts = [f"{which.sum()} with {reason}" for reason, which in reasons.items() if which.any()]
    queries = "query" if number == 1 else "queries"
    return f"{(~known).sum()} of {number} {queries} left out: {', '.join(counts)}" if counts else ""


def spearman_by_query(x: FloatArray, y: FloatArray, group: IntArray, number: int) -> FloatArray:
    """Spearman's correlation among the items of each query.

    Parameters
    ----------
    x, y : ndarray of float, shape (items,)
        Without missing values.
    group : ndarray of int, shape (items,)
        The query of each item, from 0.
    number : int
        How many queries there are.

    Returns
    -------
    ndarray of float, shape (number,)
        NaN with fewer than 3 items or a constant side.

    Examples
    --------
    >>> spearman_by_query(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4]), np.array([0, 0, 0, 1]), 2)
    array([0.5, nan])
    """
    sizes = np.bincount(group, minlength=number)
    middle = (sizes[group] + 1) / 2
    a, b = ranks_in_groups(x, group) - middle, ranks_in_groups(y, group) - middle

    def sums(product: FloatArray) -> FloatArray:
        return np.bincount(group, weights=product, minlength=number).astype(np.float64, copy=False)

    correlation = np.clip(over(sums(a * b), np.sqrt(sums(a * a) * sums(b * b))), -1, 1)
    return np.where(sizes >= FEWEST, correlation, np.nan)
