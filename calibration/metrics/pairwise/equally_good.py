"""Equally good pairs: whether a scorer tells apart what people hold equivalent."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index, cluster_sums
from annotation.statistics.counts import FloatArray, as_counts, over, totals
from annotation.statistics.intervals import Estimate, mean_estimate, sums_estimate
from calibration.metrics.pairwise.auc import auc
from calibration.metrics.pairwise.equivalence import MARGIN, Mask, equivalent_and_decided, step_of
from calibration.metrics.pairwise.shares import share_estimate

# Below, what is said of equivalent or decided pairs would be chance.
FEWEST_PAIRS = 5
CONFIDENT = 0.75
EQUIVALENT, DECIDED = "hold equivalent", "decide"


@dataclass(frozen=True)
class EquallyGood:
    """How a scorer treats the pairs that people hold equivalent, beside those that they decide.

    Attributes
    ----------
    margin : float
        In the units of the labels.
    n_equivalent, n_decided, n_undecided : int
        Pairs with a difference of the scorer.
    spread_equivalent, spread_decided : Estimate
        Mean distance between the two scores, in the scorer's units.
    ratio : Estimate
        The first over the second: near 0, the scorer holds equivalent pairs equal too; near 1, it parts
        them as far as those that people decide.
    auc : Estimate
        How often the scorer parts a decided pair further than an equivalent one, a tie being half: .5, its
        distance tells nothing of whether people see a difference; 1, everything.
    confident, confident_decided : Estimate
        Share of equivalent pairs, and of decided ones, in which the scorer gives one side more than .75 (or
        what else was asked) of people, by its calibrated share.
    """

    margin: float
    n_equivalent: int
    n_decided: int
    n_undecided: int
    spread_equivalent: Estimate
    spread_decided: Estimate
    ratio: Estimate
    auc: Estimate
    confident: Estimate
    confident_decided: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Return its numbers."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: one.as_dict() if isinstance(one, Estimate) else one for name, one in found.items()}


def equally_good(
    differences: npt.ArrayLike,
    counts: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    predicted: npt.ArrayLike | None = None,
    margin: float = MARGIN,
    confident: float = CONFIDENT,
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> EquallyGood:
    """Hold a scorer's distances between responses against what people hold equivalent and what they decide.

    Where people hold two responses equally good, a scorer that knows it scores them alike. One that parts
    them as far as pairs that people decide (a ratio near 1, an AUC near .5, confident where people are
    split) sees differences that people do not: it would teach a model to prefer one of two good answers, for
    no reason that people have.

    Parameters
    ----------
    differences : array_like of float, shape (items,)
        Score of response 1 less that of response 2. NaN where there is none; left out.
    counts, values, margin
        As for `equivalent_and_decided`.
    predicted : array_like of float, shape (items,), optional
        The scorer's share that prefers response 1, calibrated out of fold, see `pairwise_calibration`: what
        says how confident it is. NaN where there is none.
    confident : float
        A scorer is confident whose calibrated share of either side is above it.
    clusters : array_like of shape (items,), optional
        The query, or form, of each item. By default each item.
    confidence : float
        Of jackknife intervals over clusters.

    Returns
    -------
    EquallyGood
        Of fewer than 5 equivalent, or decided, pairs what rests on them is undefined and says so.

    Raises
    ------
    ValueError
        If the arrays do not fit each other, or the margin is not positive.

    Notes
    -----
    Distances depend on the scorer's units; ratio, AUC and shares do not. Which pairs are equivalent rests on
    the same labels for all scorers. A scorer that knows little is confident nowhere, which is no merit: its
    share among equivalent pairs is to be read beside that among decided ones.

    References
    ----------
    Hanley & McNeil (1982), Radiology 143, 29-36, for the AUC as a chance.

    Examples
    --------
    >>> counts = [[1, 4, 15, 4, 1]] * 6 + [[0, 1, 4, 8, 12]] * 6
    >>> distances = [0.1, -0.2, 0.1, 0.3, 0.0, 0.2, 1.0, 2.0, 0.2, 1.0, 3.0, 2.0]
    >>> found = equally_good(distances, counts, [-2, -1, 0, 1, 2])
    >>> found.n_equivalent, found.n_decided, round(found.auc.value, 4), round(found.ratio.value, 4)
    (6, 6, 0.9444, 0.0978)
    """
    both = equivalent_and_decided(counts, values, margin=margin)
    distance = np.abs(np.asarray(differences, dtype=np.float64))
    p = np.full(len(both[0]), np.nan) if predicted is None else np.asarray(predicted, dtype=np.float64)
    if not distance.shape == p.shape == both[0].shape:
        raise ValueError(f"{len(both[0])} items need as many differences, and predicted shares if any")
    known = np.isfinite(distance) & (totals(as_counts(counts)) > 0)
    equivalent, decided = both[0] & known, both[1] & known
    compared = equivalent | decided
    index, _ = cluster_index(clusters, len(distance))
    # In units of the largest, so that no square overflows.
    unit = distance.max(where=known, initial=0.0) or 1.0
    distance = distance / unit
    sure = np.where(np.isnan(p), np.nan, np.abs(p - 0.5) > confident - 0.5)

    def of(estimate: Callable[..., Estimate], rows: FloatArray, where: Mask, held: str) -> Estimate:
        if why := _too_few(where, held):
            return Estimate(None, None, None, int(where.sum()), why)
        return estimate(np.where(where, rows, np.nan), clusters=index, confidence=confidence)

    mean = partial(mean_estimate, method="jackknife", bounds=(0.0, np.inf))
    if why := _too_few(equivalent, EQUIVALENT) or _too_few(decided, DECIDED):
        ratio = parted = Estimate(None, None, None, int(compared.sum()), why)
    else:
        rows = distance[compared], decided[compared]
        within, number = cluster_index(index, len(distance), kept=compared)
        ratio = _ratio(*rows, within, number, confidence=confidence)
        parted = auc(*rows, clusters=within, confidence=confidence)
    return EquallyGood(
        margin=margin * step_of(np.asarray(values, dtype=np.float64)),
        n_equivalent=int(equivalent.sum()),
        n_decided=int(decided.sum()),
        n_undecided=int((known & ~compared).sum()),
        spread_equivalent=of(mean, distance, equivalent, EQUIVALENT).times(unit),
        spread_decided=of(mean, distance, decided, DECIDED).times(unit),
        ratio=ratio,
        auc=parted,
        confident=of(share_estimate, sure, equivalent, EQUIVALENT),
        confident_decided=of(share_estimate, sure, decided, DECIDED),
    )


def _too_few(where: Mask, held: str) -> str | None:
    few = where.sum() < FEWEST_PAIRS
    return f"fewer than {FEWEST_PAIRS} pairs that people are shown to {held}" if few else None


def _ratio(
    distance: FloatArray, decided: Mask, index: IntArray, number: int, *, confidence: float
) -> Estimate:
    if not distance[decided].any():
        return Estimate(None, None, None, len(distance), "the scorer parts no decided pair")
    apart = decided.astype(np.float64)
    rows = np.stack([(1 - apart) * distance, 1 - apart, apart * distance, apart], axis=1)
    return sums_estimate(
        cluster_sums(rows, index, number),
        lambda sums: over(sums[:, 0] * sums[:, 3], sums[:, 1] * sums[:, 2]),
        n=len(distance),
        replicates=0,
        rng=None,
        confidence=confidence,
        method="jackknife",
        bounds=(0.0, np.inf),
    )
