"""How many responses are correct, of all and of each format, where correctness is known."""

import numpy as np
import numpy.typing as npt

from generation.diversity.intervals import REPLICATES, Estimates, mean, ratio
from generation.diversity.means import Statistic, mean_of
from generation.diversity.responses import FloatArray


def query_accuracy(correct: npt.ArrayLike, known: npt.ArrayLike) -> FloatArray:
    """Share of a query's responses that are correct, of those of which it is known.

    Parameters
    ----------
    correct, known : array_like of int, shape (queries, steps, formats)

    Returns
    -------
    ndarray of float64, shape (queries, steps)
        NaN where of none it is known.
    """
    right, all_ = (np.asarray(one, dtype=np.float64).sum(axis=-1) for one in (correct, known))
    accuracy: FloatArray = np.divide(right, all_, out=np.full(right.shape, np.nan), where=all_ > 0)
    return accuracy


def format_accuracy(
    correct: npt.ArrayLike, known: npt.ArrayLike, *, replicates: int = REPLICATES, seed: int = 0
) -> Estimates:
    """Accuracy within each format at each step.

    Parameters
    ----------
    correct, known : array_like of int, shape (queries, steps, formats)
        Responses that are correct, and of which that is known.
    replicates, seed
        As for `estimates`.

    Returns
    -------
    Estimates
        Of shape (steps, formats); `n` counts the queries with such a response of the format.

    Notes
    -----
    A ratio of two means over queries: of the share of a query's responses that are of the format and
    correct, and of the share that are of the format. So each query counts by how much it uses the format, and
    the accuracies times the shares add up to the overall accuracy, where correctness is always known. A mean
    over queries of each query's own accuracy would give a query that used the format once as much weight as
    one that always does.

    Examples
    --------
    >>> found = format_accuracy([[[1, 1]], [[2, 0]]], [[[1, 3]], [[4, 0]]], replicates=20)
    >>> found.value.round(3).tolist(), found.n.tolist()
    ([[0.6, 0.333]], [[2, 1]])
    """
    return ratio(*parts(correct, known), replicates=replicates, seed=seed)


def accuracies_at(correct: npt.ArrayLike, known: npt.ArrayLike, step: int) -> Statistic:
    """The accuracies within formats at one step as a statistic of weighted queries, shape (r, formats)."""
    above, below = (mean_of(part[:, step]) for part in parts(correct, known))

    def statistic(weights: FloatArray) -> FloatArray:
        bottom = below(weights)
        return above(weights) / np.where(bottom == 0, np.nan, bottom)

    return statistic


def parts(correct: npt.ArrayLike, known: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Shares of a query's responses that are of a format and correct, and that are of the format at all.

    Both of shape (queries, steps, formats), NaN where a query has no response of the format of which
    correctness is known.
    """
    right, of = (np.asarray(one, dtype=np.float64) for one in (correct, known))
    total = np.broadcast_to(of.sum(axis=-1, keepdims=True), of.shape)
    nothing = np.full(of.shape, np.nan)
    return (
        np.divide(right, total, out=nothing.copy(), where=of > 0),
        np.divide(of, total, out=nothing.copy(), where=of > 0),
    )


def overall_accuracy(
    correct: npt.ArrayLike, known: npt.ArrayLike, *, replicates: int = REPLICATES, seed: int = 0
) -> Estimates:
    """Mean over queries of each query's own accuracy, shape (steps,)."""
    return mean(query_accuracy(correct, known), replicates=replicates, seed=seed)
