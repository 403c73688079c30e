"""Estimates with intervals, by resampling whole clusters (queries, or forms) of items."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from math import inf, isfinite
from typing import Literal

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import cluster_index, cluster_sums
from annotation.statistics.counts import FloatArray
from annotation.statistics.resampling import (
    CHUNK,
    FEWEST_REPLICATES,
    all_but_one,
    jackknife_interval,
    percentile_interval,
    resamples,
)

Method = Literal["bootstrap", "jackknife"]
Statistic = Callable[[FloatArray], FloatArray]
Bounds = tuple[float, float]
EVERYWHERE: Bounds = (-inf, inf)

# On fewer items a resample of a rank correlation is often 1 or -1, and so are both ends of the interval.
FEWEST_ITEMS = 6


@dataclass(frozen=True)
class Estimate:
    """A number, its interval, and what they rest on.

    Attributes
    ----------
    value, low, high : float or None
        The estimate and the ends of its interval. What is undefined is None, never NaN.
    n : int
        What the value rests on: items, pairs or queries, as the function says.
    reason : str or None
        Why the value or its interval is undefined, or what was left out, in words.
    replicates, clusters : int
        Defined replicates, and clusters that they resample, behind the interval; 0 if there is none.
    method : {"bootstrap", "jackknife"} or None
        How they resample them: with replacement, or leaving out one at a time. None if there is no interval.

    Examples
    --------
    >>> Estimate(float("nan"), None, None, 1, "fewer than 3 items").as_dict()["reason"]
    'fewer than 3 items'
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None = None
    replicates: int = 0
    clusters: int = 0
    method: Method | None = None

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            defined = number is not None and isfinite(number)
            object.__setattr__(self, name, float(number) if defined else None)

    def times(self, factor: float) -> "Estimate":
        """Return the same in other units; the factor is above 0."""
        ends = self.value, self.low, self.high
        value, low, high = (None if end is None else end * factor for end in ends)
        return replace(self, value=value, low=low, high=high)

    def as_dict(self) -> dict[str, float | int | str | None]:
        """Return its numbers, and the reason and the method of the interval if there are any."""
        shown = asdict(self)
        return {name: shown[name] for name in shown if name not in ("reason", "method") or shown[name]}


def cluster_estimate(
    value: float,
    statistic: Statistic,
    *,
    n: int,
    clusters: int,
    replicates: int,
    rng: np.random.Generator | None,
    confidence: float = 0.95,
    method: Method = "bootstrap",
    width: int = 1,
    bounds: Bounds = EVERYWHERE,
) -> Estimate:
    """Put an interval over clusters beside a defined value of any statistic of weighted clusters.

    Parameters
    ----------
    value : float
    statistic : callable
        Takes weights of shape (r, clusters) and returns r replicates, NaN where undefined.
    n : int
        The items that the value rests on. There is no interval from fewer than 6.
    clusters : int
        Nor is there one from fewer than 2.
    replicates : int
        Resamples of the bootstrap: without any, or with fewer than 20, it has no interval. The jackknife
        leaves out each cluster once, whatever is said here.
    rng : numpy.random.Generator or None
        Needed by the bootstrap, if there are replicates.
    confidence : float
    method : {"bootstrap", "jackknife"}
        `percentile_interval` of resamples, or `jackknife_interval`.
    width : int
        The longest row that `statistic` holds a replicate, so that memory stays flat.
    bounds : tuple of float
        What the statistic cannot pass, nor then its jackknife interval.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If the method is another, or if replicates are wanted and `rng` is missing.

    Examples
    --------
    >>> sums = np.array([1.0, 2.0, 3.0])
    >>> cluster_estimate(2.0, lambda w: w @ sums / w.sum(axis=1), n=9, clusters=3,
    ...                  replicates=200, rng=np.random.default_rng(0)).replicates
    200
    """
    without = no_interval(n, clusters=clusters, replicates=replicates, rng=rng, method=method)
    if without:
        return Estimate(value, None, None, n, without)
    if rng is None or method == "jackknife":
        draws = all_but_one(clusters, width=width)
    else:
        draws = resamples(clusters, replicates=replicates, rng=rng, width=width)
    values = np.concatenate([statistic(weights) for weights in draws])
    return replicates_estimate(
        value, values, n=n, clusters=clusters, confidence=confidence, method=method, bounds=bounds
    )


def sums_estimate(
    sums: FloatArray,
    statistic: Statistic,
    *,
    n: int,
    replicates: int,
    rng: np.random.Generator | None,
    confidence: float = 0.95,
    method: Method = "bootstrap",
    bounds: Bounds = EVERYWHERE,
) -> Estimate:
    """Estimate a statistic of sums over all items, with an interval over their clusters.

    Parameters
    ----------
    sums : ndarray of float, shape (clusters, K)
        The sums of each cluster, see `cluster_sums`.
    statistic : callable
        Takes sums of shape (r, K) and returns r values, NaN where undefined.
    n, replicates, rng, confidence, method, bounds
        As for `cluster_estimate`.

    Returns
    -------
    Estimate
        Its value is the statistic of the sums of all clusters; why that is undefined the caller knows better.

    Raises
    ------
    ValueError
        As for `cluster_estimate`.

    Examples
    --------
    >>> ratio = sums_estimate(np.array([[1.0, 2.0], [2.0, 2.0]]), lambda sums: sums[:, 0] / sums[:, 1],
    ...                       n=9, replicates=0, rng=None, method="jackknife")
    >>> ratio.value, ratio.clusters
    (0.75, 2)
    """
    total = sums.sum(axis=0, keepdims=True)
    value, clusters = float(statistic(total)[0]), len(sums)
    if not isfinite(value):
        return Estimate(None, None, None, n, "it is undefined")
    without = no_interval(n, clusters=clusters, replicates=replicates, rng=rng, method=method)
    if without:
        return Estimate(value, None, None, n, without)
    if rng is None or method == "jackknife":
        # The sums without a cluster are a difference: no product of clusters by clusters.
        rows = max(1, CHUNK // sums.shape[1])
        draws = (total - sums[start : start + rows] for start in range(0, clusters, rows))
    else:
        weighted = resamples(clusters, replicates=replicates, rng=rng, width=sums.shape[1])
        draws = (weights @ sums for weights in weighted)
    values = np.concatenate([statistic(drawn) for drawn in draws])
    return replicates_estimate(
        value, values, n=n, clusters=clusters, confidence=confidence, method=method, bounds=bounds
    )


def mean_estimate(
    values: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
    method: Method = "bootstrap",
    bounds: Bounds = EVERYWHERE,
) -> Estimate:
    """Mean of the items' values, with an interval over clusters.

    Parameters
    ----------
    values : array_like of float, shape (items,)
        NaN is an item without the value, and is left out.
    clusters : array_like of shape (items,), optional
        By default each item is its own.
    replicates, rng, confidence, method, bounds
        As for `cluster_estimate`.

    Returns
    -------
    Estimate
        `n` counts the items with the value; undefined if there are none.

    Raises
    ------
    ValueError
        As for `cluster_estimate`, or if there is not one cluster an item.

    Examples
    --------
    >>> mean_estimate([1.0, 3.0, float("nan")]).value
    2.0
    """
    every = np.asarray(values, dtype=float)
    kept = ~np.isnan(every)
    n = int(kept.sum())
    if n == 0:
        return Estimate(None, None, None, 0, "no item has the value")
    index, number = cluster_index(clusters, len(every), kept=kept)
    return sums_estimate(
        cluster_sums(np.stack([every[kept], np.ones(n)], axis=1), index, number),
        lambda sums: sums[:, 0] / sums[:, 1],
        n=n,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
        method=method,
        bounds=bounds,
    )


def no_interval(
    n: int, *, clusters: int, replicates: int, rng: np.random.Generator | None, method: Method = "bootstrap"
) -> str | None:
    """Why there is no interval, by the rules of `cluster_estimate`, which also raise; None where it is.

    Examples
    --------
    >>> no_interval(5, clusters=5, replicates=100, rng=np.random.default_rng(0))
    'no interval: fewer than 6 items'
    """
    if method == "bootstrap":
        if not replicates:
            return "no interval was asked for"
        if rng is None:
            raise ValueError("an interval by resampling needs rng, a numpy.random.Generator")
        if replicates < FEWEST_REPLICATES:
            return f"no interval: fewer than {FEWEST_REPLICATES} replicates were asked for"
    elif method != "jackknife":
        raise ValueError(f"method must be bootstrap or jackknife, not {method!r}")
    return _too_few(n, clusters)


def replicates_estimate(
    value: float,
    replicates: npt.ArrayLike,
    *,
    n: int,
    clusters: int,
    confidence: float = 0.95,
    method: Method = "bootstrap",
    bounds: Bounds = EVERYWHERE,
) -> Estimate:
    """Put the interval of given replicates beside a defined value.

    Parameters
    ----------
    value : float
    replicates : array_like of float, shape (replicates,)
        The same statistic of resamples of clusters, or without each cluster; NaN where it is undefined.
    n, clusters, confidence, method, bounds
        As for `cluster_estimate`.

    Returns
    -------
    Estimate

    Examples
    --------
    >>> replicates_estimate(0.5, np.arange(41) / 41, n=9, clusters=3).replicates
    41
    """
    if without := _too_few(n, clusters):
        return Estimate(value, None, None, n, without)
    values = np.asarray(replicates, dtype=np.float64)
    if method == "jackknife":
        low, high = jackknife_interval(value, values, confidence=confidence, bounds=bounds)
    else:
        low, high = percentile_interval(values, confidence=confidence)
    if not isfinite(low):
        where = "without one of the clusters" if method == "jackknife" else "in too many resamples"
        return Estimate(value, None, None, n, f"no interval: it is undefined {where}")
    defined, reason = int(np.isfinite(values).sum()), None
    if defined < len(values):
        left_out = len(values) - defined
        reason = f"the interval leaves out {left_out:,} of {len(values):,} resamples as undefined"
    return Estimate(value, low, high, n, reason, defined, clusters, method)


def _too_few(n: int, clusters: int) -> str | None:
    if clusters < 2:
        return "no interval: fewer than two clusters to resample"
    return f"no interval: fewer than {FEWEST_ITEMS} items" if n < FEWEST_ITEMS else None
