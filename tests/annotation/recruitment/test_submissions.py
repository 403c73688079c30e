"""What a recruiter tells of a submission, and what becomes of the slots behind it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection
from pytest_django import Settings

from annotation.allocation import sessions_left, start_session, submit, work_left
from annotation.models import Act, Label, Notice, Participant, Session, Study, Submission
from annotation.recruitment.entry import Entry, admit, given_back, note_visit
from annotation.recruitment.submissions import external_id, find_submissions, hear
from annotation.tickets import Answer, Ticket
from tests.visitor import PROLIFIC, opened

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry_of(study: Study, pid: str = "p1", submission: str = "s1") -> Entry:
    parameters = PROLIFIC | {"PROLIFIC_PID": pid, "SESSION_ID": submission}
    return Entry.from_parameters(parameters, study=study)


def come(study: Study, pid: str = "p1", submission: str = "s1") -> Participant:
    return admit(study=study, entry=entry_of(study, pid, submission))


def told(status: str, *, submission: str = "s1", seconds: int = 0, event: str = "") -> bool:
    at = AT + timedelta(seconds=seconds)
    event = event or f"{submission} {status} {seconds}"
    return hear(recruiter="prolific", event=event, external=submission, status=status, at=at)


def begin(participant: Participant) -> Session:
    participant.refresh_from_db()
    session = start_session(participant=participant)
    assert session
    return session


def tickets(session: Session) -> list[Ticket]:
    return [Ticket.for_slot(slot) for slot in session.slots.order_by("position")]


def answer(participant: Participant, ticket: Ticket) -> str:
    return submit(participant=participant, ticket=ticket, answer=Answer(value=3)).status


def outcome_of(participant: Participant) -> str:
    return participant.sessions.get().outcome


def test_a_visit_is_kept_as_a_submission_whose_id_only_its_key_can_read() -> None:
    study = opened()
    person = come(study)
    admit(study=study, entry=entry_of(study))
    kept = Submission.objects.get()
    assert (kept.participant, kept.status) == (person, "")
    assert "s1" not in (kept.digest, kept.sealed)
    assert external_id(kept) == "s1"
    assert find_submissions(recruiter="prolific", externals=["s1", "other"]) == {"s1": kept}


def test_a_return_ends_the_session_and_the_next_person_gets_its_places_at_once() -> None:
    study = opened(items=3, labels_per_item=1)
    first = come(study)
    leased = tickets(begin(first))
    assert answer(first, leased[0]) == "counted"
    second = come(study, "p2", "s2")
    assert not work_left(participant=second)
    told("RETURNED")
    assert outcome_of(first) == "returned"
    assert begin(second).size == 2
    assert answer(first, leased[1]) == "surplus"
    assert Label.objects.filter(status="counted").count() == 1
    act = Act.objects.get(by="recruiter")
    assert act.what == "told that a submission is returned" and act.detail == {"participant": first.code}


def test_who_timed_out_may_still_finish_what_nobody_took() -> None:
    study = opened(items=3, labels_per_item=1)
    late = come(study)
    leased = tickets(begin(late))
    told("TIMED-OUT")
    assert outcome_of(late) == ""
    assert answer(late, leased[0]) == "counted"
    other = come(study, "p2", "s2")
    assert begin(other).size == 2
    assert {answer(late, ticket) for ticket in leased[1:]} == {"surplus"}
    assert {answer(other, ticket) for ticket in tickets(other.sessions.get())} == {"counted"}
    assert Label.objects.filter(status="counted").count() == 3


@pytest.mark.parametrize(
    "status", ["RESERVED", "ACTIVE", "AWAITING REVIEW", "APPROVED", "REJECTED", "SCREENED OUT"]
)
def test_every_other_status_keeps_the_places(status: str) -> None:
    study = opened(items=2, labels_per_item=1)
    person = come(study)
    begin(person)
    told(status)
    assert Submission.objects.get().status == status
    assert outcome_of(person) == "" and not work_left(participant=come(study, "p2", "s2"))
    assert not Act.objects.filter(by="recruiter").exists()


def test_drop_outs_do_not_keep_places_from_those_who_come_later() -> None:
    study = opened(items=2, labels_per_item=3)
    for n in range(30):
        begin(come(study, f"gone{n}", f"g{n}"))
        told("RETURNED" if n % 2 else "TIMED-OUT", submission=f"g{n}")
    for n in range(3):
        person = come(study, f"p{n}", f"s{n}")
        assert {answer(person, ticket) for ticket in tickets(begin(person))} == {"counted"}
    assert Label.objects.filter(status="counted").count() == 6


def test_an_older_notice_that_comes_late_undoes_nothing() -> None:
    study = opened()
    person = come(study)
    told("AWAITING REVIEW", seconds=60)
    begin(person)
    told("RETURNED", seconds=30)
    told("ACTIVE", seconds=60)
    assert Submission.objects.get().status == "AWAITING REVIEW" and outcome_of(person) == ""
    told("RETURNED", seconds=60)
    assert Submission.objects.get().status == "RETURNED" and outcome_of(person) == "returned"


def test_a_notice_is_acted_on_once() -> None:
    study = opened()
    person = come(study)
    begin(person)
    assert told("RETURNED", event="e1")
    told("ACTIVE", seconds=10)
    again = begin(person)
    assert not told("RETURNED", event="e1", seconds=20)
    again.refresh_from_db()
    assert again.ended_at is None and Notice.objects.count() == 2


def test_what_was_told_before_the_person_came_is_acted_on_when_they_come() -> None:
    study = opened()
    told("ACTIVE")
    told("RETURNED", submission="s2")
    assert not Submission.objects.exclude(participant__isnull=True, sealed="").exists()
    assert begin(come(study)) and Submission.objects.get(participant__isnull=False).status == "ACTIVE"
    returned = come(study, "p2", "s2")
    assert sessions_left(participant=returned) == 0 and start_session(participant=returned) is None
    assert given_back(entry=entry_of(study, "p2", "s2"), known=returned)
    assert given_back(entry=entry_of(study, "p3", "s2"), known=None)
    assert not given_back(entry=entry_of(study), known=None)


def test_who_gave_a_place_back_may_come_again_with_another_submission() -> None:
    study = opened(items=4, session_size=2)
    person = come(study)
    begin(person)
    told("RETURNED")
    person.refresh_from_db()
    assert start_session(participant=person) is None
    note_visit(participant=person, entry=entry_of(study, submission="s2"))
    session = begin(person)
    told("RETURNED", seconds=50)  # of the first one, once more
    told("TIMED-OUT", seconds=60)
    session.refresh_from_db()
    assert session.ended_at is None
    for ticket in tickets(session):
        assert answer(person, ticket) == "counted"
    assert sessions_left(participant=person) == 0


def test_a_submission_belongs_to_who_came_with_it_first() -> None:
    study = opened()
    first, second = come(study), come(study, "p2", "s1")
    begin(first)
    begin(second)
    told("RETURNED")
    assert (outcome_of(first), outcome_of(second)) == ("returned", "")


def test_a_submission_is_found_after_the_keys_have_changed(settings: Settings) -> None:
    study = opened()
    person = come(study)
    begin(person)
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [old]
    note_visit(participant=person, entry=entry_of(study))
    told("RETURNED")
    assert Submission.objects.count() == 1 and outcome_of(person) == "returned"


@pytest.mark.django_db(transaction=True)
def test_a_notice_and_its_person_at_the_same_moment_lose_neither() -> None:
    study = opened()
    for turn in range(4):
        barrier = Barrier(3)
        name = f"s{turn}"

        def do(task: int, name: str = name, barrier: Barrier = barrier) -> None:
            try:
                barrier.wait()
                if task:
                    told("RETURNED", submission=name, event=name)
                else:
                    come(study, name, name)
            finally:
                connection.close()

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(do, range(3)))
        kept = find_submissions(recruiter="prolific", externals=[name])[name]
        assert kept.status == "RETURNED" and kept.participant
        assert start_session(participant=kept.participant) is None
    assert Notice.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_returns_while_others_claim_never_break_exactly_k() -> None:
    study = opened(items=4, labels_per_item=2, session_size=4)
    barrier = Barrier(6)

    def walk(n: int) -> None:
        try:
            person = come(study, f"p{n}", f"s{n}")
            barrier.wait()
            session = start_session(participant=person)
            if n < 3:
                told("RETURNED", submission=f"s{n}")
            elif session:
                for ticket in tickets(session):
                    answer(person, ticket)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(walk, range(6)))
    for n in range(6, 10):
        person = come(study, f"p{n}", f"s{n}")
        session = start_session(participant=person)
        for ticket in tickets(session) if session else []:
            answer(person, ticket)
    assert Label.objects.filter(status="counted").count() == 8
    assert not study.slots.filter(filled=False).exists()
