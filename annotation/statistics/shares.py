"""Shares of items, weighted or not, with intervals that say something also where all items are alike."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from annotation.statistics.clusters import cluster_index, cluster_sums
from annotation.statistics.counts import FloatArray, as_counts, over, totals
from annotation.statistics.intervals import Estimate, sums_estimate

CONFIDENCE = 0.95


def share_estimate(
    values: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
) -> Estimate:
    """Weighted mean of values from 0 to 1, with a jackknife interval over clusters.

    Parameters
    ----------
    values : array_like of float, shape (items,)
        From 0 to 1; NaN is an item without the value, and is left out.
    weights : array_like of float, shape (items,), optional
        How many each item stands for; by default 1.
    clusters : array_like of shape (items,), optional
        By default each item is its own.

    Returns
    -------
    Estimate
        `n` counts the items with the value; undefined if there are none.

    Raises
    ------
    ValueError
        As `mean_estimate` does, or if a weight is not above 0 or a value is not within 0 and 1.

    Notes
    -----
    The jackknife's error is taken on the scale of log-odds, so that near 0 and 1 the interval is as skewed as
    the error is, and stays within. Where all values are 0, or all are 1, leaving out tells nothing of the
    error: then the end that is not the value is the one of Clopper and Pearson for as many trials as there
    are clusters, which is exact where items of a cluster are alike, and too far away where they are not.

    References
    ----------
    Korn & Graubard (1999), Analysis of Health Surveys, section 3.2, for the log-odds; Clopper & Pearson
    (1934), Biometrika 26, 404-413.

    Examples
    --------
    >>> share_estimate([1, 0, float("nan")], weights=[3, 1, 9]).value
    0.75
    >>> all_of_them = share_estimate([1.0] * 36)
    >>> all_of_them.value, round(all_of_them.low, 3)
    (1.0, 0.903)
    """
    every = np.asarray(values, dtype=float)
    kept = ~np.isnan(every)
    each = np.ones(len(every)) if weights is None else np.asarray(weights, dtype=float)
    if not (each[kept] > 0).all():
        raise ValueError("a weight is above 0")
    if ((every[kept] < 0) | (every[kept] > 1)).any():
        raise ValueError("a share is from 0 to 1")
    if not kept.any():
        return Estimate(None, None, None, 0, "no item has the value")
    index, number = cluster_index(clusters, len(every), kept=kept)
    columns = np.stack([each[kept] * every[kept], each[kept]], axis=1)
    found = sums_estimate(
        cluster_sums(columns, index, number),
        lambda sums: sums[:, 0] / sums[:, 1],
        n=int(kept.sum()),
        replicates=0,
        rng=None,
        method="jackknife",
    )
    return _of_all(found, number) if found.value in (0.0, 1.0) else _by_odds(found)


def share_above(counts: npt.ArrayLike, values: npt.ArrayLike) -> FloatArray:
    """Share of each item's labels above the middle of the scale; on the middle, half of them count.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    values : array_like of float, shape (V,)
        The scale, rising.

    Returns
    -------
    ndarray of float, shape (items,)
        From 0 to 1; NaN for an item without labels.

    Examples
    --------
    >>> share_above([[1, 3], [0, 0]], [0, 1])
    array([0.75,  nan])
    """
    checked, scale = as_counts(counts), np.asarray(values, dtype=float)
    return over(checked @ ((np.sign(scale - (scale[0] + scale[-1]) / 2) + 1) / 2), totals(checked))


def majority(shares: npt.ArrayLike) -> FloatArray:
    """Return 1 where a share is above a half, 0 where it is below, .5 where it is the half: a tie; NaN stays.

    Examples
    --------
    >>> majority([0.75, 0.5, 0.25, float("nan")])
    array([1. , 0.5, 0. , nan])
    """
    decided: FloatArray = (np.sign(np.asarray(shares, dtype=float) - 0.5) + 1) / 2
    return decided


def _by_odds(found: Estimate) -> Estimate:
    """The same with ends as far from the value in log-odds as its error reaches."""
    if found.value is None or found.high is None:
        return found
    reach = (found.high - found.value) / (found.value * (1 - found.value))
    low, high = expit(logit(found.value) + np.array([-reach, reach]))
    return replace(found, low=low, high=high)


def _of_all(found: Estimate, clusters: int) -> Estimate:
    """The same with an exact end, if it has an interval."""
    if found.low is None:
        return found
    far = ((1 - CONFIDENCE) / 2) ** (1 / clusters)
    low, high = (far, 1.0) if found.value else (0.0, 1 - far)
    return replace(found, low=low, high=high, replicates=0, method=None)
