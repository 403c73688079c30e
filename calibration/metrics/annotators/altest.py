"""The alternative annotator test: may a scorer take the place of a person among people?"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.counts import FloatArray, over
from annotation.statistics.intervals import Estimate, cluster_estimate
from calibration.metrics.multiple import benjamini_yekutieli

Alignment = Literal["accuracy", "rmse"]

FEWEST_ITEMS = 30
FEWEST_ANNOTATORS = 3
# A judge that passed 63 % of simulated studies of so many items a person passed 20 % of those of half that.
ENOUGH_ITEMS = 60
PASSING = 0.5


@dataclass(frozen=True)
class AlternativeAnnotatorTest:
    """Whether a scorer stands in for the people that it was held against.

    Attributes
    ----------
    winning_rate : float or None
        Share of annotators whom the scorer beats, granted epsilon, at a false discovery rate of 5 %.
    passed : bool or None
        Whether it beats half of them or more.
    advantage : Estimate
        Mean over annotators of how often the scorer is as near to the others as the annotator, or nearer.
        `n` counts the annotators.
    epsilon : float
    annotators, left_out : int
        Annotators tested, and those with too few items for it.
    items : int
        Items compared: with a label of the scorer and of two annotators or more.
    items_per_annotator : float or None
        Median over those tested.
    adequate : bool
        Whether the design can tell: 3 annotators of 60 items.
    reason : str or None
        Why it is undefined, or the design too thin.
    """

    winning_rate: float | None
    passed: bool | None
    advantage: Estimate
    epsilon: float
    annotators: int
    left_out: int
    items: int
    items_per_annotator: float | None
    adequate: bool
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return its numbers, and the reason if there is one."""
        shown = asdict(self) | {"advantage": self.advantage.as_dict()}
        if self.reason is None:
            del shown["reason"]
        return shown


@dataclass(frozen=True)
class _Labels:
    """Labels of items that can be compared, one a row, and who of annotator and scorer was nearer."""

    annotator: IntArray
    item: IntArray
    scorer_holds: npt.NDArray[np.bool_]
    person_holds: npt.NDArray[np.bool_]


def alternative_annotator_test(
    annotators: npt.ArrayLike,
    items: npt.ArrayLike,
    values: npt.ArrayLike,
    scorer: npt.ArrayLike,
    *,
    alignment: Alignment = "rmse",
    epsilon: float = 0.1,
    fewest_items: int = FEWEST_ITEMS,
    clusters: npt.ArrayLike | None = None,
    replicates: int = 0,
    rng: np.random.Generator | None = None,
) -> AlternativeAnnotatorTest:
    """Test whether a scorer represents people as well as one of them does.

    Each annotator is left out in turn. On their items, whoever of annotator and scorer is nearer to the
    other annotators wins the item, both on a tie. The scorer beats the annotator if the annotator's share of
    won items exceeds the scorer's by less than epsilon, by Student's test at a false discovery rate of 5 %
    over all, however the tests depend on each other (Benjamini and Yekutieli).

    Parameters
    ----------
    annotators : array_like of shape (labels,)
        Who gave each label, as anything that sorts.
    items : array_like of int, shape (labels,)
        The item of each label: a place in `scorer`. Nobody labels an item twice.
    values : array_like of float, shape (labels,)
    scorer : array_like of float, shape (items,)
        The scorer's label of each item, on the people's scale; NaN for an item that it has none for, which is
        left out, as are items of one label.
    alignment : {"rmse", "accuracy"}
        By the root mean square of differences from the others on an ordered scale, or the share of others
        who gave the same label on a nominal one.
    epsilon : float
        What the scorer is granted for being cheap: .2 beside experts, .15 beside the skilled, .1 beside a
        crowd.
    fewest_items : int
        Annotators with fewer compared items are left out: below 30, Student's test is not to be relied on.
    clusters : array_like of shape (items,), optional
        What the interval of the advantage resamples: the query of each item. By default each item.
    replicates : int
    rng : numpy.random.Generator, optional
        Needed if there are replicates.

    Returns
    -------
    AlternativeAnnotatorTest
        Undefined, with the reason, where no annotator has enough items. `passed` beside `adequate` false says
        little: a judge that ought to pass seldom does where items are few.

    Raises
    ------
    ValueError
        If lengths differ, an item has no place in `scorer`, a label is missing or given twice, epsilon is not
        from 0 to below 1, or the alignment is neither.

    References
    ----------
    Calderon, Reichart & Dror (2025), The Alternative Annotator Test for LLM-as-a-Judge, ACL 2025, arXiv
    2501.10970.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=90)
    >>> people, items = np.repeat(np.arange(4), 90), np.tile(np.arange(90), 4)
    >>> labels = np.round(truth[items] + rng.normal(size=360))
    >>> found = alternative_annotator_test(people, items, labels, np.round(truth), epsilon=0.1)
    >>> found.passed, found.winning_rate, found.annotators
    (True, 1.0, 4)
    """
    if not 0 <= epsilon < 1:
        raise ValueError(f"epsilon must be at least 0 and below 1, not {epsilon}")
    labels = _compared(annotators, items, values, scorer, alignment)
    people = int(labels.annotator.max(initial=-1)) + 1
    number = np.bincount(labels.annotator, minlength=people)
    tested = np.flatnonzero(number >= max(fewest_items, 2))
    everybody = len(np.unique(np.asarray(annotators)))
    compared = len(np.unique(labels.item))
    left_out = everybody - len(tested)
    if not len(tested):
        words = f"nobody labelled {fewest_items} items that others and the scorer labelled as well"
        nothing = Estimate(None, None, None, 0, words)
        return AlternativeAnnotatorTest(
            None, None, nothing, epsilon, 0, left_out, compared, None, False, words
        )
    won = np.bincount(labels.annotator, weights=labels.scorer_holds, minlength=people)[tested]
    held = np.bincount(labels.annotator, weights=labels.person_holds, minlength=people)[tested]
    n = number[tested].astype(np.float64)
    # Items that only the annotator wins, and those that only the scorer wins.
    rate = float(benjamini_yekutieli(_p_of_wins(n - won, n - held, n, epsilon)).mean())
    median = float(np.median(n))
    adequate = len(tested) >= FEWEST_ANNOTATORS and median >= ENOUGH_ITEMS
    return AlternativeAnnotatorTest(
        winning_rate=rate,
        passed=rate >= PASSING,
        advantage=_advantage(labels, tested, clusters, len(np.asarray(scorer)), replicates, rng),
        epsilon=epsilon,
        annotators=len(tested),
        left_out=left_out,
        items=compared,
        items_per_annotator=median,
        adequate=adequate,
        reason=None if adequate else _too_thin(len(tested), median),
    )


def _too_thin(annotators: int, median: float) -> str:
    if annotators < FEWEST_ANNOTATORS:
        return f"fewer than {FEWEST_ANNOTATORS} annotators: too few to speak for people"
    return (
        f"the median annotator has {median:g} items: with fewer than {ENOUGH_ITEMS}, a judge that ought to "
        "pass often fails"
    )


def _compared(
    annotators: npt.ArrayLike,
    items: npt.ArrayLike,
    values: npt.ArrayLike,
    scorer: npt.ArrayLike,
    alignment: Alignment,
) -> _Labels:
    """Hold each label and the scorer's against the labels of the others on the item."""
    given, judged = np.asarray(values, dtype=np.float64), np.asarray(scorer, dtype=np.float64)
    item, names = np.asarray(items), np.asarray(annotators)
    if given.ndim != 1 or not item.shape == names.shape == given.shape:
        raise ValueError("annotators, items and values must be three lists of one length")
    who, _ = cluster_index(names, len(given))
    if not np.isfinite(given).all():
        raise ValueError("a label is missing: leave it out")
    if len(item) and not (item.min() >= 0 and item.max() < len(judged)):
        raise ValueError(f"items must be places in scorer, from 0 to {len(judged) - 1}")
    item = item.astype(np.intp)
    if len(np.unique(who * (len(judged) + 1) + item)) < len(item):
        raise ValueError("somebody labelled an item twice")
    several = np.bincount(item, minlength=len(judged)) >= 2
    kept = several[item] & np.isfinite(judged[item])
    who, item, given = who[kept], item[kept], given[kept]
    if alignment == "accuracy":
        ahead = _agreeing_more(given, judged[item], item)
    elif alignment == "rmse":
        ahead = _nearer(given, judged[item], item)
    else:
        raise ValueError(f"alignment must be accuracy or rmse, not {alignment!r}")
    return _Labels(who, item, ahead >= 0, ahead <= 0)


def _nearer(person: FloatArray, scorer: FloatArray, item: IntArray) -> FloatArray:
    """Above 0 where the scorer is nearer to the others than the person is, 0 where both are alike.

    The sums of squared differences differ by (person - scorer) times what follows: exact on whole numbers.
    """
    others = np.bincount(item)[item] - 1
    total = np.bincount(item, weights=person)[item] - person
    lean = others * (person + scorer) - 2 * total
    # Equally far on either side, but for rounding.
    lean[np.abs(lean) <= 1e-9 * (np.abs(total) + others * (np.abs(person) + np.abs(scorer)))] = 0
    ahead: FloatArray = np.sign(person - scorer) * np.sign(lean)
    return ahead


def _agreeing_more(person: FloatArray, scorer: FloatArray, item: IntArray) -> FloatArray:
    """How many more of the others agree with the scorer than with the person."""
    known, place = np.unique(person, return_inverse=True)
    counts = np.zeros((item.max(initial=-1) + 1, len(known) + 1))
    np.add.at(counts, (item, place), 1)
    spot = np.minimum(np.searchsorted(known, scorer), max(len(known) - 1, 0))
    # The last column, always empty, is for labels of the scorer that nobody gave.
    spot = np.where(known[spot] == scorer, spot, len(known)) if len(known) else spot
    ahead: FloatArray = counts[item, spot] - (spot == place) - (counts[item, place] - 1)
    return ahead


def _p_of_wins(ahead: FloatArray, behind: FloatArray, n: FloatArray, margin: float) -> FloatArray:
    """Student's one-sided p of the hypothesis that the mean lead of the first is the margin or more."""
    from scipy.special import stdtr

    mean = (ahead - behind) / n
    error = np.sqrt(np.maximum(ahead + behind - n * mean * mean, 0) / (n * (n - 1)))
    doubt = error > 1e-7
    p = stdtr(n - 1, (mean - margin) / np.where(doubt, error, 1))
    # All items alike: beyond doubt, one way or the other.
    return np.where(doubt, p, np.where(mean < margin, 0.0, 1.0))


def _advantage(
    labels: _Labels,
    tested: IntArray,
    clusters: npt.ArrayLike | None,
    items: int,
    replicates: int,
    rng: np.random.Generator | None,
) -> Estimate:
    """Mean over annotators of their share of items that the scorer wins or ties."""
    place = np.full(int(labels.annotator.max()) + 1, -1)
    place[tested] = np.arange(len(tested))
    rows = place[labels.annotator] >= 0
    who, item = place[labels.annotator[rows]], labels.item[rows]
    index, _ = cluster_index(clusters, items)
    index, number = cluster_index(index[item], len(item))
    sums = np.zeros((number, 2 * len(tested)))
    np.add.at(sums, (index, who), labels.scorer_holds[rows])
    np.add.at(sums, (index, len(tested) + who), 1)

    def statistic(weights: FloatArray) -> FloatArray:
        both = weights @ sums
        shares = over(both[:, : len(tested)], both[:, len(tested) :])
        defined = np.isfinite(shares)
        return over(np.where(defined, shares, 0).sum(axis=1), defined.sum(axis=1).astype(np.float64))

    found = cluster_estimate(
        float(statistic(np.ones((1, number)))[0]),
        statistic,
        n=len(np.unique(item)),
        clusters=number,
        replicates=replicates,
        rng=rng,
        width=sums.shape[1],
    )
    return replace(found, n=len(tested))
