"""Promises of the plots about people: who is drawn, who is marked, and that the file has a row a person."""

import csv
import io
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.charts.people import MOST_IN_A_ROW, people_in_a_row
from annotation.figures import figure_named
from annotation.figures.files import as_csv
from annotation.figures.people import made
from annotation.models import Label, Participant, Study
from annotation.quality.exclusion import exclude
from tests.factory import make_items, make_participant, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """Twelve items; three in step, one a step milder and quick, one on five items, one with no time."""
    study = make_study(imported=True)
    make_items(study, 12)
    for n in range(3):
        say(study, f"usual{n}", [1, 2, 3, 4, 2, 3] * 2, 20 + n)
    say(study, "mild", [2, 3, 4, 5, 3, 4] * 2, 0.1)
    say(study, "few", [4, 3, 2, 1, 4], 400)
    say(study, "untimed", [1, 2, 3, 4, 2, 4] * 2, None)
    return study


def say(study: Study, code: str, values: list[int], seconds: float | None) -> Participant:
    person = make_participant(study, code)
    Label.objects.bulk_create(
        Label(item=item, participant=person, value=value, active_seconds=seconds, submitted_at=timezone.now())
        for item, value in zip(study.items.all(), values, strict=False)
    )
    return person


def rows(study: Study, figure: Any) -> dict[str, dict[str, str]]:
    return {row["annotator_id"]: row for row in csv.DictReader(io.StringIO(as_csv(study, figure)))}


def test_correlations_mark_people_of_few_items_and_count_those_wholly_below_0(study: Study) -> None:
    figure = figure_named(study, "correlations", {})
    assert figure
    few = [(start, count) for start, _, _, count in figure.table.rows if count]
    assert few == [(-1.0, 1)]
    assert sum(row[2] for row in figure.table.rows) == 5  # type: ignore[misc]
    assert "of 6 people, 1 has an interval wholly below 0" in figure.says
    assert "the 1 in grey with fewer than 10" in figure.says
    found = rows(study, figure)
    assert len(found) == 6
    assert float(found["few"]["correlation"]) < -0.9 and found["few"]["others_n"] == "5"
    assert float(found["mild"]["correlation_low"]) < float(found["mild"]["correlation"])


def test_severities_stand_from_the_severest_and_tell_whose_interval_holds_0(study: Study) -> None:
    figure = figure_named(study, "severities", {})
    assert figure
    assert [person.name for person in figure.plot.whiskers][-1] == "mild"
    assert [row[1] for row in figure.table.rows] == [3, 1, 1]
    assert "1 more has fewer than 8 items with others" in figure.says
    assert "few" not in rows(study, figure)
    pairs = make_study("pairs", kind="comparison", imported=True)
    make_items(pairs, 12)
    for code in ("a", "b"):
        say(pairs, code, [-1, 0, 1, 2] * 3, 3)
    assert figure_named(pairs, "correlations", {}) and figure_named(pairs, "severities", {}) is None


def test_times_mark_the_quick_and_leave_out_whose_time_is_not_known(study: Study) -> None:
    figure = figure_named(study, "times", {})
    assert figure
    assert sum(row[2] for row in figure.table.rows) == 5  # type: ignore[misc]
    assert sum(row[3] for row in figure.table.rows) == 1  # type: ignore[misc]
    assert "The last column holds all that are longer, up to 400 s." in figure.says
    assert figure.table.rows[-1][1:3] == (400.0, 1)
    assert "untimed" not in rows(study, figure)


def test_the_excluded_are_drawn_where_they_are_asked_for_and_files_say_so(
    console: Client, study: Study
) -> None:
    exclude(participant=study.participants.get(code="few"), reason="careless")
    address = reverse("figure", args=[study.slug, "correlations", "csv"])
    assert b"few," not in console.get(address).content
    assert b"few,5," in console.get(address, {"excluded": "with"}).content
    page = console.get(reverse("people", args=[study.slug]), {"excluded": "with"}).content.decode()
    assert f"{address}?excluded=with" in page


def test_a_study_without_times_or_others_draws_nothing_of_them() -> None:
    study = make_study(imported=True)
    make_items(study, 4)
    say(study, "alone", [1, 2, 3, 4], None)
    assert not made(study, {})


def test_a_row_of_many_people_keeps_both_ends_and_stays_in_its_box() -> None:
    names, values = [f"p{n}" for n in range(1000)], [n / 500 - 1 for n in range(1000)]
    value = np.array(values)
    row = people_in_a_row(names, value, value - 0.3, value + 0.3)
    assert row.drawn == len(row.whiskers) == MOST_IN_A_ROW
    assert (row.whiskers[0].name, row.whiskers[-1].name) == ("p0", "p999")
    heights = [height for person in row.whiskers for height in (person.low, person.y, person.high)]
    assert min(heights) >= 24 and max(heights) <= 226
    assert all(person.clear == (abs(value[int(person.name[1:])]) > 0.3) for person in row.whiskers)
