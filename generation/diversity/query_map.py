"""One query's answers on a map: where they lie, their clusters, what these say and whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.diversity.clusters import balanced, composition, kmeans
from generation.diversity.maps import plane_map
from generation.diversity.naming import Phrase, name_clusters
from generation.diversity.responses import FloatArray, Indices, QueryResponses, UnusableResponses
from generation.diversity.similarity import similarity_matrix

EXAMPLES = 3
FEWEST, MOST = 2, 25


@dataclass(frozen=True, eq=False)
class Cluster:
    """Answers that lie together.

    Attributes
    ----------
    phrases : sequence of Phrase
        What tells it from the others; empty if nothing does.
    rows : ndarray of intp
        Its responses, the one nearest to its middle first.
    examples : sequence of int
        Different texts among the first of them.
    counts : ndarray of intp, shape (sources,)
        Whose they are.
    """

    phrases: Sequence[Phrase]
    rows: Indices
    examples: Sequence[int]
    counts: Indices

    @property
    def name(self) -> str:
        return " · ".join(phrase.text for phrase in self.phrases)


@dataclass(frozen=True, eq=False)
class QueryMap:
    """A query's responses in the plane, and their clusters.

    Attributes
    ----------
    points : ndarray of float64, shape (n, 2)
    explained : tuple of two floats, or None
        Shares of the variance along the axes; None, with a reason, if the vectors do not vary.
    reason : str or None
    labels : ndarray of intp, shape (n,)
        Clusters from 0, the largest first.
    clusters : sequence of Cluster
    within : float or None
        Mean over sources of the mean similarity within; None if none has two responses.
    between : float or None
        Mean over pairs of sources; None with one source.
    mixing : float or None
        How often two responses of a cluster are of different sources, over what is expected at random.
    """

    points: FloatArray
    explained: tuple[float, float] | None
    reason: str | None
    labels: Indices
    clusters: Sequence[Cluster]
    within: float | None
    between: float | None
    mixing: float | None


def fitting(responses: int) -> int:
    """Return how many clusters are shown of so many responses, unless somebody says."""
    return int(np.clip(round(np.sqrt(responses / 2)), FEWEST, 8))


def query_map(
    query: QueryResponses,
    *,
    sources: int,
    clusters: int | None = None,
    alike_sizes: bool = False,
    seed: int = 0,
) -> QueryMap:
    """Lay out and cluster a query's responses.

    Parameters
    ----------
    query : QueryResponses
        With texts and vectors, at least 2.
    sources : int
    clusters : int, optional
        How many, from 2 to 25 and at most as many as there are responses; left out, `fitting`.
    alike_sizes : bool
        Whether all have the same size, or sizes that differ by one.
    seed : int

    Raises
    ------
    UnusableResponses
        Without vectors, or with fewer than 2 responses.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [0.8, 0.6], [-1, 0], [-0.8, -0.6]], dtype=np.float32)
    >>> texts = ["a river", "a river", "a weaver", "a weaver"]
    >>> query = QueryResponses("q", "", np.array([0, 1, 0, 1]), texts, vectors)
    >>> found = query_map(query, sources=2, clusters=2)
    >>> [(cluster.name, cluster.counts.tolist()) for cluster in found.clusters]
    [('river', [1, 1]), ('weaver', [1, 1])]
    """
    if query.vectors is None or len(query) < FEWEST:
        raise UnusableResponses(f"a map takes {FEWEST} responses with vectors")
    number = min(len(query), MOST, max(FEWEST, clusters or fitting(len(query))))
    labels = (balanced if alike_sizes else kmeans)(query.vectors, number, seed=seed)
    plane = plane_map(query.vectors)
    held = composition(labels, query.source, sources)
    names = name_clusters(query.texts, labels, query=query.text)
    found = [
        _cluster(query, names[n], np.flatnonzero(labels == n), held.counts[n])
        for n in range(len(held.counts))
    ]
    matrix = similarity_matrix(query.vectors, query.source, sources=sources)
    return QueryMap(
        plane.points,
        plane.explained,
        plane.reason,
        labels,
        [cluster for cluster in found if len(cluster.rows)],
        _mean(matrix.diagonal()),
        _mean(matrix[np.triu_indices(sources, 1)]),
        held.mixing,
    )


def _cluster(query: QueryResponses, phrases: Sequence[Phrase], rows: Indices, counts: Indices) -> Cluster:
    assert query.vectors is not None  # `query_map` says so
    own = query.vectors[rows]
    nearest = rows[np.argsort(-(own @ own.sum(axis=0)), kind="stable")]
    seen: dict[str, int] = {}
    for row in nearest.tolist():
        seen.setdefault(query.texts[row].strip(), row)
        if len(seen) == EXAMPLES:
            break
    return Cluster(phrases, nearest, list(seen.values()), counts)


def _mean(values: FloatArray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
