"""Promises of the numbers beside a study: right, and from the indexes that keep them cheap."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.allocation import session_slots, start_session, submit
from annotation.counts import COUNTS, with_counts
from annotation.live import progress_of
from annotation.models import Label, Study
from annotation.studies import open_study
from annotation.tickets import Answer, Ticket
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def labelled() -> Study:
    """Three items for two people each; one person is inside, and has answered twice and corrected once."""
    study = make_study("here", labels_per_item=2, session_size=3)
    make_items(study, 3)
    study = open_study(study=study)
    ann = make_participant(study, "ann")
    session = start_session(participant=ann)
    assert session
    first, second, _ = session_slots(session=session)
    for slot, value in ((first, 1), (second, 2), (first, 3)):
        submit(participant=ann, ticket=Ticket.for_slot(slot), answer=Answer(value=value))
    return study


@pytest.fixture
def imported() -> Study:
    study = make_study("file", imported=True, state="closed")
    first, second = make_items(study, 2)
    make_labels(first, [1, None, 3])
    make_labels(second, [2])
    Label.objects.filter(item=first, value=3).update(status="surplus")
    return study


def numbers(study: Study) -> dict[str, Any]:
    counted = with_counts(Study.objects.filter(pk=study.pk), *COUNTS).get()
    return {name: getattr(counted, name) for name in COUNTS}


def test_counts_are_of_the_study_alone(labelled: Study, imported: Study) -> None:
    empty = {"number_of_items": 0, "people": 0, "wanted": None, "filled": 0, "number_of_labels": 0}
    assert numbers(make_study("draft")) == empty
    assert numbers(labelled) == {
        "number_of_items": 3, "people": 1, "wanted": 6, "filled": 2, "number_of_labels": 2,
    }  # fmt: skip
    assert numbers(imported) == empty | {"number_of_items": 2, "number_of_labels": 3}


def test_console_and_api_say_the_same_numbers(console: Client, labelled: Study, imported: Study) -> None:
    listed = {row["slug"]: row for row in console.get("/api/v1/studies/").json()["results"]}
    for study, items, labels in ((labelled, 3, 2), (imported, 2, 3)):
        assert (listed[study.slug]["items"], listed[study.slug]["labels"]) == (items, labels)
        progress = progress_of(study)
        assert (progress.items, progress.labels) == (items, labels)


def test_progress_tells_who_is_inside_and_what_the_last_hour_brought(labelled: Study) -> None:
    progress = progress_of(labelled)
    assert (progress.wanted, progress.inside, progress.last_hour) == (6, 1, 2)
    assert progress.expected_end
    assert progress_of(make_study("other", labels_per_item=2)).last_hour == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables whole")
@pytest.mark.parametrize(
    ("asked", "indexes"),
    [
        (progress_of, {"slot_filled", "label_by_time", "one_slot_a_position"}),
        (lambda study: list(with_counts(Study.objects.all(), *COUNTS)), {"slot_filled"}),
    ],
)
def test_counts_at_every_ten_seconds_read_small_indexes(
    labelled: Study, asked: Callable[[Study], object], indexes: set[str]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        asked(labelled)
    plan = [step for query in queries.captured_queries for step in _plan(query["sql"])]
    assert indexes <= {name for name in indexes if any(name in step for step in plan)}
    # A table's every row, or all slots of a study looked up one by one.
    assert not [step for step in plan if step in ("SCAN annotation_slot", "SCAN annotation_label")]
    assert not [step for step in plan if "slot_by_study" in step and "COVERING" not in step]


def _plan(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[-1] for row in cursor.fetchall()]
