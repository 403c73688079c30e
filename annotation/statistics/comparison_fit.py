"""One fit to all comparisons and one to each resample of their clusters, with what only the prior says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import BoolArray, FloatArray
from annotation.statistics.intervals import no_interval
from annotation.statistics.newton import fit_strengths
from annotation.statistics.resampling import FEWEST_REPLICATES, resamples
from annotation.statistics.wins import (
    Comparisons,
    held_by_prior,
    matrix_of,
    reached,
    strong_components,
    ties_settled,
)

UNSETTLED = "undefined: the fit did not converge; a larger ridge helps"


@dataclass(frozen=True)
class Fit:
    """Strengths, then the logarithm of the tie parameter, with what is known of them.

    Attributes
    ----------
    at : float array, shape (M + 1,)
    draws : float array, shape (replicates, M + 1)
        The same of each resample in which they are defined.
    component, group : int arrays, shape (M,)
        See `Strengths`.
    clusters : int
        What the resamples draw.
    reason : str or None
    """

    at: FloatArray
    draws: FloatArray
    component: IntArray
    group: IntArray
    clusters: int
    reason: str | None

    @property
    def apart(self) -> BoolArray:
        """Models whose distance from half of their group or more only the prior says, in every resample."""
        own, all_of_it = (np.bincount(numbers)[numbers] for numbers in (self.component, self.group))
        return np.asarray((own < all_of_it) & (2 * own <= all_of_it))


def fit_comparisons(
    given: Comparisons,
    index: IntArray,
    *,
    models: Sequence[str],
    with_ties: bool,
    ridge: float,
    replicates: int,
    rng: np.random.Generator | None,
) -> Fit:
    """Fit checked comparisons of models that have all been compared.

    Parameters
    ----------
    given : Comparisons
    index : ndarray of int, shape (items,)
        The cluster of each item, from 0.
    models : sequence of str, length M
    with_ties : bool
        Davidson's model; else Bradley and Terry's.
    ridge, replicates, rng
        As for `bradley_terry`.

    Returns
    -------
    Fit
        NaN, with the reason, where undefined.

    Examples
    --------
    >>> from annotation.statistics.wins import as_comparisons
    >>> given = as_comparisons([0], [1], [[1, 3]], values=[-1, 1], models=["a", "b"])
    >>> fit_comparisons(given, np.zeros(1, dtype=int), models=["a", "b"], with_ties=False, ridge=0,
    ...                 replicates=0, rng=None).at.round(3)
    array([ 0.549, -0.549,   -inf])
    """
    matrix, size, number = matrix_of(given, models), len(models), int(index.max(initial=-1)) + 1
    component, group = strong_components(matrix.wins), strong_components(matrix.items)
    at, draws = np.full(size + 1, np.nan), np.empty((0, size + 1))
    held = held_by_prior(component, group, models)
    undefined = _undefined(given, None if ridge else held, with_ties=with_ties)
    if undefined:
        return Fit(at, draws, component, group, 0, undefined)
    ties = np.array([given.ties.sum() * with_ties])
    at = fit_strengths(matrix.wins[None], ties, ridge=ridge, start=np.zeros(size + 1))[0]
    if np.isnan(at).any():
        return Fit(at, draws, component, group, 0, UNSETTLED)
    without = no_interval(len(index), clusters=number, replicates=replicates, rng=rng)
    if with_ties and not ties_settled(matrix.wins - matrix.ties / 2, matrix.ties):
        without = "no interval: only the prior bounds the tie parameter, as no cycle has more wins than ties"
    if rng is not None and not without:
        sums = _cluster_sums(given, index, shape=(number, size), with_ties=with_ties)
        whole = not component.any()
        draws, without = _draws(sums, at, group, whole=whole, ridge=ridge, replicates=replicates, rng=rng)
    reason = "; ".join(words for words in (held and f"only the prior {held}", without) if words)
    return Fit(at, draws, component, group, number if len(draws) else 0, reason or None)


def _undefined(given: Comparisons, unheld: str | None, *, with_ties: bool) -> str | None:
    if not len(given.first):
        return "no labels compare two different models that are known"
    if with_ties and given.ties.sum() == given.points.sum():
        return "every label is a tie"
    return f"undefined without a ridge: only a prior {unheld}" if unheld else None


def _cluster_sums(given: Comparisons, index: IntArray, *, shape: tuple[int, int], with_ties: bool) -> Any:
    """One sparse row a cluster: the wins of every model over every other, then all ties."""
    from scipy.sparse import csr_array  # a twentieth of a second

    (clusters, size), first, second = shape, given.first, given.second
    columns = np.concatenate([first * size + second, second * size + first, np.full(len(index), size * size)])
    cells = np.concatenate([*given.points.T, given.ties * with_ties])
    return csr_array((cells, (np.tile(index, 3), columns)), shape=(clusters, size * size + 1))


def _draws(
    sums: Any,
    at: FloatArray,
    group: IntArray,
    *,
    whole: bool,
    ridge: float,
    replicates: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, str | None]:
    """Fit every resample that links the models as all comparisons do, and say what became of the others."""
    size, fitted, apart = len(group), [], 0
    roots = np.isin(np.arange(size), np.unique(group, return_index=True)[1])
    for weights in resamples(sums.shape[0], replicates=replicates, rng=rng, width=16 * sums.shape[1]):
        drawn = weights @ sums
        points, ties = drawn[:, :-1].reshape(len(drawn), size, size), drawn[:, -1]
        won, lost = points > 0, points.swapaxes(1, 2) > 0
        both_ways = reached(won, roots) & reached(lost, roots)
        linked = (reached(won | lost, roots) if ridge else both_ways) & (ties < points.sum(axis=(1, 2)))
        apart += int((linked & ~both_ways).sum())
        fitted.append(fit_strengths(points[linked], ties[linked], ridge=ridge, start=at))
    draws = np.concatenate(fitted)
    draws = draws[~np.isnan(draws[:, 0])]
    if len(draws) < max(FEWEST_REPLICATES, replicates / 2):
        return draws[:0], "no interval: too few resamples link the models"
    lacking, of_all = replicates - len(draws), f"of {replicates:,} resamples"
    notes = [f"intervals leave out {lacking:,} {of_all}, which do not link the models"] * (lacking > 0)
    if whole and apart:
        notes.append(f"in {apart:,} {of_all} only the prior says how far some models are apart")
    return draws, "; ".join(notes) or None
