"""Pairs of responses of one query that people hold about equally good."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate
from calibration.metrics.correlation import spearman_interval
from calibration.metrics.subsets.cut import DIGITS, PairArray, Subset, measured


def near_pairs(means: npt.ArrayLike, queries: npt.ArrayLike, threshold: float) -> PairArray:
    """Pairs of items of one query whose means differ by less than a threshold.

    Parameters
    ----------
    means : array_like of float, shape (items,)
        Items with NaN are in no pair.
    queries : array_like, shape (items,)
    threshold : float
        In the units of the means.

    Returns
    -------
    ndarray of int, shape (m, 2)
        Positions of the items, the lower first; sorted.

    Examples
    --------
    >>> near_pairs([3.0, 3.2, 4.0, 3.1], ["a", "a", "a", "b"], 0.5)
    array([[0, 1]])
    """
    mean, _ = measured(means)
    labelled = np.flatnonzero(~np.isnan(mean))
    _, query = np.unique(np.asarray(queries)[labelled], return_inverse=True)
    order = np.lexsort((mean[labelled], query))
    items, query = labelled[order], query[order]
    level = mean[items]
    found: list[PairArray] = []
    # Sorted by mean, an item's near ones follow it: once none is left at a step, none is further on.
    for step in range(1, len(items)):
        same = query[step:] == query[:-step]
        near = np.flatnonzero(same & (np.round(level[step:] - level[:-step], DIGITS) < threshold))
        if not len(near):
            break
        found.append(np.stack([items[near], items[near + step]], axis=1))
    if not found:
        return np.empty((0, 2), dtype=np.intp)
    pairs = np.sort(np.concatenate(found), axis=1)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def near_subset(means: FloatArray, queries: npt.ArrayLike, threshold: float) -> Subset:
    pairs = near_pairs(means, queries, threshold)
    mask = np.zeros(len(means), dtype=np.bool_)
    mask[pairs.ravel()] = True
    return Subset("near_pairs", float(threshold), mask, pairs=pairs)


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
        What is resampled: the query of each item. By default each pair.
    replicates, rng, confidence
        As for `spearman_interval`.

    Returns
    -------
    Estimate
        `n` counts the pairs with both differences, each once. Undefined with fewer than 3.

    Examples
    --------
    >>> pair_spearman([1, 2, 4], [1, 3, 4], np.array([[0, 1], [2, 1], [0, 2]]), replicates=0).n
    3
    """
    score, mean = _difference(scores, pairs), _difference(means, pairs)
    n = int((~np.isnan(score) & ~np.isnan(mean)).sum())
    if n < 3:
        return Estimate(None, None, None, n, "fewer than 3 pairs with both scores")
    names = np.arange(len(pairs)) if clusters is None else np.asarray(clusters)[pairs[:, 0]]
    found = spearman_interval(
        np.concatenate([score, -score]),
        np.concatenate([mean, -mean]),
        clusters=np.concatenate([names, names]),
        replicates=replicates,
        rng=rng,
        confidence=confidence,
    )
    return replace(found, n=n)


def _difference(numbers: npt.ArrayLike, pairs: PairArray) -> FloatArray:
    """Differences first less second, in units of the largest, so that equal ones tie."""
    number = np.asarray(numbers, dtype=np.float64)
    difference = number[pairs[:, 0]] - number[pairs[:, 1]]
    largest = np.nanmax(np.abs(difference), initial=0.0)
    return np.round(difference / largest, DIGITS) if largest > 0 else difference
