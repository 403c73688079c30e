"""How many sources the nearest responses come from: whether a response's nearest kin are its own model's."""

import numpy as np

from generation.diversity.measures import Columns, Measure, Setting
from generation.diversity.responses import FloatArray, Indices, QueryResponses, Vectors

MOST = 50
ROWS = 256
# Cosines of single precision that differ by less are the same.
PRECISION = 1e-6


def nearest(vectors: Vectors, *, most: int = MOST, rng: np.random.Generator) -> Indices:
    """Each response's nearest others by cosine similarity, nearest first.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Of unit length.
    most : int
    rng : numpy.random.Generator
        Orders what is equally near, up to 1e-6, at random: by the order of the rows, copies of one text would
        come source by source.

    Returns
    -------
    ndarray of intp, shape (n, min(most, n - 1))

    Examples
    --------
    >>> vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    >>> nearest(vectors, rng=np.random.default_rng(0)).tolist()
    [[1, 2], [0, 2], [1, 0]]
    """
    n = len(vectors)
    kept = max(0, min(most, n - 1))
    found = np.empty((n, kept), dtype=np.intp)
    if not kept:
        return found
    bits = n.bit_length()
    every = np.arange(n)
    for start in range(0, n, ROWS):
        cosines = vectors[start : start + ROWS] @ vectors.T
        # One integer a pair: its distance, a random number, its column. Sorted at once, with no ties left.
        keys = np.rint((1 - cosines) / np.float32(PRECISION)).astype(np.int64)
        keys <<= 16
        keys |= rng.integers(1 << 16, size=keys.shape, dtype=np.uint16)
        keys <<= bits
        keys |= every
        own = every[: len(keys)]
        keys[own, start + own] = np.iinfo(np.int64).max
        first = np.partition(keys, kept - 1, axis=1)[:, :kept]
        first.sort(axis=1)
        found[start : start + ROWS] = first & ((1 << bits) - 1)
    return found


def distinct_sources(neighbours: Indices, source: Indices, *, sources: int) -> FloatArray:
    """Mean number of different sources among the N nearest responses, for every N.

    Parameters
    ----------
    neighbours : ndarray of intp, shape (n, most)
        As of `nearest`.
    source : ndarray of intp, shape (n,)
    sources : int

    Returns
    -------
    ndarray of float64, shape (most,)
        For N = 1, 2, ...: the mean over all responses, each looking at its own neighbours.

    References
    ----------
    Jiang et al. (2025), Artificial Hivemind, arXiv 2510.22954: as their code does; their text speaks of the
    most similar responses of a query.

    Examples
    --------
    >>> distinct_sources(np.array([[1, 2], [0, 2], [1, 0]]), np.array([0, 0, 1]), sources=2)
    array([1.        , 1.66666667])
    """
    theirs = source[neighbours]
    seen = np.zeros((len(theirs), sources), dtype=bool)
    every = np.arange(len(theirs))
    new = np.empty(theirs.shape[1])
    for place in range(theirs.shape[1]):
        new[place] = np.count_nonzero(~seen[every, theirs[:, place]])
        seen[every, theirs[:, place]] = True
    mean: FloatArray = np.cumsum(new) / len(theirs)
    return mean


def expected_sources(source: Indices, *, most: int = MOST, sources: int) -> FloatArray:
    """The same where nearness knows nothing of sources: neighbours drawn at random without replacement.

    Parameters
    ----------
    source : ndarray of intp, shape (n,)
    most, sources : int

    Returns
    -------
    ndarray of float64, shape (min(most, n - 1),)
        Sum over sources of the hypergeometric probability that the N drawn hold one of its responses,
        averaged over the responses, which are not drawn as their own neighbours.

    Examples
    --------
    >>> expected_sources(np.array([0, 0, 1]), sources=2)
    array([1.        , 1.66666667])
    """
    others = len(source) - 1
    drawn = np.arange(max(0, min(most, others)))
    counts = np.bincount(source, minlength=sources)
    total = np.zeros(len(drawn))
    # Of the others, a source has all its responses, or one fewer where the response itself is of it.
    for weight, held in ((counts, counts - 1), (len(source) - counts, counts)):
        misses = np.clip((others - held[:, None] - drawn) / (others - drawn), 0, None)
        total += weight @ (1 - np.cumprod(misses, axis=1))
    return total / len(source)


def columns(query: QueryResponses, setting: Setting) -> Columns:
    """Sources among the nearest responses to one query.

    Returns
    -------
    dict
        "neighbours" and "neighbours.expected", shape (50,): NaN where fewer responses are there.
    """
    assert query.vectors is not None  # as the measure needs
    found = nearest(query.vectors, rng=setting.rng(query, "neighbours"))
    sources = setting.sources
    return {
        "neighbours": _padded(distinct_sources(found, query.source, sources=sources)),
        "neighbours.expected": _padded(expected_sources(query.source, sources=sources)),
    }


def _padded(values: FloatArray) -> FloatArray:
    return np.pad(values, (0, MOST - len(values)), constant_values=np.nan)


NEIGHBOURS = Measure("neighbours", frozenset({"vectors"}), columns)
