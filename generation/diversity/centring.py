"""Similarity after the data set's mean vector is taken off, so that what all texts share counts for nothing.

An encoder gives any two texts some similarity, its floor. The centre is the mean over queries of the mean
over sources of their mean vectors; a centred similarity is the cosine of two vectors less the centre. Its
floor is near 0, so its gap (within a query less the floor) can be compared between encoders; the raw gap
cannot.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from generation.diversity.measures import Columns, Measure, Setting
from generation.diversity.responses import FloatArray, Partition, QueryResponses, UnusableResponses, Vectors
from generation.diversity.similarity import by_source, matrix_of_sums, mean_of_sums, source_sums

# The squared length below which a centred vector is rounding, and has no direction.
NO_LENGTH = 1e-6


@dataclass(frozen=True, eq=False)
class Centre:
    """A sum of queries' mean vectors, and how many they are; the centre once all are in.

    Attributes
    ----------
    total : ndarray of float64, shape (d,), or None
        None if no query has vectors.
    queries : int
    """

    total: FloatArray | None = None
    queries: int = 0

    def __add__(self, other: "Centre") -> "Centre":
        if self.total is None or other.total is None:
            return other if self.total is None else self
        if self.total.shape != other.total.shape:
            raise UnusableResponses(
                f"vectors of {len(self.total):,} and of {len(other.total):,} dimensions lie in one data set"
            )
        return Centre(self.total + other.total, self.queries + other.queries)

    @property
    def vector(self) -> Vectors | None:
        return None if self.total is None else (self.total / self.queries).astype(np.float32)


def centre_of(partition: Partition, *, sources: int) -> Centre:
    """Return the sum of the mean vectors of a partition's queries.

    Examples
    --------
    >>> from generation.diversity.responses import Held
    >>> vectors = np.array([[1, 0], [0, 1]], dtype=np.float32)
    >>> query = QueryResponses("q", "Why?", np.array([0, 1]), (), vectors)
    >>> centre_of(Held([query]), sources=2).vector
    array([0.5, 0.5], dtype=float32)
    """
    return sum_of(_centre(query, sources) for query in partition.load())


def sum_of(centres: Iterable[Centre]) -> Centre:
    """Return the sum of several."""
    return sum(centres, start=Centre())


def _centre(query: QueryResponses, sources: int) -> Centre:
    if query.vectors is None or not len(query):
        return Centre()
    sums, _, counts = source_sums(query.vectors, query.source, sources=sources)
    return Centre(mean_of_sums(sums, counts).astype(np.float64), 1)


def columns(query: QueryResponses, setting: Setting) -> Columns:
    """Centred similarities of one query, and its mean centred vector.

    Returns
    -------
    dict
        "centred", shape (sources, sources): as of `similarity_matrix`, of the vectors less the centre,
        brought to unit length. NaN for a source with a response at the centre itself, which has no direction.
        "centred.mean", shape (d,): the mean over sources of their mean centred vectors.

    Notes
    -----
    With Q queries the centre holds 1/Q of each, so that a query's centred vectors are a little too short and
    its similarities to the others a little below 0. The gap is nearly free of it: too large by at most a
    share of 1/(Q - 1).
    """
    assert query.vectors is not None and setting.centre is not None  # as the measure needs
    centre = setting.centre
    sums = np.zeros((setting.sources, len(centre)))
    counts = np.zeros(setting.sources)
    length = np.vdot(centre, centre)
    for index, own in by_source(query.vectors, query.source):
        left = np.vecdot(own, own) - 2 * (own @ centre) + length
        scales = 1 / np.sqrt(np.where(left > NO_LENGTH, left, np.nan))
        sums[index] = scales @ own - scales.sum() * centre
        counts[index] = len(own)
    return {"centred": matrix_of_sums(sums, counts, counts), "centred.mean": mean_of_sums(sums, counts)}


CENTRED = Measure("centred", frozenset({"vectors", "centre"}), columns)
