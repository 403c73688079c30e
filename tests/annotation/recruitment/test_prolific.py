"""Prolific's API is read over HTTP, patiently; what to do about submissions is prepared, and no more."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from annotation.allocation import start_session, stop_session, submit
from annotation.models import Participant, Study
from annotation.recruitment.entry import Entry, admit
from annotation.recruitment.prolific import Prolific, ProlificError, Reward
from annotation.recruitment.reviewing import Review, review
from annotation.recruitment.submissions import hear
from annotation.tickets import Answer, Ticket
from tests.factory import make_study
from tests.prolific import STUDY, TOKEN, FakeProlific, prolific_running
from tests.visitor import PROLIFIC, opened


@pytest.fixture
def server(settings: Settings) -> Iterator[FakeProlific]:
    with prolific_running() as running:
        settings.PROLIFIC_TOKEN, settings.PROLIFIC_API = TOKEN, running.address
        yield running


def client() -> Prolific:
    return Prolific(wait=0.01)


def test_every_page_is_read_past_a_429_and_a_500(server: FakeProlific) -> None:
    for n in range(5):
        server.add(f"s{n}", code=f"c{n}", bonus_payments=[50, 25])
    server.failures = [(429, {"Retry-After": "0"}), (500, {})]
    found = client().submissions(STUDY)
    assert [(row.external, row.code) for row in found] == [(f"s{n}", f"c{n}") for n in range(5)]
    assert {row.paid for row in found} == {Decimal("0.75")}
    assert len(server.asked) == 5
    assert client().reward(STUDY) == Reward(Decimal("2.5"), "GBP")


@pytest.mark.parametrize(
    ("change", "study", "line"),
    [
        ({"failures": [(503, {})] * 9}, STUDY, "answers 503, after 5 tries"),
        ({"failures": [(400, {})]}, STUDY, "answers 400"),
        ({"failures": [(302, {"Location": "http://127.0.0.1:1/"})]}, STUDY, "answers 302"),
        ({}, "another", "knows no study"),
        ({}, "../users/me", "is no id of a study"),
        ({"next_host": "http://127.0.0.2:9"}, STUDY, "another address"),
        ({"bodies": [b"<html>"]}, STUDY, "no JSON object"),
        ({"bodies": [b"[]"]}, STUDY, "no JSON object"),
        ({"bodies": [b'{"detail": "x"}']}, STUDY, "no list of results"),
        ({"bodies": [b'{"results": [{"id": 5}]}']}, STUDY, "without id or status"),
    ],
)
def test_what_prolific_does_not_give_is_said_in_a_line(
    server: FakeProlific, change: dict[str, Any], study: str, line: str
) -> None:
    for n in range(3):
        server.add(f"s{n}")
    vars(server).update(change)
    with pytest.raises(ProlificError, match=line):
        client().submissions(study)


def test_a_wrong_or_missing_token_is_said(server: FakeProlific, settings: Settings) -> None:
    settings.PROLIFIC_TOKEN = "wrong"
    with pytest.raises(ProlificError, match="refuses the token"):
        client().submissions(STUDY)
    settings.PROLIFIC_TOKEN = ""
    with pytest.raises(ProlificError, match="PROLIFIC_TOKEN is not set"):
        client()


def test_a_server_that_is_not_there_is_said(settings: Settings) -> None:
    settings.PROLIFIC_TOKEN, settings.PROLIFIC_API = TOKEN, "http://127.0.0.1:9/api/v1/"
    with pytest.raises(ProlificError, match="is not reached, after 5 tries"):
        client().submissions(STUDY)


def paid_study(**fields: Any) -> Study:
    pay = {"pay_by": "item", "pay_rate": Decimal("1"), "currency": "GBP"}
    return opened(items=3, labels_per_item=20, **(pay | fields))


def come(study: Study, submission: str) -> Participant:
    parameters = PROLIFIC | {"PROLIFIC_PID": f"p-{submission}", "SESSION_ID": submission}
    return admit(study=study, entry=Entry.from_parameters(parameters, study=study))


def work(study: Study, submission: str, *, answers: int, stop: bool = True) -> Participant:
    """Somebody who answered so many of three items, and stopped."""
    person = come(study, submission)
    session = start_session(participant=person)
    assert session
    for slot in session.slots.order_by("position")[:answers]:
        submit(participant=person, ticket=Ticket.for_slot(slot), answer=Answer(value=3))
    if answers < 3 and stop:
        stop_session(session=session)
    return person


def reviewed(study: Study, server: FakeProlific) -> Review:
    prolific = client()
    return review(study=study, submissions=prolific.submissions(STUDY), reward=prolific.reward(STUDY))


def named(lines: list[Any]) -> list[str]:
    return [line.submission for line in lines]


@pytest.mark.django_db
def test_submissions_go_where_their_work_here_says(server: FakeProlific) -> None:
    study = paid_study()
    work(study, "all", answers=3)
    work(study, "some", answers=2)
    work(study, "none", answers=0)
    come(study, "no-place")
    come(study, "idle")
    server.add("all", code=study.completion_code)
    server.add("some", code=study.partial_code)
    server.add("none", code=study.partial_code)
    server.add("no-place", code=study.no_work_code)
    server.add("idle")
    lists = reviewed(study, server)
    assert named(lists.approve) == ["all", "no-place"]
    assert named(lists.ask_back) == ["some", "none", "idle"]
    assert lists.look_at == []
    # 3 answers are worth 3.00, of which the reward pays 2.50; 2 answers without the reward are worth 2.00.
    assert lists.bonus == [("all", Decimal("0.50")), ("some", Decimal("2.00"))]


@pytest.mark.django_db
def test_a_review_asks_as_many_queries_for_many_submissions_as_for_one(server: FakeProlific) -> None:
    study = paid_study(after_failed_checks=Study.AfterFailedChecks.CODE)
    asked = []
    for names in (["first"], ["second", "third", "fourth", "fifth"]):
        for name in names:
            work(study, name, answers=3)
            server.add(name, code=study.completion_code)
        with CaptureQueriesContext(connection) as queries:
            lists = reviewed(study, server)
        asked.append(len(queries))
    assert len(lists.approve) == 5
    assert asked[0] == asked[1]


@pytest.mark.django_db
def test_the_submissions_of_another_study_here_are_not_shown(server: FakeProlific) -> None:
    study, other = paid_study(), make_study("other", recruiters=["prolific"])
    come(other, "theirs")
    server.add("theirs")
    with pytest.raises(ProlificError, match="to another study than"):
        reviewed(study, server)
    come(study, "ours")
    server.add("ours")
    assert named(reviewed(study, server).ask_back) == ["theirs", "ours"]


@pytest.mark.django_db
def test_what_does_not_fit_together_is_named_and_gets_no_bonus(server: FakeProlific) -> None:
    study = paid_study()
    work(study, "other-code", answers=2)
    work(study, "odd-code", answers=3)
    work(study, "not-handed-in", answers=3)
    work(study, "inside", answers=1, stop=False)
    server.add("other-code", code=study.completion_code)
    server.add("odd-code", code="NOCODE")
    server.add("not-handed-in", status="TIMED-OUT")
    server.add("inside")
    server.add("stranger", code=study.completion_code)
    server.add("gone", status="RETURNED")
    lists = reviewed(study, server)
    assert [(line.submission, line.why) for line in lists.look_at] == [
        ("other-code", "claims “completed”; here: stopped early"),
        ("odd-code", "claims a code that means nothing here, NOCODE; here: completed"),
        ("not-handed-in", "completed here, TIMED-OUT there"),
        ("inside", "submitted there, still at work here"),
        ("stranger", "nobody agreed to take part here with it"),
    ]
    assert named(lists.ask_back) == ["stranger"]
    assert lists.approve == [] and lists.bonus == []


@pytest.mark.django_db
def test_bonuses_leave_out_what_was_paid_and_who_is_still_at_work_or_refused(server: FakeProlific) -> None:
    study = paid_study()
    for name in ("paid", "returned", "timed-out", "active", "rejected", "screened"):
        work(study, name, answers=3 if name == "paid" else 2)
    server.add("paid", status="APPROVED", code=study.completion_code, bonus_payments=[20])
    for name in ("returned", "timed-out", "active", "rejected"):
        server.add(name, status=name.upper())
    server.add("screened", status="SCREENED OUT")
    lists = reviewed(study, server)
    assert lists.bonus == [
        ("paid", Decimal("0.30")),
        ("returned", Decimal("2.00")),
        ("timed-out", Decimal("2.00")),
    ]


@pytest.mark.django_db
def test_who_came_with_two_submissions_is_owed_once(server: FakeProlific) -> None:
    study = paid_study()
    work(study, "first", answers=2)
    hear(
        recruiter="prolific",
        event="e",
        external="first",
        status="RETURNED",
        at=Study.objects.get().created_at,
    )
    parameters = PROLIFIC | {"PROLIFIC_PID": "p-first", "SESSION_ID": "second"}
    admit(study=study, entry=Entry.from_parameters(parameters, study=study))
    server.add("first", status="RETURNED")
    server.add("second", status="RETURNED")
    assert reviewed(study, server).bonus == [("second", Decimal("2.00"))]


@pytest.mark.django_db
def test_no_bonus_is_named_in_another_currency_or_where_nothing_is_paid_here(server: FakeProlific) -> None:
    study = paid_study(currency="EUR")
    work(study, "all", answers=3)
    server.add("all", code=study.completion_code)
    lists = reviewed(study, server)
    assert lists.bonus == [] and "Prolific pays in GBP, this study in EUR" in lists.look_at[0].why
    Study.objects.update(pay_by="")
    study.refresh_from_db()
    assert reviewed(study, server).bonus == []


@pytest.mark.django_db
def test_the_command_writes_the_lists_as_files(server: FakeProlific, tmp_path: Path) -> None:
    study = paid_study()
    work(study, "all", answers=3)
    server.add("all", code=study.completion_code)
    call_command("prolific", study.slug, study=STUDY, output=str(tmp_path / "lists"))
    files = {path.stem: list(csv.reader(path.open())) for path in (tmp_path / "lists").iterdir()}
    code = study.participants.get().code
    assert files["approve"] == [["submission", "annotator_id", "why"], ["all", code, "completed"]]
    assert files["bonus"] == [["all", "0.50"]]
    assert len(files["return"]) == len(files["look_at"]) == 1


@pytest.mark.django_db
def test_the_command_says_what_is_wrong_in_a_line(server: FakeProlific, tmp_path: Path) -> None:
    study = paid_study()
    (tmp_path / "file").touch()
    for slug, theirs, output in (
        ("nothing", STUDY, tmp_path),
        (study.slug, "another", tmp_path),
        (study.slug, STUDY, tmp_path / "file" / "below"),
    ):
        with pytest.raises(CommandError):
            call_command("prolific", slug, study=theirs, output=str(output))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
