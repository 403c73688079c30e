"""From which similarity on two responses say the same: precision and recall, threshold by threshold."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.intervals import REPLICATES, Estimates, ratio
from generation.diversity.measures import Measure, Setting
from generation.diversity.responses import FloatArray, QueryResponses

THRESHOLDS: FloatArray = np.arange(101) / 100
# Of a cosine in single precision: equal vectors reach a threshold of 1.
DIGITS = 6


@dataclass(frozen=True, eq=False)
class ThresholdCurve:
    """What calling pairs the same from a similarity on would mean, for T thresholds.

    Attributes
    ----------
    thresholds : ndarray of float, shape (T,)
    precision : Estimates, shape (T,)
        Of the pairs with that similarity or more, the share that is the same.
    recall : Estimates, shape (T,)
        Of the pairs that are the same, the share with that similarity or more.
    f1 : Estimates, shape (T,)
        Their harmonic mean.
    share : Estimates, shape (T,)
        Of all pairs, those with that similarity or more.

    `n` counts queries. NaN where undefined: precision without any such pair, recall if no pair is the same.
    """

    thresholds: FloatArray
    precision: Estimates
    recall: Estimates
    f1: Estimates
    share: Estimates

    @property
    def best(self) -> float | None:
        """The lowest threshold with the greatest F1; None if no pair is the same."""
        if np.isnan(self.f1.value).all():
            return None
        return float(self.thresholds[np.nanargmax(self.f1.value)])


def pair_counts(
    similarity: npt.ArrayLike,
    same: npt.ArrayLike,
    thresholds: npt.ArrayLike = THRESHOLDS,
    *,
    weights: npt.ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Count the pairs at or above each threshold, and those of them that are the same.

    Parameters
    ----------
    similarity : array_like of float, shape (m,)
        Of each pair.
    same : array_like of bool or float, shape (m,)
        Whether it is the same, or the share of people who say so.
    thresholds : array_like of float, shape (T,)
    weights : array_like of float, shape (m,), optional
        How many pairs each stands for, where some were drawn more often than others.

    Returns
    -------
    above, same_above : ndarray of float, shape (T,)

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> above, same_above = pair_counts([0.9, 0.7, 0.8], [True, False, False], [0.6, 0.8])
    >>> above.tolist(), same_above.tolist()
    ([3.0, 2.0], [1.0, 1.0])
    """
    level = np.round(np.asarray(similarity, np.float64), DIGITS)
    equal = np.asarray(same, np.float64)
    weight = np.ones(level.shape) if weights is None else np.asarray(weights, np.float64)
    if level.ndim != 1 or level.shape != equal.shape or level.shape != weight.shape:
        raise ValueError("similarity, same and weights must have one value a pair")
    order = np.argsort(level)
    cuts = np.searchsorted(level[order], np.round(np.asarray(thresholds, np.float64), DIGITS))
    above, same_above = (
        np.concatenate([np.cumsum(values[order][::-1])[::-1], [0.0]])[cuts]
        for values in (weight, weight * equal)
    )
    return above, same_above


def threshold_curve(
    above: npt.ArrayLike,
    same_above: npt.ArrayLike,
    *,
    pairs: npt.ArrayLike,
    same: npt.ArrayLike,
    thresholds: npt.ArrayLike = THRESHOLDS,
    replicates: int = REPLICATES,
    seed: int = 0,
    confidence: float = 0.95,
) -> ThresholdCurve:
    """Estimate precision, recall, F1 and share of pairs, with intervals by resampling queries.

    Parameters
    ----------
    above, same_above : array_like of float, shape (queries, T)
        As `pair_counts` returns them, a row a query. A row of NaN is left out.
    pairs, same : array_like of float, shape (queries,)
        All pairs of each query, and those that are the same, weighted alike.
    thresholds : array_like of float, shape (T,)
    replicates, seed, confidence
        As for `estimates`.

    Notes
    -----
    Counts are added up over queries, so that each pair counts the same.

    Examples
    --------
    >>> counts = [pair_counts([0.9, 0.7, 0.8], [1, 0, 0], [0.6, 0.8]) for _ in range(2)]
    >>> above, same_above = zip(*counts)
    >>> curve = threshold_curve(above, same_above, pairs=[3, 3], same=[1, 1], thresholds=[0.6, 0.8])
    >>> curve.precision.value.tolist(), curve.recall.value.tolist(), curve.best
    ([0.3333333333333333, 0.5], [1.0, 1.0], 0.8)
    """
    positive, true = np.asarray(above, np.float64), np.asarray(same_above, np.float64)
    every, equal = (np.asarray(counts, np.float64)[:, None] for counts in (pairs, same))

    def share(part: FloatArray, whole: FloatArray) -> Estimates:
        return ratio(part, whole, replicates=replicates, seed=seed, confidence=confidence)

    return ThresholdCurve(
        np.asarray(thresholds, np.float64),
        precision=share(true, positive),
        recall=share(true, equal),
        f1=share(2 * true, positive + equal),
        share=share(positive, every),
    )


def class_pairs(query: QueryResponses, setting: Setting) -> dict[str, FloatArray]:
    """Count a query's pairs of responses with given classes, and those of one class, by their cosine.

    Returns
    -------
    dict of str to ndarray of float
        What `threshold_curve` takes: `class_pairs.above` and `class_pairs.same_above`, shape (101,), for
        thresholds from 0 to 1; `class_pairs.pairs` and `class_pairs.same`, shape ().
    """
    known = np.zeros(0, np.intp) if query.classes is None else np.flatnonzero(query.classes >= 0)
    if query.vectors is None or query.classes is None or len(known) < 2:
        undefined = np.full(len(THRESHOLDS), np.nan)
        one = np.array(np.nan)
        above, same_above, pairs, same = undefined, undefined, one, one
    else:
        first, second = np.triu_indices(len(known), 1)
        x, held = query.vectors[known], query.classes[known]
        equal = held[first] == held[second]
        above, same_above = pair_counts((x @ x.T)[first, second], equal)
        pairs, same = np.array(float(len(first))), np.array(float(equal.sum()))
    return {
        "class_pairs.above": above,
        "class_pairs.same_above": same_above,
        "class_pairs.pairs": pairs,
        "class_pairs.same": same,
    }


CLASS_PAIRS = Measure("class_pairs", frozenset({"classes", "vectors"}), class_pairs)
