"""Pairs of responses of one query that people hold about equally good."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import FEWEST_ITEMS, Estimate, cluster_estimate
from calibration.metrics.correlation.intervals import CONSTANT, complete, spearman
from calibration.metrics.correlation.ranks import difference_statistic
from calibration.metrics.subsets.cut import DIGITS, PairArray, Subset, measured

# Each takes part in every replicate: with so many, a thousand replicates take 3 seconds.
MOST_PAIRS = 100_000
FEW_PAIRS = f"no interval: fewer than {FEWEST_ITEMS} pairs"


def near_pairs(means: npt.ArrayLike, queries: npt.ArrayLike, threshold: float) -> Subset:
    """Pairs of items of one query whose means differ by less than a threshold.

    Parameters
    ----------
    means : array_like of float, shape (items,)
        Items with NaN are in no pair.
    queries : array_like, shape (items,)
    threshold : float
        In the units of the means; infinite for all pairs.

    Returns
    -------
    Subset
        Its `pairs` are positions of the items, the lower first; sorted. More than 100,000 are only counted.

    Examples
    --------
    >>> near_pairs([3.0, 3.2, 4.0, 3.1], ["a", "a", "a", "b"], 0.5).pairs
    array([[0, 1]])
    """
    mean, _ = measured(means)
    labelled = np.flatnonzero(~np.isnan(mean))
    _, query = np.unique(np.asarray(queries)[labelled], return_inverse=True)
    order = np.lexsort((mean[labelled], query))
    items, query = labelled[order], query[order]
    followers = _followers(mean[items], query, threshold)
    total = int(followers.sum())
    listed = followers if total <= MOST_PAIRS else np.zeros_like(followers)
    first = np.repeat(np.arange(len(items)), listed)
    step = np.arange(len(first)) - np.repeat(np.cumsum(listed) - listed, listed) + 1
    pairs = np.sort(np.stack([items[first], items[first + step]], axis=1), axis=1)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    mask = np.zeros(len(mean), dtype=np.bool_)
    mask[pairs.ravel()] = True
    return Subset("near_pairs", float(threshold), mask, pairs=pairs, unlisted=total - len(pairs))


def _followers(level: FloatArray, query: IntArray, threshold: float) -> IntArray:
    """How many of the items after each one are near it, among items sorted by query and by mean."""
    # Half a digit, since differences of rounded means carry noise of their own.
    reach = threshold - 0.5 * 10.0**-DIGITS
    bounds = np.flatnonzero(np.diff(query, prepend=-1, append=-1))
    found = [np.empty(0, dtype=np.intp)]
    for start, end in pairwise(bounds):
        near = level[start:end]
        found.append(np.searchsorted(near, near + reach) - np.arange(1, end - start + 1))
    return np.concatenate(found)


def pair_spearman(
    scores: npt.ArrayLike,
    means: npt.ArrayLike,
    pairs: PairArray,
    *,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 1000,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Spearman's correlation of differences of score and of mean, over pairs of items.

    Parameters
    ----------
    scores, means : array_like of float, shape (items,)
        Pairs with a NaN are left out.
    pairs : ndarray of int, shape (m, 2)
        As of `near_pairs`. Each counts in both orientations: which of its items stands first in
        a file then changes nothing.
    clusters : array_like of shape (items,), optional
        What is resampled: the query of each item, or whatever holds whole queries. By default each pair.
    replicates, rng, confidence
        As for `spearman_interval`.

    Returns
    -------
    Estimate
        `n` counts the pairs with both differences, each once. Undefined with fewer than 3, without
        an interval with fewer than 6.

    Examples
    --------
    >>> pair_spearman([1, 2, 4], [1, 3, 4], np.array([[0, 1], [2, 1], [0, 2]]), replicates=0).n
    3
    """
    names = np.arange(len(pairs)) if clusters is None else np.asarray(clusters)[pairs[:, 0]]
    score, mean, kept = complete(differences(scores, pairs), differences(means, pairs))
    n = len(score)
    if n < 3:
        return Estimate(None, None, None, n, "fewer than 3 pairs with both scores")
    if not score.any() or not mean.any():
        return Estimate(None, None, None, n, CONSTANT)
    value = spearman(np.concatenate([score, -score]), np.concatenate([mean, -mean]))
    if replicates and n < FEWEST_ITEMS:
        return Estimate(value, None, None, n, FEW_PAIRS)
    index, number = cluster_index(names[kept], n)
    return cluster_estimate(
        value,
        difference_statistic(score, mean, index),
        n=n,
        clusters=number,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
        width=n,
    )


def differences(numbers: npt.ArrayLike, pairs: PairArray) -> FloatArray:
    """Differences of the items of pairs, first less second, in units of the largest, so that equal ones tie.

    Examples
    --------
    >>> differences([0.1, 0.4, 0.3], np.array([[0, 1], [1, 2], [1, 1]]))
    array([-1.        ,  0.33333333,  0.        ])
    """
    number = np.asarray(numbers, dtype=np.float64)
    difference = number[pairs[:, 0]] - number[pairs[:, 1]]
    largest = np.nanmax(np.abs(difference), initial=0.0)
    return np.round(difference / largest, DIGITS) if largest > 0 else difference
