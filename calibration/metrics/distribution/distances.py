"""How far a scorer's distribution of labels lies from people's, item by item. Vectorised over items."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, as_counts, over, totals

# Shares below count as this in the log loss: who gives what people say no chance at all is infinitely wrong.
LOG_FLOOR = 0.01
# What shares that add up to 1 may miss by rounding.
ROUNDING = 1e-6

MEASURES = (
    "total_variation",
    "jensen_shannon",
    "wasserstein_1",
    "log_loss",
    "brier",
    "ranked_probability_score",
    "corrected",
)


@dataclass(frozen=True)
class Distances:
    """Measures of each item, float arrays of shape (items,); NaN where undefined. Lower is nearer.

    With P people's shares and Q the scorer's, F and G their cumulative shares:

    Attributes
    ----------
    total_variation : sum |P - Q| / 2, from 0 to 1
    jensen_shannon : divergence in bits, the squared distance, from 0 to 1
    wasserstein_1 : sum |F - G|, in steps of the scale
    log_loss : -sum P ln Q, in nats, with shares below a floor counted as the floor
    brier : mean over labels of sum (Q - 1[label])^2
    ranked_probability_score : mean over labels of sum (G - 1[label <= v])^2
    corrected : sum (F - G)^2 less what finite labels, and votes, add to it on average
    brier_spread, ranked_probability_spread : sum P (1 - P) and sum F (1 - F)
        People's own part of the two scores; the rest, sum (P - Q)^2 and sum (F - G)^2, is the scorer's error.
    """

    total_variation: FloatArray
    jensen_shannon: FloatArray
    wasserstein_1: FloatArray
    log_loss: FloatArray
    brier: FloatArray
    ranked_probability_score: FloatArray
    corrected: FloatArray
    brier_spread: FloatArray
    ranked_probability_spread: FloatArray


def total_variation(p: npt.ArrayLike, q: npt.ArrayLike) -> FloatArray:
    """Total variation distance: half the sum of the absolute differences.

    Parameters
    ----------
    p, q : array_like of float, shape (..., V)
        Shares. NaN gives NaN.

    Returns
    -------
    ndarray of float, shape (...)
        From 0 to 1: the largest difference of the chances that the two give to any event.

    References
    ----------
    Levin & Peres (2017), Markov Chains and Mixing Times, chapter 4.

    Examples
    --------
    >>> total_variation([[0.5, 0.5, 0]], [[0.25, 0.5, 0.25]])
    array([0.25])
    """
    return 0.5 * _summed(np.abs(np.asarray(p, dtype=np.float64) - np.asarray(q, dtype=np.float64)))


def jensen_shannon(p: npt.ArrayLike, q: npt.ArrayLike) -> FloatArray:
    """Jensen-Shannon divergence in bits: the square of the Jensen-Shannon distance.

    Parameters
    ----------
    p, q : array_like of float, shape (..., V)
        Shares. NaN gives NaN.

    Returns
    -------
    ndarray of float, shape (...)
        From 0 to 1.

    References
    ----------
    Lin (1991), IEEE Transactions on Information Theory 37, 145-151.

    Examples
    --------
    >>> jensen_shannon([[1, 0], [0.5, 0.5]], [[0, 1], [0.5, 0.5]])
    array([1., 0.])
    """
    a, b = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    return np.maximum(_summed(divergence_terms(a, b)), 0.0)


def divergence_terms(p: FloatArray, q: FloatArray) -> FloatArray:
    """What each value adds to the Jensen-Shannon divergence, in bits.

    Parameters
    ----------
    p, q : ndarray of float
        Shares of the value, of one shape.

    Returns
    -------
    ndarray of float

    Examples
    --------
    >>> divergence_terms(np.array([1.0, 0.5]), np.array([0.0, 0.5]))
    array([0.5, 0. ])
    """
    middle = (p + q) / 2
    terms: FloatArray = (_times_log(p) + _times_log(q)) / 2 - _times_log(middle)
    return terms


def wasserstein_1(p: npt.ArrayLike, q: npt.ArrayLike) -> FloatArray:
    """First Wasserstein distance: how many steps of the scale a label must move, on average.

    Parameters
    ----------
    p, q : array_like of float, shape (..., V)
        Shares of values in the order of the scale, one step apart. NaN gives NaN.

    Returns
    -------
    ndarray of float, shape (...)
        From 0 to V - 1: the sum of the absolute differences of the cumulative shares.

    References
    ----------
    Vallender (1974), Theory of Probability and Its Applications 18, 784-786.

    Examples
    --------
    >>> wasserstein_1([[0.5, 0, 0.5]], [[0, 1, 0]])
    array([1.])
    """
    gap = np.asarray(p, dtype=np.float64) - np.asarray(q, dtype=np.float64)
    return _summed(np.abs(np.cumsum(gap, axis=-1)[..., :-1]))


def distances(
    predicted: npt.ArrayLike,
    counts: npt.ArrayLike,
    *,
    votes: npt.ArrayLike | None = None,
    log_floor: float = LOG_FLOOR,
) -> Distances:
    """Hold distributions against people's labels, item by item.

    Parameters
    ----------
    predicted : array_like of float, shape (items, V)
        Shares that add up to 1. A row of NaN is an item without a distribution, and is NaN in every measure,
        as is an item without labels.
    counts : array_like of int, shape (items, V)
        People's labels, by values in the order of the scale.
    votes : array_like of int, shape (items, V), optional
        Counts of the votes that `predicted` are the shares of; rows of zeros where it was stated.
    log_floor : float
        Shares below count as this in the log loss.

    Returns
    -------
    Distances

    Raises
    ------
    ValueError
        If the shapes differ, a row is no distribution, or the floor is not above 0.

    Notes
    -----
    Over labels y, the mean of sum (G - 1[y <= v])^2 is sum F (1 - F) + sum (F - G)^2, exactly. Labels are a
    sample of n, so that sum (F - G)^2 is too large by a mean of sum F (1 - F) / n over the true shares. Less
    sum F (1 - F) / (n - 1) over the sample's it is unbiased: 0 on average, of either sign, for a perfect
    judge. Where the scorer is itself k votes, sum G (1 - G) / (k - 1) comes off too. Undefined with one
    label, or one vote.

    References
    ----------
    Brier (1950), Monthly Weather Review 78, 1-3; Epstein (1969), Journal of Applied Meteorology 8, 985-987;
    Ferro (2014), Quarterly Journal of the Royal Meteorological Society 140, 1917-1923, for finite samples.

    Examples
    --------
    >>> found = distances([[0.5, 0.5, 0]], [[2, 1, 1]])
    >>> found.total_variation, found.wasserstein_1
    (array([0.25]), array([0.25]))
    >>> found.ranked_probability_score - found.ranked_probability_spread
    array([0.0625])
    >>> found.corrected.round(4)
    array([-0.0833])
    """
    people = as_counts(counts)
    q = _distributions(predicted, people)
    if not 0 < log_floor < 1:
        raise ValueError(f"log_floor must lie between 0 and 1, not {log_floor}")
    n = totals(people)
    p = over(people, n[:, None])
    f, g = (np.cumsum(shares, axis=1)[:, :-1] for shares in (p, q))
    known = ~np.isnan(p[:, 0] + q[:, 0])
    brier_spread, ranked_spread = (
        np.where(known, _summed(shares * (1 - shares)), np.nan) for shares in (p, f)
    )
    error = _summed(np.square(f - g))
    corrected = error - over(ranked_spread, n - 1)
    if votes is not None:
        corrected = corrected - _of_votes(as_counts(votes), g)
    return Distances(
        total_variation=total_variation(p, q),
        jensen_shannon=jensen_shannon(p, q),
        wasserstein_1=wasserstein_1(p, q),
        log_loss=0.0 - _summed(p * np.log(np.maximum(q, log_floor))),
        brier=brier_spread + _summed(np.square(p - q)),
        ranked_probability_score=ranked_spread + error,
        corrected=corrected,
        brier_spread=brier_spread,
        ranked_probability_spread=ranked_spread,
    )


def _of_votes(votes: FloatArray, below: FloatArray) -> FloatArray:
    """What finite votes add to the squared distance; nothing where the distribution was stated."""
    if votes.shape[0] != below.shape[0] or votes.shape[1] != below.shape[1] + 1:
        raise ValueError(f"votes must have the shape of the counts, not {votes.shape}")
    k = totals(votes)
    return np.where(k > 0, over(_summed(below * (1 - below)), k - 1), 0.0)


def _distributions(predicted: npt.ArrayLike, counts: FloatArray) -> FloatArray:
    shares = np.asarray(predicted, dtype=np.float64)
    if shares.shape != counts.shape:
        raise ValueError(f"predicted must have the shape of the counts, {counts.shape}, not {shares.shape}")
    missing = np.isnan(shares).all(axis=1)
    known = shares[~missing]
    if not ((known >= 0).all() and (np.abs(_summed(known) - 1) <= ROUNDING).all()):
        raise ValueError("each row of predicted must be shares that add up to 1, or all NaN")
    return shares


def _summed(rows: FloatArray) -> FloatArray:
    """Sums along the last axis, faster than `sum` if it is short, and by one thread: the same to the bit."""
    sums: FloatArray = np.einsum("...v->...", rows)
    return sums


def _times_log(share: FloatArray) -> FloatArray:
    logs = np.log2(share, out=np.zeros_like(share), where=~(share <= 0))
    product: FloatArray = share * logs
    return product
