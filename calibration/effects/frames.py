"""The border between the ORM and arrays: who is in which group, and what people and a scorer answered."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db.models import Count

from annotation.frames import LabelFrame, label_frame
from annotation.groups import FEWEST_PEOPLE
from annotation.models import Item, Question, Reply, Study
from annotation.rows import LabelRows, label_rows
from calibration.effects.contrasts import ITEM_ID, ITEMS, PEOPLE, Contrast, ContrastError, text_of
from calibration.effects.panels import Scored, scored
from calibration.metrics.replication.answers import Answers, IntArray
from calibration.metrics.replication.contrasts import ItemContrast, PeopleContrast
from calibration.metrics.replication.halves import Asked
from calibration.metrics.replication.panels import Personas
from calibration.models import Scorer

# Columns of items that are no metadata: where each stands.
COLUMNS = {
    ITEM_ID: "external_id",
    "query_id": "query__external_id",
    "block": "block",
    **{
        f"{name}{number}": f"response{number}__{name}__name"
        for name in ("model", "condition")
        for number in ("", "_1", "_2")
    },
}
NO_PERSONAS = "the scorer names no personas, so it has no groups of people"
METADATA = ("metadata", "response__metadata", "query__metadata")


@dataclass(frozen=True, eq=False)
class Groups:
    """A contrast with its groups, or why there are none.

    Attributes
    ----------
    contrast : Contrast
    asked : Asked or None
        None where people's effect cannot be told.
    reason : str
        Why people's effect, or else the panel's, cannot be told.
    """

    contrast: Contrast
    asked: Asked | None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class EffectFrame:
    """All that a report of effects reads.

    Attributes
    ----------
    people : Answers
    known : int
        People among them who are known; other labels are of nobody known.
    groups : list of Groups
        As the contrasts stand.
    scored : Scored
    labels : LabelFrame
    digest : str
        Hex SHA-256 of all that was read, whatever the database and its keys.
    """

    people: Answers
    known: int
    groups: list[Groups]
    scored: Scored
    labels: LabelFrame
    digest: str


def effect_frame(
    study: Study, scorer: Scorer, contrasts: Sequence[Contrast], user: User | None = None
) -> EffectFrame:
    """Read the study's counted labels, the scorer's answers and the contrasts' groups.

    Of imported votes, personas are those of panels that the user may see; without a user, of any.

    Raises ContrastError where a column or a question is not there.
    """
    labels = label_frame(study)
    rows = label_rows(study, labels)
    given = scored(study, scorer, labels, user)
    people = _people(labels, rows)
    order = labels.item_pks.tolist()
    columns = {by: item_values(study, by) for by in _columns(contrasts, ITEMS)}
    values = {by: [column[pk] for pk in order] for by, column in columns.items()}
    replies = _in_order({by: _replies(study, rows, by) for by in _columns(contrasts, PEOPLE)}, rows)
    groups = [
        _items(one, values[one.by], labels, given)
        if one.of == ITEMS
        else _of_people(one, replies[one.by], labels, people, given)
        for one in contrasts
    ]
    read = hashlib.sha256()
    for part in (labels.counts.astype(">i8").tobytes(), labels.queries.astype(">i8").tobytes()):
        read.update(part)
    read.update("".join([rows.digest, given.digest]).encode())
    for one in (labels.item_ids, labels.values.tolist(), values, replies):
        read.update(json.dumps(one, sort_keys=True).encode())
    return EffectFrame(people, rows.people, groups, given, labels, read.hexdigest())


def column_values(study: Study, by: str) -> tuple[str, list[str]]:
    """Whether a name is a column of items or a survey's question, and its values. Raises ContrastError.

    Of a question, the options that ten people chose or more.
    """
    question = _question(study, by)
    try:
        found = item_values(study, by)
    except ContrastError:
        if question is None:
            raise
        return PEOPLE, _options(question)
    if question is not None:
        raise ContrastError(
            f"{by} is a column of the items and a question of the survey: say which in a file of contrasts."
        )
    return ITEMS, sorted({value for value in found.values() if value is not None})


def _options(question: Question) -> list[str]:
    """Raises ContrastError where fewer than two make groups: what people typed is never listed."""
    replies = Reply.objects.filter(question=question, declined=False).order_by()
    said = dict(replies.values_list("value").annotate(people=Count("pk")))
    found = [option for option in dict.fromkeys(question.options) if said.get(option, 0) >= FEWEST_PEOPLE]
    if len(found) < 2:
        raise ContrastError(
            f"Fewer than two options of {question.name} were chosen by {FEWEST_PEOPLE} people or more: put "
            "several together in a file of contrasts."
        )
    return found


def check_columns(study: Study, contrasts: Sequence[Contrast]) -> None:
    """Raise ContrastError where a contrast's column or question is not there."""
    for by in _columns(contrasts, ITEMS):
        item_values(study, by)
    for by in _columns(contrasts, PEOPLE):
        _asked(study, by)


def item_values(study: Study, by: str) -> dict[int, str | None]:
    """A column's value of each item, by the item's key. Raises ContrastError where none has it."""
    fields = (COLUMNS[by],) if by in COLUMNS else METADATA
    rows = Item.objects.filter(study=study).values_list("pk", *fields)
    found: dict[int, str | None] = {}
    for pk, *given in rows.iterator(chunk_size=5_000):
        found[pk] = text_of(given[0]) if by in COLUMNS else _of_metadata(given, by)
    if not any(found.values()):
        raise ContrastError(
            f"No item of {study.slug} has a column {by}: name model, condition, query_id, item_id, block (of "
            "two responses model_1, model_2, ...), a column of metadata, or a question of the survey."
        )
    return found


def _of_metadata(given: Sequence[Mapping[str, Any] | None], by: str) -> str | None:
    """Of the item, else of its response, else of its query."""
    return next((text for one in given if one and (text := text_of(one.get(by))) is not None), None)


def _columns(contrasts: Sequence[Contrast], of: str) -> list[str]:
    return list(dict.fromkeys(one.by for one in contrasts if one.of == of))


def _question(study: Study, name: str) -> Question | None:
    surveys = study.questions.exclude(place=Question.Place.COMPREHENSION)
    return surveys.filter(name=name).first()


def _asked(study: Study, by: str) -> Question:
    question = _question(study, by)
    if question is None:
        raise ContrastError(f"The surveys of {study.slug} have no question {by}.")
    return question


def _replies(study: Study, rows: LabelRows, by: str) -> list[str | None]:
    """What each person of the labels replied; None where nothing, or nothing they want to say."""
    replies = Reply.objects.filter(question=_asked(study, by), declined=False)
    said = replies.values_list("participant_id", "value")
    known = {pk: text_of(value) for pk, value in said.iterator(chunk_size=5_000)}
    return [known.get(pk) for pk in rows.person_pks.tolist()]


def _in_order(replies: dict[str, list[str | None]], rows: LabelRows) -> dict[str, list[str | None]]:
    """Of people who gave the same labels, those with the same replies together.

    Such people change places without a change of the labels, and nothing drawn is to depend on their keys.
    """
    ends = np.cumsum(np.bincount(rows.person, minlength=rows.people))[:-1]
    written = np.stack([rows.item, rows.value], axis=1).astype(">i8")
    labels = [part.tobytes() for part in np.split(written, ends)]
    said = [tuple(one or "" for one in own) for own in zip(*replies.values(), strict=True)]
    order = sorted(range(len(said)), key=lambda n: (labels[n], said[n]))
    return {by: [column[n] for n in order] for by, column in replies.items()}


def _people(labels: LabelFrame, rows: LabelRows) -> Answers:
    """Labels of known people first, then those of nobody known, each a person of their own."""
    items = len(labels.item_ids)
    rest = labels.counts.copy()
    np.subtract.at(rest, (rows.item, rows.value - labels.values[0]), 1)
    item, column = (np.repeat(places, rest.ravel()) for places in np.indices(rest.shape).reshape(2, -1))
    person = rows.people + np.arange(len(item))
    return Answers(
        item=np.concatenate([rows.item, item]).astype(np.int64),
        person=np.concatenate([rows.person, person]).astype(np.int64),
        value=np.concatenate([rows.value, labels.values[column]]).astype(np.float64),
        items=items,
        people=rows.people + len(item),
    )


def _grouped(values: Sequence[str | None], contrast: Contrast) -> IntArray:
    """0 in group a, 1 in group b, -1 in neither."""
    place = dict.fromkeys(contrast.a, 0) | dict.fromkeys(contrast.b, 1)
    return np.array([-1 if value is None else place.get(value, -1) for value in values], dtype=np.int64)


def _items(contrast: Contrast, values: Sequence[str | None], labels: LabelFrame, given: Scored) -> Groups:
    group = _grouped(values, contrast)
    for place, said in enumerate((contrast.a, contrast.b)):
        if not (group == place).any():
            return Groups(contrast, None, f"no item has {contrast.by} {', '.join(said)[:80]}")
    return Groups(contrast, Asked(ItemContrast.between(group, labels.queries), given.panel))


def _of_people(
    contrast: Contrast,
    replies: Sequence[str | None],
    labels: LabelFrame,
    people: Answers,
    given: Scored,
) -> Groups:
    group = np.full(people.people, -1, dtype=np.int64)
    group[: len(replies)] = _grouped(replies, contrast)
    if (np.bincount(group[group >= 0], minlength=2) < FEWEST_PEOPLE).any():
        return Groups(contrast, None, f"fewer than {FEWEST_PEOPLE} people who labelled are in a group")
    contrast_of_people = PeopleContrast(group, labels.queries)
    if not isinstance(given.panel, Personas):
        return Groups(contrast, Asked(contrast_of_people, None), NO_PERSONAS)
    own = _grouped([one.get(contrast.by) for one in given.attributes], contrast)
    if not (np.bincount(own[own >= 0], minlength=2) > 0).all():
        reason = f"no personas of the panel are in one of the groups by {contrast.by}"
        return Groups(contrast, Asked(contrast_of_people, None), reason)
    panel = given.panel.grouped(own)
    return Groups(contrast, Asked(contrast_of_people, panel, PeopleContrast(own, labels.queries)))
