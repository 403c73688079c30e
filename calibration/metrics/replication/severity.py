"""What each person answers beyond what is usual for the items they had."""

from dataclasses import dataclass

import numpy as np

from annotation.statistics.counts import FloatArray
from calibration.metrics.replication.answers import Answers, IntArray

CONVERGED = 1e-9
MOST_STEPS = 500


@dataclass(frozen=True, eq=False)
class Severities:
    """The additive model of people and items, fitted.

    Attributes
    ----------
    of_people : ndarray of float, shape (people,)
        Comparable between people of one component alone; NaN for who answered nothing.
    component : int array, shape (people,)
        People are of one component if items that they share link them, over others or at once.
    residuals : ndarray of float, shape (answers,)
        Each answer less its person's and its item's part.
    around_items : ndarray of float, shape (answers,)
        Each answer less its item's part alone.
    """

    of_people: FloatArray
    component: IntArray
    residuals: FloatArray
    around_items: FloatArray


def severities(answers: Answers) -> Severities:
    """Fit value = item + person by least squares, whoever answered which items.

    Parameters
    ----------
    answers : Answers

    Returns
    -------
    Severities

    Notes
    -----
    Taking the plain item mean off would shrink each person towards the others where few answer an item, since
    their own answer is in the mean; leaving it out would do the contrary where all answer all items. Least
    squares does neither. Solved by conjugate gradients on the people's normal equations, whose cost grows
    with the answers alone.

    Examples
    --------
    >>> fit = severities(Answers(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]),
    ...                          np.array([2.0, 3.0, 4.0, 5.0]), 2, 2))
    >>> float(fit.of_people[1] - fit.of_people[0])
    1.0
    """
    each = np.bincount(answers.person, minlength=answers.people)
    beta = _solved(answers, each)
    around = answers.value - beta[answers.person]
    item = np.bincount(answers.item, weights=around, minlength=answers.items) / np.maximum(1, answers.number)
    around_items = answers.value - item[answers.item]
    return Severities(
        np.where(each > 0, beta, np.nan),
        _components(answers),
        around_items - beta[answers.person],
        around_items,
    )


def _solved(answers: Answers, each: IntArray) -> FloatArray:
    """Preconditioned by each person's number of answers."""
    scale = 1.0 / np.maximum(1, each)
    beta = np.zeros(answers.people)
    beyond = np.bincount(answers.person, weights=answers.residuals, minlength=answers.people)
    left: FloatArray = np.asarray(beyond, dtype=np.float64)
    ready = scale * left
    step, length = ready.copy(), float(left @ ready)
    least = CONVERGED**2 * length
    for _ in range(MOST_STEPS):
        if length <= least:
            break
        pushed = _without_items(answers, step)
        size = length / float(step @ pushed)
        beta += size * step
        left = left - size * pushed
        ready = scale * left
        before, length = length, float(left @ ready)
        step = ready + length / before * step
    return beta


def _without_items(answers: Answers, beta: FloatArray) -> FloatArray:
    """The people's normal equations, items being taken off."""
    given = beta[answers.person]
    item = np.bincount(answers.item, weights=given, minlength=answers.items) / np.maximum(1, answers.number)
    beyond = given - item[answers.item]
    return np.asarray(np.bincount(answers.person, weights=beyond, minlength=answers.people), dtype=np.float64)


def _components(answers: Answers) -> IntArray:
    from scipy.sparse import coo_array  # starts slowly
    from scipy.sparse.csgraph import connected_components

    size = answers.people + answers.items
    links = coo_array(
        (np.ones(len(answers.item)), (answers.person, answers.people + answers.item)), shape=(size, size)
    )
    found = connected_components(links, directed=False)[1][: answers.people]
    return np.unique(found, return_inverse=True)[1].astype(np.int64)
