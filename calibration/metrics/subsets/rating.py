"""Subsets of rated items: of similar quality by their means, disagreed by their labels."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.agreement import pairwise_agreement
from annotation.statistics.counts import as_counts, as_values, totals
from annotation.statistics.entropy import entropy_bits, modal_share, shares
from calibration.metrics.subsets.cut import (
    Subset,
    checked_percent,
    from_percentile,
    measured,
    most,
    nothing,
    of_several,
    reaches,
)


def tukey(means: npt.ArrayLike, k: float) -> Subset:
    """Items whose mean lies within Tukey's fences, k interquartile ranges beyond the quartiles.

    Parameters
    ----------
    means : array_like of float, shape (items,)
        NaN for an item without labels.
    k : float

    Returns
    -------
    Subset
        Fences included; quartiles by linear interpolation.

    References
    ----------
    Tukey (1977), Exploratory Data Analysis.

    Examples
    --------
    >>> tukey([1, 3, 3.2, 3.4, 3.6, 5], 1.5).mask
    array([False,  True,  True,  True,  True, False])
    """
    mean = np.asarray(means, dtype=np.float64)
    known = mean[~np.isnan(mean)]
    if not len(known):
        return nothing("tukey", k, mean)
    first, third = np.percentile(known, [25, 75])
    low, high = first - k * (third - first), third + k * (third - first)
    return Subset("tukey", float(k), reaches(mean, low) & reaches(-mean, -high))


def zscore(means: npt.ArrayLike, z: float) -> Subset:
    """Items whose mean lies within z population standard deviations of the mean of means.

    Parameters
    ----------
    means : array_like of float, shape (items,)
    z : float

    Returns
    -------
    Subset
        Bounds included. All labelled items, if all means are equal.

    Examples
    --------
    >>> zscore([1, 3, 3, 3, 5], 1).n
    3
    """
    mean = np.asarray(means, dtype=np.float64)
    known = mean[~np.isnan(mean)]
    if not len(known):
        return nothing("zscore", z, mean)
    low, high = known.mean() - z * known.std(), known.mean() + z * known.std()
    return Subset("zscore", float(z), reaches(mean, low) & reaches(-mean, -high))


def middle(means: npt.ArrayLike, percent: float) -> Subset:
    """The middle share of the items by mean, between two percentiles.

    Parameters
    ----------
    means : array_like of float, shape (items,)
    percent : float
        Of the items, above 0 and at most 100.

    Returns
    -------
    Subset
        Items from the ((100 - percent) / 2)th percentile to the one as far from the top.

    Examples
    --------
    >>> middle([1, 2, 3, 4, 5], 50).mask
    array([False,  True,  True,  True, False])
    """
    mean, known = measured(means)
    if not len(known):
        return nothing("middle", percent, mean)
    cut = (100 - checked_percent(percent)) / 2
    above, low_ties = from_percentile(mean, known, cut)
    below, high_ties = from_percentile(-mean, -known, cut)
    return Subset("middle", float(percent), above & below, int((low_ties | high_ties).sum()))


def entropy(entropies: npt.ArrayLike, percent: float) -> Subset:
    """The most disagreed share of the items by entropy.

    Parameters
    ----------
    entropies : array_like of float, shape (items,)
        Bits, as of `entropy_bits`; NaN for an item that is not to be chosen.
    percent : float
        Of the items, above 0 and at most 100.

    Returns
    -------
    Subset
        Items whose entropy is at least the (100 - percent)th percentile.

    Examples
    --------
    >>> entropy([0.1, 0.5, 0.9, 0.9], 25).n, entropy([0.1, 0.5, 0.9, 0.9], 25).boundary_ties
    (2, 2)
    """
    return most("entropy", entropies, percent)


def grouped_entropy(counts: npt.ArrayLike, values: npt.ArrayLike, percent: float) -> Subset:
    """The most disagreed share by entropy of three groups: below, at and above the scale's middle.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    values : array_like of float, shape (V,)
        On 1 to 5 the groups are 1-2, 3 and 4-5.
    percent : float
        Of the items with two labels or more, as in the other rules of disagreement below.

    Returns
    -------
    Subset

    Examples
    --------
    >>> grouped_entropy([[4, 4, 0, 0, 0], [0, 4, 0, 4, 0]], [1, 2, 3, 4, 5], 50).mask
    array([False,  True])
    """
    checked = as_counts(counts)
    scale = as_values(values, checked)
    side = np.sign(scale - (scale[0] + scale[-1]) / 2)
    grouped = checked @ (side[:, None] == [-1, 0, 1]).astype(np.float64)
    return most("grouped_entropy", of_several(entropy_bits(grouped), checked), percent)


def gini(counts: npt.ArrayLike, percent: float) -> Subset:
    """The most disagreed share by Gini impurity, 1 - sum P^2.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    percent : float

    Returns
    -------
    Subset

    Examples
    --------
    >>> gini([[4, 0], [2, 2]], 50).mask
    array([False,  True])
    """
    checked = as_counts(counts)
    return most("gini", of_several(1 - totals(np.square(shares(checked))), checked), percent)


def pairwise_disagreement(counts: npt.ArrayLike, percent: float) -> Subset:
    """The most disagreed share by the share of pairs of labels that differ.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    percent : float

    Returns
    -------
    Subset

    Examples
    --------
    >>> pairwise_disagreement([[4, 0], [2, 2]], 50).mask
    array([False,  True])
    """
    return most("pairwise_disagreement", 1 - pairwise_agreement(counts), percent)


def majority_minority(counts: npt.ArrayLike, percent: float) -> Subset:
    """The most disagreed share by the minority: labels other than the commonest value.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    percent : float

    Returns
    -------
    Subset

    Notes
    -----
    The paper names this rule and does not define it; the measure here is 1 - modal share.

    Examples
    --------
    >>> majority_minority([[3, 1], [2, 2]], 50).mask
    array([False,  True])
    """
    checked = as_counts(counts)
    return most("majority_minority", of_several(1 - modal_share(checked), checked), percent)
