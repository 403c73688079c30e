"""How well a score tells two kinds of items apart: the area under its curve."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.counts import BoolArray, FloatArray, over
from annotation.statistics.intervals import Estimate, replicates_estimate
from calibration.metrics.correlation.ranks import mid_ranks, ranks_in_groups


def auc(
    score: npt.ArrayLike,
    positive: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Chance that a positive item scores higher than a negative one, ties being half.

    Parameters
    ----------
    score : array_like of float, shape (items,)
        NaN is an item without a score; left out.
    positive : array_like of bool, shape (items,)
    clusters : array_like of shape (items,), optional
        The query, or form, of each item. By default each item.
    confidence : float
        Of the jackknife interval over clusters.

    Returns
    -------
    Estimate
        Undefined where all items are of one kind.

    Raises
    ------
    ValueError
        If there is not one score, or one cluster, an item.

    Notes
    -----
    Simulated coverage at nominal 95 %, scores and shares of positive items differing by query: 92 to 96 %
    with 10 and 20 queries, 95 to 96 % with 50 and 100; percentiles of a bootstrap 88 to 94 and 93 to 96 %.

    References
    ----------
    Hanley & McNeil (1982), Radiology 143, 29-36.

    Examples
    --------
    >>> auc([1, 2, 2, 4], [False, False, True, True]).value
    0.875
    """
    x, kind = np.asarray(score, dtype=np.float64), np.asarray(positive, dtype=bool)
    if x.ndim != 1 or x.shape != kind.shape:
        raise ValueError(f"scores and kinds must be two lists of one length, not {x.shape} and {kind.shape}")
    known = ~np.isnan(x)
    n = int(known.sum())
    if len(np.unique(kind[known])) < 2:
        return Estimate(None, None, None, n, "all items are of one kind")
    index, number = cluster_index(clusters, len(x), kept=known)
    value, left_out = _with_all_and_without_each(x[known], kind[known], index, number)
    return replicates_estimate(
        value,
        left_out,
        n=n,
        clusters=number,
        confidence=confidence,
        method="jackknife",
        bounds=(0.0, 1.0),
    )


def _with_all_and_without_each(
    x: FloatArray, positive: BoolArray, index: IntArray, number: int
) -> tuple[float, FloatArray]:
    """The area of all items, and without each cluster, by Mann and Whitney's counts of pairs.

    A cluster takes with it the pairs of its positive items and those of its negative ones; pairs of both
    kinds within it count once.
    """
    ranks = mid_ranks(x)
    below = np.empty(len(x))
    below[positive] = ranks[positive] - mid_ranks(x[positive])
    below[~positive] = positive.sum() - (ranks[~positive] - mid_ranks(x[~positive]))

    def sums(rows: FloatArray) -> FloatArray:
        return np.bincount(index, weights=rows, minlength=number).astype(np.float64, copy=False)

    ours, theirs, won = (
        sums(positive.astype(np.float64)),
        sums((~positive).astype(np.float64)),
        float(below[positive].sum()),
    )
    within = sums(positive.astype(np.float64) * ranks_in_groups(x, index))
    within -= ours * (ours + 1) / 2
    pairs = (positive.sum() - ours) * ((~positive).sum() - theirs)
    return won / float(positive.sum() * (~positive).sum()), over(won - sums(below) + within, pairs)
