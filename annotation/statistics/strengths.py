"""How strong each model is, and how sure that is: one fit to all comparisons, and one to each resample."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate, no_interval
from annotation.statistics.newton import expected_points, fit_strengths
from annotation.statistics.resampling import FEWEST_REPLICATES, resamples
from annotation.statistics.wins import Comparisons, held_by_prior, reached, strong_components

ROUNDING = 1e-9


@dataclass(frozen=True)
class Strengths:
    """How strong each model is, and how sure that is. What is undefined is NaN.

    Attributes
    ----------
    models : tuple of str, length M
    strength, low, high : float arrays, shape (M,)
        On the log scale, adding up to 0 over the models of a group.
    comparisons, labels : int arrays, shape (M,)
        Items and labels that each model's numbers rest on.
    win_share, win_share_low, win_share_high : float arrays, shape (M,)
        The share of wins to be expected against another model of the group drawn at random, ties as half.
    rank, rank_low, rank_high : float arrays, shape (M,)
        1 is the strongest. The interval counts the models that are certainly stronger or weaker: whose
        interval in `beats` leaves out .5. Undefined if there are several groups.
    beats, beats_low, beats_high : float arrays, shape (M, M)
        Chance that the row's model wins against the column's, plus half the chance of a tie. NaN on the
        diagonal and between groups.
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
    index, number = cluster_index(index[given.kept], len(given.first))
    present, pairs = np.unique([given.first, given.second], return_inverse=True)
    sums = _cluster_sums(
        pairs.reshape(2, -1), given, index, shape=(number, len(present)), with_ties=with_ties
    )
    names = [models[model] for model in present]
    without = no_interval(len(index), clusters=number, replicates=replicates, rng=rng)
    fit = _fit(sums, names, ridge=ridge, replicates=replicates, rng=rng, without=without)
    of_models: dict[str, Any] = {**_strengths(fit, confidence), **_chances(fit, confidence)}
    behind: dict[str, Any] = {"replicates": len(fit.draws), "clusters": number if len(fit.draws) else 0}
    return Strengths(
        models=tuple(models),
        **{name: _spread(found, present, len(models)) for name, found in of_models.items()},
        **_numbers(given, len(models)),
        tie=_tie(fit, confidence, n=len(index), **behind) if with_ties else None,
        left_out=given.left_out,
        ridge=ridge,
        reason=fit.reason,
        **behind,
    )


@dataclass(frozen=True)
class _Fit:
    """Strengths of the models compared, then the log of the tie parameter: of all, and of each resample."""

    at: FloatArray
    draws: FloatArray
    component: IntArray
    group: IntArray
    reason: str | None


def _cluster_sums(
    pairs: IntArray, given: Comparisons, index: IntArray, *, shape: tuple[int, int], with_ties: bool
) -> Any:
    """One sparse row a cluster: the wins of every model over every other, then all ties."""
    from scipy.sparse import csr_array  # a twentieth of a second

    (first, second), (clusters, size) = pairs, shape
    columns = np.concatenate([first * size + second, second * size + first, np.full(len(index), size * size)])
    cells = np.concatenate([*given.points.T, given.ties * with_ties])
    return csr_array((cells, (np.tile(index, 3), columns)), shape=(clusters, size * size + 1))


def _cells(sums: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    return sums[:, :-1].reshape(-1, size, size), sums[:, -1]


def _fit(
    sums: Any,
    names: list[str],
    *,
    ridge: float,
    replicates: int,
    rng: np.random.Generator | None,
    without: str | None,
) -> _Fit:
    size = len(names)
    points, ties = _cells(sums.sum(axis=0)[None], size)
    component, group = strong_components(points[0]), strong_components(points[0] + points[0].T)
    at, draws = np.full(size + 1, np.nan), np.empty((0, size + 1))
    prior = held_by_prior(component, group, names)
    undefined = _undefined(size, points, ties, None if ridge else prior)
    if undefined:
        return _Fit(at, draws, component, group, undefined)
    at = fit_strengths(points, ties, ridge=ridge, start=np.zeros(size + 1))[0]
    if rng is not None and not without:
        draws, without = _draws(sums, at, group, ridge=ridge, replicates=replicates, rng=rng)
    reason = "; ".join(words for words in (prior and f"only the prior {prior}", without) if words)
    return _Fit(at, draws, component, group, reason or None)


def _draws(
    sums: Any, at: FloatArray, group: IntArray, *, ridge: float, replicates: int, rng: np.random.Generator
) -> tuple[FloatArray, str | None]:
    """The same of every resample that links the models as the data do, and how many do not."""
    roots = np.zeros(len(group), dtype=bool)
    roots[np.unique(group, return_index=True)[1]] = True
    fitted = []
    for weights in resamples(sums.shape[0], replicates=replicates, rng=rng, width=4 * sums.shape[1]):
        points, ties = _cells(weights @ sums, len(group))
        won = points > 0
        lost = won.swapaxes(1, 2)
        linked = reached(won | lost, roots) if ridge else reached(won, roots) & reached(lost, roots)
        linked &= ties < points.sum(axis=(1, 2))
        fitted.append(fit_strengths(points[linked], ties[linked], ridge=ridge, start=at))
    draws = np.concatenate(fitted)
    draws = draws[~np.isnan(draws[:, 0])]
    lacking = replicates - len(draws)
    if len(draws) < max(FEWEST_REPLICATES, replicates / 2):
        return draws[:0], f"no interval: {lacking:,} of {replicates:,} resamples do not link the models"
    words = f"the intervals leave out {lacking:,} of {replicates:,} resamples, which do not link the models"
    return draws, words if lacking else None


def _undefined(size: int, points: FloatArray, ties: FloatArray, unheld: str | None) -> str | None:
    if size < 2:
        return "no labels compare two different models that are known"
    if ties[0] == points.sum():
        return "every label is a tie"
    return f"undefined without a prior, which alone {unheld}" if unheld else None


def _ends(draws: FloatArray, confidence: float) -> FloatArray:
    """The percentile interval of each column; NaN without draws."""
    if not len(draws):
        return np.full((2, *draws.shape[1:]), np.nan)
    ends: FloatArray = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return ends


def _strengths(fit: _Fit, confidence: float) -> dict[str, npt.NDArray[Any]]:
    low, high = _ends(fit.draws[:, :-1], confidence)
    return {"strength": fit.at[:-1], "low": low, "high": high, "component": fit.component, "group": fit.group}


def _chances(fit: _Fit, confidence: float) -> dict[str, FloatArray]:
    """What strengths mean for wins, one model at a time: never all pairs of all resamples at once."""
    size = len(fit.group)
    beats, share = np.full((3, size, size), np.nan), np.full((3, size), np.nan)
    tie, ties = np.exp(fit.at[-1]), np.exp(fit.draws[:, -1:])
    for model in range(size):
        others = np.flatnonzero((fit.group == fit.group[model]) & (np.arange(size) != model))
        chances = expected_points(fit.at[model] - fit.at[others], tie)
        drawn = expected_points(fit.draws[:, [model]] - fit.draws[:, others], ties)
        beats[0, model, others], beats[1:, model, others] = chances, _ends(drawn, confidence)
        share[0, model], share[1:, model] = chances.mean(), _ends(drawn.mean(axis=1), confidence)
    names = ("", "_low", "_high")
    return {
        **{f"beats{name}": found for name, found in zip(names, beats, strict=True)},
        **{f"win_share{name}": found for name, found in zip(names, share, strict=True)},
        **_ranks(beats, within_one=not fit.group.any()),
    }


def _ranks(beats: FloatArray, *, within_one: bool) -> dict[str, FloatArray]:
    chances, low, high = beats
    size = len(chances)
    defined = within_one and size > 1 and bool(np.isfinite(chances[0, 1]))
    sure = defined and bool(np.isfinite(low[0, 1]))
    return {
        "rank": 1.0 + (chances < 0.5 - ROUNDING).sum(axis=1) if defined else np.full(size, np.nan),
        "rank_low": 1.0 + (high < 0.5).sum(axis=1) if sure else np.full(size, np.nan),
        "rank_high": size - (low > 0.5).sum(axis=1) * 1.0 if sure else np.full(size, np.nan),
    }


def _tie(fit: _Fit, confidence: float, *, n: int, replicates: int, clusters: int) -> Estimate:
    low, high = _ends(np.exp(fit.draws[:, -1]), confidence)
    return Estimate(float(np.exp(fit.at[-1])), low, high, n, fit.reason, replicates, clusters)


def _spread(found: npt.NDArray[Any], present: IntArray, models: int) -> Any:
    """Put what is known of the models compared among all models: NaN, or -1, for the others."""
    nothing = -1 if found.dtype == np.intp else np.nan
    spread = np.full((models,) * found.ndim, nothing, dtype=found.dtype)
    spread[np.ix_(*[present] * found.ndim)] = found
    return spread


def _numbers(given: Comparisons, models: int) -> dict[str, Any]:
    both = np.concatenate([given.first, given.second])
    labels = np.tile(given.points.sum(axis=1), 2)
    return {
        "n": len(given.first),
        "comparisons": np.bincount(both, minlength=models),
        "labels": np.bincount(both, weights=labels, minlength=models).astype(np.int64),
    }
