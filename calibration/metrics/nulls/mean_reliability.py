"""How reliable mean labels are on a subset, and so how far any scorer could get there."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from calibration.metrics.nulls.unsure_means import about_queries, shrunken_means

NO_REPEATS = "no item has two labels, so how sure the means are is unknown"
NO_SPREAD = "the mean labels of items differ no more than by chance"
EQUAL_MEANS = "all mean labels are equal"


@dataclass(frozen=True)
class Reliability:
    """Share of the variance of mean labels that other people's labels would show again.

    Attributes
    ----------
    value : float or None
        The squared correlation of the mean labels with what people think on average.
    ceiling : float or None
        Its root: the correlation of a scorer that knows what people think on average.
    reason : str or None
        Why it is undefined.
    """

    value: float | None
    reason: str | None = None

    @property
    def ceiling(self) -> float | None:
        return None if self.value is None else float(np.sqrt(self.value))


def subset_reliability(means: npt.ArrayLike, variances: npt.ArrayLike, inside: npt.ArrayLike) -> Reliability:
    """Reliability of mean labels on a subset of items that was chosen by their labels.

    Parameters
    ----------
    means, variances : array_like of float, shape (items,)
        Of all items, as of `mean_label` and `variance_of_means`; NaN for an item without labels.
    inside : array_like of bool, shape (items,)

    Returns
    -------
    Reliability
        Undefined, with its reason, where no item has two labels, means differ no more than by chance, or
        all means inside are equal.

    Notes
    -----
    An intraclass correlation of the subset would be wrong: choosing items by their labels also chooses the
    errors of their means, and within a narrow range of means it falls below 0. But given the labels of an
    item, what people think of it on average does not depend on the choice. With E its best estimate, v the
    variance left, both from all items (`shrunken_means`), and m the mean label, the squared correlation is
    cov(E, m)^2 / (var m (var E + mean v)) over the items inside. On all items, equally sure, that is
    ICC(1,k); cut at the mean, it is Thorndike's formula for restricted range.

    References
    ----------
    Efron (2011), Journal of the American Statistical Association 106, 1602-1614, for selection given the
    data; Sackett & Yang (2000), Journal of Applied Psychology 85, 112-118, for restricted range.

    Examples
    --------
    >>> means = np.arange(9.0)
    >>> [round(subset_reliability(means, np.full(9, 1.5), abs(means - 4) < near).value, 2) for near in (9, 2)]
    [0.8, 0.35]
    """
    m, v = np.asarray(means, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    known = ~np.isnan(m)
    chosen = np.asarray(inside, dtype=bool)[known]
    m, v = m[known], v[known]
    if not np.isfinite(v).any():
        return Reliability(None, NO_REPEATS)
    found = shrunken_means(m, v)
    if found is None:
        return Reliability(None, NO_SPREAD)
    best, left = found
    return _reliability(_about(m[chosen]), _about(best[chosen]), left[chosen], free=int(chosen.sum()) - 1)


def pair_reliability(
    means: npt.ArrayLike, variances: npt.ArrayLike, queries: npt.ArrayLike, pairs: npt.NDArray[np.intp]
) -> Reliability:
    """Reliability of differences of mean label, over pairs of items of one query.

    Parameters
    ----------
    means, variances : array_like of float, shape (items,)
    queries : array_like, shape (items,)
    pairs : ndarray of int, shape (m, 2)
        As of `near_pairs`; each counts in both orientations.

    Returns
    -------
    Reliability
        As of `subset_reliability`; what items of one query differ in is all that a difference can show.

    Examples
    --------
    >>> pairs = np.array([[0, 1], [1, 2], [0, 2]])
    >>> round(pair_reliability([1, 2, 4], [0.1] * 3, ["q"] * 3, pairs).value, 3)
    0.957
    """
    m, _, groups = about_queries(means, queries)
    v = np.asarray(variances, dtype=np.float64)
    known = ~np.isnan(m)
    if not np.isfinite(v[known]).any():
        return Reliability(None, NO_REPEATS)
    found = shrunken_means(m[known], v[known], groups=groups)
    if found is None:
        return Reliability(None, NO_SPREAD)
    best, left = np.full(len(m), np.nan), np.full(len(m), np.nan)
    best[known], left[known] = found
    first, second = pairs.T
    unsure = left[first] + left[second]
    return _reliability(m[first] - m[second], best[first] - best[second], unsure, free=len(pairs))


def _about(numbers: FloatArray) -> FloatArray:
    return numbers - numbers.mean() if len(numbers) and np.ptp(numbers) else np.zeros(len(numbers))


def _reliability(about: FloatArray, best: FloatArray, left: FloatArray, *, free: int) -> Reliability:
    """From deviations of the mean labels and of their best estimates, and the variances left."""
    if not about.any():
        return Reliability(None, EQUAL_MEANS)
    truth = (best @ best + left.mean() * free) * (about @ about)
    return Reliability(float((best @ about) ** 2 / truth))
