"""Reliability of items' labels and of their mean: intraclass correlation and split halves.

Would other people have put the items in the same order? No scorer can be expected to correlate with the
items' means better than the square root of the means' reliability.
"""

from math import inf

import numpy as np
import numpy.typing as npt

from annotation.statistics.agreement import CORRELATION, NO_PAIR, ONE_VALUE
from annotation.statistics.clusters import IntArray, cluster_index, cluster_sums
from annotation.statistics.coincidences import centred
from annotation.statistics.counts import FloatArray, as_counts, as_values, over, totals
from annotation.statistics.intervals import Bounds, Estimate, Method, sums_estimate
from annotation.statistics.resampling import CHUNK

AVERAGE: Bounds = (-inf, 1.0)
FEWEST_ITEMS = 3
MOST_LABELS = 10**9
EQUAL_MEANS = "all items have the same mean"
EQUAL_HALVES = "in each split the items' means of a half are all equal"
OPPOSITE_HALVES = "halves correlate at -1, which has no step up to all labels"
# Items halved in all splits together, and the bounds of how often each is: a split of many items is surer.
HALVED, FEWEST_SPLITS, MOST_SPLITS = 200_000, 10, 100
# Squares of numbers in units of the largest: below this share of their sum they differ by rounding alone.
ROUNDING = 1e-12


def intraclass_correlation(
    counts: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    average: bool = False,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
    method: Method = "bootstrap",
) -> Estimate:
    """ICC(1), the reliability of one label, or ICC(1,k), that of an item's mean label.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
        Items without labels are left out. An item of one label says nothing about the spread within items,
        and something about that between them.
    values : array_like of float, shape (V,)
        The scale, rising.
    average : bool
        Whether of the mean.
    clusters, replicates, rng, confidence, method
        As for `krippendorff_alpha`.

    Returns
    -------
    Estimate
        `n` counts the items with labels. Below 0 where labels of one item differ more than those of
        different ones: a value, and evidence of none above 0. Undefined, with its reason, with fewer than
        two items, without an item of two labels, when all labels are the same value and, of the mean, when
        all means are equal.

    Raises
    ------
    ValueError
        If the counts, the values or the clusters are not as above.

    Notes
    -----
    One-way random effects: each item has people of its own, so that their severity is part of the error.
    With mean squares B between items and W within, ICC(1) = (B - W) / (B + (k - 1) W) and
    ICC(1,k) = (B - W) / B. Where items differ in their number of labels n_i, k is the analysis of variance's
    (N - sum n_i^2 / N) / (items - 1), a little below their mean, and ICC(1,k) is that of a mean of k labels.

    References
    ----------
    Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428, cases ICC(1,1) and ICC(1,k); Donner (1986),
    International Statistical Review 54, 67-82, for unequal numbers.

    Examples
    --------
    >>> counts = [[2, 0, 0], [0, 1, 1], [0, 0, 2]]
    >>> round(intraclass_correlation(counts, values=[1, 2, 3]).value, 4)
    0.8571
    >>> round(intraclass_correlation(counts, values=[1, 2, 3], average=True).value, 4)
    0.9231
    """
    every = as_counts(counts)
    scale = as_values(values, every)
    labelled = totals(every) > 0
    used = every.any(axis=0)
    kept, n = every[labelled][:, used], int(labelled.sum())
    if not (totals(kept) > 1).any():
        return Estimate(None, None, None, n, NO_PAIR)
    if n < 2:
        return Estimate(None, None, None, n, "fewer than two items with labels")
    if used.sum() < 2:
        return Estimate(None, None, None, n, ONE_VALUE)
    index, number = cluster_index(clusters, len(every), kept=labelled)
    found = sums_estimate(
        cluster_sums(_variance_sums(kept, scale[used]), index, number),
        lambda sums: _intraclass(sums, average=average),
        n=n,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
        method=method,
        bounds=AVERAGE if average else CORRELATION,
    )
    return found if found.value is not None else Estimate(None, None, None, n, EQUAL_MEANS)


def split_half_reliability(
    counts: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    rng: np.random.Generator,
    splits: int | None = None,
    stepped_up: bool = True,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 0,
    confidence: float = 0.95,
    method: Method = "bootstrap",
) -> Estimate:
    """Correlation over items of the mean labels of two random halves of their people.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
        Items with fewer than two labels are left out. Of an odd number one half has one more.
    values : array_like of float, shape (V,)
        The scale, rising.
    rng : numpy.random.Generator
        Draws the halves, and the resamples.
    splits : int, optional
        How often each item is halved: by default 100 times, of more than 2,000 items fewer, of 20,000 or
        more 10. The splits' own standard error is then a fifth of that of the items, or less (simulated).
    stepped_up : bool
        Whether by Spearman and Brown's formula, 2r / (1 + r) of the mean correlation r, from half of the
        labels to all of them.
    clusters, replicates, confidence, method
        As for `krippendorff_alpha`. All replicates take the same halves.

    Returns
    -------
    Estimate
        The mean over the splits, of those in which it is defined. `n` counts the items with two labels or
        more. Undefined, with its reason, with fewer than three, when all labels are the same value, when in
        each split the means of a half are equal and, stepped up, when in each the correlation is -1.

    Raises
    ------
    ValueError
        If the counts, the values, the clusters or the number of splits are not as above, or an item has a
        billion labels.

    Notes
    -----
    Near ICC(1,k), to which it comes for items with the same number of labels. It takes memory for 5 numbers
    a cluster and split.

    References
    ----------
    Spearman (1910) and Brown (1910), British Journal of Psychology 3, 271-295 and 296-322; Parsons, Kruijt &
    Fox (2019), Advances in Methods and Practices in Psychological Science 2, 378-395, for random splits.

    Examples
    --------
    >>> counts = [[4, 0, 0], [0, 4, 0], [0, 0, 4]]
    >>> round(split_half_reliability(counts, values=[1, 2, 3], rng=np.random.default_rng(0)).value, 6)
    1.0
    """
    if splits is not None and splits < 1:
        raise ValueError(f"halves take one split or more, not {splits}")
    every = as_counts(counts)
    scale = as_values(values, every)
    if totals(every).max(initial=0) >= MOST_LABELS:
        raise ValueError(f"halves are drawn from fewer than {MOST_LABELS:,} labels an item")
    several = totals(every) >= 2
    used = every[several].any(axis=0)
    kept, n = every[several][:, used], int(several.sum())
    if n < FEWEST_ITEMS:
        return Estimate(None, None, None, n, f"fewer than {FEWEST_ITEMS} items with two labels")
    if used.sum() < 2:
        return Estimate(None, None, None, n, ONE_VALUE)
    index, number = cluster_index(clusters, len(every), kept=several)
    times = splits or min(max(HALVED // n, FEWEST_SPLITS), MOST_SPLITS)
    halves = _half_sums(kept, scale[used], index, number, splits=times, rng=rng)
    found = sums_estimate(
        halves,
        lambda sums: _mean_correlation(sums, stepped_up=stepped_up),
        n=n,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
        method=method,
        bounds=AVERAGE if stepped_up else CORRELATION,
    )
    if found.value is not None:
        return found
    plain = _mean_correlation(halves.sum(axis=0, keepdims=True), stepped_up=False)
    return Estimate(None, None, None, n, OPPOSITE_HALVES if np.isfinite(plain[0]) else EQUAL_HALVES)


def _variance_sums(counts: FloatArray, values: FloatArray) -> FloatArray:
    """One row an item: 1, labels, their square, their sum, its square over the labels, and sum of squares."""
    x = centred(values, counts.sum(axis=0))
    n, total = totals(counts), counts @ x
    return np.stack([np.ones_like(n), n, n * n, total, total * total / n, counts @ np.square(x)], axis=1)


def _intraclass(sums: FloatArray, *, average: bool) -> FloatArray:
    items, n, n_squared, total, between, squares = sums.T
    least = ROUNDING * squares
    within = squares - between
    within = over(np.where(within > least, within, 0.0), n - items)
    between = between - total * total / n
    between = over(np.where(between > least, between, 0.0), items - 1)
    if average:
        return over(between - within, between)
    k = over(n - n_squared / n, items - 1)
    return over(between - within, between + (k - 1) * within)


def _half_sums(
    counts: FloatArray,
    values: FloatArray,
    index: IntArray,
    number: int,
    *,
    splits: int,
    rng: np.random.Generator,
) -> FloatArray:
    """One row a cluster: its items, then of each split sums of both halves' means, squares and product."""
    x = centred(values, counts.sum(axis=0))
    at_once = max(1, CHUNK // len(counts))
    sums = np.empty((number, 1 + 5 * splits))
    sums[:, 0] = np.bincount(index, minlength=number)
    by_part = sums[:, 1:].T.reshape(5, splits, number)
    for start in range(0, splits, at_once):
        a, b = _half_means(counts, x, splits=min(at_once, splits - start), rng=rng)
        for part, column in enumerate((a, b, a * a, b * b, a * b)):
            by_part[part, start : start + at_once] = cluster_sums(column, index, number).T
    return sums


def _half_means(
    counts: FloatArray, values: FloatArray, *, splits: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Means of two random halves of each item's labels, of shape (items, splits) each.

    The half's labels of one value after the other are hypergeometric in the labels that are left.
    """
    left = np.repeat(totals(counts).astype(np.int64)[:, None], splits, axis=1)
    size = left // 2
    wanted, total = size, np.zeros(left.shape)
    for have, value in zip(counts.T.astype(np.int64), values, strict=True):
        left = left - have[:, None]
        drawn = rng.hypergeometric(have[:, None], left, wanted)
        wanted = wanted - drawn
        total += drawn * value
    labels, whole = totals(counts)[:, None], (counts @ values)[:, None]
    return total / size, (whole - total) / (labels - size)


def _mean_correlation(sums: FloatArray, *, stepped_up: bool) -> FloatArray:
    n = sums[:, :1]
    a, b, aa, bb, ab = np.moveaxis(sums[:, 1:].reshape(len(sums), 5, -1), 1, 0)
    spread = np.sqrt(_about_mean(aa, a, n) * _about_mean(bb, b, n))
    correlation = np.clip(over(ab - a * b / n, spread), -1, 1)
    defined = np.isfinite(correlation)
    mean = over(np.where(defined, correlation, 0.0).sum(axis=1), defined.sum(axis=1).astype(np.float64))
    # The mean, not each split, is stepped up: one split near -1 would outweigh all others.
    return over(2 * mean, np.where(mean > ROUNDING - 1, 1 + mean, 0.0)) if stepped_up else mean


def _about_mean(squares: FloatArray, total: FloatArray, n: FloatArray) -> FloatArray:
    about = squares - total * total / n
    return np.where(about > ROUNDING * squares, about, 0.0)
