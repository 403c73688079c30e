"""The distribution of the cosine similarities of all pairs: ten bins over [0, 1], and the share above .8.

Every pair is counted, by tiles of the matrix of cosines: memory does not grow with the number of responses.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.measures import Columns, Measure, Setting
from generation.diversity.responses import Indices, QueryResponses, Vectors
from generation.diversity.similarity import by_source

BINS = 10
EDGES = np.linspace(0, 1, BINS + 1)
# Pairs above this count as nearly the same (Jiang et al. 2025).
ABOVE = 0.8
ROWS, WIDTH = 256, 2048

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PairCounts:
    """How many pairs of responses to one query lie where on the scale of their cosines.

    Attributes
    ----------
    within : ndarray of int64, shape (sources, 11)
        Pairs of different responses of each source: below 0; then ten bins over [0, 1], each from its lower
        edge on, the last also with what rounding puts above 1.
    between : ndarray of int64, shape (11,)
        Pairs of responses of different sources, all together.
    above : ndarray of int64, shape (sources, sources)
        Pairs above .8, of each two sources; on the diagonal within.
    """

    within: Counts
    between: Counts
    above: Counts


def count_pairs(vectors: Vectors, source: Indices, *, sources: int) -> PairCounts:
    """Count all pairs of different responses to one query by their cosine similarity.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        Of unit length.
    source : ndarray of intp, shape (n,)
        Whose response each is, from 0 to `sources` - 1.
    sources : int

    Returns
    -------
    PairCounts

    Notes
    -----
    Cosines are of single precision: a pair within 1e-6 of an edge may lie on either side of it.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    >>> found = count_pairs(vectors, np.array([0, 0, 1]), sources=2)
    >>> found.within[0].tolist(), found.between.tolist()
    ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    """
    order = np.argsort(source, kind="stable")
    ordered = vectors if np.array_equal(order, np.arange(len(order))) else vectors[order]
    member = np.eye(sources, dtype=np.float32)[source[order]]
    above = np.zeros((sources, sources))
    every = _Histogram()
    for rows, columns, tile in _tiles(ordered):
        every.add(tile)
        above += member[rows].T @ ((tile > np.float32(ABOVE)).astype(np.float32) @ member[columns])
    within = np.zeros((sources, BINS + 1), dtype=np.int64)
    for index, own in by_source(ordered, source[order]):
        counted = _Histogram()
        for _, _, tile in _tiles(own):
            counted.add(tile)
        within[index] = counted.bins(len(own))
    both = np.where(np.eye(sources, dtype=bool), above, above + above.T).astype(np.int64)
    return PairCounts(within, every.bins(len(ordered)) - within.sum(axis=0), both)


class _Histogram:
    """Counts the cosines at or above each edge, which takes one fast pass an edge and no sorting."""

    def __init__(self) -> None:
        self.at_least = np.zeros(BINS, dtype=np.int64)

    def add(self, tile: Vectors) -> None:
        self.at_least += [np.count_nonzero(tile >= edge) for edge in EDGES[:-1].astype(np.float32)]

    def bins(self, responses: int) -> Counts:
        pairs = responses * (responses - 1) // 2
        bins: Counts = -np.diff(np.r_[pairs, self.at_least, 0])
        return bins


def _tiles(vectors: Vectors) -> Iterator[tuple[slice, slice, Vectors]]:
    """Yield the cosines of every pair once, in tiles; elsewhere they hold -inf."""
    for start in range(0, len(vectors), ROWS):
        rows = slice(start, min(start + ROWS, len(vectors)))
        for left in range(start, len(vectors), WIDTH):
            columns = slice(left, min(left + WIDTH, len(vectors)))
            tile = vectors[rows] @ vectors[columns].T
            if left == start:
                tile[:, : len(tile)][np.tri(len(tile), dtype=bool)] = -np.inf
            yield rows, columns, tile


def columns(query: QueryResponses, setting: Setting) -> Columns:
    """Pairs of one query.

    Returns
    -------
    dict
        "pairs.within", shape (sources, 11), "pairs.between", shape (11,), and "pairs.above", shape
        (sources, sources): as of `PairCounts`.
    """
    assert query.vectors is not None  # as the measure needs
    counted = count_pairs(query.vectors, query.source, sources=setting.sources)
    return {
        "pairs.within": counted.within.astype(np.float64),
        "pairs.between": counted.between.astype(np.float64),
        "pairs.above": counted.above.astype(np.float64),
    }


PAIRS = Measure("pairs", frozenset({"vectors"}), columns)
