"""Estimates with intervals, by resampling whole queries.

Responses to one query are alike, so they are no independent evidence: the queries are drawn again, with all
that belongs to them, and what is compared is compared on the same draws.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from generation.diversity.means import Statistic, mean_of
from generation.diversity.resampling import CHUNK, expanded_percentiles, resamples
from generation.diversity.responses import FloatArray

REPLICATES = 1_000
NO_SPREAD = "no interval: the queries do not differ, or too few have it"


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Attributes
    ----------
    value, low, high : float or None
        What is undefined is None.
    n : int
        Queries that it rests on; for a plain share, whatever was counted.
    reason : str
        Why the value or the interval is undefined; empty if both are there.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""

    def as_dict(self) -> dict[str, float | int | str | None]:
        """Return plain JSON; the reason only where there is one."""
        shown: dict[str, float | int | str | None] = {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "n": self.n,
        }
        return shown | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True, eq=False)
class Estimates:
    """Many estimates of one kind, as arrays of one shape; NaN where undefined.

    Attributes
    ----------
    value, low, high : ndarray of float64
    n : ndarray of int64
        Queries that each rests on.
    undefined : str
        Why a value is undefined though there are queries.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    n: npt.NDArray[np.int64]
    undefined: str = "it is undefined"

    def at(self, *index: int) -> Estimate:
        """Return one of them, with its reason if it or its interval is undefined."""
        value, low, high = (float(part[index]) for part in (self.value, self.low, self.high))
        n, reason = int(self.n[index]), ""
        if np.isnan(value):
            reason = "no query has it" if n == 0 else self.undefined
        elif np.isnan(low):
            reason = "no interval: it rests on one query" if n < 2 else NO_SPREAD
        first, second, third = (None if np.isnan(number) else number for number in (value, low, high))
        return Estimate(first, second, third, n, reason)


def estimates(
    statistic: Statistic,
    *,
    n: npt.ArrayLike,
    queries: int,
    replicates: int = REPLICATES,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimates:
    """Estimate a statistic of queries, or many at once, with intervals by resampling queries.

    Parameters
    ----------
    statistic : callable
        Takes weights of the queries, shape (r, queries), and returns shape (r, ...), NaN where undefined.
        Equal weights give the value, multinomial ones the replicates.
    n : array_like of int, shape (...)
        Queries that each rests on. There is no interval from fewer than 2.
    queries, replicates : int
    seed : int
        The same seed draws the same queries for every statistic.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimates

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1, or there are fewer than 20 replicates.

    Notes
    -----
    The ends are `expanded_percentiles`. How often they hold the truth with few queries: `cautions.caution`.

    Examples
    --------
    >>> values = np.arange(30.0)
    >>> mean = estimates(lambda weights: weights @ values / weights.sum(axis=1), n=30, queries=30)
    >>> float(mean.value)
    14.5
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    if replicates < 20:
        raise ValueError(f"an interval takes at least 20 replicates, not {replicates}")
    resting = np.asarray(n, dtype=np.int64)
    if not queries:
        undefined = np.full(resting.shape, np.nan)
        return Estimates(undefined, undefined, undefined, resting)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = statistic(np.ones((1, queries)))[0]
        drawn = np.concatenate(
            [statistic(weights) for weights in resamples(queries, replicates=replicates, seed=seed)]
        )
    low, high = expanded_percentiles(drawn, resting, confidence=confidence)
    without = np.isnan(value) | (resting < 2)
    return Estimates(value, np.where(without, np.nan, low), np.where(without, np.nan, high), resting)


def mean(
    values: npt.ArrayLike, *, replicates: int = REPLICATES, seed: int = 0, confidence: float = 0.95
) -> Estimates:
    """Mean over queries with its interval.

    Parameters
    ----------
    values : array_like of float, shape (queries, ...)
        NaN where a query has no value; such are left out, and `n` counts the others.
    replicates, seed, confidence
        As for `estimates`.

    Returns
    -------
    Estimates
        Of shape (...).

    Examples
    --------
    >>> mean([[0.0], [1.0]]).at(0).n
    2
    """
    array = np.asarray(values, dtype=np.float64)
    return _by_columns(mean_of, [array], replicates=replicates, seed=seed, confidence=confidence)


def difference(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimates:
    """Mean over queries of first less second, paired: only queries that have both count.

    Parameters
    ----------
    first, second : array_like of float, shape (queries, ...)
        That broadcast; NaN where undefined.
    replicates, seed, confidence
        As for `estimates`.

    Examples
    --------
    >>> float(difference([1.0, 2.0, 3.0], [0.0, 1.0, np.nan]).value)
    1.0
    """
    both = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    return mean(both, replicates=replicates, seed=seed, confidence=confidence)


def ratio(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimates:
    """Mean of first over mean of second, over the queries that have both.

    Parameters
    ----------
    first, second : array_like of float, shape (queries, ...)
        That broadcast; NaN where undefined.
    replicates, seed, confidence
        As for `estimates`.

    Returns
    -------
    Estimates
        Undefined where the mean of second is 0.

    Examples
    --------
    >>> float(ratio([1.0, 3.0], [2.0, 2.0]).value)
    1.0
    """
    pair = np.broadcast_arrays(np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64))
    return _by_columns(_ratio_of, pair, replicates=replicates, seed=seed, confidence=confidence)


def _ratio_of(above: FloatArray, below: FloatArray) -> Statistic:
    both = ~np.isnan(above) & ~np.isnan(below)
    over, under = mean_of(np.where(both, above, np.nan)), mean_of(np.where(both, below, np.nan))

    def statistic(weights: FloatArray) -> FloatArray:
        bottom = under(weights)
        return over(weights) / np.where(bottom == 0, np.nan, bottom)

    return statistic


def _by_columns(
    statistic_of: Callable[..., Statistic],
    arrays: Sequence[FloatArray],
    *,
    replicates: int,
    seed: int,
    confidence: float,
) -> Estimates:
    """Estimate a few of many columns at a time, so that memory stays flat; all of the same resamples."""
    queries, *shape = arrays[0].shape
    flat = [array.reshape(queries, prod(shape)) for array in arrays]
    n = np.logical_and.reduce([~np.isnan(array) for array in flat]).sum(axis=0)
    width = max(1, CHUNK // max(1, replicates))
    parts = [
        estimates(
            statistic_of(*(array[:, start : start + width] for array in flat)),
            n=n[start : start + width],
            queries=queries,
            replicates=replicates,
            seed=seed,
            confidence=confidence,
        )
        for start in range(0, max(1, len(n)), width)
    ]
    value, low, high, resting = (
        np.concatenate([getattr(part, name) for part in parts]).reshape(shape)
        for name in ("value", "low", "high", "n")
    )
    return Estimates(value, low, high, resting)
