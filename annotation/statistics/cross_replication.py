"""Agreement within and between groups of people, from moments of the labels that each gave to each item.

Moments are an array of shape (3, ..., items): the number of a group's labels on an item, their sum and the
sum of their squares. With mid-ranks for values, squared differences are the distances of ordinal alpha.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from annotation.statistics.coincidences import interval_alpha
from annotation.statistics.counts import FloatArray, as_counts, as_values, over
from annotation.statistics.intervals import Estimate
from annotation.statistics.leave_one_out import leave_one_out

Level = Literal["ordinal", "interval"]
SAME = "all labels have the same value"


def distances(counts: FloatArray, values: FloatArray, level: Level) -> FloatArray:
    """The numbers whose squared differences are the level's distances, with their mean over all labels at 0.

    Parameters
    ----------
    counts : ndarray of float, shape (..., V)
        Labels of each value. Mid-ranks are those of all of them, so that every group is measured alike.
    values : ndarray of float, shape (V,)
    level : {"ordinal", "interval"}

    Returns
    -------
    ndarray of float, shape (V,)

    Raises
    ------
    ValueError
        If the level is another.

    Examples
    --------
    >>> distances(np.array([2.0, 4.0, 2.0]), np.array([1.0, 2.0, 9.0]), "ordinal")
    array([-3.,  0.,  3.])
    """
    given = counts.sum(axis=tuple(range(counts.ndim - 1)))
    if level == "ordinal":
        upto = np.cumsum(given)
        return np.asarray(upto - given / 2 - given.sum() / 2)
    if level != "interval":
        raise ValueError(f"level must be ordinal or interval, not {level!r}")
    return np.asarray(values - (given @ values / given.sum() if given.sum() else 0.0))


def moments_of(counts: FloatArray, x: FloatArray) -> FloatArray:
    """Labels, sum and sum of squares of each item: counts (..., items, V) become (3, ..., items).

    Examples
    --------
    >>> moments_of(np.array([[1.0, 2.0]]), np.array([0.0, 3.0])).tolist()
    [[3.0], [6.0], [18.0]]
    """
    return np.moveaxis(counts @ np.stack([np.ones_like(x), x, np.square(x)], axis=1), -1, 0)


def within_columns(moments: FloatArray) -> FloatArray:
    """What alpha adds up over items, shape (4, ..., items); zeros for an item with fewer than two labels.

    Examples
    --------
    >>> within_columns(np.array([[2.0, 1.0], [4.0, 3.0], [10.0, 9.0]])).tolist()
    [[2.0, 0.0], [4.0, 0.0], [10.0, 0.0], [6.0, 0.0]]
    """
    n, total, squares = moments * (moments[0] >= 2)
    return np.stack([n, total, squares, (np.square(total) - squares) / np.maximum(n - 1, 1)])


def alpha_of(sums: FloatArray) -> FloatArray:
    """Krippendorff's alpha of sums of `within_columns`, shape (4, ...); NaN where all labels are the same.

    Examples
    --------
    >>> float(alpha_of(np.array([4.0, 0.0, 4.0, 4.0])))
    1.0
    """
    return interval_alpha(sums.T)


def between_columns(first: FloatArray, second: FloatArray) -> FloatArray:
    """What kappa_x adds up over items, shape (7, ..., items); zeros for an item that lacks a group.

    Examples
    --------
    >>> between_columns(np.array([[1.0], [2.0], [4.0]]), np.array([[1.0], [1.0], [1.0]]))[0].tolist()
    [2.0]
    """
    both = (first[0] > 0) & (second[0] > 0)
    (n, a, aa), (m, b, bb) = first * both, second * both
    one, other = np.maximum(n, 1), np.maximum(m, 1)
    apart = aa / one + bb / other - 2 * a * b / (one * other)
    return np.stack([(n + m) * apart, n, a, aa, m, b, bb])


def kappa_of(sums: FloatArray) -> FloatArray:
    """kappa_x of sums of `between_columns`, shape (7, ...); NaN where no labels differ.

    Examples
    --------
    >>> float(kappa_of(np.array([2.0, 2, 3, 5, 2, 3, 5])))
    0.0
    """
    apart, n, a, aa, m, b, bb = sums
    size = over(aa, n) + over(bb, m)
    expected = size - 2 * over(a * b, n * m)
    return np.asarray(1 - over(over(apart, n + m), np.where(expected > 1e-9 * size, expected, 0.0)))


def difference_columns(first: FloatArray, second: FloatArray) -> FloatArray:
    """What the paired difference adds up, shape (2, ..., items): weights, and weighted differences of means.

    Examples
    --------
    >>> difference_columns(np.array([[2.0], [8.0], [32.0]]), np.array([[2.0], [6.0], [18.0]])).tolist()
    [[1.0], [1.0]]
    """
    n, m = first[0], second[0]
    weight = np.divide(n * m, n + m, out=np.zeros_like(n), where=(n > 0) & (m > 0))
    return np.stack([weight, weight * (first[1] / np.maximum(n, 1) - second[1] / np.maximum(m, 1))])


def difference_of(sums: FloatArray) -> FloatArray:
    """The difference of `difference_columns`' sums, shape (2, ...)."""
    return over(sums[1], sums[0])


def cross_replication_reliability(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    level: Level,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Agreement of two groups of people with each other, corrected for chance: kappa_x, the xRR.

    Parameters
    ----------
    first, second : array_like of int, shape (items, V)
        Labels of each value by either group. Only the items that both labelled are used.
    values : array_like of float, shape (V,)
        The scale, rising. Two values give the nominal kappa_x.
    level : {"ordinal", "interval"}
        Ordinal distances are of the mid-ranks of both groups' labels on the items used, held fixed where
        clusters are left out.
    clusters : array_like of shape (items,), optional
        What the jackknife leaves out. By default each item.
    confidence : float

    Returns
    -------
    Estimate
        1 when every pair of labels across groups is alike on every item; 0 when a pair on one item is as far
        apart as a pair on any two. `n` counts the items used.

    Raises
    ------
    ValueError
        If the counts, the values or the level are not as above, or the groups' items are not as many.

    References
    ----------
    Wong, Paritosh & Aroyo (2021), Cross-replication Reliability, ACL 2021: kappa_x with missing data.

    Examples
    --------
    >>> first, second = [[0, 2], [0, 3], [2, 0], [3, 0], [1, 1]], [[0, 2], [1, 1], [1, 1], [1, 1], [2, 0]]
    >>> found = cross_replication_reliability(first, second, values=[0, 1], level="interval")
    >>> round(found.value, 4), found.n
    (0.1818, 5)
    """
    one, other = as_counts(first), as_counts(second)
    if one.shape != other.shape:
        raise ValueError(f"both groups need the same items and values, not {one.shape} and {other.shape}")
    scale = as_values(values, one)
    both = (one.sum(axis=1) > 0) & (other.sum(axis=1) > 0)
    x = distances(np.stack([one[both], other[both]]), scale, level)
    return leave_one_out(
        between_columns(moments_of(one, x), moments_of(other, x)),
        kappa_of,
        kept=both,
        clusters=clusters,
        confidence=confidence,
        bounds=(-np.inf, 1.0),
        none="no item has labels of both groups",
        undefined=SAME,
    )
