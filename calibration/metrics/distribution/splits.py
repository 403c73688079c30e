"""Parting each item's labels at random, so that what one part chooses the other part measures."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, as_counts, totals

FEWEST_CHOOSING = 2


def split_labels(counts: npt.ArrayLike, *, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Part the labels of each item at random, in half as nearly as can be.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    rng : numpy.random.Generator

    Returns
    -------
    first, second : ndarray of float, shape (items, V)
        Counts that add up to those given. The first has half of the labels, rounded down, but 2 at least, as
        far as there are so many: one label alone says nothing of disagreement.

    Raises
    ------
    ValueError
        If `as_counts` refuses the counts.

    Notes
    -----
    Items chosen for how their labels differ have labels that differ more, by chance too, than others of the
    same people would. Held against those labels, even a perfect judge looks too near where people seem to
    disagree and too far where they seem to agree. Labels that had no part in the choice are free of that.

    References
    ----------
    Cox (1975), Biometrika 62, 441-444, on parting data to choose and to measure.

    Examples
    --------
    >>> first, second = split_labels([[3, 2], [0, 3], [1, 0]], rng=np.random.default_rng(0))
    >>> first.sum(axis=1), (first + second).tolist()
    (array([2., 2., 1.]), [[3.0, 2.0], [0.0, 3.0], [1.0, 0.0]])
    """
    given = as_counts(counts)
    left = totals(given).astype(np.int64)
    wanted = np.minimum(np.maximum(left // 2, FEWEST_CHOOSING), left)
    first = np.zeros_like(given)
    for value, count in enumerate(given.T.astype(np.int64)):
        left = left - count
        drawn = rng.hypergeometric(count, left, wanted)
        first[:, value] = drawn
        wanted = wanted - drawn
    return first, given - first
