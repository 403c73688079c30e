"""How sure the items' mean labels are, and what a scorer without favourites would then show.

A mean of a few labels is not what people think on average. Where people differ more, it is less sure: a
scorer is then further from the mean, and a correlation is smaller, although its own errors are the same.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, as_counts, over, totals
from annotation.statistics.entropy import standard_deviation
from calibration.metrics.distribution.isotonic import isotonic_fit

# With fewer an item's labels say nothing about how much its variance varies by chance.
FEWEST_LABELS = 4
# At least this share of the residuals' variance is taken to be the scorer's own.
LEAST_OWN = 0.1


@dataclass(frozen=True, eq=False)
class EqualErrors:
    """What a scorer gives that errs alike on all items.

    Attributes
    ----------
    fitted : ndarray of float, shape (items,)
        A rising function of the mean labels.
    scale : ndarray of float, shape (items,)
        How large the residual of each item is, about 1 on average: larger where the mean is less sure.
    """

    fitted: FloatArray
    scale: FloatArray


def variance_of_means(counts: npt.ArrayLike, values: npt.ArrayLike) -> FloatArray:
    """Sampling variance of each item's mean label.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    values : array_like of float, shape (V,)

    Returns
    -------
    ndarray of float, shape (items,)
        In squared units of `values`. NaN for an item without labels, and everywhere if no item has two.

    Raises
    ------
    ValueError
        If the counts or the values are refused.

    Notes
    -----
    The variance of an item's labels over their number. A few labels say little about an item's own variance
    (all equal by chance, it would be 0), so it is drawn to that of all items: the more, the less the items'
    variances differ beyond chance and the fewer its labels are. How much they differ by chance is told by the
    unbiased estimate of each squared variance, of items with four labels or more; without such items all are
    given the common variance.

    References
    ----------
    Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3, article 3, for the idea; Tukey
    (1956), Annals of Mathematical Statistics 27, 37-54, for the estimate.

    Examples
    --------
    >>> variance_of_means([[2, 0, 2], [2, 0, 2], [0, 0, 0]], [1, 2, 3]).round(4)
    array([0.3333, 0.3333,    nan])
    """
    checked = as_counts(counts)
    n = totals(checked)
    own = np.square(standard_deviation(checked, values))
    several = n >= 2
    if not several.any():
        return np.full(len(n), np.nan)
    free = n - 1
    pooled = float(np.average(own[several], weights=free[several]))
    beyond, chance = _spread_of_variances(checked, np.asarray(values, dtype=np.float64), own)
    drawn = np.full(len(n), pooled)
    if beyond > 0:
        share = beyond / (beyond + chance * free[n >= FEWEST_LABELS].mean() / free[several])
        drawn[several] += share * (own[several] - pooled)
    return over(drawn, n)


def _spread_of_variances(counts: FloatArray, values: FloatArray, own: FloatArray) -> tuple[float, float]:
    """How much the items' variances differ in truth, and by chance."""
    many = totals(counts) >= FEWEST_LABELS
    if many.sum() < 2:
        return 0.0, 0.0
    n, kept = totals(counts[many]), counts[many]
    squares = np.square(values - (kept @ values / n)[:, None])
    second, fourth = (np.einsum("iv,iv->i", kept, power) / n for power in (squares, np.square(squares)))
    squared_variance = (n**2 - 3 * n + 3) * second**2 - (n - 1) * fourth
    squared_variance *= n / ((n - 1) * (n - 2) * (n - 3))
    chance = max(float((np.square(own[many]) - squared_variance).mean()), 0.0)
    return float(own[many].var()) - chance, chance


def shrunken_means(
    means: FloatArray, variances: FloatArray, *, groups: int = 1
) -> tuple[FloatArray, FloatArray] | None:
    """Best estimates of what people think on average, and the variances that are left.

    Parameters
    ----------
    means, variances : ndarray of float, shape (items,)
        Mean labels and their sampling variances; finite.
    groups : int
        Of how many groups of items the means were taken off, where `means` are about those of their groups.

    Returns
    -------
    best, left : ndarray of float, shape (items,)
        Each mean drawn to the mean of means, by its variance's share of all variance. None where means
        differ no more than by chance.

    References
    ----------
    Carroll, Ruppert, Stefanski & Crainiceanu (2006), Measurement Error in Nonlinear Models, chapter 4,
    regression calibration.

    Examples
    --------
    >>> best, left = shrunken_means(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    >>> best, left
    (array([1.5, 2.5]), array([0.5, 0.5]))
    """
    free = len(means) - groups
    between = np.square(means - means.mean()).sum() / free - variances.mean() if free > 0 else 0.0
    if not between > 0:
        return None
    kept = between / (between + variances)
    return means.mean() + kept * (means - means.mean()), kept * variances


def equal_errors(
    scores: FloatArray, means: FloatArray, variances: FloatArray | None = None, *, groups: int = 1
) -> EqualErrors:
    """Describe a scorer of the same ability that errs alike on all items.

    Parameters
    ----------
    scores, means : ndarray of float, shape (items,)
        Without missing values.
    variances : ndarray of float, shape (items,), optional
        Sampling variance of each mean, as of `variance_of_means`. Without them all means are taken as sure.
    groups : int
        As for `shrunken_means`.

    Returns
    -------
    EqualErrors

    Notes
    -----
    With variances, scores are fitted to the shrunken means, and the residual's variance is the scorer's own,
    equal on all items, plus the square of the slope times the variance that is left of the mean.

    Examples
    --------
    >>> equal_errors(np.array([0.0, 3.0, 1.0, 5.0]), np.arange(4.0)).fitted
    array([0., 2., 2., 5.])
    """
    shrunken = None if variances is None else shrunken_means(means, variances, groups=groups)
    if shrunken is None:
        return EqualErrors(isotonic_fit(means, scores), np.ones(len(scores)))
    best, left = shrunken
    fitted = isotonic_fit(best, scores)
    total = float(np.square(scores - fitted).mean())
    if not total:
        return EqualErrors(fitted, np.ones(len(scores)))
    about = best - best.mean()
    slope = float(about @ scores / (about @ about))
    unsure = slope**2 * left
    own = max(total - float(unsure.mean()), LEAST_OWN * total)
    return EqualErrors(fitted, np.sqrt((own + unsure) / (own + unsure.mean())))


def about_queries(
    numbers: npt.ArrayLike, queries: npt.ArrayLike
) -> tuple[FloatArray, npt.NDArray[np.intp], int]:
    """Numbers about the mean of their query.

    Parameters
    ----------
    numbers : array_like of float, shape (items,)
        NaN stays NaN.
    queries : array_like, shape (items,)

    Returns
    -------
    about : ndarray of float, shape (items,)
    size : ndarray of int, shape (items,)
        Numbers in the query of each item.
    groups : int
        Queries with numbers.

    Examples
    --------
    >>> about_queries([1, 3, 5, float("nan")], ["a", "a", "b", "b"])
    (array([-1.,  1.,  0., nan]), array([2, 2, 1, 1]), 2)
    """
    number = np.asarray(numbers, dtype=np.float64)
    known = ~np.isnan(number)
    _, index = np.unique(np.asarray(queries), return_inverse=True)
    sums = np.bincount(index, weights=np.where(known, number, 0)).astype(np.float64)
    sizes = np.bincount(index, weights=known).astype(np.float64)
    about: FloatArray = number - over(sums, sizes)[index]
    return about, sizes[index].astype(np.intp), int((sizes > 0).sum())
