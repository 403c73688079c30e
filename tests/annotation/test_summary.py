"""Promises of a study's summary: never stale, and small to keep."""

import pytest
from django.core.cache import cache
from pytest_django import DjangoAssertNumQueries

from annotation.agreement import study_agreement
from annotation.freshness import ON_THEIR_WAY
from annotation.models import Label, Study
from annotation.quality.exclusion import exclude
from annotation.summary import summary_of
from annotation.views.items import item_rows
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    cache.clear()
    study = make_study()
    people = [make_participant(study, code) for code in "abc"]
    for item, values in zip(make_items(study, 4), ([1, 5, 3], [2, 2], [4], []), strict=True):
        make_labels(item, list(values), people=people)
    return study


def labels(study: Study) -> int:
    number: int = summary_of(study).agreement["labels"]
    return number


def test_a_summary_follows_labels_corrections_exclusions_and_the_scale(study: Study) -> None:
    assert labels(study) == 6
    last = study.items.get(external_id="i3")
    make_labels(last, [1])
    assert labels(study) == 7
    Label.objects.filter(item=last).update(status="superseded")
    make_labels(last, [5])
    assert summary_of(study).rows([summary_of(study).place_of(last)])[0]["mean"] == 5
    exclude(participant=study.participants.get(code="a"), reason="careless")
    assert labels(study) == 4
    Study.objects.update(scale_high=7)
    study.refresh_from_db()
    assert summary_of(study).frame.counts.shape == (4, 7)


def test_a_label_that_is_committed_after_one_of_a_higher_key_is_not_missed(study: Study) -> None:
    (late,) = make_labels(study.items.get(external_id="i3"), [1])
    Label.objects.filter(pk=late.pk).delete()
    make_labels(make_items(make_study("other"), 1)[0], [3] * (ON_THEIR_WAY - 10))
    assert labels(study) == 6
    late.save(force_insert=True)
    assert labels(study) == 7


def test_a_kept_summary_reads_no_labels_but_new_ones(
    study: Study, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = summary_of(study)
    with django_assert_num_queries(5):  # models' names, new labels, exclusions, acts, items
        assert summary_of(study).agreement == first.agreement


def test_rows_are_the_agreement_functions_own(study: Study) -> None:
    summary = summary_of(study)
    assert summary.rows([0, 1, 2, 3]) == study_agreement(study)["items_detail"]
    assert summary.rows([summary.place_of(study.items.get(external_id="i1"))])[0]["counts"]["2"] == 2


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("position", ["i0", "i1", "i2", "i3"]),
        ("-position", ["i3", "i2", "i1", "i0"]),
        ("mean", ["i1", "i0", "i2", "i3"]),
        ("-mean", ["i2", "i0", "i1", "i3"]),
        ("-entropy", ["i0", "i1", "i2", "i3"]),
        ("n", ["i3", "i2", "i1", "i0"]),
    ],
)
def test_what_is_undefined_stands_last_in_both_directions(study: Study, sort: str, order: list[str]) -> None:
    summary = summary_of(study)
    page = item_rows(summary, summary.places(sort))
    assert [row.item.external_id for row in page] == order
    assert [row.numbers["item_id"] for row in page] == order
