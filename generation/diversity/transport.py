"""Items to clusters of given sizes, at the least cost together."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import FloatArray, Indices

# Of the largest cost: what differs by less differs by rounding, and a path could go in circles for it.
ROUNDING = 1e-12


def least_cost(cost: npt.ArrayLike, sizes: npt.ArrayLike, *, prices: npt.ArrayLike | None = None) -> Indices:
    """Put each item into a cluster so that each has its size and the costs add up to the least.

    Parameters
    ----------
    cost : array_like of float, shape (n, k)
        What each item costs in each cluster.
    sizes : array_like of int, shape (k,)
        How many items each cluster takes; they add up to n.
    prices : array_like of float, shape (k,), optional
        As `cluster_prices` returns them for nearly the same costs: they make it quicker, not different.

    Returns
    -------
    ndarray of intp, shape (n,)
        The cluster of each item. Which of several least sums is taken depends on the order of the items.

    Raises
    ------
    ValueError
        If the sizes do not add up to n, or a cost is not finite.

    Notes
    -----
    A transportation problem, solved exactly by successive shortest paths: each item starts where it is
    cheapest, and clusters with too many hand items on, one at a time, along the cheapest chain of clusters to
    one with too few. The chains are of clusters, not of items, so that 1,250 items and 25 clusters take a few
    hundred steps in a graph of 25 nodes.

    References
    ----------
    Ahuja, Magnanti & Orlin (1993). Network flows, section 9.7.

    Examples
    --------
    >>> least_cost([[0, 1], [0, 5], [0, 2]], [1, 2]).tolist()
    [1, 0, 1]
    """
    costs, wanted = np.asarray(cost, np.float64), np.asarray(sizes, np.intp)
    _check(costs, wanted)
    if prices is not None:
        costs = costs - np.asarray(prices, np.float64)
    labels: Indices = costs.argmin(axis=1)
    held = np.bincount(labels, minlength=len(wanted)) - wanted
    steps = _Steps(costs, labels)
    while (held > 0).any():
        path = steps.cheapest_path(held > 0, held < 0)
        for a, b in pairwise(path):
            steps.move(a, b)
        held[path[0]] -= 1
        held[path[-1]] += 1
    return labels


def cluster_prices(cost: npt.ArrayLike, labels: Indices) -> FloatArray:
    """Return numbers p at which each item of a least-cost assignment is where its cost less p is smallest.

    Parameters
    ----------
    cost : array_like of float, shape (n, k)
    labels : ndarray of intp, shape (n,)
        As `least_cost` returns them.

    Examples
    --------
    >>> cost = np.array([[0, 1], [0, 5], [0, 2]])
    >>> cluster_prices(cost, np.array([1, 0, 1])).tolist()
    [-2.0, 0.0]
    """
    costs = np.asarray(cost, np.float64)
    weights = _Steps(costs, labels).weights
    prices = np.zeros(costs.shape[1])
    for _ in range(len(prices)):
        prices = np.minimum(prices, (prices[:, None] + weights).min(axis=0))
    return prices


def greedy(cost: npt.ArrayLike, sizes: npt.ArrayLike) -> Indices:
    """Put items into clusters of given sizes, always the cheapest pair of item and cluster still free.

    Parameters
    ----------
    cost, sizes
        As for `least_cost`.

    Notes
    -----
    What the authors of "Artificial Hivemind" do after k-means (arXiv 2510.22954). Items that come late go
    where room is left, so that all costs together are above the least.

    Examples
    --------
    >>> greedy([[0, 1], [0, 5], [0, 2]], [1, 2]).tolist()
    [0, 1, 1]
    """
    costs, wanted = np.asarray(cost, np.float64), np.asarray(sizes, np.intp)
    _check(costs, wanted)
    labels, room = [-1] * len(costs), wanted.tolist()
    for pair in np.argsort(costs, axis=None, kind="stable").tolist():
        item, cluster = divmod(pair, len(wanted))
        if labels[item] < 0 and room[cluster]:
            labels[item] = cluster
            room[cluster] -= 1
    return np.array(labels, np.intp)


class _Steps:
    """What it costs at least to hand an item of one cluster to another, while items move."""

    def __init__(self, costs: FloatArray, labels: Indices) -> None:
        self.costs, self.labels = costs, labels
        self.rounding = ROUNDING * float(np.abs(costs).max(initial=0))
        k = costs.shape[1]
        self.weights, self.cheapest = np.full((k, k), np.inf), np.zeros((k, k), np.intp)
        for cluster in range(k):
            self._look(cluster)

    def cheapest_path(self, start: npt.NDArray[np.bool_], end: npt.NDArray[np.bool_]) -> list[int]:
        """Return the clusters on the cheapest way from one of `start` to one of `end`: Bellman and Ford's."""
        distance = np.where(start, 0.0, np.inf)
        before = np.full(len(distance), -1)
        for _ in distance:
            through = distance[:, None] + self.weights
            shorter = through.min(axis=0)
            better = np.flatnonzero(shorter < distance - self.rounding)
            if not len(better):
                break
            distance[better], before[better] = shorter[better], through[:, better].argmin(axis=0)
        path = [int(np.where(end, distance, np.inf).argmin())]
        while before[path[0]] >= 0:
            path.insert(0, int(before[path[0]]))
        return path

    def move(self, a: int, b: int) -> None:
        """Hand the item for which it costs least from a to b."""
        item = self.cheapest[a, b]
        self.labels[item] = b
        self._look(a)
        extra = self.costs[item] - self.costs[item, b]
        cheaper = extra < self.weights[b]
        cheaper[b] = False
        self.weights[b, cheaper], self.cheapest[b, cheaper] = extra[cheaper], item

    def _look(self, cluster: int) -> None:
        """Find again what each item of a cluster would cost more elsewhere."""
        items = np.flatnonzero(self.labels == cluster)
        self.weights[cluster] = np.inf
        if len(items):
            costs = self.costs[items]
            extra = costs - costs[:, cluster, None]
            first = extra.argmin(axis=0)
            self.cheapest[cluster] = items[first]
            self.weights[cluster] = extra[first, np.arange(len(first))]
            self.weights[cluster, cluster] = np.inf


def _check(costs: FloatArray, sizes: Indices) -> None:
    if costs.ndim != 2 or sizes.shape != costs.shape[1:]:
        raise ValueError(
            f"costs of shape {costs.shape} and sizes of shape {sizes.shape} do not belong together"
        )
    if (sizes < 0).any() or sizes.sum() != len(costs):
        raise ValueError(f"the sizes must add up to {len(costs)} items, not {sizes.sum()}")
    if not np.isfinite(costs).all():
        raise ValueError("a cost is not finite")
