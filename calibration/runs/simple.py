"""A study scored by the simple scorers: at once, since nobody is asked."""

import math
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import groupby, islice
from operator import itemgetter, or_

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from annotation.log import record
from annotation.models import Study
from annotation.moment import one_moment
from calibration.models import Score, Scorer
from calibration.scorers.simple import SIMPLE, Simple, Undefined, document_frequencies, similarity_to_others
from generation.files import counted
from generation.models import Response
from generation.runs.errors import RunError

ROWS_AT_ONCE = 2_000
ALONE = "no words, or no other response to the query has any"


@dataclass(frozen=True)
class SimplyScored:
    """How many responses a simple scorer gave a number, and why how many have none."""

    name: str
    scored: int
    unscored: dict[str, int]


@dataclass(frozen=True)
class ScoredSimply:
    """What the simple scorers made of a study's responses."""

    study: str
    responses: int
    scorers: tuple[SimplyScored, ...]

    def sentence(self) -> str:
        """ "Scored 750 responses by 5 simple scorers." and what has no number, and why."""
        by = counted(len(self.scorers), "simple scorers")
        without = [
            f"{scorer.name}: {number:,} without a number ({why})."
            for scorer in self.scorers
            for why, number in scorer.unscored.items()
        ]
        return " ".join([f"Scored {counted(self.responses, 'responses')} by {by}.", *without])


def score_simply(*, study: Study, names: Iterable[str] | None = None, by: User | None = None) -> ScoredSimply:
    """Score a study's responses by simple scorers, in place of what these gave before.

    `names` are keys of `SIMPLE`, by default all. What is undefined for a response has no score, and is
    counted by its reason. Everything is read and measured before it is written in one transaction, so that
    on SQLite nobody who labels waits for it. Raises RunError.
    """
    if not study.of_quality:
        raise RunError(f"Scorers are asked about ratings and comparisons: {study.slug} is neither.")
    chosen = _chosen(names)
    columns = [_Column(simple) for simple in chosen]
    responses = _measure(study, columns)
    if not responses:
        raise RunError(f"The study {study.slug} has no responses yet: import some first.")
    found = [column.found for column in columns]
    with transaction.atomic():
        for column in columns:
            _store(study, responses, column)
        scorers = [scorer.name for scorer in found]
        record(study, "scored simply", by=by, scorers=scorers, responses=len(responses))
    return ScoredSimply(study.slug, len(responses), tuple(found))


@dataclass
class _Column:
    """A simple scorer's numbers, in the order of the responses: NaN where undefined."""

    simple: Simple
    values: "array[float]" = field(default_factory=lambda: array("d"))
    unscored: Counter[str] = field(default_factory=Counter)

    @property
    def found(self) -> SimplyScored:
        scored = len(self.values) - self.unscored.total()
        return SimplyScored(self.simple.name, scored, dict(self.unscored))

    def add(self, value: float, why: str) -> None:
        self.values.append(value)
        if math.isnan(value):
            self.unscored[why] += 1


def _chosen(names: Iterable[str] | None) -> list[Simple]:
    wanted = [*SIMPLE] if names is None else [*dict.fromkeys(names)]
    if unknown := [name for name in wanted if name not in SIMPLE]:
        raise RunError(f"There is no simple scorer {unknown[0]}: choose among {', '.join(SIMPLE)}.")
    if not wanted:
        raise RunError("Choose at least one simple scorer.")
    return [simple for name, simple in SIMPLE.items() if name in wanted]


def _measure(study: Study, columns: list[_Column]) -> "array[int]":
    """Fill the columns; the keys of the study's responses, by queries. Texts are read one query at a time."""
    responses = array("q")
    together = [column for column in columns if column.simple.of is None]
    with one_moment():
        measured = _one_by_one(study, columns, responses)
        if not together:
            deque(measured, maxlen=0)
            return responses
        frequencies, number = document_frequencies(measured)
        for _, rows in groupby(_texts(study), key=itemgetter(0)):
            for value in similarity_to_others([text for *_, text in rows], frequencies, number):
                for column in together:
                    column.add(value, ALONE)
    return responses


def _one_by_one(study: Study, columns: list[_Column], responses: "array[int]") -> Iterator[str]:
    """Each text, when what is measured of it alone is in the columns."""
    for _, key, text in _texts(study):
        responses.append(key)
        for column in columns:
            if column.simple.of is not None:
                try:
                    column.add(column.simple.of(text), "")
                except Undefined as why:
                    column.add(math.nan, str(why))
        yield text


def _texts(study: Study) -> Iterator[tuple[int, int, str]]:
    """Query, response and text of the study's responses, by queries."""
    names = ["response"] if study.kind == Study.Kind.RATING else ["response_1", "response_2"]
    items = study.items.order_by()
    shown = reduce(or_, (Q(pk__in=items.values(name)) for name in names))
    rows = Response.objects.filter(shown).order_by("query", "pk").values_list("query", "pk", "text")
    return rows.iterator(ROWS_AT_ONCE)


def _store(study: Study, responses: "array[int]", column: _Column) -> None:
    scorer = _written_down(study, column)
    Score.objects.filter(study=study, scorer=scorer).delete()
    rows = (
        Score(study=study, scorer=scorer, response_id=key, value=value)
        for key, value in zip(responses, column.values, strict=True)
        if not math.isnan(value)
    )
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        Score.objects.bulk_create(batch)


def _written_down(study: Study, column: _Column) -> Scorer:
    """The scorer, locked, with its definition and what came of it here."""
    simple, found = column.simple, column.found
    defined = {"definition": simple.definition, "version": simple.version}
    Scorer.objects.get_or_create(name=simple.name, defaults={"metadata": defined | {"studies": {}}})
    scorer = Scorer.objects.select_for_update(no_key=True).get(name=simple.name)
    if "definition" not in scorer.metadata:
        raise RunError(f"{simple.name} is a scorer of other scores: rename that one, or leave this one out.")
    here = {"version": simple.version, "scored": found.scored, "unscored": found.unscored}
    studies = scorer.metadata["studies"] | {str(study.pk): here}
    scorer.metadata = defined | {"studies": studies}
    scorer.save(update_fields=["metadata"])
    return scorer
