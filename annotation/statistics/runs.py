"""Rows of the same answer: what somebody gives who no longer reads."""

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray

IntArray = npt.NDArray[np.int64]


def longest_runs(
    annotators: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    people: int,
    order: npt.ArrayLike,
    sessions: npt.ArrayLike | None = None,
) -> FloatArray:
    """Length of each person's longest row of the same answer within one session.

    Parameters
    ----------
    annotators : array_like of int, shape (labels,)
        From 0 to `people` - 1; -1 is a label of nobody known, and in no run.
    values : array_like of float, shape (labels,)
        NaN: could not judge, which is an answer here.
    people : int
    order : array_like of float, shape (labels,)
        Place or time of the answer in its session; NaN where it is not known: those are in no run.
    sessions : array_like of int, shape (labels,), optional
        By default each person has one.

    Returns
    -------
    ndarray of float, shape (people,)
        NaN for a person without an answer whose place is known.

    Notes
    -----
    Runs come by chance too: of 15 answers drawn at random, half of them one value and the others four more
    alike, the longest run is 4 or more in 38 % of people and 6 or more in 8 %.

    Examples
    --------
    >>> longest_runs([0] * 5, [2, 2, 3, 3, 3], people=2, order=[1, 2, 3, 4, 5]).tolist()
    [3.0, nan]
    """
    who, value = np.asarray(annotators, dtype=np.int64), np.asarray(values, dtype=np.float64)
    order = np.asarray(order, dtype=np.float64)
    sessions = who if sessions is None else np.asarray(sessions, dtype=np.float64)
    kept = np.flatnonzero((who >= 0) & ~np.isnan(order))
    longest = np.full(people, np.nan)
    if not len(kept):
        return longest
    place = kept[np.lexsort((order[kept], sessions[kept], who[kept]))]
    same = np.ones(len(place) - 1, dtype=bool)
    for column in (who, sessions, np.nan_to_num(value, nan=np.inf)):
        same &= column[place][1:] == column[place][:-1]
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    lengths = np.diff(starts, append=len(place)).astype(float)
    np.fmax.at(longest, who[place[starts]], lengths)
    return longest
