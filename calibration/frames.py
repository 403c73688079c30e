"""The only border between scores in the database and arrays."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.models import Item, Study
from annotation.statistics.counts import FloatArray
from calibration.models import Score, Scorer

ROWS_AT_ONCE = 5_000
# What is equal must tie, whatever sums it was reached by: .3 - .1 and .4 - .2 differ in their last digit.
MEAN_DIGITS, DIFFERENCE_DIGITS = 12, 10
NUMBER, DISTRIBUTION, VOTES = frozenset(["number"]), frozenset(["distribution"]), frozenset(["votes"])


@dataclass(frozen=True)
class ScoreColumn:
    """One scorer's scores of a study's items, in the order of the items asked for.

    Attributes
    ----------
    name, family : str
    kind : str
        What was given: "number", "distribution" or "votes", or several of them joined by "+".
    values : ndarray of float, shape (items,)
        Higher is better: perplexities are negated, distributions and votes are their means. For a
        comparison, the score of response_1 less that of response_2, unless the scorer scored the item
        itself. NaN where there is no score.
    digest : str
        Hex SHA-256 of all that was read, whatever the database and its keys.
    distributions : ndarray of float, shape (items, V), or None
        Shares that add up to 1, stated or of votes, for the item itself: two responses' distributions make
        none of their comparison. NaN where none was given; None if none was given at all.
    votes : ndarray of float, shape (items, V), or None
        How many votes each value got; 0 where there were none.
    """

    name: str
    family: str
    kind: str
    values: FloatArray
    digest: str
    distributions: FloatArray | None = None
    votes: FloatArray | None = None

    @property
    def simulated(self) -> bool:
        """Whether its votes are of people who were made up."""
        return self.family == Scorer.Family.PERSONA_PANEL


@dataclass(frozen=True)
class _Given:
    """A score as it was stored, as one number of which higher is better, and as shares or votes."""

    kinds: frozenset[str]
    number: float
    written: str
    shares: FloatArray | None = None
    votes: FloatArray | None = None


def score_columns(
    study: Study, *, item_pks: npt.NDArray[np.int64], scorers: Iterable[Scorer]
) -> list[ScoreColumn]:
    """Read the scorers' scores of the items, in three queries whatever the number of scorers.

    Parameters
    ----------
    study : Study
    item_pks : ndarray of int, shape (items,)
        As in the label frame; the columns are aligned with it.
    scorers : iterable of Scorer

    Returns
    -------
    list of ScoreColumn
        By the scorers' names.
    """
    chosen = sorted(scorers, key=lambda scorer: scorer.name)
    of_items, of_responses = _read(study, chosen)
    targets = _targets(study, item_pks)
    size = len(study.values)
    return [
        _column(scorer, targets, of_items[scorer.pk], of_responses[scorer.pk], size=size) for scorer in chosen
    ]


def _read(
    study: Study, scorers: Sequence[Scorer]
) -> tuple[dict[int, dict[int, _Given]], dict[int, dict[int, _Given]]]:
    signs = {scorer.pk: scorer.sign for scorer in scorers}
    of_items: dict[int, dict[int, _Given]] = {pk: {} for pk in signs}
    of_responses: dict[int, dict[int, _Given]] = {pk: {} for pk in signs}
    scale = np.array(study.values, dtype=np.float64)
    rows = Score.objects.filter(study=study, scorer__in=signs).values_list(
        "scorer_id", "item_id", "response_id", "value", "distribution", "votes"
    )
    for scorer, item, response, value, distribution, votes in rows.iterator(ROWS_AT_ONCE):
        given = _given(value, distribution, votes, sign=signs[scorer], scale=scale)
        if item is not None:
            of_items[scorer][item] = given
        else:
            of_responses[scorer][response] = given
    return of_items, of_responses


def _given(
    value: float | None,
    distribution: list[float] | None,
    votes: list[float] | None,
    *,
    sign: int,
    scale: FloatArray,
) -> _Given:
    if value is not None:
        return _Given(NUMBER, sign * value, repr(float(value)))
    if distribution is not None:
        shares = np.array(distribution, dtype=np.float64)
        written, shares = repr(shares.tolist()), shares / shares.sum()
        mean = _rounded(float(shares @ scale), MEAN_DIGITS, of=np.abs(scale).max())
        return _Given(DISTRIBUTION, mean, written, shares)
    numbers = np.array(votes, dtype=np.float64)
    counted = (numbers[:, None] == scale).sum(axis=0, dtype=np.float64)
    return _Given(VOTES, float(numbers.mean()), repr(numbers.tolist()), counted / len(numbers), counted)


def _targets(study: Study, item_pks: npt.NDArray[np.int64]) -> list[tuple[int, str, int, int | None]]:
    """For each item: its key, its id, and the keys of its response or responses."""
    rows = Item.objects.filter(study=study).values_list(
        "pk", "external_id", "response_id", "response_1_id", "response_2_id"
    )
    found = {
        pk: (pk, name, one or first, second) for pk, name, one, first, second in rows.iterator(ROWS_AT_ONCE)
    }
    return [found[pk] for pk in item_pks.tolist()]


def _column(
    scorer: Scorer,
    targets: Sequence[tuple[int, str, int, int | None]],
    of_items: dict[int, _Given],
    of_responses: dict[int, _Given],
    *,
    size: int,
) -> ScoreColumn:
    values = np.full(len(targets), np.nan)
    distributions, votes = np.full((len(targets), size), np.nan), np.zeros((len(targets), size))
    kinds: set[str] = set()
    read = hashlib.sha256()
    for n, (item, name, first, second) in enumerate(targets):
        given = _of_target(of_items.get(item), of_responses.get(first), of_responses.get(second or 0), second)
        if given is not None:
            kinds |= given.kinds
            values[n] = given.number
            read.update(repr((name, sorted(given.kinds), given.written)).encode())
            if given.shares is not None:
                distributions[n] = given.shares
            if given.votes is not None:
                votes[n] = given.votes
    return ScoreColumn(
        scorer.name,
        scorer.family,
        "+".join(sorted(kinds)),
        values,
        read.hexdigest(),
        None if np.isnan(distributions).all() else distributions,
        votes if votes.any() else None,
    )


def _of_target(
    own: _Given | None, first: _Given | None, second: _Given | None, second_pk: int | None
) -> _Given | None:
    """The item's own score before its response's; for two responses the difference."""
    if own is not None or second_pk is None:
        return own or first
    if first is None or second is None:
        return None
    larger = max(abs(first.number), abs(second.number))
    difference = _rounded(first.number - second.number, DIFFERENCE_DIGITS, of=larger)
    return _Given(first.kinds | second.kinds, difference, f"{first.written} {second.written}")


def _rounded(number: float, digits: int, *, of: float) -> float:
    """The number without the noise of the last digits, counted from the first digit of another number."""
    return round(number, digits - math.floor(math.log10(abs(of)))) if of else number
