"""Strata of items, and sums over numbers that are shuffled within them."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray

# Numbers shuffled at once: a million, 8 MB.
CHUNK = 1_000_000


def strata_of(x: npt.ArrayLike, strata: int) -> IntArray:
    """Cut numbers into strata of about equal size; equal numbers stay together.

    Parameters
    ----------
    x : array_like of float, shape (n,)
    strata : int
        At most; ties can make them fewer.

    Returns
    -------
    ndarray of int, shape (n,)
        From 0, rising with x.

    Raises
    ------
    ValueError
        If there is not at least one stratum.

    Examples
    --------
    >>> strata_of([3, 1, 2, 2, 9, 7], 3)
    array([1, 0, 0, 0, 2, 2])
    """
    if strata < 1:
        raise ValueError(f"strata must be at least 1, not {strata}")
    numbers = np.asarray(x, dtype=np.float64)
    cuts = np.quantile(numbers, np.arange(1, strata) / strata)
    _, place = np.unique(np.searchsorted(cuts, numbers, side="left"), return_inverse=True)
    return place.astype(np.intp, copy=False)


def moments_within(size: FloatArray, weights: FloatArray, stratum: IntArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of weighted sums over all permutations within strata.

    Parameters
    ----------
    size : ndarray of float, shape (n,)
        The numbers that are permuted.
    weights : ndarray of float, shape (n, k)
        What a number is multiplied by where it comes to stand, in each of k sums.
    stratum : ndarray of int, shape (n,)

    Returns
    -------
    mean, variance : ndarray of float, shape (k,)

    References
    ----------
    Hoeffding (1951), Annals of Mathematical Statistics 22, 558-566.

    Examples
    --------
    >>> moments_within(np.array([1.0, 3.0]), np.array([[1.0], [0.0]]), np.array([0, 0]))
    (array([2.]), array([1.]))
    """
    n = np.maximum(np.bincount(stratum), 1)
    mean = (np.bincount(stratum, weights=size) / n)[stratum]
    squares = np.bincount(stratum, weights=np.square(size - mean)) / np.maximum(n - 1, 1)
    sums = np.zeros((len(n), weights.shape[1]))
    np.add.at(sums, stratum, weights)
    about = weights - (sums / n[:, None])[stratum]
    return mean @ weights, squares[stratum] @ np.square(about)


def shuffled_within(
    size: FloatArray,
    weights: FloatArray,
    stratum: IntArray,
    *,
    permutations: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Weighted sums of numbers shuffled within strata.

    Parameters
    ----------
    size, weights, stratum
        As for `moments_within`.
    permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float, shape (permutations, k)

    Examples
    --------
    >>> shuffled_within(np.array([1.0, 3.0]), np.array([[1.0], [1.0]]), np.array([0, 0]), permutations=2,
    ...                 rng=np.random.default_rng(0))
    array([[4.],
           [4.]])
    """
    order = np.argsort(stratum, kind="stable")
    sorted_size, sorted_weights, low = size[order], weights[order], stratum[order]
    rows = max(1, CHUNK // max(len(size), 1))
    sums = []
    for start in range(0, permutations, rows):
        # Sorted by stratum and then at random.
        keys = rng.random((min(rows, permutations - start), len(size)))
        keys += low
        sums.append(sorted_size[np.argsort(keys, axis=1)] @ sorted_weights)
    return np.concatenate(sums)
