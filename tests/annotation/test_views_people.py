"""Promises of the people pages: what they show, who may do what, and that nothing names anybody."""

import csv
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotation.allocation import session_slots, start_session, submit
from annotation.models import (
    CheckAnswer,
    ComprehensionAttempt,
    Label,
    Membership,
    Participant,
    Recruitment,
    Reply,
    Study,
)
from annotation.quality.exclusion import exclude
from annotation.studies import open_study
from annotation.tickets import Answer, Ticket
from tests.factory import make_check, make_items, make_labels, make_participant, make_question, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_cache() -> None:
    cache.clear()


@pytest.fixture
def study() -> Study:
    """Three people who answered four items here; the third always said 5, within half a second."""
    study = make_study(labels_per_item=3, session_size=4)
    make_items(study, 4)
    study = open_study(study=study)
    for code, values, seconds in (("ann", [1, 2, 3, 4], 20), ("bob", [1, 2, 3, 5], 9), ("cat", [5] * 4, 0.4)):
        person = make_participant(study, code)
        session = start_session(participant=person)
        assert session
        for slot in session_slots(session=session):
            given = Answer(value=values[slot.item.position], active_seconds=seconds)
            submit(participant=person, ticket=Ticket.for_slot(slot), answer=given)
    return study


def text(response: Any) -> str:
    return " ".join(re.sub("<[^>]*>", " ", response.content.decode()).split())


def people(client: Client, study: Study, **query: str) -> Any:
    return client.get(reverse("people", args=[study.slug]), query)


def codes(response: Any) -> list[str]:
    return [row.code for row in response.context["page"]]


def set_limits(study: Study, **limits: float) -> None:
    Study.objects.filter(pk=study.pk).update(quality_limits=limits)


def test_everybody_is_shown_with_their_numbers_and_flags_in_words(console: Client, study: Study) -> None:
    set_limits(study, labels=4, run=3)
    shown = text(people(console, study))
    assert "3 people, 1 with a flag, 0 excluded" in shown
    assert "Median 0.4 s an item, below the 0.5 s that reading takes at 50 characters a second" in shown
    assert "100 % of 4 answers are the same, above 90 %" in shown
    assert "The same answer 4 times in a row, above 3" in shown


def test_the_table_sorts_and_filters(console: Client, study: Study) -> None:
    set_limits(study, labels=4)
    assert codes(people(console, study)) == ["cat", "ann", "bob"]
    assert codes(people(console, study, show="flagged")) == ["cat"]
    exclude(participant=study.participants.get(code="bob"), reason="careless")
    assert codes(people(console, study, sort="seconds")) == ["cat", "bob", "ann"]
    assert codes(people(console, study, sort="-code")) == ["cat", "bob", "ann"]
    assert codes(people(console, study, sort="nonsense")) == ["cat", "ann", "bob"]
    assert codes(people(console, study, show="excluded")) == ["bob"]
    assert codes(people(console, study, q="AN")) == ["ann"]
    assert "Nobody fits" in text(people(console, study, q="nobody"))


def test_htmx_gets_the_table_alone(console: Client, study: Study) -> None:
    url = reverse("people", args=[study.slug])
    part = console.get(url, headers={"HX-Request": "true", "HX-Target": "table"}).content.decode()
    assert part.strip().startswith('<div id="table"')


def test_the_csv_has_a_row_a_person_as_filtered(console: Client, study: Study) -> None:
    exclude(participant=study.participants.get(code="bob"), reason="careless")
    rows = list(
        csv.DictReader(people(console, study, sort="came", format="csv").content.decode().splitlines())
    )
    assert [(row["annotator_id"], row["excluded"], row["exclusion_reason"]) for row in rows] == [
        ("ann", "false", ""),
        ("bob", "true", "careless"),
        ("cat", "false", ""),
    ]
    assert rows[2]["longest_run"] == "4.0" and rows[2]["correlation"] == ""
    assert rows[2]["correlation_reason"] == "all their answers to these items are the same"


def test_a_study_without_people_says_why(console: Client) -> None:
    assert "People appear when they have agreed" in text(people(console, make_study()))
    imported = make_study("imported", imported=True)
    make_labels(make_items(imported, 1)[0], [1, 2])
    assert "The imported file names no people" in text(people(console, imported))


def test_the_queries_of_a_page_do_not_grow_with_people(
    console: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    study = make_study(imported=True)
    (item,) = make_items(study, 1)
    crowd = [make_participant(study, f"p{n}") for n in range(120)]
    make_labels(item, [n % 5 + 1 for n in range(120)], people=crowd)
    people(console, study)
    with django_assert_max_num_queries(13):
        assert len(people(console, study, page="2").context["page"].object_list) == 50


def test_limits_are_set_on_the_page_and_empty_means_the_usual_one(console: Client, study: Study) -> None:
    url = reverse("people-limits", args=[study.slug])
    assert console.post(url, {"seconds": "3", "run": ""}).status_code == 302
    study.refresh_from_db()
    assert study.quality_limits == {"seconds": 3.0}
    refused = console.post(url, {"modal_share": "2"})
    assert refused.status_code == 400
    assert "Nothing was saved" in text(refused)
    study.refresh_from_db()
    assert study.quality_limits == {"seconds": 3.0}


def test_somebody_is_excluded_with_a_reason_and_restored(console: Client, study: Study) -> None:
    person = study.participants.get(code="cat")
    url = reverse("person", args=[study.slug, "cat"])
    assert console.post(url, {"act": "exclude", "reason": " "}).status_code == 400
    assert console.post(url, {"act": "exclude", "reason": "answers too fast"}).status_code == 302
    person.refresh_from_db()
    assert person.exclusion_reason == "answers too fast"
    shown = text(console.get(url))
    assert "UTC: answers too fast" in shown and "Exclude this person" not in shown
    again = console.post(url, {"act": "exclude", "reason": "again"}, follow=True)
    assert "cat is excluded already: answers too fast" in text(again)
    assert "cat counts again." in text(console.post(url, {"act": "restore"}, follow=True))
    person.refresh_from_db()
    assert person.excluded_at is None
    assert "cat is not excluded" in text(console.post(url, {"act": "restore"}, follow=True))


def test_topping_up_says_what_it_opens_and_opens_it(console: Client, study: Study) -> None:
    assert "Top up" not in text(people(console, study))
    exclude(participant=study.participants.get(code="cat"), reason="careless")
    assert "Top up: open 4 labels" in text(people(console, study))
    url = reverse("people-top-up", args=[study.slug])
    assert "4 labels of 4 items can be given by others now." in text(console.post(url, follow=True))
    assert study.slots.filter(participant=None).count() == 4
    assert "Nobody excluded holds a place" in text(console.post(url, follow=True))


def test_a_persons_page_tells_all_that_they_did_and_nothing_that_names_them(
    console: Client, study: Study
) -> None:
    person = study.participants.get(code="ann")
    session = person.sessions.get()
    Recruitment.objects.create(
        participant=person, study=study, recruiter="prolific", person_digest="d" * 64, sealed="sealed-id"
    )
    CheckAnswer.objects.create(
        check_asked=make_check(study, response="Choose 4, please."),
        participant=person,
        session=session,
        position=9,
        value=1,
        passed=False,
        answered_at=timezone.now(),
    )
    ComprehensionAttempt.objects.create(
        participant=person, number=1, passed=True, attempted_at=timezone.now()
    )
    Reply.objects.create(
        participant=person,
        question=make_question(study, "age_band"),
        value="30 to 39",
        replied_at=timezone.now(),
    )
    shown = console.get(reverse("person", args=[study.slug, "ann"]))
    page = text(shown)
    for said in (
        "4 of 4 items answered; completed at",
        "Attention check: Choose 4, please.",
        "1 failed",
        "They come from Prolific",
        "version 1,",
        "What about age_band? 30 to 39",
        "Comprehension check, attempt 1 passed,",
        "20.0 s",
    ):
        assert said in page, said
    content = shown.content.decode()
    assert "sealed-id" not in content and "dddd" not in content
    for item in study.items.all():
        assert reverse("item", args=[study.slug, item.pk]) in content


def test_the_others_mean_beside_an_answer_leaves_the_person_and_the_excluded_out(
    console: Client, study: Study
) -> None:
    item = study.items.first()
    assert item
    values = dict(item.labels.values_list("participant__code", "value"))
    exclude(participant=study.participants.get(code="cat"), reason="careless")

    def beside(**query: str) -> Any:
        shown = console.get(reverse("person", args=[study.slug, "ann"]), query)
        (steps,) = [sitting["steps"] for sitting in shown.context["sittings"]]
        (step,) = [step for step, _ in steps if step.label.item_id == item.pk]
        return step.others_mean, step.others_n

    assert beside() == (values["bob"], 1)
    assert beside(excluded="with") == ((values["bob"] + 5) / 2, 2)


def test_imported_people_have_pages_whatever_their_names(console: Client) -> None:
    study = make_study(imported=True)
    (item,) = make_items(study, 1)
    for code in ("a/b", "ü & <b>", "people"):
        person = make_participant(study, code)
        make_labels(item, [3], people=[person])
        shown = console.get(reverse("person", args=[study.slug, code]))
        assert shown.status_code == 200
        assert "1 label from a file" in text(shown)


@pytest.mark.parametrize(
    ("role", "reads", "acts"), [("", 404, 404), ("viewer", 200, 403), ("editor", 200, 302)]
)
def test_viewers_read_and_editors_act(client: Client, study: Study, role: str, reads: int, acts: int) -> None:
    user = User.objects.create_user("somebody")
    if role:
        Membership.objects.create(study=study, user=user, role=role)
    client.force_login(user)
    exclude(participant=study.participants.get(code="bob"), reason="careless")
    person = reverse("person", args=[study.slug, "ann"])
    assert people(client, study).status_code == reads
    assert client.get(person).status_code == reads
    assert client.post(reverse("people-limits", args=[study.slug]), {"run": 5}).status_code == acts
    assert client.post(reverse("people-top-up", args=[study.slug])).status_code == acts
    assert client.post(person, {"act": "exclude", "reason": "careless"}).status_code == acts
    if role == "viewer":
        assert "Exclude this person" not in text(client.get(person))
        assert "Save the limits" not in text(people(client, study))
    assert Participant.objects.filter(excluded_at=None).count() == (1 if role == "editor" else 2)
    assert Label.objects.filter(status="replaced").count() == (4 if role == "editor" else 0)
