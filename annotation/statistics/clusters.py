"""Clusters of items (queries, or forms), and how often each comes up in a resample.

Labels of one item, and items of one query, are not independent: resampling labels or items
gives intervals that are too narrow. Resampling clusters is a draw of multinomial weights, so
that all replicates of a statistic made of sums are one matrix product.
"""

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray

IntArray = npt.NDArray[np.intp]
Kept = npt.NDArray[np.bool_] | IntArray

# Weights counted at once: half a megabyte, which stays in the cache and is twice as fast as all of them.
CACHED = 65_536


def cluster_index(
    clusters: npt.ArrayLike | None, items: int, *, kept: Kept | None = None
) -> tuple[IntArray, int]:
    """Number the clusters from 0.

    Parameters
    ----------
    clusters : array_like of shape (items,), or None
        The cluster of each item, as anything that sorts. None: each item is its own.
    items : int
    kept : ndarray of bool, shape (items,), or of int, optional
        The items that are numbered, as a mask or by their places; by default all.

    Returns
    -------
    index : ndarray of int, shape (items,), or as many as are kept
    number : int
        How many clusters they have.

    Raises
    ------
    ValueError
        If there is not one cluster an item.

    Examples
    --------
    >>> cluster_index(["b", "a", "b"], 3)
    (array([1, 0, 1]), 2)
    """
    names = np.arange(items) if clusters is None else np.asarray(clusters)
    if names.shape != (items,):
        raise ValueError(f"clusters must have shape ({items},), not {names.shape}")
    found, index = np.unique(names if kept is None else names[kept], return_inverse=True)
    return index.astype(np.intp, copy=False), len(found)


def multinomial_weights(number: int, *, replicates: int, rng: np.random.Generator) -> FloatArray:
    """Draw how often each of `number` clusters comes up in each replicate.

    Parameters
    ----------
    number, replicates : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float, shape (replicates, number)
        Each row adds up to `number`. Rows drawn in several calls are those of one call.

    Examples
    --------
    >>> multinomial_weights(4, replicates=3, rng=np.random.default_rng(0)).sum(axis=1)
    array([4., 4., 4.])
    """
    weights = np.empty((replicates, number))
    rows = max(1, CACHED // max(number, 1))
    offsets = np.arange(rows)[:, None] * number
    for start in range(0, replicates, rows):
        block = weights[start : start + rows]
        drawn = rng.integers(number, size=block.shape) + offsets[: len(block)]
        block[:] = np.bincount(drawn.ravel(), minlength=block.size).reshape(block.shape)
    return weights


def cluster_weights(clusters: npt.ArrayLike, *, replicates: int, rng: np.random.Generator) -> FloatArray:
    """Draw bootstrap weights of clusters and give each item its cluster's.

    Parameters
    ----------
    clusters : array_like, shape (items,)
    replicates : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float, shape (replicates, items)
        How often the item comes up in the replicate. Items of one cluster share their weight.

    Raises
    ------
    ValueError
        If `clusters` is not one-dimensional.

    Examples
    --------
    >>> w = cluster_weights(["a", "a", "b"], replicates=2, rng=np.random.default_rng(1))
    >>> bool((w[:, 0] == w[:, 1]).all()), w[:, 1:].sum(axis=1)
    (True, array([2., 2.]))
    """
    index, number = cluster_index(clusters, np.asarray(clusters).size)
    return multinomial_weights(number, replicates=replicates, rng=rng)[:, index]


def cluster_sums(rows: FloatArray, index: IntArray, number: int) -> FloatArray:
    """Add up the rows of each cluster.

    Parameters
    ----------
    rows : ndarray of float, shape (items, K)
    index : ndarray of int, shape (items,)
    number : int
        Clusters, each with at least one item.

    Returns
    -------
    ndarray of float, shape (number, K)

    Examples
    --------
    >>> cluster_sums(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1]), 2)
    array([[2.],
           [5.]])
    """
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], np.arange(number))
    return np.add.reduceat(rows[order], starts, axis=0)
