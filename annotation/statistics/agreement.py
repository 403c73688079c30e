"""Agreement of a study: Krippendorff's alpha and percent agreement, from counts."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index, cluster_sums
from annotation.statistics.counts import FloatArray, as_counts, as_values, over, totals
from annotation.statistics.intervals import Estimate, bootstrap_estimate, mean_estimate

Level = Literal["nominal", "ordinal", "interval"]
Statistic = Callable[[FloatArray], FloatArray]

# Coincidence matrices of all items held at once: 16 million numbers, 128 MB.
COINCIDENCE_CELLS = 16_000_000


def krippendorff_alpha(
    counts: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    level: Level,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Krippendorff's alpha, with a cluster bootstrap interval.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
        Labels of each value. Items with fewer than two labels pair with nothing and are left out.
    values : array_like of float, shape (V,)
        The scale, rising. Only the level "interval" uses the numbers; "ordinal" uses their order.
    level : {"nominal", "ordinal", "interval"}
    clusters : array_like of shape (items,), optional
        What is resampled: the query, or the form, of each item. By default each item.
    replicates : int
        0 for the value alone.
    rng : numpy.random.Generator, optional
        Needed if there are replicates.
    confidence : float

    Returns
    -------
    Estimate
        `n` counts the items with two labels or more. Undefined, with its reason, when there is
        no such item or when all their labels are the same value.

    Raises
    ------
    ValueError
        If the counts, the values or the level are not as above.

    Notes
    -----
    Ordinal alpha is interval alpha on mid-ranks, and the mid-ranks are those of each replicate.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

    Examples
    --------
    >>> counts = [[2, 0, 0], [0, 2, 0], [0, 1, 1], [0, 0, 2]]
    >>> round(krippendorff_alpha(counts, values=[1, 2, 3], level="nominal").value, 4)
    0.6667
    """
    every = as_counts(counts)
    scale = as_values(values, every)
    kept = totals(every) >= 2
    paired = every[kept]
    n = len(paired)
    if n == 0:
        return Estimate(None, None, None, 0, "no item has two labels")
    if np.count_nonzero(paired.sum(axis=0)) < 2:
        return Estimate(None, None, None, n, "all labels have the same value")
    index, number = cluster_index(None if clusters is None else np.asarray(clusters)[kept], n)
    statistic, width = _alpha_statistic(paired, scale, level, index, number)
    return bootstrap_estimate(
        float(statistic(np.ones((1, number)))[0]),
        statistic,
        n=n,
        clusters=number,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
        width=width,
    )


def percent_agreement(
    counts: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Mean over items of the share of pairs of labels that are equal.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
        Items with fewer than two labels are left out.
    clusters, replicates, rng, confidence
        As for `krippendorff_alpha`.

    Returns
    -------
    Estimate
        `n` counts the items with two labels or more; undefined if there are none.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76, 378-382: the mean of P_i.

    Examples
    --------
    >>> percent_agreement([[2, 0], [1, 1], [1, 0]]).value
    0.5
    """
    checked = as_counts(counts)
    several = totals(checked) >= 2
    if not several.any():
        return Estimate(None, None, None, 0, "no item has two labels")
    shares = np.full(len(checked), np.nan)
    shares[several] = pairwise_agreement(checked[several])
    return mean_estimate(shares, clusters=clusters, replicates=replicates, rng=rng, confidence=confidence)


def pairwise_agreement(counts: npt.ArrayLike) -> FloatArray:
    """Share of an item's pairs of labels that are equal.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)

    Returns
    -------
    ndarray of float, shape (items,)
        Between 0 and 1; NaN for an item with fewer than two labels.

    References
    ----------
    Fleiss (1971), P_i.

    Examples
    --------
    >>> pairwise_agreement([[3, 1], [1, 0]])
    array([0.5, nan])
    """
    checked = as_counts(counts)
    n = totals(checked)
    return over(totals(np.square(checked)) - n, n * (n - 1))


def _alpha_statistic(
    counts: FloatArray, values: FloatArray, level: Level, index: IntArray, number: int
) -> tuple[Statistic, int]:
    if level == "nominal":
        sums = cluster_sums(_nominal_sums(counts), index, number)
        return lambda weights: _nominal_alpha(weights @ sums), sums.shape[1]
    if level == "interval":
        sums = cluster_sums(_interval_sums(counts, values), index, number)
        return lambda weights: _interval_alpha(weights @ sums), sums.shape[1]
    if level != "ordinal":
        raise ValueError(f"level must be nominal, ordinal or interval, not {level!r}")
    if counts.size * counts.shape[1] <= COINCIDENCE_CELLS:
        sums = cluster_sums(_coincidences(counts), index, number)
        return lambda weights: _ordinal_alpha(weights @ sums), sums.shape[1]
    return _ordinal_statistic_by_item(counts, index, number), len(counts)


def _one_less(counts: FloatArray) -> FloatArray:
    return totals(counts)[:, None] - 1


def _nominal_sums(counts: FloatArray) -> FloatArray:
    """One row an item: the labels of each value, then its agreeing coincidences."""
    agreeing = totals(counts * (counts - 1))[:, None] / _one_less(counts)
    return np.hstack([counts, agreeing])


def _nominal_alpha(sums: FloatArray) -> FloatArray:
    labels = sums[:, :-1]
    n = labels.sum(axis=1)
    observed = n - sums[:, -1]
    expected = (n * n - np.square(labels).sum(axis=1)) / (n - 1)
    return 1 - over(observed, expected)


def _interval_sums(counts: FloatArray, values: FloatArray) -> FloatArray:
    """One row an item: n, sum, sum of squares, and the sum of products of its coincidences."""
    # Distances do not depend on the origin; near the middle, differences of squares keep their digits.
    x = values - np.average(values, weights=counts.sum(axis=0))
    total, squares = counts @ x, counts @ np.square(x)
    products = (np.square(total) - squares) / _one_less(counts)[:, 0]
    return np.stack([totals(counts), total, squares, products], axis=1)


def _interval_alpha(sums: FloatArray) -> FloatArray:
    n, total, squares, products = sums.T
    return _alpha_from_moments(n, total, squares, products)


def _alpha_from_moments(
    n: FloatArray, total: FloatArray, squares: FloatArray, products: FloatArray
) -> FloatArray:
    observed = squares - products
    spread = n * squares - np.square(total)
    # A replicate in which one value is left has no spread but for rounding.
    spread = np.where(spread > 1e-12 * n * squares, spread, 0.0)
    return 1 - over(observed * (n - 1), spread)


def _coincidences(counts: FloatArray) -> FloatArray:
    """One row an item: its coincidence matrix, flattened."""
    scaled = counts / _one_less(counts)
    matrices = scaled[:, :, None] * counts[:, None, :]
    np.einsum("ivv->iv", matrices)[:] -= scaled
    return matrices.reshape(len(counts), -1)


def _mid_ranks(labels: FloatArray) -> FloatArray:
    """Mid-ranks of each value in each replicate, less their mean, n / 2."""
    upto = np.cumsum(labels, axis=1)
    return upto - labels / 2 - upto[:, -1:] / 2


def _ordinal_alpha(flat: FloatArray) -> FloatArray:
    size = round(flat.shape[1] ** 0.5)
    coincidences = flat.reshape(-1, size, size)
    labels = coincidences.sum(axis=2)
    ranks = _mid_ranks(labels)
    products = ((coincidences @ ranks[:, :, None])[:, :, 0] * ranks).sum(axis=1)
    return _ordinal_alpha_from(labels, ranks, products)


def _ordinal_alpha_from(labels: FloatArray, ranks: FloatArray, products: FloatArray) -> FloatArray:
    # Sums of labels over coincidences carry rounding: a value that is gone must count as gone.
    used = (labels > 1e-9).sum(axis=1)
    squares = (labels * np.square(ranks)).sum(axis=1)
    n = labels.sum(axis=1)
    squares = np.where(used > 1, squares, 0.0)
    return _alpha_from_moments(n, np.zeros_like(n), squares, products)


def _ordinal_statistic_by_item(counts: FloatArray, index: IntArray, number: int) -> Statistic:
    """For many values: no matrix of values by values, one number an item and replicate instead."""
    size = counts.shape[1]
    scaled = counts / _one_less(counts)
    root = counts / np.sqrt(_one_less(counts))
    sums = cluster_sums(np.hstack([counts, scaled]), index, number)

    def statistic(weights: FloatArray) -> FloatArray:
        both = weights @ sums
        labels = both[:, :size]
        ranks = _mid_ranks(labels)
        totals = ranks @ root.T
        products = np.einsum("ri,ri,ri->r", weights[:, index], totals, totals)
        products -= (both[:, size:] * np.square(ranks)).sum(axis=1)
        return _ordinal_alpha_from(labels, ranks, products)

    return statistic
