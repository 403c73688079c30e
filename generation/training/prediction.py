"""How well a transfer matrix foretold the stages that were really trained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.intervals import Estimate
from generation.diversity.responses import FloatArray
from generation.training.chains import Chain, Chains, Change
from generation.training.transfer import Transfer, quantile, transfer

Statistic = Callable[[FloatArray], FloatArray]

# A correlation of fewer values says nothing, and without one of the runs it is often 1 or -1.
LEAST_ROWS, LEAST_RESAMPLED, LEAST_RUNS = 4, 6, 3


@dataclass(frozen=True)
class Foretold:
    """One really trained stage and one task: what was foretold of it, and what came.

    Attributes
    ----------
    run : str
    stage : int
    trained, task : str
    actual : float
        The change in units of the task's scale.
    predicted : float or None
        By the other runs alone; None where none of them has trained this and evaluated that.
    fitted : float
        By all runs, this change among them: no prediction.
    alone : bool
        Whether `fitted` rests on this change alone, and so is the change itself.
    learned : bool
        Whether the evaluated task was trained before, so that it can be forgotten.
    """

    run: str
    stage: int
    trained: str
    task: str
    actual: float
    predicted: float | None
    fitted: float
    alone: bool
    learned: bool


@dataclass(frozen=True)
class Fit:
    """How well predictions met what came.

    Attributes
    ----------
    pearson, spearman : Estimate
    error, error_of_none : Estimate
        Mean absolute error of the predictions, and of predicting no change at all.
    gained : Estimate
        The first less the second: below 0 the predictions are better than none.
    n, runs : int
    """

    pearson: Estimate
    spearman: Estimate
    error: Estimate
    error_of_none: Estimate
    gained: Estimate
    n: int
    runs: int


def foretold(chains: Chains, whole: Transfer) -> list[Foretold]:
    """Predict each change after a chain's first stage from the other runs.

    Parameters
    ----------
    chains : Chains
    whole : Transfer
        Of all their changes.

    Returns
    -------
    list of Foretold
        Of every task but the one that the stage trains, whose own gain is large and easily foretold. A stage
        that several runs share stands there once.

    Notes
    -----
    A prediction uses no change of a run that the predicted change belongs to, and none that shares a score
    with it: a common score's error would make prediction and change look alike. Scales are of all runs.
    """
    places = {
        (stage.key, task): (chain.run, number)
        for chain in reversed(chains.chains)
        for number, stage in enumerate(chain.stages)
        for task in stage.evaluations
    }
    by_cell: dict[tuple[str, str], list[Change]] = {}
    for change in chains.changes:
        by_cell.setdefault((change.trained, change.task), []).append(change)
    found = []
    for change in chains.changes:
        cell = whole.cells.get((change.trained, change.task))
        if change.first or change.trained == change.task or cell is None:
            continue
        run, stage = places[change.sources[1]]
        others = [one.size for one in by_cell[change.trained, change.task] if _tells(one, change)]
        scale = whole.scales[change.task]
        found.append(
            Foretold(
                run=run,
                stage=stage,
                trained=change.trained,
                task=change.task,
                actual=change.size / scale,
                predicted=float(np.mean(others)) / scale if others else None,
                fitted=cell.value,
                alone=cell.n == 1,
                learned=change.learned,
            )
        )
    return found


def _tells(one: Change, of: Change) -> bool:
    """Whether a change of the same cell knows nothing of the one that it is to foretell."""
    return not one.runs & of.runs and not set(one.sources) & set(of.sources)


def without(chains: Chains, run: str, scales: Mapping[str, float]) -> Transfer:
    """Return the matrix of the other runs, of no change that shares a score with what the run forgot.

    Nothing is forgotten in a first stage: the score before it, which runs often share, is not among these.
    """
    later = (change for change in chains.changes if run in change.runs and not change.first)
    own = {name for change in later for name in change.sources}
    others = [one for one in chains.changes if run not in one.runs and not own & set(one.sources)]
    return transfer(others, trained=chains.trained, tasks=chains.tasks, scales=scales)


def predicted_forgetting(chain: Chain, by: Transfer) -> float | str:
    """Sum of max(0, -B[i, j]) over each task i of a chain and each j before it; or why it is undefined."""
    pairs = [(i, j) for place, i in enumerate(chain.order) for j in chain.order[:place]]
    if reason := _unordered(chain):
        return reason
    for i, j in pairs:
        if (i, j) not in by.cells:
            return f"no other run says what training {i} does to {j}"
    return sum(max(0.0, -by.cells[pair].value) for pair in pairs)


def measured_forgetting(chain: Chain, scales: Mapping[str, float]) -> float | str:
    """Sum of what each stage took from each task trained before it, in units of the tasks' scales.

    Returns
    -------
    float or str
        A later gain is not set against a loss, as in the prediction. The reason where it is undefined: fewer
        than two stages, a task trained twice, a score or a scale that is missing.
    """
    if reason := _unordered(chain):
        return reason
    lost = 0.0
    for number in range(2, len(chain.stages)):
        for task in chain.order[: number - 1]:
            before, after = (chain.stages[at].evaluations.get(task) for at in (number - 1, number))
            if before is None or after is None or task not in scales:
                return f"{task} is not evaluated before and after stage {number}, or has no scale"
            lost += max(0.0, (before.score - after.score) / scales[task])
    return lost


def _unordered(chain: Chain) -> str:
    if len(chain.order) < 2:
        return "it takes two stages of training"
    return "a task was trained twice" if len(set(chain.order)) < len(chain.order) else ""


def fit(predicted: npt.ArrayLike, actual: npt.ArrayLike, runs: Sequence[str]) -> Fit:
    """Hold predictions against what came, with intervals over whole runs.

    Parameters
    ----------
    predicted, actual : array_like of float, shape (rows,)
        All defined.
    runs : sequence of str, length rows
        The run of each row: rows of a run share scores, and so errors.

    Returns
    -------
    Fit
        Correlations are undefined of fewer than 4 rows, or where one side does not vary; there is no interval
        from fewer than 3 runs, nor of a correlation from fewer than 6 rows.

    Notes
    -----
    Intervals are by the jackknife of runs with Student's distribution, of correlations by Fisher's z. Ranks
    are those among all rows, also where a run is left out. docs/simulations.md has how often they hold.

    Examples
    --------
    >>> fit([1, 2, 3, 4], [2, 4, 6, 9], ["a", "a", "b", "b"]).spearman.value
    1.0
    """
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    names, run = np.unique(np.asarray(runs, dtype=object).astype(str), return_inverse=True)
    own, none = _mean_of(np.abs(x - y)), _mean_of(np.abs(y))

    def estimate(statistic: Statistic, *, correlation: bool = False) -> Estimate:
        return _estimate(statistic, run, len(names), correlation=correlation)

    return Fit(
        pearson=estimate(_correlation_of(x, y), correlation=True),
        spearman=estimate(_correlation_of(_ranks(x), _ranks(y)), correlation=True),
        error=estimate(own),
        error_of_none=estimate(none),
        gained=estimate(lambda weights: own(weights) - none(weights)),
        n=len(x),
        runs=len(names),
    )


def _estimate(
    statistic: Statistic, run: npt.NDArray[np.intp], runs: int, *, correlation: bool = False
) -> Estimate:
    """The statistic of all rows, with the interval of leaving out one run at a time."""
    n, least = len(run), LEAST_ROWS if correlation else 1
    if n < least:
        return Estimate(None, None, None, n, f"it takes {least} values, and there are {n}")
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(statistic(np.ones((1, n)))[0])
        if not np.isfinite(value):
            return Estimate(None, None, None, n, "one side does not vary")
        for what, there, needed in (
            ("runs", runs, LEAST_RUNS),
            ("values", n, LEAST_RESAMPLED if correlation else 1),
        ):
            if there < needed:
                few = f"no interval: it takes {needed} {what}, and there are {there}"
                return Estimate(value, None, None, n, few)
        without = np.array([statistic((run != one)[None].astype(np.float64))[0] for one in range(runs)])
        middle, left = (np.arctanh(value), np.arctanh(without)) if correlation else (value, without)
        half = quantile(runs - 1, 0.95) * float(np.sqrt((runs - 1) * left.var()))
    if not np.isfinite(half) or half == 0:
        return Estimate(value, None, None, n, "no interval: the runs do not differ, or too few vary")
    low, high = (float(np.tanh(end) if correlation else end) for end in (middle - half, middle + half))
    return Estimate(value, low, high, n)


def _ranks(numbers: FloatArray) -> FloatArray:
    """Ranks from 1; of equal numbers the mean of theirs."""
    _, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    found: FloatArray = (counts.cumsum() - (counts - 1) / 2)[place]
    return found


def _mean_of(numbers: FloatArray) -> Statistic:
    return lambda weights: weights @ numbers / weights.sum(axis=1)


def _correlation_of(x: FloatArray, y: FloatArray) -> Statistic:
    """Pearson's correlation of weighted rows; NaN where one side does not vary."""

    def statistic(weights: FloatArray) -> FloatArray:
        share = weights / weights.sum(axis=1, keepdims=True)
        dx, dy = (one - (share @ one)[:, None] for one in (x, y))
        xy, xx, yy = ((share * product).sum(axis=1) for product in (dx * dy, dx * dx, dy * dy))
        flat = (xx <= 1e-24) | (yy <= 1e-24)
        found: FloatArray = np.where(flat, np.nan, xy / np.sqrt(xx * yy)).clip(-1, 1)
        return found

    return statistic
