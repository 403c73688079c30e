"""The proportional odds model: ordered labels on one score, from counts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, as_counts, totals
from calibration.metrics.logistic import expit

# Precision of the slope's prior, around 0, for scores in standard deviations: separated labels have a slope
# of tens, not an infinite one, and 100 labels already outweigh it.
RIDGE = 0.01
# Labels spread evenly over the scale at the mean score: a value that nobody gave keeps a small share.
EVEN_LABELS = 1.0
# Newton's method: the rise of the likelihood that is still worth a step, and the most steps.
CONVERGED, MOST_STEPS = 1e-10, 100


@dataclass(frozen=True)
class OrderedLogit:
    """Cumulative shares 1 / (1 + exp(slope z - threshold)), with z the score in standard deviations.

    Attributes
    ----------
    thresholds : ndarray of float, shape (V - 1,)
    slope : float
        Positive where higher scores go with higher labels.
    centre, unit : float
        The mean and the standard deviation of the scores that it was fitted to.
    """

    thresholds: FloatArray
    slope: float
    centre: float
    unit: float

    def shares(self, scores: npt.ArrayLike) -> FloatArray:
        """Predicted shares, shape (items, V); NaN for a score that is NaN."""
        return from_cumulative(expit(self.thresholds - self.slope * self.standard(scores)[:, None]))

    def standard(self, scores: npt.ArrayLike) -> FloatArray:
        """Scores in standard deviations from the mean of those that it was fitted to."""
        z: FloatArray = (np.asarray(scores, dtype=np.float64) - self.centre) / self.unit
        return z


def ordered_logit(
    scores: npt.ArrayLike,
    counts: npt.ArrayLike,
    *,
    ridge: float = RIDGE,
    even_labels: float = EVEN_LABELS,
) -> OrderedLogit:
    """Fit the proportional odds model of labels on a score.

    Parameters
    ----------
    scores : array_like of float, shape (items,)
        Of any size and unit. Items whose score is NaN are left out.
    counts : array_like of int, shape (items, V)
        Labels, by values in the order of the scale.
    ridge : float
        Precision of a normal prior of the slope, around 0.
    even_labels : float
        So many labels, spread evenly over the values at the mean score, are added. With 0, every value must
        be among the labels.

    Returns
    -------
    OrderedLogit
        Scores that are all equal have a slope of 0, and everywhere the labels' overall shares.

    Raises
    ------
    ValueError
        If the lengths differ, a score is infinite, the scale has one value, no scored item has labels, or a
        value is missing that must not be.

    Notes
    -----
    The chance of value v is s(a) s(-b) (1 - exp(b - a)), with s the logistic function and a, b its upper and
    lower threshold less the slope times the score; a - b does not depend on the score. So the log likelihood
    is that of one logistic regression a threshold, plus what the gaps between thresholds and the overall
    counts add: concave, and Newton's method with halved steps finds its maximum.

    References
    ----------
    McCullagh (1980), Journal of the Royal Statistical Society B 42, 109-142; Pratt (1981), Journal of the
    American Statistical Association 76, 103-106, for concavity.

    Examples
    --------
    >>> fit = ordered_logit([0, 0, 1, 1], [[4, 4, 1], [4, 5, 1], [1, 4, 5], [1, 5, 4]])
    >>> fit.shares([0, 1]).round(2)
    array([[0.42, 0.46, 0.11],
           [0.1 , 0.45, 0.45]])
    """
    x, labels = training(scores, counts)
    if not even_labels > 0 and not labels.any(axis=0).all():
        raise ValueError("without even_labels, every value of the scale must be among the labels")
    centre, unit = float(x.mean()), _deviation(x)
    at = _maximum(*_with_even((x - centre) / unit, labels, even_labels), ridge)
    return OrderedLogit(at[:-1], float(at[-1]), centre, unit)


def influences(fit: OrderedLogit, scores: npt.ArrayLike, counts: npt.ArrayLike) -> FloatArray:
    """What the labels of each item add to the thresholds and the slope that were fitted to all.

    Parameters
    ----------
    fit : OrderedLogit
        Fitted to these scores and counts, with the usual ridge and even labels.
    scores, counts
        As for `ordered_logit`.

    Returns
    -------
    ndarray of float, shape (items, V)
        Of the thresholds, then of the slope, to first order: with the labels of an item counted 1 + e times,
        the fit moves by e times its row. 0 for items that nothing is learned from.

    References
    ----------
    Hampel (1974), Journal of the American Statistical Association 69, 383-393.

    Examples
    --------
    >>> scores, counts = [-1, -1, 1, 1], [[3, 1], [2, 2], [2, 2], [1, 3]]
    >>> influences(ordered_logit(scores, counts), scores, counts).round(2) + 0.0
    array([[ 0.13,  0.13],
           [-0.12, -0.13],
           [ 0.12, -0.13],
           [-0.13,  0.13]])
    """
    x, given = np.asarray(scores, dtype=np.float64), as_counts(counts)
    kept = ~np.isnan(x) & (totals(given) > 0)
    at = np.append(fit.thresholds, fit.slope)
    z, labels = fit.standard(x[kept]), given[kept]
    _, curve = _derivatives(at, *_with_even(z, labels, EVEN_LABELS), RIDGE)
    left = labels[:, :-1] - (labels[:, :-1] + labels[:, 1:]) * expit(fit.thresholds - fit.slope * z[:, None])
    push = labels[:, 1:-1] / np.expm1(np.diff(fit.thresholds))
    rise = np.column_stack([left, -z * totals(left)])
    rise[:, :-2] -= push
    rise[:, 1:-1] += push
    found = np.zeros(given.shape)
    found[kept] = np.linalg.solve(curve, rise.T).T
    return found


def _with_even(z: FloatArray, labels: FloatArray, even_labels: float) -> tuple[FloatArray, FloatArray]:
    size = labels.shape[1]
    return np.append(z, 0.0), np.vstack([labels, np.full(size, even_labels / size)])


def training(scores: npt.ArrayLike, counts: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the scores and counts of the items that have both; raise ValueError if there are none.

    Examples
    --------
    >>> training([1, float("nan")], [[2, 1], [1, 1]])
    (array([1.]), array([[2., 1.]]))
    """
    x, labels = np.asarray(scores, dtype=np.float64), as_counts(counts)
    if x.shape != labels.shape[:1]:
        raise ValueError(f"there must be one score an item, {labels.shape[:1]}, not {x.shape}")
    if labels.shape[1] < 2:
        raise ValueError("a scale of one value has no distribution")
    if np.isinf(x).any():
        raise ValueError("a score is infinite")
    kept = ~np.isnan(x) & (totals(labels) > 0)
    if not kept.any():
        raise ValueError("no item has both a score and labels")
    return x[kept], labels[kept]


def from_cumulative(below: FloatArray) -> FloatArray:
    """Return the shares, shape (items, V), of cumulative shares, shape (items, V - 1).

    Examples
    --------
    >>> from_cumulative(np.array([[0.25, 0.5]]))
    array([[0.25, 0.25, 0.5 ]])
    """
    shares: FloatArray = np.diff(below, axis=1, prepend=0.0, append=1.0)
    # Rounding, where two cumulative shares are equal.
    return np.maximum(shares, 0.0)


def _deviation(x: FloatArray) -> float:
    """Standard deviation, and 1 for equal scores; in units of the largest, so that no square overflows."""
    gaps = x - x.mean()
    largest = np.abs(gaps).max()
    return float(largest * np.sqrt(np.square(gaps / largest).mean())) if largest > 0 else 1.0


def _maximum(z: FloatArray, labels: FloatArray, ridge: float) -> FloatArray:
    """Thresholds, then the slope, that maximise the penalised likelihood."""
    below = np.cumsum(labels.sum(axis=0))[:-1] / labels.sum()
    at = np.append(np.log(below) - np.log1p(-below), 0.0)
    value = _likelihood(at, z, labels, ridge)
    for _ in range(MOST_STEPS):
        slope, curve = _derivatives(at, z, labels, ridge)
        step = np.linalg.solve(curve, slope)
        rise, length = float(slope @ step), 1.0
        while rise > CONVERGED and length > CONVERGED:
            there = at + length * step
            reached = _likelihood(there, z, labels, ridge)
            if reached >= value + 1e-4 * length * rise:
                break
            length /= 2
        else:
            break
        at, value = there, reached
    return at


def _likelihood(at: FloatArray, z: FloatArray, labels: FloatArray, ridge: float) -> float:
    thresholds, slope = at[:-1], at[-1]
    gaps = np.diff(thresholds)
    if not (gaps > 0).all():
        return -np.inf
    u = thresholds - slope * z[:, None]
    upper, lower = labels[:, :-1], labels[:, 1:]
    logistic = np.sum((upper + lower) * np.logaddexp(0.0, -u) + lower * u)
    between = labels[:, 1:-1].sum(axis=0) @ np.log(-np.expm1(-gaps))
    return float(between - logistic - ridge * slope**2 / 2)


def _derivatives(
    at: FloatArray, z: FloatArray, labels: FloatArray, ridge: float
) -> tuple[FloatArray, FloatArray]:
    """Slope of the log likelihood, and its curvature with the sign turned: positive definite.

    Sums over items by one thread: a product by several may differ in the last digit from run to run.
    """
    thresholds, slope = at[:-1], at[-1]
    below = expit(thresholds - slope * z[:, None])
    upper = labels[:, :-1]
    n = upper + labels[:, 1:]
    left = upper - n * below
    weight = n * below * (1 - below)
    rise = np.append(left.sum(axis=0), -float(np.einsum("i,iv->", z, left)) - ridge * slope)
    curve = np.zeros((len(at), len(at)))
    places = np.arange(len(thresholds))
    curve[places, places] = weight.sum(axis=0)
    curve[:-1, -1] = curve[-1, :-1] = -np.einsum("i,iv->v", z, weight)
    curve[-1, -1] = np.einsum("i,i,iv->", z, z, weight) + ridge
    between, gaps = labels[:, 1:-1].sum(axis=0), np.diff(thresholds)
    push, stiff = between / np.expm1(gaps), between / np.square(2 * np.sinh(gaps / 2))
    rise[:-2] -= push
    rise[1:-1] += push
    curve[places[:-1], places[:-1]] += stiff
    curve[places[1:], places[1:]] += stiff
    curve[places[:-1], places[1:]] -= stiff
    curve[places[1:], places[:-1]] -= stiff
    return rise, curve
