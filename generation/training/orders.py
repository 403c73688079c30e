"""Every order of a few tasks, with the forgetting that a transfer matrix predicts of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt

from generation.diversity.intervals import Estimate
from generation.diversity.responses import FloatArray
from generation.training.transfer import Transfer

MOST_TASKS = 8
# Sums of the same numbers in another order differ by rounding.
TIE = 1e-9
# Forgetting of all orders held at once: 8 million, 64 MB; and draws, each with an error for every score.
CHUNK, MOST_AT_ONCE = 8_000_000, 200


@dataclass(frozen=True, eq=False)
class Orders:
    """Every order of the tasks, and its predicted forgetting.

    Attributes
    ----------
    tasks : tuple of str
    orders : ndarray of int8, shape (orders, tasks)
        Places in `tasks`, in lexicographic order.
    forgetting : ndarray of float64, shape (orders,)
    """

    tasks: tuple[str, ...]
    orders: npt.NDArray[np.int8]
    forgetting: FloatArray

    @property
    def best(self) -> float:
        return float(self.forgetting.min())

    @property
    def worst(self) -> float:
        return float(self.forgetting.max())

    @property
    def median(self) -> float:
        return float(np.median(self.forgetting))

    @property
    def ties(self) -> npt.NDArray[np.intp]:
        """The orders that forget least: more than one where they tie."""
        return np.flatnonzero(self.forgetting <= self.best + self._tie)

    def named(self, number: int) -> tuple[str, ...]:
        """The tasks of an order."""
        return tuple(self.tasks[place] for place in self.orders[number].tolist())

    def forgetting_of(self, order: Sequence[str]) -> float:
        """Return the predicted forgetting of an order of all the tasks. Raises ValueError for another."""
        return float(self.forgetting[self._number(order)])

    def rank(self, order: Sequence[str]) -> int:
        """Return 1 and how many orders forget less; orders that tie have the same. Raises ValueError."""
        own = self.forgetting_of(order)
        return 1 + int((self.forgetting < own - self._tie).sum())

    @property
    def _tie(self) -> float:
        return TIE * max(1.0, self.worst)

    def _number(self, order: Sequence[str]) -> int:
        if sorted(order) != sorted(self.tasks):
            raise ValueError(f"the order must name each of {', '.join(self.tasks)} once")
        places = [self.tasks.index(task) for task in order]
        return int(np.flatnonzero((self.orders == places).all(axis=1))[0])


@dataclass(frozen=True)
class Certainty:
    """How sure the best order is, by draws of the matrix from its standard errors.

    Attributes
    ----------
    advantage, share : Estimate
        The median order's forgetting less that of the order that one half of the information chooses, as the
        other half measures it; and that over the median. n is the number of observations of the matrix.
    same_order, same_first, same_last : float
        The share of draws in which the same order, or an order with the same first or last task, is best;
        where orders tie, each counts in part.
    draws : int
    """

    advantage: Estimate
    share: Estimate
    same_order: float
    same_first: float
    same_last: float
    draws: int


def missing(matrix: FloatArray, tasks: Sequence[str]) -> list[tuple[str, str]]:
    """Return the cells off the diagonal that are undefined: without any of them there is no order."""
    places = np.argwhere(np.isnan(matrix) & ~np.eye(len(tasks), dtype=bool))
    return [(tasks[i], tasks[j]) for i, j in places.tolist()]


def every_order(matrix: npt.ArrayLike, tasks: Sequence[str]) -> Orders:
    """Predict the forgetting of every order: the sum of max(0, -B[i, j]) over j before i.

    Parameters
    ----------
    matrix : array_like of float, shape (tasks, tasks)
        B: what training on a row's task does to a column's. The diagonal is not read.
    tasks : sequence of str
        From 2 to 8, each once.

    Returns
    -------
    Orders

    Raises
    ------
    ValueError
        If there are fewer than 2 tasks or more than 8, a task stands there twice, the shape is another, or a
        cell off the diagonal is undefined.

    Notes
    -----
    Effects are taken to add up and to be the same at every stage. The final scores are then the same for
    every order, since each task is trained once in all of them: what orders differ in is only the forgetting
    counted at the times when it happens, a later gain on the same task not set against it.

    max(0, .) makes noise into forgetting: with noisy effects all orders are predicted to forget too much.

    Examples
    --------
    >>> found = every_order([[0, -0.3], [0.1, 0]], ["code", "math"])
    >>> found.named(int(found.ties[0])), found.worst
    (('code', 'math'), 0.3)
    """
    given = np.asarray(matrix, dtype=np.float64)
    number = len(tasks)
    if not 2 <= number <= MOST_TASKS:
        raise ValueError(f"orders are compared of 2 to {MOST_TASKS} tasks, not of {number}")
    if len(set(tasks)) < number or given.shape != (number, number):
        raise ValueError(f"the matrix must be {number} by {number}, of tasks that differ")
    if lacking := missing(given, tasks):
        raise ValueError("the effect of {} on {} is undefined".format(*lacking[0]))
    return Orders(tuple(tasks), _orders(number), forgetting(given[None])[:, 0])


def forgetting(matrices: FloatArray) -> FloatArray:
    """Return the predicted forgetting, shape (orders, draws), of matrices of shape (draws, tasks, tasks)."""
    number = matrices.shape[1]
    first, second = np.array(list(combinations(range(number), 2))).T
    loss = np.maximum(0.0, -matrices)
    # Of each two tasks, what is lost if the first comes first, and if the second does.
    ahead, behind = loss[:, second, first], loss[:, first, second]
    found: FloatArray = _ahead(number) @ ahead.T + (1 - _ahead(number)) @ behind.T
    return found


def certainty(found: Orders, transfer: Transfer, *, draws: int, seed: int) -> Certainty:
    """How much better the best order is than the median, without the luck of being chosen as best.

    Parameters
    ----------
    found : Orders
        Of the matrix of `transfer`.
    transfer : Transfer
        Every cell off its diagonal has a standard error.
    draws : int
        At least 20.
    seed : int

    Returns
    -------
    Certainty

    Raises
    ------
    ValueError
        If there are too few draws, or a cell has no standard error.

    Notes
    -----
    The order that looks best of many on a noisy matrix looks better than it is. So each draw splits the
    matrix in two: with Z of its errors' distribution, B + Z and B - Z are independent, each unbiased with
    twice the variance (data fission). One chooses the order, the other measures its advantage, which of pure
    noise is near 0 on average. The interval is that of the middle 95 % of draws. Choosing on half of the
    information is harder than on all of it: the estimate is of an order chosen a little worse.

    The errors are taken as normal, also where a standard error rests on two or three observations.

    References
    ----------
    Leiner, Duan, Wasserman & Ramdas (2025), Data fission: splitting a single data point, Journal of the
    American Statistical Association 120, 135-146.
    """
    if draws < 20:
        raise ValueError(f"an interval takes at least 20 draws, not {draws}")
    if lacking := without_error(transfer):
        raise ValueError("the effect of {} on {} has no standard error".format(*lacking[0]))
    matrix, rng = transfer.matrix(), np.random.default_rng(seed)
    rows = max(1, min(MOST_AT_ONCE, CHUNK // len(found.orders)))
    sizes = [min(rows, draws - start) for start in range(0, draws, rows)]
    parts = [_drawn(found, matrix, transfer.noise(size, rng)) for size in sizes]
    advantage, median, *same = (np.concatenate(one) for one in zip(*parts, strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(median > 0, advantage / median, 0.0)
    order, first, last = (float(one.mean()) for one in same)
    n = sum(cell.n for (i, j), cell in transfer.cells.items() if i != j and j in transfer.trained)
    return Certainty(_middle(advantage, n), _middle(share, n), order, first, last, draws)


def without_error(transfer: Transfer) -> list[tuple[str, str]]:
    """Return the cells off the diagonal that have a value and no standard error."""
    cells = transfer.cells.items()
    return [(i, j) for (i, j), cell in cells if i != j and j in transfer.trained and cell.se is None]


def _drawn(found: Orders, matrix: FloatArray, noise: FloatArray) -> tuple[FloatArray, ...]:
    """A draw's advantage, its median, and how far its best order is the found one, in whole and in part."""
    chosen = forgetting(matrix + noise)
    picks, every = chosen.argmin(axis=0), np.arange(len(noise))
    # Orders that forget the same to the last digit are best together.
    best = chosen <= chosen.min(axis=0) + TIE
    share = best / best.sum(axis=0)
    held = found.ties
    measured = forgetting(matrix - noise)
    median = np.median(measured, axis=0)
    same = [share[held].sum(axis=0)]
    for place in (0, -1):
        kept = np.isin(found.orders[:, place], found.orders[held, place])
        same.append(share[kept].sum(axis=0))
    return (median - measured[picks, every], median, *same)


def _middle(drawn: FloatArray, n: int) -> Estimate:
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    return Estimate(float(drawn.mean()), low, high, n)


@cache
def _orders(number: int) -> npt.NDArray[np.int8]:
    return np.array(list(permutations(range(number))), dtype=np.int8)


@cache
def _ahead(number: int) -> FloatArray:
    """Whether in each order (rows) the first of each two tasks (columns) comes before the second."""
    places = np.argsort(_orders(number), axis=1)
    first, second = np.array(list(combinations(range(number), 2))).T
    return (places[:, first] < places[:, second]).astype(np.float64)
