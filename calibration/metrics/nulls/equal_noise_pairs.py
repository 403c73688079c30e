"""As `equal_noise`, of pairs of items: differences of score and of mean label."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import FEWEST_ITEMS
from calibration.metrics.correlation.intervals import CONSTANT, complete, pearson
from calibration.metrics.correlation.ranks import mid_ranks
from calibration.metrics.nulls.equal_noise import NO_RISE, EqualNoise, compared, permuted
from calibration.metrics.nulls.latent_scores import normal_scores
from calibration.metrics.nulls.unsure_means import about_queries, equal_errors
from calibration.metrics.nulls.wanted import FEW, Wanted, unit, within
from calibration.metrics.subsets.cut import DIGITS, PairArray
from calibration.metrics.subsets.pairs import pair_spearman

# Pairs are many more than items: so many differences are sorted in all, but 200 permutations at least.
MOST_DIFFERENCES, FEWEST_PERMUTATIONS = 1_000_000, 200


def equal_noise_of_pairs(
    scores: npt.ArrayLike,
    means: npt.ArrayLike,
    queries: npt.ArrayLike,
    pairs: Sequence[npt.NDArray[np.intp]],
    *,
    variances: npt.ArrayLike | None = None,
    permutations: int = 1000,
    rng: np.random.Generator,
) -> list[EqualNoise]:
    """Spearman's rho of differences within pairs of items, beside that under equal noise.

    Parameters
    ----------
    scores, means : array_like of float, shape (items,)
    queries : array_like, shape (items,)
        Pairs are of one query.
    pairs : sequence of ndarray of int, each of shape (m, 2)
        As of `near_pairs`; each counts in both orientations, and is left out where an item has no score.
    variances, rng
        As for `equal_noise`.
    permutations : int
        At most: fewer, but 200 at least, where more than a million differences would be sorted.

    Returns
    -------
    list of EqualNoise

    Raises
    ------
    ValueError
        As for `equal_noise`.

    Notes
    -----
    As `equal_noise`, about the means of queries: a pair shows nothing of what its query is like. Residuals
    of items, not of pairs, are permuted, so that pairs which share an item stay alike. Differences depend on
    the scale of the scores, so permuted normal scores are turned back into scores, between which lines are
    drawn. What is expected is that of a scorer whose normal scores have the observed Pearson correlation
    with the means within queries.

    Not to be trusted where the answers of a query are of two kinds that hardly differ among themselves: the
    variance of all means then overstates what near pairs differ by. With kinds 1.6 apart, a spread of .2
    within each and means as unsure as that, half of simulated studies reject on pairs nearer than .5.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> means, queries = rng.normal(size=60), np.repeat(np.arange(10), 6)
    >>> pairs = np.array([(i, i + 1) for i in range(59) if i % 6 < 5])
    >>> found = equal_noise_of_pairs(means, means, queries, [pairs], permutations=200, rng=rng)[0]
    >>> found.n, round(found.observed, 6), found.expected > 0.95
    (50, 1.0, True)
    """
    s, m, scored = complete(scores, means)
    known = [chosen[scored[chosen].all(axis=1)] for chosen in pairs]
    union = np.unique(np.concatenate([*known, np.empty((0, 2), dtype=np.intp)]), axis=0)
    wanted = [_wanted(chosen, union, scores, means) for chosen in known]
    normal, query = normal_scores(s), np.unique(np.asarray(queries)[scored], return_inverse=True)[1]
    about, sizes, groups = about_queries(normal, query)
    m, _, _ = about_queries(m, query)
    within_query = pearson(about, m)
    if np.isnan(within_query) or all(one.reason for one in wanted):
        return compared(wanted, [], [], observed=0.0)
    if within_query <= 0:
        return compared(wanted, [], [], observed=0.0, reason=NO_RISE)
    unsure = None if variances is None else np.asarray(variances, dtype=np.float64)[scored]
    errors = equal_errors(about, m, unsure, groups=groups)
    # About a mean of k, a residual has lost a k-th of its variance.
    whole = errors.fitted + (about - errors.fitted) * np.sqrt(sizes / np.maximum(sizes - 1, 1))
    times = min(permutations, max(FEWEST_PERMUTATIONS, MOST_DIFFERENCES // len(union)))
    first, second = (np.cumsum(scored) - 1)[union].T
    found, control = [], []
    for drawn in permuted(whole, errors, permutations=times, rng=rng, width=max(len(union), len(s))):
        control.append(_within_query(drawn, m, query))
        again = _as_scores(drawn + (normal - about), normal, s)
        difference = again[:, first] - again[:, second]
        order = np.argsort(np.abs(difference), axis=1)
        signs = np.sign(np.take_along_axis(difference, order, axis=1))
        ordered = within(wanted, [order.astype(np.int32), signs])
        found.append([(np.take(one.m_ranks, at) * sign) @ one.s_ranks for one, (at, sign) in ordered])
    return compared(wanted, found, control, observed=within_query)


def _as_scores(drawn: FloatArray, normal: FloatArray, scores: FloatArray) -> FloatArray:
    """Scores that rank as the normal scores do, by lines through the pairs of both, and beyond their ends."""
    x, places = np.unique(normal, return_index=True)
    y = scores[places]
    slopes = np.diff(y) / np.diff(x)
    place = np.clip(np.searchsorted(x, drawn) - 1, 0, len(slopes) - 1)
    again: FloatArray = y[place] + slopes[place] * (drawn - x[place])
    return again


def _wanted(chosen: PairArray, union: PairArray, scores: npt.ArrayLike, means: npt.ArrayLike) -> Wanted:
    """Ranks of a pair's one orientation; those of the other are the same, negative."""
    n = len(chosen)
    mask = np.zeros(len(union), dtype=np.bool_)
    key = int(union.max(initial=0)) + 1
    mask[np.searchsorted(union @ [key, 1], chosen @ [key, 1])] = True
    value = pair_spearman(scores, means, chosen, replicates=0).value
    reason = FEW if n < FEWEST_ITEMS else CONSTANT if value is None else None
    ranks = np.zeros(len(union))
    if reason is None:
        mean = np.asarray(means, dtype=np.float64)
        difference = np.round(mean[union[mask, 0]] - mean[union[mask, 1]], DIGITS)
        ranks[mask] = mid_ranks(np.concatenate([difference, -difference]))[:n] - (n + 0.5)
    return Wanted(
        mask,
        unit(ranks),
        unit(np.arange(n, dtype=np.float64) + 0.5),
        np.nan if value is None else value,
        reason,
    )


def _within_query(drawn: FloatArray, means: FloatArray, query: IntArray) -> FloatArray:
    """Pearson's correlation about the means of queries, of each row of scores."""
    belongs = np.eye(int(query.max()) + 1)[query]
    sums = drawn @ belongs
    squares = np.einsum("ri,ri->r", drawn, drawn) - np.square(sums) @ (1 / belongs.sum(axis=0))
    correlation: FloatArray = drawn @ unit(means) / np.sqrt(squares)
    return correlation
