"""The labels on a row of a file, wide or long, as they will be stored."""

import datetime
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from annotation.importers.items import ITEM_COLUMNS, TEXTS, ItemText, read_item
from annotation.models import Label
from annotation.usual import KINDS
from generation import columns
from generation.files import Row, RowError, counted

WIDE_COLUMNS = ITEM_COLUMNS | {"human_labels", "annotators", "simulated"}
LONG_COLUMNS = ITEM_COLUMNS | {
    "annotator_id", "session_id", "position", "swapped", "label", "cannot_judge", "comment", "active_seconds",
    "submitted_at", "surplus", "excluded", "simulated",
}  # fmt: skip
COUNTED, SURPLUS = Label.Status.COUNTED.value, Label.Status.SURPLUS.value
# Beyond any scale, and beyond what a database column holds.
LARGEST = 2**31 - 1
NOTHING = (None, "")


class Answer(NamedTuple):
    """One label as a file gives it; `annotator` is "" where the file names nobody."""

    annotator: str
    value: int | None
    cannot_judge: bool = False
    comment: str = ""
    active_seconds: float | None = None
    position: int | None = None
    swapped: bool | None = None
    submitted_at: datetime.datetime | None = None
    status: str = COUNTED
    simulated: bool = False


@dataclass(frozen=True)
class LabelledRow:
    """A row's item id, its item where the reader had not met it, and its labels.

    `texts` tells the query and the responses apart from others; None where the row leaves them out.
    """

    item_id: str
    item: ItemText | None
    texts: int | None
    answers: list[Answer]
    excluded: bool = False


def usual_scale(kind: str) -> tuple[int, int]:
    usual = KINDS[kind]
    return usual["scale_low"], usual["scale_high"]


def texts_mark(*texts: object) -> int:
    return hash(tuple([str(text) if text else None for text in texts]))


class LabelReader:
    """Reads one file's rows. `scale` is None as long as it is not known: then every whole number passes."""

    def __init__(self, *, kind: str, wide: bool, scale: tuple[int, int] | None) -> None:
        self.kind, self.wide, self.scale = kind, wide, scale
        self._met: set[str] = set()

    def read(self, number: int, row: Row) -> LabelledRow:
        return self._wide(number, row) if self.wide else self._long(number, row)

    def _wide(self, number: int, row: Row) -> LabelledRow:
        texts = _texts(row)
        item = read_item(row, self.kind, number, known=WIDE_COLUMNS) if texts is not None else None
        item_id = item.item_id if item else columns.identifier(row, "item_id")
        if not item_id:
            raise RowError("no query, and no item_id of an item in the study")
        labels = columns.values(row, "human_labels")
        simulated = bool(columns.truth(row, "simulated"))
        answers = [
            Answer(annotator, self._value(label, f"label {place}"), simulated=simulated)
            for place, (annotator, label) in enumerate(
                zip(_annotators(row, labels), labels, strict=True), start=1
            )
            if label is not None
        ]
        return LabelledRow(item_id, item, texts, answers)

    def _long(self, number: int, row: Row) -> LabelledRow:
        item_id = columns.identifier(row, "item_id")
        if not item_id:
            raise RowError("no item_id")
        texts = _texts(row)
        new = texts is not None and item_id not in self._met
        item = read_item(row, self.kind, number, known=LONG_COLUMNS) if new else None
        answer, excluded = self._answer(row), bool(columns.truth(row, "excluded"))
        if excluded and not answer.annotator:
            raise RowError("excluded is true, but there is no annotator_id")
        if item:
            self._met.add(item_id)
        return LabelledRow(item_id, item, texts, [answer], excluded)

    def _answer(self, row: Row) -> Answer:
        cannot_judge = bool(columns.truth(row, "cannot_judge"))
        label = row.get("label")
        if cannot_judge and label not in NOTHING:
            raise RowError("a label, although cannot_judge is true")
        if not cannot_judge and label in NOTHING:
            raise RowError("no label, although cannot_judge is not true")
        return Answer(
            annotator=columns.identifier(row, "annotator_id"),
            value=None if cannot_judge else self._value(label, "label"),
            cannot_judge=cannot_judge,
            comment=_comment(row),
            active_seconds=_seconds(row),
            position=columns.count(row, "position"),
            swapped=columns.truth(row, "swapped"),
            submitted_at=_moment(row),
            status=SURPLUS if columns.truth(row, "surplus") else COUNTED,
            simulated=bool(columns.truth(row, "simulated")),
        )

    def _value(self, label: object, what: str) -> int:
        value = label if type(label) is int else columns.whole_number(label, what)
        low, high = self.scale or (-LARGEST, LARGEST)
        if not low <= value <= high:
            low, high = self.scale or usual_scale(self.kind)
            raise RowError(f"{what} is {columns.shown(label)}, outside the scale {low}..{high}")
        return value


def _texts(row: Row) -> int | None:
    texts: list[Any] = [row.get("query") or row.get("user_query"), *map(row.get, TEXTS)]
    return texts_mark(*texts) if any(texts) else None


def _annotators(row: Row, labels: list[Any]) -> list[str]:
    if row.get("annotators") is None:
        return [""] * len(labels)
    people = columns.values(row, "annotators")
    if len(people) != len(labels):
        many = counted(len(labels), "labels")
        raise RowError(f"{many} in human_labels, but {counted(len(people), 'ids')} in annotators")
    codes = [columns.identifier({"annotators": person}, "annotators") for person in people]
    seen: set[str] = set()
    for place, (code, label) in enumerate(zip(codes, labels, strict=True), start=1):
        if label is None:
            continue
        if not code:
            raise RowError(f"annotators has no id for label {place}")
        if code in seen:
            raise RowError(f"annotator {columns.shown(code)} comes twice")
        seen.add(code)
    return codes


def _comment(row: Row) -> str:
    comment = row.get("comment")
    if comment is None or isinstance(comment, str):
        return columns.storable(comment or "", "comment")
    raise RowError(f"comment is {columns.shown(comment)}, not text")


def _seconds(row: Row) -> float | None:
    if row.get("active_seconds") in NOTHING:
        return None
    seconds = columns.number(row["active_seconds"], "active_seconds")
    if seconds < 0:
        raise RowError(f"active_seconds is {columns.shown(row['active_seconds'])}, below 0")
    return seconds


def _moment(row: Row) -> datetime.datetime | None:
    """submitted_at in ISO 8601; in UTC where it names no zone."""
    if row.get("submitted_at") in NOTHING:
        return None
    try:
        moment = parse_datetime(row["submitted_at"])
    except (TypeError, ValueError):
        moment = None
    if moment is None:
        raise RowError(
            f"submitted_at is {columns.shown(row['submitted_at'])}, not a time such as 2026-01-31T12:00:00Z"
        )
    return moment if timezone.is_aware(moment) else moment.replace(tzinfo=datetime.UTC)
