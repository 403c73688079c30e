"""What a mean of distances owes to the labels that the shares were learned from.

Other items would not only be further from what a fit predicts, or nearer: they would lead to another fit. An
interval that takes the fit for given is too narrow, wherever the distance is not what the fit minimises.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, as_counts, over, totals
from calibration.metrics.distribution.distances import LOG_FLOOR
from calibration.metrics.distribution.ordered_logit import influences, ordered_logit

TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Refit:
    """How an ordered logit moves with the labels of each item.

    Attributes
    ----------
    influences : ndarray of float, shape (items, V)
        See `influences`.
    standard : ndarray of float, shape (items,)
        Scores in standard deviations; NaN where there is none.
    """

    influences: FloatArray
    standard: FloatArray

    def pulls(self, slopes: FloatArray, shares: FloatArray) -> FloatArray:
        """What the labels of each item add, by way of the fit, to the sum over items of a loss.

        Parameters
        ----------
        slopes : ndarray of float, shape (items, V - 1)
            The loss's, see `loss_slopes`. NaN is an item without the loss.
        shares : ndarray of float, shape (items, V)
            Those predicted.

        Returns
        -------
        ndarray of float, shape (items,)
        """
        below = np.cumsum(shares, axis=1)[:, :-1]
        moved = slopes * below * (1 - below)
        known = ~np.isnan(self.standard + totals(moved))
        moved, z = moved[known], self.standard[known]
        of_fit = np.append(moved.sum(axis=0), -np.einsum("i,iv->", z, moved))
        pulled: FloatArray = np.einsum("ik,k->i", self.influences, of_fit)
        return pulled


def refit(scores: npt.ArrayLike, counts: npt.ArrayLike) -> Refit:
    """Find how the ordered logit of labels on scores would move with the labels of each item.

    Parameters
    ----------
    scores, counts
        As for `ordered_logit`. Equal scores stand for the overall shares.

    Returns
    -------
    Refit

    Raises
    ------
    ValueError
        As for `ordered_logit`.

    Notes
    -----
    Added to an item's own loss in resamples of clusters, its pull makes a mean loss vary as if the fit were
    done anew in each, to first order: the infinitesimal jackknife. What is fitted out of fold moves alike.

    References
    ----------
    Jaeckel (1972), The infinitesimal jackknife, Bell Laboratories; Efron & Tibshirani (1993), An Introduction
    to the Bootstrap, chapter 21.

    Examples
    --------
    >>> from calibration.metrics.distribution.distances import distances
    >>> rng = np.random.default_rng(1)
    >>> scores, counts = rng.normal(size=200), rng.multinomial(9, [[0.2, 0.5, 0.3]] * 200)
    >>> fit, again = ordered_logit(scores, counts), np.append(np.arange(200), 0)
    >>> anew = ordered_logit(scores[again], counts[again])
    >>> before, after = (distances(one.shares(scores), counts).wasserstein_1.sum() for one in (fit, anew))
    >>> slopes = loss_slopes("wasserstein_1", fit.shares(scores), counts)
    >>> (after - before).round(3), refit(scores, counts).pulls(slopes, fit.shares(scores))[0].round(3)
    (np.float64(-0.004), np.float64(-0.004))
    """
    fit = ordered_logit(scores, counts)
    return Refit(influences(fit, scores, counts), fit.standard(scores))


def loss_slopes(measure: str, shares: FloatArray, counts: npt.ArrayLike) -> FloatArray:
    """How fast a measure of `distances`, or the entropy in bits, rises with each predicted cumulative share.

    Parameters
    ----------
    measure : str
        One of `MEASURES`, or "entropy".
    shares : ndarray of float, shape (items, V)
        Those predicted.
    counts : array_like of int, shape (items, V)
        People's labels.

    Returns
    -------
    ndarray of float, shape (items, V - 1)
        NaN where shares are NaN, or there are no labels.

    Examples
    --------
    >>> loss_slopes("wasserstein_1", np.array([[0.5, 0.2, 0.3]]), [[1, 2, 1]])
    array([[ 1., -1.]])
    """
    people = as_counts(counts)
    p = over(people, totals(people)[:, None])
    if measure in OF_CUMULATIVE:
        return OF_CUMULATIVE[measure](np.cumsum(shares - p, axis=1)[:, :-1])
    slopes: FloatArray = -np.diff(OF_SHARES[measure](shares, p), axis=1)
    return slopes


def _of_jensen_shannon(q: FloatArray, p: FloatArray) -> FloatArray:
    slopes: FloatArray = (np.log2(np.maximum(q, TINY)) - np.log2(np.maximum((p + q) / 2, TINY))) / 2
    return slopes


def _of_log_loss(q: FloatArray, p: FloatArray) -> FloatArray:
    return np.where(q < LOG_FLOOR, 0.0, -p / np.maximum(q, LOG_FLOOR))


# By the gap between predicted and observed cumulative shares.
OF_CUMULATIVE: dict[str, Callable[[FloatArray], FloatArray]] = {
    "wasserstein_1": np.sign,
    "ranked_probability_score": lambda gap: 2 * gap,
    "corrected": lambda gap: 2 * gap,
}
# By predicted and observed shares.
OF_SHARES: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "total_variation": lambda q, p: np.sign(q - p) / 2,
    "jensen_shannon": _of_jensen_shannon,
    "log_loss": _of_log_loss,
    "brier": lambda q, p: 2 * (q - p),
    "entropy": lambda q, p: -np.log2(np.maximum(q, TINY)) + 0 * p,
}
