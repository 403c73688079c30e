"""Clusters of responses, of any size or all of one size, and whose responses they hold."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from generation.diversity.kmeans import (
    as_vectors,
    distances,
    fitted,
    inertia,
    kmeans,
    means,
    numbered,
    own_order,
)
from generation.diversity.measures import Measure, Setting
from generation.diversity.responses import FloatArray, Indices, QueryResponses, Vectors
from generation.diversity.transport import cluster_prices, greedy, least_cost

__all__ = ["CLUSTERS", "Composition", "balanced", "balanced_greedily", "composition", "inertia", "kmeans"]

STARTS = 4
ROUNDS = 50
# Of the sum of squared distances; what improves it by less is rounding.
IMPROVED = 1e-4
ONE_SOURCE = "all responses are of one source"
NO_PAIR = "no cluster has two responses"


@dataclass(frozen=True, eq=False)
class Composition:
    """Whose responses each cluster holds.

    Attributes
    ----------
    counts : ndarray of intp, shape (k, S)
        Responses of each source in each cluster.
    sources : ndarray of intp, shape (k,)
        How many sources each cluster has responses of.
    expected : ndarray of float, shape (k,)
        How many it would have if responses were dealt out at random.
    mixing : float or None
        How often two responses of a cluster are of different sources, over how often any two are, which is
        what is expected at random whatever the sizes: 1 if sources do not matter, 0 if each cluster is one
        source's. Above 1 sources avoid themselves.
    reason : str or None
        Why it is undefined.
    """

    counts: npt.NDArray[np.intp]
    sources: Indices
    expected: FloatArray
    mixing: float | None
    reason: str | None = None


def balanced(vectors: npt.ArrayLike, k: int, *, seed: int = 0, starts: int = STARTS) -> Indices:
    """Put vectors into k clusters that all have the same size, or sizes that differ by one.

    Parameters
    ----------
    vectors, k, seed, starts
        As for `kmeans`.

    Returns
    -------
    ndarray of intp, shape (n,)
        Clusters from 0, the larger first. n - k * (n // k) of them have one vector more than the others.

    Raises
    ------
    ValueError
        As `kmeans` does.

    Notes
    -----
    From the centres of k-means vectors go into clusters of the wanted sizes at the least sum of squared
    distances, which is found exactly; then centres move to the means, and so on until the sum falls no more.
    So it is at most that of `balanced_greedily` to the same centres. The clusters and their numbers are the
    same in whatever order vectors come, but for which of equal vectors is in which.

    References
    ----------
    Bradley, Bennett & Demiriz (2000). Constrained k-means clustering. Microsoft Research MSR-TR-2000-65.

    Examples
    --------
    >>> balanced([[0, 1], [0, 1], [0.6, 0.8], [1, 0]], 2).tolist()
    [0, 0, 1, 1]
    """
    return _in_own_order(vectors, k, lambda x: _balanced(x, k, *fitted(x, k, seed=seed, starts=starts)))


def balanced_greedily(vectors: npt.ArrayLike, k: int, *, seed: int = 0, starts: int = STARTS) -> Indices:
    """Put vectors into k clusters of the same size as the authors of "Artificial Hivemind" do.

    Parameters
    ----------
    vectors, k, seed, starts
        As for `kmeans`.

    Notes
    -----
    k-means; then the nearest vector and centre that are still free go together, again and again (arXiv
    2510.22954). For comparison: `balanced` has the lower cost.

    Examples
    --------
    >>> balanced_greedily([[0, 1], [0, 1], [0.6, 0.8], [1, 0]], 2).tolist()
    [0, 0, 1, 1]
    """

    def clusters(x: Vectors) -> Indices:
        labels, centres = fitted(x, k, seed=seed, starts=starts)
        return greedy(distances(x, centres), _sizes(labels, k))

    return _in_own_order(vectors, k, clusters)


def composition(labels: Indices, source: Indices, sources: int) -> Composition:
    """Count whose responses each cluster holds.

    Parameters
    ----------
    labels : ndarray of intp, shape (n,)
        Clusters from 0.
    source : ndarray of intp, shape (n,)
        The source of each response, from 0.
    sources : int

    Notes
    -----
    Of n responses, n_s of source s, a cluster of m dealt out at random has sum_s 1 - C(n - n_s, m) / C(n, m)
    sources on average.

    Examples
    --------
    >>> found = composition(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), 2)
    >>> found.sources.tolist(), found.expected.round(3).tolist(), found.mixing
    ([2, 2], [1.667, 1.667], 1.5)
    """
    k = int(labels.max(initial=-1)) + 1
    counts = np.bincount(labels * sources + source, minlength=k * sources).reshape(k, sources)
    sizes, totals = counts.sum(axis=1), counts.sum(axis=0)
    mixing, reason = _mixing(counts, sizes, totals)
    return Composition(counts, (counts > 0).sum(axis=1), _expected_sources(sizes, totals), mixing, reason)


def clusters(query: QueryResponses, setting: Setting) -> dict[str, FloatArray]:
    """Measure how clusters of a query's responses mix sources; there are as many clusters as sources.

    Returns
    -------
    dict of str to ndarray of float, shape ()
        For "balanced" and "kmeans": `.sources`, the mean number of sources in a cluster, and `.mixing`, as
        `Composition` has it; "balanced.expected", that number at random. NaN with one source.
    """
    found = {f"{kind}.{what}": np.array(np.nan) for kind in KINDS for what in ("sources", "mixing")}
    found["balanced.expected"] = np.array(np.nan)
    k = len(np.unique(query.source))
    if query.vectors is None or k < 2:
        return found
    x = as_vectors(query.vectors, k)
    order = own_order(x)
    x, source = x[order], query.source[order]
    plain, centres = fitted(x, k, seed=setting.seed, starts=STARTS)
    for kind, labels in zip(KINDS, (_balanced(x, k, plain, centres), plain), strict=True):
        held = composition(labels, source, setting.sources)
        found[f"{kind}.sources"] = np.array(held.sources[held.sources > 0].mean())
        found[f"{kind}.mixing"] = np.array(np.nan if held.mixing is None else held.mixing)
        if kind == "balanced":
            found["balanced.expected"] = np.array(held.expected.mean())
    return found


KINDS = ("balanced", "kmeans")
CLUSTERS = Measure("clusters", frozenset({"vectors"}), clusters)


def _in_own_order(vectors: npt.ArrayLike, k: int, clusters: Callable[[Vectors], Indices]) -> Indices:
    x = as_vectors(vectors, k)
    order = own_order(x)
    labels = np.empty(len(x), np.intp)
    labels[order] = numbered(clusters(x[order]), k)
    return labels


def _balanced(x: Vectors, k: int, labels: Indices, centres: Vectors) -> Indices:
    sizes, prices, best = _sizes(labels, k), np.zeros(k), np.inf
    for _ in range(ROUNDS):
        cost = distances(x, centres)
        found = least_cost(cost, sizes, prices=prices)
        prices = cluster_prices(cost, found)
        centres = means(x, found, k).astype(x.dtype)
        now = float(distances(x, centres)[np.arange(len(x)), found].sum(dtype=np.float64))
        if now >= best * (1 - IMPROVED):
            break
        labels, best = found, now
    return labels


def _sizes(labels: Indices, k: int) -> Indices:
    """Sizes that differ by one at most, the larger ones of what k-means finds larger."""
    sizes = np.full(k, len(labels) // k)
    larger = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
    sizes[larger[: len(labels) % k]] += 1
    return sizes


def _expected_sources(sizes: Indices, totals: Indices) -> FloatArray:
    n = totals.sum()
    m, others = sizes[:, None].astype(np.float64), (n - totals[totals > 0]).astype(np.float64)
    room = others - m
    logs = gammaln(others + 1) - gammaln(np.maximum(room, 0) + 1) - gammaln(n + 1.0) + gammaln(n - m + 1)
    found: FloatArray = (1 - np.where(room >= 0, np.exp(logs), 0.0)).sum(axis=1)
    return found


def _mixing(counts: Indices, sizes: Indices, totals: Indices) -> tuple[float | None, str | None]:
    pairs, n = int((sizes * (sizes - 1)).sum()), int(totals.sum())
    different = n * n - int((totals**2).sum())
    if not different:
        return None, ONE_SOURCE
    if not pairs:
        return None, NO_PAIR
    mixed = int((sizes**2).sum()) - int((counts**2).sum())
    return mixed / pairs / (different / (n * (n - 1))), None
