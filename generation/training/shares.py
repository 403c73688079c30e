"""Shares of formats over the steps of a training: how large, how even, which leads.

All of a query's responses together count as one: shares are means over queries of each query's own shares.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.comparisons import FLIPS, sign_flip, signs_of
from generation.diversity.intervals import REPLICATES, Estimate, Estimates, estimates
from generation.diversity.means import Statistic, mean_of
from generation.diversity.resampling import resamples
from generation.diversity.responses import FloatArray

ROUNDING = 1e-12


def query_shares(counts: npt.ArrayLike) -> FloatArray:
    """Share of each format among a query's responses at a step.

    Parameters
    ----------
    counts : array_like of int, shape (queries, steps, formats)
        Responses.

    Returns
    -------
    ndarray of float64, of the same shape
        NaN where a query has no response at the step.

    Examples
    --------
    >>> query_shares([[[3, 1], [0, 0]]]).tolist()
    [[[0.75, 0.25], [nan, nan]]]
    """
    array = np.asarray(counts, dtype=np.float64)
    totals = np.broadcast_to(array.sum(axis=-1, keepdims=True), array.shape)
    shares: FloatArray = np.divide(array, totals, out=np.full(array.shape, np.nan), where=totals > 0)
    return shares


def pairs_differ(counts: npt.ArrayLike) -> FloatArray:
    """Share of pairs of a query's responses that are of different formats, at each step.

    Parameters
    ----------
    counts : array_like of int, shape (queries, steps, formats)

    Returns
    -------
    ndarray of float64, shape (queries, steps)
        NaN where a query has fewer than two responses.

    Notes
    -----
    1 - Σ c(c - 1) / (n(n - 1)): Simpson's index, without bias at any number of responses, which an entropy of
    a few responses is not.

    References
    ----------
    Simpson (1949), Measurement of diversity, Nature 163, 688.

    Examples
    --------
    >>> pairs_differ([[[2, 2], [4, 0], [1, 0]]]).round(3).tolist()
    [[0.667, 0.0, nan]]
    """
    array = np.asarray(counts, dtype=np.float64)
    total = array.sum(axis=-1)
    pairs = total * (total - 1)
    same = (array * (array - 1)).sum(axis=-1)
    found: FloatArray = 1 - np.divide(same, pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0)
    return found


def entropy_bits(shares: npt.ArrayLike) -> FloatArray:
    """Shannon entropy of shares that add up to 1 along the last axis, in bits.

    Parameters
    ----------
    shares : array_like of float, shape (..., formats)

    Returns
    -------
    ndarray of float64, shape (...)
        From 0, one format, to log2 of their number. NaN where a share is NaN.

    Examples
    --------
    >>> entropy_bits([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]).tolist()
    [1.0, 0.0]
    """
    from scipy.special import entr  # an eighth of a second

    entropy: FloatArray = entr(np.asarray(shares, dtype=np.float64)).sum(axis=-1) / np.log(2)
    return entropy + 0.0  # no minus before a zero


def share_entropy(shares: npt.ArrayLike, *, replicates: int = REPLICATES, seed: int = 0) -> Estimates:
    """Entropy of the mean shares at each step, in bits.

    Parameters
    ----------
    shares : array_like of float, shape (queries, steps, formats)
        Of `query_shares`.
    replicates, seed
        As for `estimates`.

    Returns
    -------
    Estimates
        Of shape (steps,).

    Notes
    -----
    Of the shares over all queries together: it is high where queries differ in their formats, even if each
    query has one. It is too low, as any plug-in entropy, by at most about (formats - 1) / (2 queries ln 2)
    bits: .03 of 100 queries and 5 formats.
    """
    array = np.asarray(shares, dtype=np.float64)
    means = mean_of(array)
    return estimates(
        lambda weights: entropy_bits(means(weights)),
        n=_answered(array),
        queries=len(array),
        replicates=replicates,
        seed=seed,
    )


def entropy_change(
    shares: npt.ArrayLike, first: int, last: int, *, replicates: int = REPLICATES, seed: int = 0
) -> tuple[Estimate, float]:
    """Entropy of the mean shares at one step less that at another, of the queries that have both.

    Parameters
    ----------
    shares : array_like of float, shape (queries, steps, formats)
    first, last : int
        Places of the steps; the difference is last less first.
    replicates, seed
        As for `estimates`.

    Returns
    -------
    change : Estimate
        In bits.
    p : float
        Two-sided: the larger of two sign-flip tests. NaN of fewer than 2 queries.

    Notes
    -----
    One test exchanges the two steps of queries and computes both entropies anew. Alone it is a test of any
    change: where one format takes the place of another and the entropy stays, exchanged steps are all near
    the same mixture, and it rejects in 9 of 10 simulated trainings. The other turns the signs of what each
    query adds to the change, -Σ s log2 p of its own shares s and of the mean shares p, whose mean is the
    change. Alone it rejects too often where nearly all responses are of one format.

    See Also
    --------
    comparisons.sign_flip : the same of means, with what is said there of p.
    """
    array = np.asarray(shares, dtype=np.float64)
    one, two = array[:, first], array[:, last]
    both = ~(np.isnan(one) | np.isnan(two)).any(axis=-1)
    one, two = one[both], two[both]
    means_of = mean_of(np.stack([one, two], axis=1))

    def change(weights: FloatArray) -> FloatArray:
        entropies = entropy_bits(means_of(weights))
        return entropies[:, 1] - entropies[:, 0]

    n = len(one)
    found = estimates(change, n=n, queries=n, replicates=replicates, seed=seed).at()
    if n < 2:
        return found, float("nan")
    middle, half = ((one + two) / 2).mean(axis=0), (two - one) / (2 * n)
    least = abs(found.value or 0.0) - ROUNDING
    as_large = made = 0
    for signs in signs_of(n, FLIPS, np.random.default_rng(seed)):
        moved = signs @ half
        drawn = entropy_bits(np.clip(middle + moved, 0, 1)) - entropy_bits(np.clip(middle - moved, 0, 1))
        as_large += int((np.abs(drawn) >= least).sum())
        made += len(signs)
    added = _added(two) - _added(one)
    return found, max(as_large / made, float(sign_flip(added[:, None], seed=seed)[0]))


@dataclass(frozen=True)
class Leader:
    """Which of several is the largest.

    Attributes
    ----------
    place : int or None
        None where none is defined, or several are as large.
    resamples : float or None
        In which share of the resamples of queries that one is the largest too.
    reason : str
        Why there is no leader; empty if there is one.
    """

    place: int | None
    resamples: float | None
    reason: str = ""


def leader(statistic: Statistic, *, queries: int, replicates: int = REPLICATES, seed: int = 0) -> Leader:
    """Return which of several statistics of queries is the largest.

    Parameters
    ----------
    statistic : callable
        As for `estimates`; returns shape (r, several), NaN where undefined.
    queries, replicates, seed
        As for `estimates`.

    Examples
    --------
    >>> leader(mean_of([[0.6, 0.4], [0.8, 0.2]]), queries=2, replicates=20)
    Leader(place=0, resamples=1.0, reason='')
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        value = statistic(np.ones((1, queries)))[0]
        if np.isnan(value).all():
            return Leader(None, None, "none of them is defined")
        largest = np.flatnonzero(value >= np.nanmax(value) - ROUNDING)
        if len(largest) > 1:
            return Leader(None, None, f"{len(largest)} of them are as large")
        drawn = np.concatenate(
            [statistic(weights) for weights in resamples(queries, replicates=replicates, seed=seed)]
        )
    place = int(largest[0])
    filled = np.where(np.isnan(drawn), -np.inf, drawn)
    leads = (filled[:, [place]] > np.delete(filled, place, axis=1)).all(axis=1)
    return Leader(place, float(leads.mean()))


def _added(shares: FloatArray) -> FloatArray:
    """What each query adds to the entropy of the mean shares, which is the mean of this."""
    means = shares.mean(axis=0)
    return -shares @ np.log2(np.where(means > 0, means, 1.0))


def _answered(shares: FloatArray) -> npt.NDArray[np.int64]:
    answered: npt.NDArray[np.int64] = (~np.isnan(shares).any(axis=-1)).sum(axis=0)
    return answered
