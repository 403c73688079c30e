"""What one annotator's labels look like beside those of the others. Vectorised over labels and people."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, over
from annotation.statistics.entropy import entropy_bits, modal_share

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

FEWEST_ITEMS = 3
TOO_FEW = "fewer than 3 items that others labelled too"
SAME_ANSWER = "all their answers to these items are the same"
SAME_MEANS = "the others' means of these items are all the same"
# Means are sums divided: below this share of the scale they differ by rounding alone.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Annotators:
    """One number an annotator; what is undefined is NaN.

    Attributes
    ----------
    n, cannot_judge : int arrays, shape (people,)
        Labels with a value, and answers that the person could not judge.
    cannot_judge_share : float array, shape (people,)
        Of all their answers.
    timed, median_seconds : int and float array, shape (people,)
        Their answers whose time is known, and the median of those times.
    modal_share, entropy_bits : float arrays, shape (people,)
        Share of the commonest of their answers that have a value, and the plug-in entropy of those, as shown.
    longest_run : float array, shape (people,)
        The longest row of the same answer, as shown, within one session.
    sided, left_share : int and float array, shape (people,)
        Their answers that took a side, and the share of those that took the left one.
    others_n : int array, shape (people,)
        Items of theirs that others labelled too: what the next five rest on.
    correlation, difference : float arrays, shape (people,)
        Pearson's correlation with the others' mean of each item, and the mean absolute difference from it.
    severity, severity_low, severity_high : float arrays, shape (people,)
        Mean of value less the others' mean: above 0 is milder. Its interval is Student's, over items.
    correlation_reason : object array of str or None, shape (people,)
        Why the correlation is undefined.
    """

    n: IntArray
    cannot_judge: IntArray
    cannot_judge_share: FloatArray
    timed: IntArray
    median_seconds: FloatArray
    modal_share: FloatArray
    entropy_bits: FloatArray
    longest_run: FloatArray
    sided: IntArray
    left_share: FloatArray
    others_n: IntArray
    correlation: FloatArray
    difference: FloatArray
    severity: FloatArray
    severity_low: FloatArray
    severity_high: FloatArray
    correlation_reason: npt.NDArray[np.object_]


def annotator_measures(
    annotators: npt.ArrayLike,
    items: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    people: int,
    seconds: npt.ArrayLike | None = None,
    sessions: npt.ArrayLike | None = None,
    order: npt.ArrayLike | None = None,
    counted: npt.ArrayLike | None = None,
    shown: npt.ArrayLike | None = None,
    lefts: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Annotators:
    """Measure every annotator, in time that grows with the labels times their logarithm.

    Parameters
    ----------
    annotators : array_like of int, shape (labels,)
        From 0 to `people` - 1; -1 is a label of nobody known, which only counts among the others.
    items : array_like of int, shape (labels,)
        From 0. A person has one label of an item.
    values : array_like of float, shape (labels,)
        NaN: could not judge. That is an answer in a run, and nowhere else.
    people : int
    seconds : array_like of float, shape (labels,), optional
        Active time; NaN where it is not known.
    sessions : array_like of int, shape (labels,), optional
        A run ends with its session. By default each person has one.
    order : array_like of float, shape (labels,), optional
        The order of the answers in a session, such as the time or the place; NaN where it is not known:
        those are in no run. Without it no run is defined.
    counted : array_like of bool, shape (labels,), optional
        Which labels make up the others' means; by default all. Somebody whose own labels are left out is
        held against all that are in.
    shown : array_like of float, shape (labels,), optional
        The answer as it stood before the person, where that is not the value: of a comparison, the value with
        the sides as they were shown. By default the value.
    lefts : array_like of float, shape (labels,), optional
        1 for an answer that took the left side, 0 for the right one, NaN for neither. By default none did.
    confidence : float

    Returns
    -------
    Annotators

    Raises
    ------
    ValueError
        If the arrays differ in length, or a number is out of its range.

    Notes
    -----
    The correlation is leave-one-out: a person's own label is no part of the mean that it is held against. It
    needs 3 items. With few items it is mostly noise: with 15 and a true value of .4, its standard error is
    .23. Where people differ about what is good, a low one is no fault.

    The interval of the severity takes the person's items as a sample of items and the other people as they
    are: it says what this person would give on other items beside the same people. In a block design all
    items of a form have the same other people, so it cannot tell a severe person among mild ones from an
    average person among the mildest: compare people within a form only. Undefined below 2 items.

    References
    ----------
    Student (1908), Biometrika 6, 1-25, for the interval.

    Examples
    --------
    >>> found = annotator_measures([0, 0, 0, 1, 1, 1], [0, 1, 2] * 2, [1, 2, 4, 2, 3, 5], people=2)
    >>> found.correlation.round(6).tolist(), found.severity.tolist()
    ([1.0, 1.0], [-1.0, 1.0])
    """
    who, what, value = _labels(annotators, items, values, people=people)
    known, judged = who >= 0, ~np.isnan(value)
    mine = known & judged
    answers = np.bincount(who[known], minlength=people)
    n = np.bincount(who[mine], minlength=people)
    pressed = value if shown is None else _column(shown, who)
    counts = _counts(who[mine], pressed[mine], people=people)
    times, orders, left = (
        np.full(len(who), np.nan) if column is None else _column(column, who)
        for column in (seconds, order, lefts)
    )
    sided = known & ~np.isnan(left)
    on_a_side = np.bincount(who[sided], minlength=people)
    on_the_left = np.bincount(who[sided], weights=left[sided], minlength=people)
    sittings = _column(who if sessions is None else sessions, who)
    within = np.ones(len(who), dtype=bool) if counted is None else _column(counted, who).astype(bool)
    return Annotators(
        n=n,
        cannot_judge=answers - n,
        cannot_judge_share=over((answers - n).astype(float), answers.astype(float)),
        timed=np.bincount(who[known & ~np.isnan(times)], minlength=people),
        median_seconds=medians_of_people(who, times, people=people),
        modal_share=modal_share(counts),
        entropy_bits=entropy_bits(counts),
        longest_run=_longest_runs(who, sittings, orders, pressed, people=people),
        sided=on_a_side,
        left_share=over(on_the_left.astype(float), on_a_side.astype(float)),
        **_beside_others(who, what, value, judged & within, people=people, confidence=confidence),
    )


def others_means(items: npt.ArrayLike, values: npt.ArrayLike, counted: npt.ArrayLike) -> FloatArray:
    """Mean of the other labels of each label's item.

    Parameters
    ----------
    items : array_like of int, shape (labels,)
        From 0.
    values : array_like of float, shape (labels,)
        NaN: could not judge.
    counted : array_like of bool, shape (labels,)
        Which labels the means are made of.

    Returns
    -------
    ndarray of float, shape (labels,)
        NaN where no other label is.

    Examples
    --------
    >>> others_means([0, 0, 0, 1], [1, 2, 6, 5], [True] * 4).tolist()
    [4.0, 3.5, 1.5, nan]
    """
    what, value = np.asarray(items, dtype=np.int64), np.asarray(values, dtype=np.float64)
    within = np.asarray(counted, dtype=bool) & ~np.isnan(value)
    sums = np.bincount(what[within], weights=value[within], minlength=what.max(initial=-1) + 1)
    numbers = np.bincount(what[within], minlength=len(sums))
    own = np.where(within, value, 0.0)
    return over(sums.astype(float)[what] - own, (numbers[what] - within).astype(float))


def medians_of_people(annotators: npt.ArrayLike, numbers: npt.ArrayLike, *, people: int) -> FloatArray:
    """Median of each person's numbers.

    Parameters
    ----------
    annotators : array_like of int, shape (labels,)
        As for `annotator_measures`.
    numbers : array_like of float, shape (labels,)
        NaN is left out.
    people : int

    Returns
    -------
    ndarray of float, shape (people,)
        NaN for a person without numbers.

    Examples
    --------
    >>> medians_of_people([0, 0, 1, 0], [3.0, 1.0, 5.0, 4.0], people=3).tolist()
    [3.0, 5.0, nan]
    """
    who, number = np.asarray(annotators, dtype=np.int64), np.asarray(numbers, dtype=np.float64)
    kept = (who >= 0) & ~np.isnan(number)
    who, number = who[kept], number[kept]
    rising = number[np.lexsort((number, who))]
    n = np.bincount(who, minlength=people)
    start = np.cumsum(n) - n
    medians, some = np.full(people, np.nan), n > 0
    low, high = (start + (n - 1) // 2)[some], (start + n // 2)[some]
    medians[some] = (rising[low] + rising[high]) / 2
    return medians


def _labels(
    annotators: npt.ArrayLike, items: npt.ArrayLike, values: npt.ArrayLike, *, people: int
) -> tuple[IntArray, IntArray, FloatArray]:
    who, what = np.asarray(annotators, dtype=np.int64), np.asarray(items, dtype=np.int64)
    value = np.asarray(values, dtype=np.float64)
    if not who.ndim == what.ndim == value.ndim == 1 or not len(who) == len(what) == len(value):
        raise ValueError("annotators, items and values must be of one length")
    if who.size and not (who.min() >= -1 and who.max() < people):
        raise ValueError(f"annotators must lie between -1 and {people - 1}")
    if what.size and what.min() < 0:
        raise ValueError("items must not be negative")
    return who, what, value


def _column(values: npt.ArrayLike, who: IntArray) -> FloatArray:
    column = np.asarray(values, dtype=np.float64)
    if column.shape != who.shape:
        raise ValueError(f"{len(who)} labels need as many entries of every column, not {column.size}")
    return column


def _counts(who: IntArray, value: FloatArray, *, people: int) -> IntArray:
    """How often each person gave each value that anybody gave."""
    scale, at = np.unique(value, return_inverse=True)
    width = max(1, len(scale))
    return np.bincount(who * width + at, minlength=people * width).reshape(people, width)


def _longest_runs(
    who: IntArray, sessions: FloatArray, order: FloatArray, value: FloatArray, *, people: int
) -> FloatArray:
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


def _beside_others(
    who: IntArray, what: IntArray, value: FloatArray, within: BoolArray, *, people: int, confidence: float
) -> dict[str, Any]:
    others = others_means(what, value, within)
    kept = (who >= 0) & ~np.isnan(value) & ~np.isnan(others)
    who, mine, others = who[kept], value[kept], others[kept]
    n = np.bincount(who, minlength=people).astype(float)

    def mean(numbers: FloatArray) -> FloatArray:
        return over(np.bincount(who, weights=numbers, minlength=people).astype(float), n)

    # Centred first: sums of squares of raw values would lose what little variance there is.
    of_mine, of_others = mine - mean(mine)[who], others - mean(others)[who]
    step = ROUNDING * (np.ptp(mine) if len(mine) else 0.0)
    spread_mine, spread_others = (np.sqrt(mean(centred**2)) for centred in (of_mine, of_others))
    reasons = np.full(people, None, dtype=object)
    reasons[spread_others <= step] = SAME_MEANS
    reasons[spread_mine <= step] = SAME_ANSWER
    reasons[n < FEWEST_ITEMS] = TOO_FEW
    product = np.where(reasons == None, spread_mine * spread_others, np.nan)  # noqa: E711  (of each element)
    away = mine - others
    severity = mean(away)
    error = np.sqrt(over(mean((away - severity[who]) ** 2), n - 1))
    from scipy.special import stdtrit  # an eighth of a second

    half = stdtrit(np.where(n > 1, n - 1, np.nan), (1 + confidence) / 2) * error
    half[error <= step] = np.nan
    return {
        "others_n": n.astype(np.int64),
        "correlation": np.clip(over(mean(of_mine * of_others), product), -1.0, 1.0),
        "difference": mean(np.abs(away)),
        "severity": severity,
        "severity_low": severity - half,
        "severity_high": severity + half,
        "correlation_reason": reasons,
    }
