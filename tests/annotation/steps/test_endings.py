from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from annotation.allocation import receive, start_session, stop_session
from annotation.models import ComprehensionAttempt, Participant, Session, Slot
from annotation.screens import places, screens
from annotation.steps.endings import ending_of
from annotation.studies import close_study, pause_study
from annotation.tickets import Answer
from tests.factory import make_check, make_participant
from tests.visitor import PROLIFIC, Visitor, opened

pytestmark = pytest.mark.django_db


def sit(person: Participant, *, values: list[int], end: Session.Outcome | None = None) -> None:
    session = start_session(participant=person)
    assert session
    found = screens(session, [place.position for place in places(session.pk)])
    for page, value in zip(found, values, strict=False):
        receive(participant=person, ticket=page.ticket, answer=Answer(value=value))
    if end:
        stop_session(session=session, outcome=end)


def completes(person: Participant) -> None:
    sit(person, values=[4, 4, 4, 4])


def fails_a_check(person: Participant) -> None:
    sit(person, values=[1, 4, 4, 4])


def stops(person: Participant) -> None:
    sit(person, values=[4], end=Session.Outcome.STOPPED)


def stops_at_once(person: Participant) -> None:
    sit(person, values=[], end=Session.Outcome.STOPPED)


def returns(person: Participant) -> None:
    sit(person, values=[4], end=Session.Outcome.RETURNED)


def completes_then_stops(person: Participant) -> None:
    completes(person)
    stops_at_once(person)


def loses_all(person: Participant) -> None:
    sit(person, values=[])
    Slot.objects.all().delete()
    assert start_session(participant=person) is None


def misunderstands(person: Participant) -> None:
    for number in (1, 2):
        ComprehensionAttempt.objects.create(
            participant=person, number=number, passed=False, attempted_at=timezone.now()
        )


def finds_nothing(person: Participant) -> None:
    pass


@pytest.mark.parametrize(
    ("does", "how", "code", "after_failed_checks"),
    [
        (completes, "completed", "completion_code", "end"),
        (completes_then_stops, "completed", "completion_code", "end"),
        (fails_a_check, "completed", "completion_code", "flag"),
        (fails_a_check, "failed checks", "failed_checks_code", "code"),
        (fails_a_check, "screened out by checks", "screened_out_code", "end"),
        (stops, "stopped early", "partial_code", "code"),
        (stops_at_once, "stopped early", "partial_code", "end"),
        (returns, "returned", "partial_code", "end"),
        (loses_all, "expired", "partial_code", "end"),
        (misunderstands, "screened out by the comprehension check", "screened_out_code", "flag"),
        (finds_nothing, "no work", "no_work_code", "flag"),
    ],
)
def test_every_way_to_end_has_its_code(
    does: Callable[[Participant], None], how: str, code: str, after_failed_checks: str
) -> None:
    study = opened(failed_checks_limit=1, after_failed_checks=after_failed_checks, items=6, session_size=3)
    make_check(study, position=1)
    person = make_participant(study, "p")
    does(person)
    ending = ending_of(person)
    assert (ending.how, ending.code) == (how, getattr(study, code))


@pytest.mark.parametrize(
    ("choice", "code", "words"),
    [
        ("flag", "completion_code", "That was the last one"),
        ("code", "failed_checks_code", "before they decide anything"),
        ("end", "screened_out_code", "The study ends here for you. Thank you."),
    ],
)
def test_somebody_who_failed_checks_gets_the_code_of_the_studys_choice_and_no_other(
    choice: str, code: str, words: str
) -> None:
    study = opened(after_failed_checks=choice)
    for position in (1, 3):
        make_check(study, position=position)
    person = Visitor(study, **PROLIFIC)
    person.start()
    while person.here != "/s/answers/done/":
        person.send(label=1)
    codes = ("completion_code", "partial_code", "no_work_code", "screened_out_code", "failed_checks_code")
    assert [name for name in codes if getattr(study, name) in person.text] == [code]
    assert words in person.text and "Label some more" not in person.text
    again = Visitor(study, **PROLIFIC)
    assert getattr(study, code) in again.enter().content.decode()
    if choice == "end":
        again.get("task/1/")
        assert again.here == "/s/answers/done/"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"pay_by": "time", "pay_rate": "9.50", "currency": "GBP"}, "This study pays 9.50 GBP an hour."),
        ({"pay_by": "item", "pay_rate": "0.0450", "currency": "EUR"}, "This study pays 0.045 EUR an answer."),
    ],
)
def test_the_stop_page_names_the_code_and_an_amount_only_if_the_study_has_one(
    fields: dict[str, Any], words: str
) -> None:
    study = opened(**fields)
    make_check(study, position=1)
    person = Visitor(study)
    person.start()
    person.send(label=5)
    person.get("stop/")
    assert "1 answer of 4" in person.text and "the code of those who stopped early" in person.text
    assert words in person.text and (words or "This study pays" not in person.text)
    person.send()
    assert study.partial_code in person.text


@pytest.mark.parametrize("end", [pause_study, close_study])
def test_who_agreed_before_the_study_stopped_gets_a_code_and_who_comes_after_none(end: Any) -> None:
    study = opened()
    early, late = Visitor(study, **PROLIFIC), Visitor(study)
    early.enter()
    early.send()
    end(study=study)
    assert study.no_work_code in early.send().content.decode()
    assert study.no_work_code in early.enter().content.decode()
    assert study.no_work_code not in late.enter().content.decode()
    assert "Nothing about this visit is recorded" in late.text
