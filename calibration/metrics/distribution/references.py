"""What a scorer's distribution is held against: one more person, and the study's overall distribution."""

from dataclasses import fields

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, as_counts, over, totals
from calibration.metrics.distribution.distances import LOG_FLOOR, Distances, distances


def left_out_person(counts: npt.ArrayLike, *, log_floor: float = LOG_FLOOR) -> Distances:
    """Hold each person's label against the labels of the others of the same item, on average.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    log_floor : float
        As for `distances`.

    Returns
    -------
    Distances
        Of each item, the mean over its people of the distances from a distribution that is wholly the one's
        label to the n - 1 other labels. Exact, and no resampling: people of one label are alike. NaN for an
        item with one label or none; `corrected` with two.

    Raises
    ------
    ValueError
        If `as_counts` refuses the counts.

    Notes
    -----
    One person's ranked probability score is the mean absolute difference of two people's labels: on average
    twice people's own spread, which is all that a perfect judge has. So a perfect judge has the skill 1/2
    over a person, and the shares of k people's labels (1 - 1/k) / 2.

    References
    ----------
    Gneiting & Raftery (2007), Journal of the American Statistical Association 102, 359-378, section 4.2.

    Examples
    --------
    >>> found = left_out_person([[2, 1, 0], [0, 3, 0]])
    >>> found.ranked_probability_score.round(4)
    array([0.6667, 0.    ])
    """
    people = as_counts(counts)
    n = totals(people)
    sums = {field.name: np.zeros(len(people)) for field in fields(Distances)}
    for value in range(people.shape[1]):
        said = np.zeros(people.shape)
        said[:, value] = 1.0
        there = people[:, value] > 0
        found = distances(said[there], (people - said)[there], log_floor=log_floor)
        share = over(people[there, value], n[there])
        for name, total in sums.items():
            total[there] += share * getattr(found, name)
    return Distances(**{name: np.where(n > 0, total, np.nan) for name, total in sums.items()})


def overall_shares(counts: npt.ArrayLike, folds: npt.ArrayLike) -> FloatArray:
    """Return the overall distribution of the labels of all other folds.

    Parameters
    ----------
    counts : array_like of int, shape (items, V)
    folds : array_like of int, shape (items,)
        See `query_folds`.

    Returns
    -------
    ndarray of float, shape (items, V)
        Equal for all items of a fold. NaN where no other fold has labels: so with one query.

    Raises
    ------
    ValueError
        If `as_counts` refuses the counts, or there is not one fold an item.

    Examples
    --------
    >>> overall_shares([[4, 0], [1, 1], [0, 2]], [0, 1, 1])
    array([[0.25, 0.75],
           [1.  , 0.  ],
           [1.  , 0.  ]])
    """
    people = as_counts(counts)
    found, fold = np.unique(np.asarray(folds), return_inverse=True)
    if fold.shape != people.shape[:1]:
        raise ValueError(f"there must be one fold an item, {people.shape[:1]}, not {fold.shape}")
    of_folds = (fold == np.arange(len(found))[:, None]) @ people
    others = people.sum(axis=0) - of_folds
    return over(others, totals(others)[:, None])[fold]
