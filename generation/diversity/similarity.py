"""Mean cosine similarities within sources and between them, without any matrix of pairs.

For vectors of unit length the cosines of all pairs add up to the squared length of their sum, so a sum a
source is enough: within, (|sum|² - Σ|v|²) / (n(n - 1)); between sources, sum_a · sum_b / (n_a n_b).
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from generation.diversity.measures import Columns, Measure, Setting
from generation.diversity.responses import FloatArray, Indices, QueryResponses, Vectors


def similarity_matrix(vectors: Vectors, source: Indices, *, sources: int) -> FloatArray:
    """Mean cosine similarity of every two sources' responses to one query.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Of unit length.
    source : ndarray of intp, shape (n,)
        Whose response each is, from 0 to `sources` - 1.
    sources : int

    Returns
    -------
    ndarray of float64, shape (sources, sources)
        Symmetric. On the diagonal the mean over pairs of different responses, NaN with fewer than two;
        elsewhere over all cross pairs, NaN where either source has no response.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    >>> similarity_matrix(vectors, np.array([0, 0, 1]), sources=2)
    array([[ 1.,  0.],
           [ 0., nan]])
    """
    return matrix_of_sums(*source_sums(vectors, source, sources=sources))


def matrix_of_sums(sums: FloatArray, squares: FloatArray, counts: FloatArray) -> FloatArray:
    """Mean cosine similarities from each source's sum of vectors.

    Parameters
    ----------
    sums : ndarray of float64, shape (sources, d)
    squares : ndarray of float64, shape (sources,)
        Sums of squared lengths: the counts, but for rounding.
    counts : ndarray of float64, shape (sources,)

    Returns
    -------
    ndarray of float64, shape (sources, sources)
        As of `similarity_matrix`.

    Examples
    --------
    >>> matrix_of_sums(np.array([[2.0, 0.0]]), np.array([2.0]), np.array([2.0]))
    array([[1.]])
    """
    products = np.einsum("ad,bd->ab", sums, sums)
    pairs = np.outer(counts, counts)
    np.fill_diagonal(products, products.diagonal() - squares)
    np.fill_diagonal(pairs, counts * (counts - 1))
    means: FloatArray = np.divide(products, pairs, out=np.full_like(products, np.nan), where=pairs > 0)
    return means


def with_self_pairs(within: FloatArray, counts: FloatArray) -> FloatArray:
    """Turn similarities within sources into those whose pairs include each response with itself.

    For comparison with published matrices: the diagonal of Jiang et al. was computed so. Self-pairs add
    similarities of 1, so that 50 responses at .8796 become .8820; back leads (50 d - 1)/49.

    Parameters
    ----------
    within : ndarray of float64
        Over pairs of different responses.
    counts : ndarray of float64, of the same shape
        Responses.

    Returns
    -------
    ndarray of float64

    References
    ----------
    Jiang et al. (2025), Artificial Hivemind, arXiv 2510.22954.

    Examples
    --------
    >>> with_self_pairs(np.array([0.8796]), np.array([50.0])).round(4)
    array([0.882])
    """
    turned: FloatArray = ((counts - 1) * within + 1) / counts
    return turned


def by_source(vectors: Vectors, source: Indices) -> Iterator[tuple[int, Vectors]]:
    """Yield each source that answered with its vectors, without a copy of those that lie together already.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    >>> [(source, len(own)) for source, own in by_source(vectors, np.array([4, 2, 4]))]
    [(2, 1), (4, 2)]
    """
    if np.any(source[1:] < source[:-1]):
        order = np.argsort(source, kind="stable")
        vectors, source = vectors[order], source[order]
    ends = np.flatnonzero(np.diff(source, append=-1)) + 1
    for start, end in pairwise((0, *ends.tolist())):
        yield int(source[start]), vectors[start:end]


def columns(query: QueryResponses, setting: Setting) -> Columns:
    """Similarities of one query, and its mean vector.

    Returns
    -------
    dict
        "similarity", shape (sources, sources), as of `similarity_matrix`. "similarity.mean", shape (d,): the
        mean over sources of their mean vectors, from which the floor comes.
    """
    assert query.vectors is not None  # as the measure needs
    sums, squares, counts = source_sums(query.vectors, query.source, sources=setting.sources)
    return {
        "similarity": matrix_of_sums(sums, squares, counts),
        "similarity.mean": mean_of_sums(sums, counts),
    }


def source_sums(
    vectors: Vectors, source: Indices, *, sources: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Each source's sum of vectors, sum of squared lengths, and number of responses."""
    sums, squares, counts = np.zeros((sources, vectors.shape[1])), np.zeros(sources), np.zeros(sources)
    for index, own in by_source(vectors, source):
        sums[index] = np.ones(len(own), np.float32) @ own
        squares[index] = np.vdot(own, own)
        counts[index] = len(own)
    return sums, squares, counts


def mean_of_sums(sums: FloatArray, counts: FloatArray) -> Vectors:
    """Mean over the sources that answered of their mean vectors, so that each counts equally."""
    answered = counts > 0
    mean: Vectors = (sums[answered] / counts[answered, None]).mean(axis=0).astype(np.float32)
    return mean


SIMILARITY = Measure("similarity", frozenset({"vectors"}), columns)
