"""Promises of a study's overview."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.agreement import study_agreement
from annotation.allocation import start_session
from annotation.models import Study
from annotation.quality.exclusion import exclude
from annotation.studies import close_study, open_study
from tests.annotation.pages import labelled_study, text
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def labelled() -> Study:
    return labelled_study()


def _with_items(slug: str) -> Study:
    study = make_study(slug, labels_per_item=10, consent="Yes?")
    make_items(study, 5)
    return study


def test_the_overview_shows_key_figures_and_what_people_answered(console: Client, labelled: Study) -> None:
    page = text(console.get(reverse("study", args=[labelled.slug])))
    numbers = study_agreement(labelled)
    assert f"{numbers['entropy_bits']['mean']:.2f} mean entropy" in page
    assert f"{numbers['krippendorff_alpha']['ordinal']['value']:.2f} alpha, ordinal" in page
    assert "1 could not judge" in page
    assert "5 excellent 6 40 %" in page


def test_undefined_statistics_say_so_with_the_reason(console: Client) -> None:
    study = make_study(imported=True)
    make_labels(make_items(study, 2)[0], [4])
    page = text(console.get(reverse("study", args=[study.slug])))
    assert "undefined alpha, ordinal: no item has two labels" in page
    assert "nan" not in page.lower().replace("finance", "")


def test_a_new_label_and_an_exclusion_show_at_once(console: Client) -> None:
    study = make_study(imported=True)
    people = [make_participant(study, f"p{n}") for n in range(3)]
    first, second = make_items(study, 2)
    make_labels(first, [1, 2, 5], people=people)
    url = reverse("study", args=[study.slug])
    assert "3 labels from a file" in text(console.get(url))
    make_labels(second, [4], people=people[:1])
    assert console.get(url).context["summary"].agreement["labels"] == 4
    exclude(participant=people[0], reason="careless")
    assert console.get(url).context["summary"].agreement["labels"] == 2


def test_the_pages_queries_do_not_grow_with_items_and_labels(
    console: Client, django_assert_max_num_queries: Any
) -> None:
    study = make_study(imported=True)
    for item in make_items(study, 60):
        make_labels(item, [1, 2, 3])
    with django_assert_max_num_queries(20):
        console.get(reverse("study", args=[study.slug]))


def test_items_are_listed_while_there_are_no_labels_and_htmx_gets_that_part(console: Client) -> None:
    url = reverse("study", args=[_with_items("draft").slug])
    assert [row.item.external_id for row in console.get(url).context["page"]] == [f"i{n}" for n in range(5)]
    part = console.get(url, {"q": "answer 3"}, headers={"HX-Request": "true", "HX-Target": "items"})
    assert b"<html" not in part.content
    assert [row.item.external_id for row in part.context["page"]] == ["i3"]


def test_the_figures_refresh_themselves_only_while_the_study_is_open(console: Client) -> None:
    study = open_study(study=_with_items("open"))
    url = reverse("study", args=[study.slug])
    part = console.get(url, headers={"HX-Request": "true", "HX-Target": "progress"})
    assert b"<html" not in part.content
    assert b"every 10s" in part.content
    assert "0 of 50 labels" in text(part)
    close_study(study=study)
    assert b"every 10s" not in console.get(url).content


def test_people_now_inside_hold_a_lease_that_has_not_run_out(console: Client) -> None:
    study = open_study(study=_with_items("open"))
    for code in ("here", "gone"):
        start_session(participant=make_participant(study, code))
    study.slots.filter(participant__code="gone").update(leased_until=timezone.now() - timedelta(minutes=1))
    assert "1 person labelling now" in text(console.get(reverse("study", args=[study.slug])))


def test_the_door_is_offered_while_people_may_come(console: Client) -> None:
    study = _with_items("door")
    url = reverse("study", args=[study.slug])
    assert "http://testserver/s/door/" not in console.get(url).content.decode()
    open_study(study=study)
    html = console.get(url).content.decode()
    assert 'value="http://testserver/s/door/"' in html
    assert reverse("recruitment", args=[study.slug]) in html


def test_a_study_opens_pauses_and_closes_by_post_only(console: Client) -> None:
    study = _with_items("states")
    url = reverse("study-state", args=[study.slug])
    for state in ("open", "paused", "open", "closed"):
        assert console.post(url, {"state": state}).status_code == 302
        study.refresh_from_db()
        assert study.state == state
    assert console.get(url).status_code == 405
    assert console.post(url, {"state": "draft"}).status_code == 400
    assert console.post(url).status_code == 400


def test_what_a_state_forbids_is_said_and_changes_nothing(console: Client, labelled: Study) -> None:
    answer = console.post(reverse("study-state", args=[labelled.slug]), {"state": "open"}, follow=True)
    assert "cannot be opened" in text(answer)
    labelled.refresh_from_db()
    assert labelled.state == Study.State.DRAFT
