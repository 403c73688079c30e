"""Promises about limits: what floods or guesses is stopped for a while, and a classroom gets in."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Invitation, Participant, Study
from annotation.studies import open_study
from tests.factory import make_items, make_study

pytestmark = pytest.mark.django_db

CLASSROOM, ELSEWHERE = "203.0.113.9", "203.0.113.10"


@pytest.fixture(autouse=True)
def few(settings: Any) -> None:
    settings.ARRIVALS_AN_HOUR, settings.WRONG_CODES_AN_HOUR = 3, 3


@pytest.fixture
def study() -> Study:
    study = make_study(recruiters=["open", "invitation", "prolific", "mturk"])
    make_items(study, 4)
    return open_study(study=study)


def come_in(address: str, client: Client | None = None, **parameters: str) -> Any:
    client = client or Client(REMOTE_ADDR=address)
    url = reverse("door", args=["answers"], query=parameters)
    return client.post(url, REMOTE_ADDR=address)


def test_the_usual_limit_lets_three_hundred_of_one_address_in_within_an_hour() -> None:
    from config import settings

    assert settings.ARRIVALS_AN_HOUR == 300


def test_new_arrivals_of_one_address_are_told_when_to_come_again_and_nobody_else_is(study: Study) -> None:
    inside = Client()
    assert come_in(CLASSROOM, inside).status_code == 302
    assert [come_in(CLASSROOM).status_code for _ in range(3)] == [302, 302, 429]
    refused = come_in(CLASSROOM)
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert b"Try the same link again in" in refused.content and b"crowd.css" in refused.content
    assert Participant.objects.count() == 3
    assert come_in(ELSEWHERE).status_code == 302
    assert come_in(CLASSROOM, inside).status_code == 302  # known, so no arrival
    assert inside.get(reverse("instructions", args=["answers"]), REMOTE_ADDR=CLASSROOM).status_code == 200
    assert Client().get(reverse("door", args=["answers"]), REMOTE_ADDR=CLASSROOM).status_code == 200


def test_made_up_ids_of_a_recruiter_do_not_get_around_the_limit(study: Study) -> None:
    answers = [come_in(CLASSROOM, PROLIFIC_PID=f"p{n}", SESSION_ID=f"s{n}").status_code for n in range(4)]
    assert answers == [302, 302, 302, 429]
    assert come_in(CLASSROOM, PROLIFIC_PID="p0", SESSION_ID="s0").status_code == 302


def test_one_customers_network_of_the_newer_kind_counts_as_one_address(study: Study) -> None:
    answers = [come_in(f"2001:db8:0:1::{n}").status_code for n in range(1, 5)]
    assert answers == [302, 302, 302, 429]
    assert come_in("2001:db8:0:2::1").status_code == 302


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(study: Study, settings: Any) -> None:
    settings.BEHIND_PROXY = True

    def through(hops: str) -> int:
        url = reverse("door", args=["answers"])
        return Client().post(url, headers={"X-Forwarded-For": hops}).status_code

    assert [through(f"198.51.100.{n}, {CLASSROOM}") for n in range(4)] == [302, 302, 302, 429]
    assert through(ELSEWHERE) == 302


def test_a_rehearsal_on_this_machine_is_not_limited(study: Study) -> None:
    assert {come_in("127.0.0.1").status_code for _ in range(6)} == {302}


def test_whoever_guesses_invitations_finds_none_even_when_the_guess_is_right(study: Study) -> None:
    right = Invitation.objects.create(study=study).code
    wrong = [come_in(CLASSROOM, invitation=f"WRONG{n}").status_code for n in range(4)]
    assert wrong == [400, 400, 400, 429]
    assert come_in(CLASSROOM, invitation=right).status_code == 429
    assert come_in(ELSEWHERE, invitation=right).status_code == 302


def test_whoever_guesses_cards_is_stopped_while_a_card_that_is_ours_goes_on(study: Study) -> None:
    answer = come_in(
        ELSEWHERE, workerId="w", assignmentId="a", hitId="h", turkSubmitTo="https://www.mturk.com"
    )
    ours = answer.headers["Location"]
    assert "card=" in ours
    page = reverse("instructions", args=["answers"])
    wrong = [Client().get(page, {"card": f"x:{n}"}, REMOTE_ADDR=CLASSROOM).status_code for n in range(4)]
    assert wrong == [302, 302, 302, 429]
    assert Client().get(ours, REMOTE_ADDR=CLASSROOM).status_code == 429
    assert Client().get(ours, REMOTE_ADDR=ELSEWHERE).status_code == 200
