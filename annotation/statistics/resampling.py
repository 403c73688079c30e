"""Intervals from resamples of whole clusters: percentiles of a bootstrap, and the jackknife.

The bootstrap draws as many clusters as there are, with replacement; the jackknife leaves out one at a time.
"""

from collections.abc import Iterator
from math import inf

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import multinomial_weights
from annotation.statistics.counts import FloatArray

# Numbers held at once: 4 million, 32 MB, whatever the number of items.
CHUNK = 4_000_000
FEWEST_REPLICATES = 20


def percentile_interval(replicate_values: npt.ArrayLike, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of replicates of a statistic.

    Parameters
    ----------
    replicate_values : array_like of float, shape (replicates,)
        NaN where the statistic was undefined; those are left out.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    low, high : float
        NaN if fewer than 20 replicates, or fewer than half of them, are defined.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    With few clusters it is too narrow, see `caution`. Simulated coverage at nominal 95 %, quality
    varying by query: ordinal alpha 89 % with 20 queries, 93 % with 40, 94 % with 100; Spearman's
    correlation 50 % with 2, 76 % with 3, 84 % with 5, 91 % with 10, 93 % with 40.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.

    Examples
    --------
    >>> percentile_interval(np.arange(101.0), confidence=0.5)
    (25.0, 75.0)
    """
    _check(confidence)
    values = np.asarray(replicate_values, dtype=np.float64)
    defined = values[np.isfinite(values)]
    if len(defined) < max(FEWEST_REPLICATES, len(values) / 2):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def jackknife_interval(
    value: float,
    left_out: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    bounds: tuple[float, float] = (-inf, inf),
) -> tuple[float, float]:
    """Return the interval of a statistic from its values without one cluster each.

    Parameters
    ----------
    value : float
    left_out : array_like of float, shape (clusters,)
        The statistic of all clusters but one.
    confidence : float
        Between 0 and 1.
    bounds : tuple of float
        What the statistic cannot pass, nor then its interval.

    Returns
    -------
    low, high : float
        The value plus and minus Student's t, with clusters - 1 degrees of freedom, standard errors.
        NaN with fewer than two clusters, or if the statistic is undefined without one of them.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    For statistics that are smooth functions of means, such as alpha or a correlation; not for a median.
    With few clusters it keeps its promise far better than percentiles do. Simulated coverage of ordinal
    alpha at nominal 95 %, quality varying by query: 89 % with 5 queries, 92 % with 10, 94 % with 20 and
    with 40, 95 % with 100, where percentiles have 65, 82, 89, 93 and 94 %. In studies of four other shapes,
    and of any alpha, kappa, percent agreement and ICC(1,k), it was 85 to 97 % with 5 to 20 queries, of
    percentiles 60 to 93 %.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 11; Tukey (1958).

    Examples
    --------
    >>> low, high = jackknife_interval(2.0, [2.5, 2.0, 1.5])
    >>> round(low, 3), round(high, 3)
    (-0.484, 4.484)
    """
    _check(confidence)
    values = np.asarray(left_out, dtype=np.float64)
    clusters = len(values)
    if clusters < 2 or not np.isfinite(values).all():
        return float("nan"), float("nan")
    from scipy.special import stdtrit  # an eighth of a second

    error = np.sqrt(np.square(values - values.mean()).sum() * (clusters - 1) / clusters)
    half = float(stdtrit(clusters - 1, (1 + confidence) / 2) * error)
    return max(value - half, bounds[0]), min(value + half, bounds[1])


def resamples(
    clusters: int, *, replicates: int, rng: np.random.Generator, width: int = 1
) -> Iterator[FloatArray]:
    """Draw bootstrap weights of clusters, as many replicates at a time as memory should hold.

    Parameters
    ----------
    clusters, replicates : int
    rng : numpy.random.Generator
    width : int
        The longest row that is to be held a replicate.

    Yields
    ------
    ndarray of float, shape (r, clusters)

    Examples
    --------
    >>> [len(w) for w in resamples(4, replicates=9, rng=np.random.default_rng(0), width=1_000_000)]
    [4, 4, 1]
    """
    rows = max(1, CHUNK // max(clusters, width))
    for start in range(0, replicates, rows):
        yield multinomial_weights(clusters, replicates=min(rows, replicates - start), rng=rng)


def all_but_one(clusters: int, *, width: int = 1) -> Iterator[FloatArray]:
    """Weights that leave out one cluster at a time, as many at a time as memory should hold.

    Parameters
    ----------
    clusters : int
    width : int
        As for `resamples`.

    Yields
    ------
    ndarray of float, shape (r, clusters)

    Examples
    --------
    >>> next(all_but_one(2))
    array([[0., 1.],
           [1., 0.]])
    """
    rows = max(1, CHUNK // max(clusters, width))
    for start in range(0, clusters, rows):
        yield 1 - np.eye(min(rows, clusters - start), clusters, start)


def _check(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
