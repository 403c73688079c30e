"""Who won how often against whom, from counts of comparisons, and which models those wins tie together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import BoolArray, FloatArray, as_counts, as_values, totals

MOST_NAMES = 6


@dataclass(frozen=True)
class Comparisons:
    """Checked comparisons, one row an item that has labels and shows two different models that are known.

    Attributes
    ----------
    kept : bool array, shape (items given,)
        Which of the items given those are.
    first, second : int arrays, shape (items,)
        The models, as indices.
    points : float array, shape (items, 2)
        Labels won by the first and by the second model, ties as half a win each.
    ties : float array, shape (items,)
        Labels that are ties.
    left_out : int
        Items given that show a model against itself, or a model that is not known.
    """

    kept: BoolArray
    first: IntArray
    second: IntArray
    points: FloatArray
    ties: FloatArray
    left_out: int


@dataclass(frozen=True)
class WinMatrix:
    """Labels of all comparisons, model against model.

    Attributes
    ----------
    models : tuple of str, length M
    wins : float array, shape (M, M)
        How often the row's model won against the column's, ties as half a win each.
    ties : int array, shape (M, M)
        Ties of each pair, the same in both halves.
    items : int array, shape (M, M)
        Comparisons of each pair, the same in both halves.
    left_out : int
        Items that show a model against itself, or a model that is not known.
    """

    models: tuple[str, ...]
    wins: FloatArray
    ties: IntArray
    items: IntArray
    left_out: int


def win_matrix(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    counts: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    models: Sequence[str],
) -> WinMatrix:
    """Add up the wins of every model over every other.

    Parameters
    ----------
    first, second : array_like of int, shape (items,)
        Indices into `models`; -1 for a model that is not known.
    counts : array_like of int, shape (items, V)
        Labels of each value. An item without labels is no comparison.
    values : array_like of float, shape (V,)
        Rising: positive where the first is better, negative where the second is, 0 for a tie. The sign is
        all that counts: "much better" is one win, as "better" is.
    models : sequence of str, length M

    Returns
    -------
    WinMatrix

    Raises
    ------
    ValueError
        If the arrays differ in length, an index is out of range, or counts or values are not as above.

    Examples
    --------
    >>> found = win_matrix([0, 1], [1, 0], [[1, 2, 3], [0, 0, 2]], values=[-1, 0, 1], models=["a", "b"])
    >>> found.wins
    array([[0., 4.],
           [4., 0.]])
    >>> found.ties[0, 1], found.items[0, 1]
    (np.int64(2), np.int64(2))
    """
    return matrix_of(as_comparisons(first, second, counts, values=values, models=models), models)


def matrix_of(found: Comparisons, models: Sequence[str]) -> WinMatrix:
    """Add up checked comparisons.

    Examples
    --------
    >>> found = as_comparisons([0], [1], [[2, 1]], values=[0, 1], models=["a", "b"])
    >>> matrix_of(found, ["a", "b"]).wins.tolist()
    [[0.0, 2.0], [1.0, 0.0]]
    """
    shape, pairs = (len(models), len(models)), (found.first, found.second)
    wins, ties, items = np.zeros(shape), np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    np.add.at(wins, pairs, found.points[:, 0])
    np.add.at(wins, pairs[::-1], found.points[:, 1])
    for one_way in (pairs, pairs[::-1]):
        np.add.at(ties, one_way, found.ties.astype(np.int64))
        np.add.at(items, one_way, 1)
    return WinMatrix(tuple(models), wins, ties, items, found.left_out)


def as_comparisons(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    counts: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    models: Sequence[str],
) -> Comparisons:
    """Check comparisons, or raise; the parameters are those of `win_matrix`.

    Examples
    --------
    >>> found = as_comparisons([0, 1], [1, 1], [[0, 1], [1, 0]], values=[-1, 1], models=["a", "b"])
    >>> found.kept.tolist(), found.points.tolist(), found.left_out
    ([True, False], [[1.0, 0.0]], 1)
    """
    checked = as_counts(counts)
    sign = np.sign(as_values(values, checked))
    left, right = (_indices(column, items=len(checked), models=len(models)) for column in (first, second))
    known = (left >= 0) & (right >= 0) & (left != right)
    kept = known & (totals(checked) > 0)
    ties = checked[kept] @ (sign == 0).astype(float)
    won = checked[kept] @ np.stack([sign > 0, sign < 0], axis=1).astype(float)
    points = won + ties[:, None] / 2
    return Comparisons(kept, left[kept], right[kept], points, ties, int((~known).sum()))


def strong_components(wins: npt.ArrayLike) -> IntArray:
    """Number the groups of models within which a chain of wins leads from any one to any other.

    Parameters
    ----------
    wins : array_like of float, shape (M, M)
        Wins of the row's model over the column's, ties as half a win each.

    Returns
    -------
    ndarray of int, shape (M,)
        The group of each model, from 0, in an order in which no model of a later group has ever won or tied
        against a model of an earlier one. All 0: maximum likelihood strengths exist.

    References
    ----------
    Ford (1957), Solution of a ranking problem from binary comparisons.

    Examples
    --------
    >>> strong_components([[0, 2, 0], [0, 0, 1], [0, 3, 0]])
    array([0, 1, 1])
    """
    reach = (np.asarray(wins) > 0) | np.eye(len(np.asarray(wins)), dtype=bool)
    for _ in range(len(reach).bit_length()):
        reach = reach.astype(np.float32) @ reach.astype(np.float32) > 0
    smallest = (reach & reach.T).argmax(axis=1) if len(reach) else np.empty(0, dtype=np.intp)
    # Whoever leads to a group leads to all that this one leads to, and to more.
    rising = sorted(set(smallest.tolist()), key=lambda model: (-reach[model].sum(), model))
    return np.array([rising.index(model) for model in smallest.tolist()], dtype=np.intp)


def reached(edges: BoolArray, roots: BoolArray) -> BoolArray:
    """Tell in which graphs every model can be reached from the roots.

    Parameters
    ----------
    edges : ndarray of bool, shape (graphs, M, M)
        ``edges[g, a, b]``: one step leads from a to b.
    roots : ndarray of bool, shape (M,)

    Returns
    -------
    ndarray of bool, shape (graphs,)

    Examples
    --------
    >>> two = np.array([[[0, 1], [0, 0]], [[0, 0], [1, 0]]], dtype=bool)
    >>> reached(two, np.array([True, False]))
    array([ True, False])
    """
    steps = edges.astype(np.float32)
    found = np.broadcast_to(roots, edges.shape[:2])
    while True:
        further = found | ((found[:, None].astype(np.float32) @ steps)[:, 0] > 0)
        if (further == found).all():
            return np.asarray(found.all(axis=1))
        found = further


def ties_settled(wins: npt.ArrayLike, ties: npt.ArrayLike) -> bool:
    """Tell whether strongly connected comparisons have a maximum likelihood in Davidson's model.

    They have where some cycle of models holds more wins than ties, as of two that have each beaten the
    other, and where there are no ties. Else it grows for ever with the tie parameter.

    Parameters
    ----------
    wins, ties : array_like of float, shape (M, M)
        Wins of the row's model over the column's, here without ties, and ties of both.

    Examples
    --------
    >>> ties_settled([[0, 5], [0, 0]], [[0, 3], [3, 0]]), ties_settled([[0, 5], [1, 0]], [[0, 3], [3, 0]])
    (False, True)
    """
    won, tied = np.asarray(wins) > 0, np.asarray(ties) > 0
    if not tied.any():
        return True
    # The longest way through the graph, by Bellman and Ford: it has no end where such a cycle is.
    gain = np.where(won, 1.0, np.where(tied, -1.0, -np.inf))
    longest = np.zeros(len(gain))
    for _ in range(len(gain) + 1):
        longer = np.maximum(longest, (gain + longest).max(axis=1))
        if (longer == longest).all():
            return False
        longest = longer
    return True


def held_by_prior(component: IntArray, group: IntArray, names: Sequence[str]) -> str | None:
    """What comparisons do not say about groups of models, so that a prior has to; None if they say all.

    Parameters
    ----------
    component, group : ndarray of int, shape (M,)
        `strong_components` of the wins, and of the wins either way.
    names : sequence of str, length M

    Examples
    --------
    >>> held_by_prior(np.array([0, 0, 1]), np.array([0, 0, 0]), ["a", "b", "c"]).split(": ")[1]
    'a, b | c'
    """
    if group.any():
        return f"links groups of models that no comparison links: {_listed(group, names)}"
    if component.any():
        lost = "since no later one ever won or tied against an earlier one"
        return f"says how far these groups of models are apart, {lost}: {_listed(component, names)}"
    return None


def _listed(numbers: IntArray, names: Sequence[str]) -> str:
    groups = [
        [names[model] for model in np.flatnonzero(numbers == n).tolist()] for n in range(numbers.max() + 1)
    ]
    return _shortened([_shortened(group, ", ") for group in groups], " | ")


def _shortened(words: list[str], between: str) -> str:
    more = [f"{len(words) - MOST_NAMES} more"] if len(words) > MOST_NAMES else []
    return between.join(words[:MOST_NAMES] + more)


def _indices(column: npt.ArrayLike, *, items: int, models: int) -> IntArray:
    indices = np.asarray(column)
    if indices.shape != (items,) or (items and not np.issubdtype(indices.dtype, np.integer)):
        raise ValueError(f"{items} items need as many indices of models on each side")
    if items and not -1 <= indices.min() <= indices.max() < models:
        raise ValueError(f"indices of models must lie between -1 and {models - 1}")
    return indices.astype(np.intp)
