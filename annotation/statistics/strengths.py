"""How strong each model is, and how sure that is: one fit to all comparisons, and one to each resample."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.comparison_fit import Fit, fit_comparisons
from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate
from annotation.statistics.newton import expected_points
from annotation.statistics.wins import Comparisons

ROUNDING = 1e-9


@dataclass(frozen=True)
class Strengths:
    """How strong each model is, and how sure that is. What is undefined is NaN.

    Attributes
    ----------
    models : tuple of str, length M
    strength, low, high : float arrays, shape (M,)
        On the log scale, adding up to 0 over the models of a group. There is no interval for a model whose
        distance from half of its group or more only the prior says: resamples would all agree on it.
    comparisons, labels : int arrays, shape (M,)
        Items and labels that each model's numbers rest on.
    win_share, win_share_low, win_share_high : float arrays, shape (M,)
        The share of wins to be expected against another model of the group drawn at random, ties as half.
    rank, rank_low, rank_high : float arrays, shape (M,)
        1 is the strongest. The interval counts the models that are certainly stronger or weaker: whose
        interval in `beats` leaves out .5. Undefined if there are several groups.
    beats, beats_low, beats_high : float arrays, shape (M, M)
        Chance that the row's model wins against the column's, plus half the chance of a tie. NaN on the
        diagonal and between groups; between components it has no interval.
    component : int array, shape (M,)
        Models of one component are tied together by chains of wins and ties in both directions; no model of
        a later component ever won or tied against one of an earlier. How far apart two components are, the
        prior alone says. -1: never compared.
    group : int array, shape (M,)
        Models of different groups are not linked by any chain of comparisons. -1: never compared.
    tie : Estimate or None
        Davidson's tie parameter: 0 means no ties, 1 that equal models tie in a third of the labels. None in
        Bradley and Terry's model.
    n, left_out : int
        Items used, and items that show a model against itself or one that is not known.
    ridge : float
    replicates, clusters : int
        Resamples, and clusters that they resample, behind the intervals; 0 if there are none.
    reason : str or None
        Why the strengths or their intervals are undefined, what only the prior holds together, and which
        resamples were left out, in words.
    """

    models: tuple[str, ...]
    strength: FloatArray
    low: FloatArray
    high: FloatArray
    comparisons: IntArray
    labels: IntArray
    win_share: FloatArray
    win_share_low: FloatArray
    win_share_high: FloatArray
    rank: FloatArray
    rank_low: FloatArray
    rank_high: FloatArray
    beats: FloatArray
    beats_low: FloatArray
    beats_high: FloatArray
    component: IntArray
    group: IntArray
    tie: Estimate | None
    n: int
    left_out: int
    ridge: float
    replicates: int = 0
    clusters: int = 0
    reason: str | None = None


def strengths_of(
    given: Comparisons,
    *,
    models: Sequence[str],
    with_ties: bool,
    clusters: npt.ArrayLike | None,
    ridge: float,
    replicates: int,
    rng: np.random.Generator | None,
    confidence: float,
) -> Strengths:
    """Fit checked comparisons: with ties by Davidson's model, else by Bradley and Terry's.

    The other parameters, what is returned and what raises are those of `bradley_terry`.

    Examples
    --------
    >>> from annotation.statistics.wins import as_comparisons
    >>> given = as_comparisons([0], [1], [[1, 3]], values=[-1, 1], models=["a", "b"])
    >>> found = strengths_of(given, models=["a", "b"], with_ties=False, clusters=None, ridge=0.01,
    ...                      replicates=0, rng=None, confidence=0.95)
    >>> found.rank.tolist(), found.n
    ([1.0, 2.0], 1)
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    index, _ = cluster_index(clusters, len(given.kept))
    index, _ = cluster_index(index[given.kept], len(given.first))
    both = np.concatenate([given.first, given.second])
    comparisons = np.bincount(both, minlength=len(models))
    present, numbered = np.flatnonzero(comparisons), np.cumsum(comparisons > 0) - 1
    fit = fit_comparisons(
        replace(given, first=numbered[given.first], second=numbered[given.second]),
        index,
        models=[models[model] for model in present.tolist()],
        with_ties=with_ties,
        ridge=ridge,
        replicates=replicates,
        rng=rng,
    )
    of_models: dict[str, Any] = {**_strengths(fit, confidence), **_chances(fit, confidence)}
    labels = np.bincount(both, weights=np.tile(given.points.sum(axis=1), 2), minlength=len(models))
    return Strengths(
        models=tuple(models),
        **{name: _spread(found, present, len(models)) for name, found in of_models.items()},
        comparisons=comparisons,
        labels=labels.astype(np.int64),
        tie=_tie(fit, confidence, n=len(index)) if with_ties else None,
        n=len(index),
        left_out=given.left_out,
        ridge=ridge,
        replicates=len(fit.draws),
        clusters=fit.clusters,
        reason=fit.reason,
    )


def _ends(draws: FloatArray, confidence: float) -> FloatArray:
    """The percentile interval of each column; NaN without draws."""
    if not len(draws):
        return np.full((2, *draws.shape[1:]), np.nan)
    ends: FloatArray = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return ends


def _strengths(fit: Fit, confidence: float) -> dict[str, npt.NDArray[Any]]:
    low, high = np.where(fit.apart, np.nan, _ends(fit.draws[:, :-1], confidence))
    return {"strength": fit.at[:-1], "low": low, "high": high, "component": fit.component, "group": fit.group}


def _chances(fit: Fit, confidence: float) -> dict[str, FloatArray]:
    """What strengths mean for wins, one model at a time: never all pairs of all resamples at once."""
    size = len(fit.group)
    beats, share = np.full((3, size, size), np.nan), np.full((3, size), np.nan)
    tie, ties = np.exp(fit.at[-1]), np.exp(fit.draws[:, -1:])
    for model in range(size):
        others = np.flatnonzero((fit.group == fit.group[model]) & (np.arange(size) != model))
        drawn = expected_points(fit.draws[:, [model]] - fit.draws[:, others], ties)
        beats[0, model, others] = expected_points(fit.at[model] - fit.at[others], tie)
        beats[1:, model, others] = _ends(drawn, confidence)
        share[0, model] = beats[0, model, others].mean()
        share[1:, model] = _ends(drawn.mean(axis=1), confidence)
    share[1:, fit.apart] = np.nan
    beats[1:, fit.component[:, None] != fit.component] = np.nan
    names = ("", "_low", "_high")
    return {
        **{f"beats{name}": found for name, found in zip(names, beats, strict=True)},
        **{f"win_share{name}": found for name, found in zip(names, share, strict=True)},
        **{f"rank{name}": found for name, found in zip(names, _ranks(fit, beats), strict=True)},
    }


def _ranks(fit: Fit, beats: FloatArray) -> FloatArray:
    chances, low, high = beats
    ranks = np.stack(
        [
            1.0 + (chances < 0.5 - ROUNDING).sum(axis=1),
            1.0 + (high < 0.5).sum(axis=1),
            len(chances) - (low > 0.5).sum(axis=1).astype(float),
        ]
    )
    ranks[:, np.isnan(fit.at[:-1]) | fit.group.any()] = np.nan
    ranks[1:] = np.nan if not len(fit.draws) else ranks[1:]
    return ranks


def _tie(fit: Fit, confidence: float, *, n: int) -> Estimate:
    low, high = _ends(np.exp(fit.draws[:, -1]), confidence)
    return Estimate(float(np.exp(fit.at[-1])), low, high, n, fit.reason, len(fit.draws), fit.clusters)


def _spread(found: npt.NDArray[Any], present: IntArray, models: int) -> Any:
    """Put what is known of the models compared among all models: NaN, or -1, for the others."""
    nothing = -1 if found.dtype == np.intp else np.nan
    spread = np.full((models,) * found.ndim, nothing, dtype=found.dtype)
    spread[np.ix_(*[present] * found.ndim)] = found
    return spread
