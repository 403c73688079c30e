"""Resamples of queries, and the ends of an interval from what they give."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import FloatArray

# Weights held at once: 4 million, 32 MB, whatever the number of queries.
CHUNK = 4_000_000
# Ends nearer to each other differ by rounding: vectors are of single precision.
ROUNDING = 1e-6


def resamples(queries: int, *, replicates: int, seed: int) -> Iterator[FloatArray]:
    """Draw queries with replacement, as many replicates at a time as memory should hold.

    Yields
    ------
    ndarray of float64, shape (r, queries)
        How often each query was drawn; a row adds up to `queries`.

    Examples
    --------
    >>> next(resamples(5, replicates=3, seed=0)).sum(axis=1)
    array([5., 5., 5.])
    """
    rng = np.random.default_rng(seed)
    rows = max(1, CHUNK // queries)
    for start in range(0, replicates, rows):
        size = min(rows, replicates - start)
        drawn = rng.integers(queries, size=(size, queries)) + queries * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * queries).reshape(size, queries).astype(np.float64)


def expanded_percentiles(
    drawn: FloatArray, n: npt.NDArray[np.int64], *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Percentiles of a bootstrap, taken further out as few queries need it.

    Parameters
    ----------
    drawn : ndarray of float64, shape (replicates, ...)
        NaN where the statistic was undefined; those are left out.
    n : ndarray of int64, shape (...)
        Queries that each statistic rests on, at least 2 where the ends are of use.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    low, high : ndarray of float64, shape (...)
        NaN where more than half of the replicates are undefined, or where both ends are the same, up to
        1e-6: queries that do not differ say nothing of others.

    Notes
    -----
    Plain percentiles are too near each other, by sqrt((n - 1)/n) and by the normal distribution in the place
    of Student's. Taken further out by as much, the interval of a mean is as wide as Student's.

    References
    ----------
    Hesterberg (2015), What teachers should know about the bootstrap, The American Statistician 69, 371-386,
    section 5.3.

    Examples
    --------
    >>> low, high = expanded_percentiles(np.arange(1000.0), np.array(10_000))
    >>> round(float(low)), round(float(high))
    (25, 974)
    """
    ordered = np.sort(drawn, axis=0)  # NaN last
    defined = np.isfinite(drawn).sum(axis=0)
    last = np.maximum(defined - 1, 0)
    tail = expanded_tail(n, confidence=confidence)
    ends = []
    for level in (tail, 1 - tail):
        place = last * level
        below = np.floor(place).astype(np.intp)
        one, two = (
            np.take_along_axis(ordered, at[None], axis=0)[0] for at in (below, np.minimum(below + 1, last))
        )
        ends.append(one + (two - one) * (place - below))
    without = (defined * 2 < len(drawn)) | (ends[1] - ends[0] <= ROUNDING)
    return np.where(without, np.nan, ends[0]), np.where(without, np.nan, ends[1])


def expanded_tail(n: npt.NDArray[np.int64], *, confidence: float = 0.95) -> FloatArray:
    """Share of resamples beyond each end of an interval, smaller the fewer queries there are.

    Parameters
    ----------
    n : ndarray of int64
        Queries, at least 2 where it is of use.
    confidence : float
        Between 0 and 1.

    Examples
    --------
    >>> expanded_tail(np.array([5, 1_000_000])).round(4)
    array([0.001, 0.025])
    """
    from scipy.special import ndtr, stdtrit  # an eighth of a second

    freedom = np.maximum(n - 1, 1)
    tail: FloatArray = ndtr(-np.sqrt((freedom + 1) / freedom) * stdtrit(freedom, (1 + confidence) / 2))
    return tail
