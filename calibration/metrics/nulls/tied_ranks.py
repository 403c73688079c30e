"""Spearman's correlation of scores of few values, on many subsets in many orders at once."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray, over

# Each value costs a matrix product; with more, ties hardly matter.
MOST_LEVELS = 30


def tied_correlations(
    order: npt.NDArray[np.int32], levels: IntArray, masks: npt.NDArray[np.bool_], ranks: FloatArray
) -> FloatArray:
    """Correlate scores of a few values with ranks on subsets.

    Parameters
    ----------
    order : ndarray of int, shape (r, items)
        The items of each row, from the lowest score.
    levels : ndarray of int, shape (K,)
        How many items have each score, from the lowest.
    masks : ndarray of bool, shape (items, k)
    ranks : ndarray of float, shape (items, k)
        Of the other side on each subset, centred and of length 1; 0 outside.

    Returns
    -------
    ndarray of float, shape (r, k)
        NaN where all scores inside are equal.

    Examples
    --------
    >>> ranks = np.array([[-1], [0], [1]]) / 2**0.5
    >>> order, inside = np.array([[0, 1, 2], [0, 2, 1]], dtype=np.int32), np.ones((3, 1), dtype=bool)
    >>> tied_correlations(order, np.array([1, 2]), inside, ranks).round(3)
    array([[0.866],
           [0.866]])
    """
    k = masks.shape[1]
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(order.shape[1], dtype=np.int32)[None], axis=1)
    both = np.concatenate([masks, ranks], axis=1)
    number = masks.sum(axis=0)
    before, products, squares = np.zeros((len(order), 2 * k)), 0.0, 0.0
    for end in np.cumsum(levels):
        below = (place < end) @ both if end < order.shape[1] else np.r_[number, np.zeros(k)]
        tied = below - before
        # Mid-ranks of the level inside each subset, less the middle one.
        middle = (below + before)[:, :k] / 2 - number / 2
        products = products + tied[:, k:] * middle
        squares = squares + tied[:, :k] * np.square(middle)
        before = below
    return over(np.asarray(products), np.sqrt(squares))
