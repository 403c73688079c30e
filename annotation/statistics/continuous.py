"""Krippendorff's alpha straight from labels, for scales of many values, or where hardly two labels are equal.

A table of items by values would be mostly zeros, and the values that meet, items by values by values, more
than memory holds. Interval alpha needs three sums an item, and ordinal alpha is interval alpha on mid-ranks.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from annotation.statistics.agreement import CORRELATION, NO_PAIR, ONE_VALUE
from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.coincidences import centred, interval_alpha, interval_sums, ordinal_statistic
from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate, Method, cluster_estimate, sums_estimate


def alpha_of_labels(
    items: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    level: Literal["ordinal", "interval"],
    clusters: npt.ArrayLike | None = None,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
    method: Method = "bootstrap",
) -> Estimate:
    """Krippendorff's alpha of labels that may be any numbers, with an interval over clusters.

    Parameters
    ----------
    items : array_like of int, shape (labels,)
        The item of each label, from 0.
    labels : array_like of float, shape (labels,)
        NaN is a missing label. An item's only label pairs with nothing and is left out.
    level : {"ordinal", "interval"}
        "ordinal" uses only the order of the labels.
    clusters : array_like of shape (items,), optional
        What is resampled: the query, or the form, of item 0, 1 and so on. By default each item.
    replicates, rng, confidence, method
        As for `annotation.statistics.agreement.krippendorff_alpha`.

    Returns
    -------
    Estimate
        `n` counts the items with two labels or more. Undefined, with its reason, when there is no such item
        or when all their labels are the same.

    Raises
    ------
    ValueError
        If the items, the labels, the clusters or the level are not as above.

    Notes
    -----
    It takes the time of a sort of the labels; a replicate of ordinal alpha that of some passes over them.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

    Examples
    --------
    >>> found = alpha_of_labels([0, 0, 1, 1, 2], [0.12, 0.15, 3.4, 3.1, 8.8], level="interval")
    >>> round(found.value, 4), found.n
    (0.993, 2)
    """
    if level not in ("ordinal", "interval"):
        raise ValueError(f"level must be ordinal or interval, not {level!r}")
    what, label = _labels(items, labels)
    paired = np.bincount(what) >= 2
    several = np.flatnonzero(paired)
    n, kept = len(several), paired[what]
    # Items numbered from 0 again, without those that are left out.
    what, label = (np.cumsum(paired) - 1)[what[kept]], label[kept]
    if n == 0:
        return Estimate(None, None, None, 0, NO_PAIR)
    if label.min() == label.max():
        return Estimate(None, None, None, n, ONE_VALUE)
    upto = several[-1] + 1
    named = None if clusters is None else np.atleast_1d(clusters)[:upto]
    index, number = cluster_index(named, upto, kept=several)
    interval: dict[str, Any] = {
        "n": n,
        "replicates": replicates,
        "rng": rng,
        "confidence": confidence,
        "method": method,
        "bounds": CORRELATION,
    }
    if level == "interval":
        return sums_estimate(_sums(what, label, index, number), interval_alpha, **interval)
    _, value, sizes = np.unique(label, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - sizes / 2)[value]
    alpha = float(interval_alpha(_sums(what, ranks, index, number).sum(axis=0, keepdims=True))[0])
    if method == "bootstrap" and not replicates:
        return cluster_estimate(alpha, interval_alpha, clusters=number, **interval)
    from scipy import sparse

    table = sparse.csr_array((np.ones(len(what)), (what, value)), shape=(n, len(sizes)))
    statistic = ordinal_statistic(table, index, number)
    return cluster_estimate(alpha, statistic, clusters=number, width=max(n, len(sizes)), **interval)


def _labels(items: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[IntArray, FloatArray]:
    what, label = np.asarray(items), np.asarray(labels, dtype=np.float64)
    if what.ndim != 1 or what.shape != label.shape:
        raise ValueError(
            f"items and labels must be two lists of one length, not {what.shape} and {label.shape}"
        )
    if len(what) and (not np.issubdtype(what.dtype, np.integer) or what.min() < 0):
        raise ValueError("items must be whole numbers from 0")
    if np.isinf(label).any():
        raise ValueError("labels must be finite, or NaN where they are missing")
    given = ~np.isnan(label)
    return what[given].astype(np.intp), label[given]


def _sums(what: IntArray, label: FloatArray, index: IntArray, number: int) -> FloatArray:
    x = centred(label, np.ones(len(label)))
    n, total, squares = (
        np.bincount(what, weights=column).astype(np.float64, copy=False)
        for column in (np.ones(len(x)), x, np.square(x))
    )
    return interval_sums(n, total, squares, index, number)
