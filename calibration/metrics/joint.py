"""Estimates of many statistics of the same items, all from one product with the resamples of clusters."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from annotation.statistics.clusters import IntArray, cluster_sums
from annotation.statistics.counts import FloatArray, over
from annotation.statistics.intervals import Estimate, replicates_estimate

# Of 53: the others are for the sum of the weights, which is the number of clusters.
BITS = 36

Statistic = Callable[["Sums"], FloatArray]


class Sums(Mapping[str, FloatArray]):
    """Sums of named columns over the items of each resample, float arrays of shape (r,)."""

    def __init__(self, names: Mapping[str, int], sums: FloatArray) -> None:
        self._names, self._sums = names, sums

    def __getitem__(self, name: str) -> FloatArray:
        return self._sums[:, self._names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def n(self, name: str) -> FloatArray:
        """How many items have a value in the column."""
        return self._sums[:, len(self._names) + self._names[name]]

    def mean(self, name: str) -> FloatArray:
        """The column's mean over the items that have a value."""
        return over(self[name], self.n(name))

    def skill(self, name: str, reference: str) -> FloatArray:
        """One less the column's share of another, over the same items."""
        return 1 - over(self[name], self[reference])


def joint_estimates(
    columns: Mapping[str, FloatArray],
    statistics: Mapping[str, tuple[str, Statistic]],
    *,
    index: IntArray,
    weights: FloatArray,
    pulls: Mapping[str, FloatArray] | None = None,
    undefined: str = "what it is divided by is not above 0",
) -> dict[str, Estimate]:
    """Estimate statistics of sums over items, with intervals from the same resamples.

    Parameters
    ----------
    columns : mapping of str to ndarray of float, shape (items,)
        NaN is an item without the value: it adds nothing, and is not counted.
    statistics : mapping of str to (str, callable)
        Of each, the column whose values it rests on, which `n` counts, and a function of `Sums` that returns
        one number a resample, NaN where undefined.
    index : ndarray of int, shape (items,)
        The cluster of each item, from 0.
    weights : ndarray of float, shape (r, clusters)
        How often each cluster comes up in each resample.
    pulls : mapping of str to ndarray of float, shape (items,), optional
        By column: what each item adds to its sum in a resample beside its own value, since what was learned
        from the item bears on the values of others. They add up to about 0. See `Refit`.
    undefined : str
        Why a statistic has no value where items do.

    Returns
    -------
    dict of str to Estimate
        With 95 % percentile intervals, by the rules of `replicates_estimate`.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.

    Examples
    --------
    >>> weights = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 3.0]])
    >>> found = joint_estimates({"a": np.array([1.0, 3.0, np.nan])}, {"mean": ("a", lambda s: s.mean("a"))},
    ...                         index=np.arange(3), weights=weights)
    >>> found["mean"].value, found["mean"].n
    (2.0, 2)
    """
    names = {name: place for place, name in enumerate(columns)}
    rows = np.stack([*columns.values()], axis=1)
    there = ~np.isnan(rows)
    by_cluster = np.zeros((weights.shape[1], 2 * len(names)))
    found, place = np.unique(index, return_inverse=True)
    by_cluster[found] = cluster_sums(
        np.concatenate([np.where(there, rows, 0.0), there], axis=1), place, len(found)
    )
    whole = Sums(names, by_cluster.sum(axis=0, keepdims=True))
    learned = by_cluster.copy()
    for name, pull in (pulls or {}).items():
        learned[found, names[name]] += np.bincount(place, weights=pull, minlength=len(found))
    drawn = Sums(names, weights @ _exact(learned))
    used = (by_cluster[:, len(names) :] > 0).sum(axis=0)
    estimates = {}
    for key, (column, statistic) in statistics.items():
        n, clusters = int(whole.n(column)[0]), int(used[names[column]])
        value = float(statistic(whole)[0])
        if not np.isfinite(value):
            estimates[key] = Estimate(None, None, None, n, undefined if n else "no item has the value")
        else:
            estimates[key] = replicates_estimate(value, statistic(drawn), n=n, clusters=clusters)
    return estimates


def _exact(sums: FloatArray) -> FloatArray:
    """Rounded so that sums of them under whole weights are exact, and so the same in whatever order.

    The product adds them up by as many threads as are free; what is lost is 1e-11 of the largest.
    """
    largest = np.abs(sums).max(axis=0, initial=np.finfo(float).tiny)
    unit = np.exp2(np.floor(np.log2(largest)) - BITS)
    exact: FloatArray = np.rint(sums / unit) * unit
    return exact
