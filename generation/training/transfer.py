"""What training on one task does to another: the transfer matrix.

The matrix is ours. Omni-Thinker (arXiv 2507.14783) orders tasks by the effect that training on one has on
each of the others; its exact equation was not found.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, inf, isfinite, sqrt

import numpy as np
import numpy.typing as npt

from generation.diversity.intervals import Estimate
from generation.diversity.responses import FloatArray
from generation.training.chains import Chains, Change, Source

Cell = tuple[str, str]

NEVER = "no stage that trains {trained} has {task} evaluated before and after it"
NO_ERROR = "no interval: one observation, and no standard error of its scores"
SAME = "no interval: its observations are all the same"


@dataclass(frozen=True)
class Effect:
    """One cell of the matrix: the mean of its observations.

    Attributes
    ----------
    value : float
        In units of the evaluated task's scale.
    se : float or None
        Its standard error: the larger of `measured` and the one by the spread of the observations. None where
        there is neither.
    measured : float or None
        By the standard errors of the scores alone; None where one is missing.
    freedom : float
        Degrees of freedom of `se`: infinite where it is `measured`.
    n, learned : int
        Observations, and those of them in which the evaluated task was trained before.
    weights : mapping of (str, str) to float
        The value is the sum over measurements of their weights times their scores.
    """

    value: float
    se: float | None
    measured: float | None
    freedom: float
    n: int
    learned: int
    weights: Mapping[Source, float]
    spread_is_zero: bool = False

    def estimate(self, *, confidence: float = 0.95) -> Estimate:
        """Return the value with its interval, by Student's or the normal distribution."""
        if self.se is None:
            return Estimate(self.value, None, None, self.n, SAME if self.spread_is_zero else NO_ERROR)
        half = quantile(self.freedom, confidence) * self.se
        return Estimate(self.value, self.value - half, self.value + half, self.n)


@dataclass(frozen=True)
class Transfer:
    """The transfer matrix B, by the task that is trained and the task that is evaluated.

    Attributes
    ----------
    trained, tasks : tuple of str
        Rows, and columns.
    scales : mapping of str to float
        By task; absent where undefined.
    cells : mapping of (str, str) to Effect
        Absent where undefined.
    errors : mapping of (str, str) to float
        The standard error of each measurement that has one.
    """

    trained: tuple[str, ...]
    tasks: tuple[str, ...]
    scales: Mapping[str, float]
    cells: Mapping[Cell, Effect]
    errors: Mapping[Source, float]

    def reason(self, trained: str, task: str) -> str:
        """Return why a cell is undefined."""
        if task not in self.scales:
            return f"{task} has no scale: its scores are all the same"
        return NEVER.format(trained=trained, task=task)

    def matrix(self) -> FloatArray:
        """Return B, shape (trained, trained), NaN where undefined: what orders are made of."""
        return np.array([[self._value(i, j) for j in self.trained] for i in self.trained])

    def noise(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """Draw errors of `matrix`, shape (draws, trained, trained), as its standard errors say.

        Scores that several cells share give them a common error; what the observations of a cell differ by
        beyond that is drawn for each cell apart. Cells without a standard error have none drawn.
        """
        cells = [self.cells.get((i, j)) for i in self.trained for j in self.trained]
        names = list(dict.fromkeys(name for cell in cells if cell for name in cell.weights))
        place = {name: n for n, name in enumerate(names)}
        error = np.array([self.errors.get(name, 0.0) for name in names])
        shared, beyond = np.zeros((len(cells), len(names))), np.zeros(len(cells))
        for row, cell in enumerate(cells):
            if cell is None:
                continue
            for name, weight in cell.weights.items():
                shared[row, place[name]] = weight
            own = float(np.square(shared[row] * error).sum())
            beyond[row] = sqrt(max(0.0, (cell.se or 0.0) ** 2 - own))
        drawn = rng.standard_normal((draws, len(names))) @ (shared * error).T
        drawn += rng.standard_normal((draws, len(cells))) * beyond
        shaped: FloatArray = drawn.reshape(draws, len(self.trained), len(self.trained))
        return shaped

    def _value(self, trained: str, task: str) -> float:
        cell = self.cells.get((trained, task))
        return np.nan if cell is None else cell.value


def quantile(freedom: float, confidence: float) -> float:
    """How many standard errors a two-sided interval reaches to each side, by Student's distribution."""
    from scipy.special import ndtri, stdtrit  # an eighth of a second

    level = (1 + confidence) / 2
    return float(stdtrit(freedom, level) if isfinite(freedom) else ndtri(level))


def default_scale(scores: npt.ArrayLike) -> float | None:
    """The span between the best and the lowest score seen on a task; None if it is zero.

    Parameters
    ----------
    scores : array_like of float, shape (models,)

    Notes
    -----
    A change is then a share of all that was seen to change, whatever the score's unit, and no score has to
    have a zero: the starting score, which could be taken too, makes small starts large and is undefined at 0.
    The span rests on two scores: it grows with every further model, so that matrices of two tables of unlike
    size are not comparable; and of a task that nothing changes it is noise, which is then blown up to 1.

    Examples
    --------
    >>> default_scale([0.25, 0.75, 0.5]), default_scale([0.5])
    (0.5, None)
    """
    given = np.asarray(scores, dtype=np.float64)
    span = float(np.ptp(given)) if len(given) else 0.0
    # Two scores of one text differ by rounding alone.
    return span if span > 1e-12 * float(np.abs(given).max(initial=0.0)) else None


def scales_of(chains: Chains) -> dict[str, float]:
    """The scale of each task: as given, else `default_scale`; absent where undefined."""
    found = {task: default_scale(chains.scores(task)) for task in chains.tasks}
    own = {task: scale for task, scale in found.items() if scale is not None}
    return own | {task: scale for task, scale in chains.given_scales.items() if task in found}


def transfer(
    changes: Iterable[Change],
    *,
    trained: Sequence[str],
    tasks: Sequence[str],
    scales: Mapping[str, float],
) -> Transfer:
    """Estimate B[i, j] = (score on j after a stage that trains i, less that before it) / scale of j.

    Parameters
    ----------
    changes : iterable of Change
        Those that B rests on, of any stage of any run.
    trained, tasks : sequence of str
        Rows and columns.
    scales : mapping of str to float
        Above 0. A task without one has no cell. It is taken as known: its own error is not in `se`.

    Returns
    -------
    Transfer
        A cell is the plain mean of its observations, each from another stage.

    Raises
    ------
    ValueError
        If a scale is not above 0.

    Notes
    -----
    The standard errors of two scores are taken as independent. Where both come of the same test items they
    are not, and a change is known better than its interval says. Where a cell has one observation, its
    interval knows of the test items only, nothing of what another seed of training would give.

    Examples
    --------
    >>> from generation.training.chains import Evaluation, chain
    >>> one = chain("a", [("", {"math": Evaluation(0.2)}), ("code", {"math": Evaluation(0.1)})])
    >>> changes = Chains([one], {}, {}).changes
    >>> found = transfer(changes, trained=["code"], tasks=["math"], scales={"math": 0.5})
    >>> round(found.cells["code", "math"].value, 3)
    -0.2
    """
    if wrong := [task for task, scale in scales.items() if not scale > 0]:
        raise ValueError(f"the scale of {wrong[0]} must be above 0, not {scales[wrong[0]]}")
    by_cell: dict[Cell, list[Change]] = {}
    errors: dict[Source, float] = {}
    for change in changes:
        if change.task in scales:
            by_cell.setdefault((change.trained, change.task), []).append(change)
        for name, one in zip(change.sources, (change.before, change.after), strict=True):
            if one.se is not None:
                errors[name] = one.se
    cells = {cell: _effect(observed, scales[cell[1]], errors) for cell, observed in by_cell.items()}
    return Transfer(tuple(trained), tuple(tasks), dict(scales), cells, errors)


def _effect(observed: Sequence[Change], scale: float, errors: Mapping[Source, float]) -> Effect:
    n = len(observed)
    weights: dict[Source, float] = {}
    for change in observed:
        for name, sign in zip(change.sources, (-1.0, 1.0), strict=True):
            weights[name] = weights.get(name, 0.0) + sign / (n * scale)
    sizes = np.array([change.size for change in observed]) / scale
    known = all(name in errors for name in weights)
    measured = hypot(*(weight * errors[name] for name, weight in weights.items())) if known else None
    spread = float(sizes.std(ddof=1)) / sqrt(n) if n > 1 else None
    found = [se for se in (measured, spread) if se]
    by_spread = bool(spread) and spread == max(found)
    return Effect(
        value=float(sizes.mean()),
        se=max(found, default=None),
        measured=measured,
        freedom=n - 1 if by_spread else inf,
        n=n,
        learned=sum(change.learned for change in observed),
        weights=weights,
        spread_is_zero=spread == 0,
    )
