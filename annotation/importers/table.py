"""Rows into the table of labels, at the speed of the database."""

from collections.abc import Iterable
from typing import Any, cast

from django.db import connection

from annotation.importers.answers import Answer
from annotation.models import Label

COLUMNS = (
    "item_id", "participant_id", "value", "cannot_judge", "comment", "active_seconds", "position", "swapped",
    "submitted_at", "status", "simulated", "page", "attempt",
)  # fmt: skip


def insert_labels(labels: Iterable[tuple[int, int | None, Answer]]) -> None:
    """Store answers, each with the keys of its item and its participant, inside the running transaction.

    A million labels through `bulk_create` take minutes; every constraint holds here as it does there.
    """
    table, names = Label._meta.db_table, ", ".join(COLUMNS)
    rows = (_row(item, participant, answer) for item, participant, answer in labels)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            copying = cursor.copy(f"COPY {table} ({names}) FROM STDIN")
            with connection.wrap_database_errors, copying as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(COLUMNS))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", cast(Any, rows))


def _row(item: int, participant: int | None, answer: Answer) -> tuple[Any, ...]:
    moment = answer.submitted_at and connection.ops.adapt_datetimefield_value(answer.submitted_at)
    return (item, participant, *answer[1:7], moment, *answer[8:], "", 0)
