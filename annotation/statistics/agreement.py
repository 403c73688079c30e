"""Agreement of a study, from counts: Krippendorff's alpha, Fleiss' kappa and percent agreement."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from annotation.statistics import coincidences
from annotation.statistics.clusters import IntArray, cluster_index, cluster_sums
from annotation.statistics.counts import FloatArray, as_counts, as_values, over, totals
from annotation.statistics.intervals import (
    Bounds,
    Estimate,
    Method,
    cluster_estimate,
    mean_estimate,
    sums_estimate,
)

Level = Literal["nominal", "ordinal", "interval"]
CORRELATION: Bounds = (-1.0, 1.0)
NO_PAIR = "no item has two labels"
ONE_VALUE = "all labels have the same value"
UNEQUAL = "items differ in their number of labels, and Fleiss' kappa needs the same of each"


def krippendorff_alpha(
    counts: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    level: Level,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
    method: Method = "bootstrap",
) -> Estimate:
    """Krippendorff's alpha, with an interval over clusters.

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
        Resamples of the bootstrap; 0 for the value alone.
    rng : numpy.random.Generator, optional
        Needed if there are replicates.
    confidence : float
    method : {"bootstrap", "jackknife"}
        The jackknife takes no replicates and no chance. With fewer than 20 clusters it is the better one:
        its simulated 95 % intervals of ordinal alpha held the true value in 89 % of studies of 5 clusters,
        92 % of 10 and 94 % of 20, those of the bootstrap in 65, 82 and 89 %.

    Returns
    -------
    Estimate
        `n` counts the items with two labels or more. Undefined, with its reason, when there is
        no such item or when all their labels are the same value.

    Raises
    ------
    ValueError
        If the counts, the values, the level or the clusters are not as above.

    Notes
    -----
    Ordinal alpha is interval alpha on mid-ranks, and the mid-ranks are those of each replicate. Labels that
    are not counts of a few values: `annotation.statistics.continuous.alpha_of_labels`.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

    Examples
    --------
    >>> counts = [[2, 0, 0], [0, 2, 0], [0, 1, 1], [0, 0, 2]]
    >>> round(krippendorff_alpha(counts, values=[1, 2, 3], level="nominal").value, 4)
    0.6667
    """
    if level not in ("nominal", "ordinal", "interval"):
        raise ValueError(f"level must be nominal, ordinal or interval, not {level!r}")
    every = as_counts(counts)
    scale = as_values(values, every)
    kept = totals(every) >= 2
    used = every[kept].any(axis=0)
    paired, n = every[kept][:, used], int(kept.sum())
    if n == 0:
        return Estimate(None, None, None, 0, NO_PAIR)
    if used.sum() < 2:
        return Estimate(None, None, None, n, ONE_VALUE)
    index, number = cluster_index(clusters, len(every), kept=kept)
    interval: dict[str, Any] = {
        "n": n,
        "replicates": replicates,
        "rng": rng,
        "confidence": confidence,
        "method": method,
        "bounds": CORRELATION,
    }
    if level == "nominal":
        sums = coincidences.nominal_sums(paired, index, number)
        return sums_estimate(sums, coincidences.nominal_alpha, **interval)
    if level == "interval":
        x = coincidences.centred(scale[used], paired.sum(axis=0))
        sums = coincidences.interval_sums(totals(paired), paired @ x, paired @ (x * x), index, number)
        return sums_estimate(sums, coincidences.interval_alpha, **interval)
    return _ordinal_alpha(paired, index, number, **interval)


def fleiss_kappa(
    counts: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
    method: Method = "bootstrap",
) -> Estimate:
    """Fleiss' kappa, for items that all have the same number of labels.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
        Items without labels are left out.
    clusters, replicates, rng, confidence, method
        As for `krippendorff_alpha`.

    Returns
    -------
    Estimate
        `n` counts the items with labels. Undefined, with its reason, when items differ in their number of
        labels, have one each or none, or when all labels are the same value.

    Raises
    ------
    ValueError
        If `as_counts` refuses the counts, or if there is not one cluster an item.

    Notes
    -----
    It takes the values as names without order, as nominal alpha does, and with many labels is near it.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76, 378-382.

    Examples
    --------
    >>> round(fleiss_kappa([[2, 0], [0, 2], [1, 1]]).value, 4)
    0.3333
    """
    checked = as_counts(counts)
    each = totals(checked)
    labelled = each > 0
    n, labels = int(labelled.sum()), each[labelled]
    if not n or labels.max() < 2:
        return Estimate(None, None, None, n, NO_PAIR)
    if (labels != labels[0]).any():
        return Estimate(None, None, None, n, UNEQUAL)
    kept = checked[labelled]
    if np.count_nonzero(kept.any(axis=0)) < 2:
        return Estimate(None, None, None, n, ONE_VALUE)
    index, number = cluster_index(clusters, len(checked), kept=labelled)
    return sums_estimate(
        cluster_sums(np.column_stack([kept, pairwise_agreement(kept), np.ones(n)]), index, number),
        _kappa,
        n=n,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
        method=method,
        bounds=CORRELATION,
    )


def _kappa(sums: FloatArray) -> FloatArray:
    labels, agreed, items = sums[:, :-2], sums[:, -2], sums[:, -1]
    share = labels / labels.sum(axis=1, keepdims=True)
    chance = np.square(share).sum(axis=1)
    return over(agreed / items - chance, 1 - chance)


def _ordinal_alpha(counts: FloatArray, index: IntArray, number: int, **interval: Any) -> Estimate:
    items, size = counts.shape
    if size <= coincidences.MOST_VALUES and number * size * (size + 3) / 2 <= coincidences.CELLS:
        sums = coincidences.ordinal_sums(counts, index, number)
        return sums_estimate(sums, lambda drawn: coincidences.ordinal_alpha(drawn, size), **interval)
    statistic = coincidences.ordinal_statistic(counts, index, number)
    value = float(statistic(np.ones((1, number)))[0])
    return cluster_estimate(value, statistic, clusters=number, width=max(items, size), **interval)


def percent_agreement(
    counts: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
    method: Method = "bootstrap",
) -> Estimate:
    """Mean over items of the share of pairs of labels that are equal.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
        Items with fewer than two labels are left out.
    clusters, replicates, rng, confidence, method
        As for `krippendorff_alpha`.

    Returns
    -------
    Estimate
        `n` counts the items with two labels or more; undefined if there are none.

    Raises
    ------
    ValueError
        If `as_counts` refuses the counts, or if there is not one cluster an item.

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
        return Estimate(None, None, None, 0, NO_PAIR)
    shares = np.full(len(checked), np.nan)
    shares[several] = pairwise_agreement(checked[several])
    return mean_estimate(
        shares,
        clusters=clusters,
        replicates=replicates,
        rng=rng,
        confidence=confidence,
        method=method,
        bounds=(0.0, 1.0),
    )


def pairwise_agreement(counts: npt.ArrayLike) -> FloatArray:
    """Share of an item's pairs of labels that are equal.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)

    Returns
    -------
    ndarray of float, shape (items,)
        Between 0 and 1; NaN for an item with fewer than two labels.

    Raises
    ------
    ValueError
        If `as_counts` refuses the counts.

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
