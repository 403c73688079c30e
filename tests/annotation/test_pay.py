"""Promises of pay: what people are owed for their answers or their time, to the currency's smallest unit."""

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.allocation import session_slots, start_session, stop_session, submit
from annotation.models import (
    Check,
    CheckAnswer,
    ComprehensionAttempt,
    Label,
    Participant,
    Question,
    Reply,
    Session,
    Study,
)
from annotation.pay import Owed, as_csv, owed
from annotation.studies import StudyError, open_study, update_study
from annotation.tickets import Answer, Ticket
from tests.factory import make_check, make_items, make_participant, make_study

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.get_default_timezone())


def paying(pay_by: str, rate: str, currency: str = "GBP", count: int = 6, **fields: Any) -> Study:
    settings: dict[str, Any] = {"labels_per_item": 3, "session_size": 3, "time_limit_minutes": 60}
    study = make_study(pay_by=pay_by, pay_rate=Decimal(rate), currency=currency, **(settings | fields))
    make_items(study, count)
    return open_study(study=study)


def work(person: Participant, *, answers: int = 3, minutes: float | None = None) -> Session:
    """A session of so many answers; the clock is set so that it began at noon and ended so much later."""
    session = start_session(participant=person)
    assert session
    for slot in session_slots(session=session)[:answers]:
        submit(participant=person, ticket=Ticket.for_slot(slot), answer=Answer(value=3))
    session.refresh_from_db()
    if minutes is not None:
        end = NOON + timedelta(minutes=minutes)
        session.labels.update(submitted_at=end)
        session.started_at, session.ended_at = NOON, end if session.ended_at else None
        session.save()
    return session


def row(study: Study, code: str) -> Owed:
    return next(row for row in owed(study=study).rows if row.code == code)


def test_by_the_answer_every_answer_is_paid_and_a_correction_is_no_second_one() -> None:
    study = paying("item", "0.12")
    ann = make_participant(study, "ann")
    session = work(ann)
    first = session_slots(session=session)[0]
    submit(participant=ann, ticket=Ticket.for_slot(first), answer=Answer(value=5))
    assert (row(study, "ann").answers, row(study, "ann").amount) == (3, Decimal("0.36"))


def test_late_answers_and_those_that_were_set_aside_are_work_and_so_are_checks() -> None:
    study = paying("item", "0.10")
    ann = make_participant(study, "ann")
    session = work(ann)
    late, aside, _ = Label.objects.order_by("pk")
    for label, status in ((late, "surplus"), (aside, "replaced")):
        session.slots.filter(item=label.item_id).update(
            participant=None, session=None, position=None, swapped=None, leased_until=None, filled=False
        )
        Label.objects.filter(pk=label.pk).update(status=status)
    practice, check = (
        Check.objects.create(study=study, purpose=purpose, query="q", response="r", accepted=[3])
        for purpose in ("practice", "attention")
    )
    answered = {"participant": ann, "value": 3, "passed": True, "answered_at": timezone.now()}
    CheckAnswer.objects.create(check_asked=practice, **answered)
    CheckAnswer.objects.create(check_asked=check, session=session, position=9, **answered)
    assert row(study, "ann").answers == 4


def test_by_the_hour_a_session_lasts_to_its_end_or_the_last_answer_and_the_time_limit_at_most() -> None:
    study = paying("time", "9.00", time_limit_minutes=30, count=12)
    for code, answers, minutes in (("done", 3, 20), ("slow", 3, 500), ("left", 2, 10), ("none", 0, 50)):
        work(make_participant(study, code), answers=answers, minutes=minutes)
    amounts = {row.code: (row.minutes, row.amount) for row in owed(study=study).rows}
    assert amounts == {
        "done": (20, Decimal("3.00")),
        "slow": (30, Decimal("4.50")),
        "left": (10, Decimal("1.50")),
        "none": (0, Decimal("0.00")),
    }
    assert owed(study=study).total == Decimal("9.00")
    assert owed(study=study).people == 3


def test_a_session_that_the_clock_ended_is_paid_to_the_last_answer() -> None:
    study = paying("time", "6.00")
    session = work(make_participant(study, "away"), answers=2, minutes=10)
    Session.objects.filter(pk=session.pk).update(ended_at=NOON + timedelta(days=2), outcome="expired")
    assert (row(study, "away").minutes, row(study, "away").amount) == (10, Decimal("1.00"))


def test_steps_before_the_work_and_the_survey_after_it_are_time_spent() -> None:
    study = paying("time", "12.00")
    failed = make_participant(study, "failed", consented_at=NOON)
    ComprehensionAttempt.objects.create(
        participant=failed, number=2, passed=False, attempted_at=NOON + timedelta(minutes=5)
    )
    done = make_participant(study, "done")
    work(done, minutes=20)
    before, after, late = (
        Question.objects.create(study=study, place=place, position=n, name=f"q{n}", text="?")
        for n, place in enumerate(("before", "after", "after"))
    )
    Participant.objects.filter(pk=done.pk).update(consented_at=NOON - timedelta(minutes=4))
    for question, minutes in ((before, -2), (after, 23)):
        moment = NOON + timedelta(minutes=minutes)
        Reply.objects.create(participant=done, question=question, value="x", replied_at=moment)
    assert (row(study, "failed").minutes, row(study, "failed").amount) == (5, Decimal("1.00"))
    assert (row(study, "done").minutes, row(study, "done").amount) == (25, Decimal("5.00"))
    Reply.objects.create(participant=done, question=late, value="x", replied_at=NOON + timedelta(days=1))
    assert row(study, "done").minutes == 22, "a survey of the next day is not a day's work"


def test_a_survey_after_two_sessions_makes_the_last_one_longer_and_not_both() -> None:
    study = paying("time", "6.00", count=12)
    ann = make_participant(study, "ann", consented_at=NOON)
    work(ann, minutes=10)
    second = work(ann, minutes=10)
    times = {"started_at": NOON + timedelta(minutes=12), "ended_at": NOON + timedelta(minutes=20)}
    Session.objects.filter(pk=second.pk).update(**times)
    after = Question.objects.create(study=study, place="after", position=1, name="q", text="?")
    said = {"participant": ann, "question": after, "value": "x"}
    Reply.objects.create(**said, replied_at=NOON + timedelta(minutes=25))
    assert (row(study, "ann").sessions, row(study, "ann").minutes) == (2, 10 + 13)


def test_the_last_answer_of_a_session_left_may_be_one_to_a_check() -> None:
    study = paying("time", "6.00")
    ann = make_participant(study, "ann")
    session = work(ann, answers=1, minutes=10)
    check = make_check(study)
    answered = {"participant": ann, "value": 3, "passed": False, "answered_at": NOON + timedelta(minutes=15)}
    CheckAnswer.objects.create(check_asked=check, session=session, position=9, **answered)
    assert row(study, "ann").minutes == 15


def test_time_is_paid_to_the_microsecond_and_no_float_comes_in() -> None:
    study = paying("time", "3.30")
    ann = make_participant(study, "ann")
    session = work(ann, minutes=1)
    # 33.3 minutes at 3.30 are 1.8315; a rate of 3.00 would make 1.665 exactly, which goes up.
    Session.objects.filter(pk=session.pk).update(ended_at=NOON + timedelta(minutes=33, seconds=18))
    assert row(study, "ann").amount == Decimal("1.83")
    study.pay_rate = Decimal("3.00")
    assert row(study, "ann").amount == Decimal("1.67")


@pytest.mark.parametrize(
    ("currency", "rate", "amount"),
    [("GBP", "0.0850", "0.26"), ("EUR", "0.1150", "0.35"), ("JPY", "10.5", "32"), ("KWD", "0.0115", "0.035")],
)
def test_an_amount_is_rounded_once_a_person_to_what_can_be_paid(
    currency: str, rate: str, amount: str
) -> None:
    study = paying("item", rate, currency)
    work(make_participant(study, "ann"))
    assert str(row(study, "ann").amount) == amount


def test_the_total_is_the_sum_of_what_people_get() -> None:
    study = paying("item", "0.0050", count=12)
    for n in range(3):
        work(make_participant(study, f"p{n}"), answers=1)
    pay = owed(study=study)
    assert [row.amount for row in pay.rows] == [Decimal("0.01")] * 3
    assert pay.total == Decimal("0.03")


def test_excluded_people_are_listed_and_everybody_says_how_their_work_ended() -> None:
    study = paying("item", "0.10")
    make_participant(study, "new")
    work(make_participant(study, "out"))
    stop_session(session=work(make_participant(study, "stopped"), answers=1))
    work(make_participant(study, "inside"), answers=1)
    Participant.objects.filter(code="out").update(excluded_at=timezone.now(), exclusion_reason="too fast")
    rows = [(row.code, row.sessions, row.outcome, row.excluded) for row in owed(study=study).rows]
    assert rows == [
        ("new", 0, "", False),
        ("out", 1, "completed", True),
        ("stopped", 1, "stopped early", False),
        ("inside", 1, "running", False),
    ]
    assert row(study, "out").amount == Decimal("0.30")


def test_a_study_that_does_not_pay_here_owes_no_amount() -> None:
    study = make_study()
    make_items(study, 3)
    work(make_participant(open_study(study=study), "ann"))
    pay = owed(study=study)
    assert (pay.rows[0].amount, pay.total, pay.people) == (None, None, 0)


def test_the_file_has_a_row_a_person() -> None:
    study = paying("item", "0.10")
    work(make_participant(study, "ann"))
    (found,) = csv.DictReader(io.StringIO(as_csv(owed(study=study))))
    assert found == {
        "participant": "ann", "sessions": "1", "minutes": found["minutes"], "answers": "3", "amount": "0.30",
        "currency": "GBP", "last_session": "completed", "excluded": "false",
        "identity_erased": "false", "simulated": "false",
    }  # fmt: skip


def test_a_currency_is_one_that_exists() -> None:
    study = make_study()
    with pytest.raises(StudyError, match="ABC is no currency code"):
        update_study(study=study, pay_by="item", pay_rate=Decimal("0.1"), currency="ABC")
    with pytest.raises(StudyError, match="rate above 0 and a currency"):
        update_study(study=study, pay_by="item", pay_rate=None, currency="EUR")
    assert update_study(study=study, pay_by="time", pay_rate=Decimal(9), currency="EUR").currency == "EUR"


def test_queries_do_not_grow_with_people_or_answers() -> None:
    study = paying("time", "9.00", count=12)
    counts = []
    for people in (1, 6):
        for n in range(people):
            work(make_participant(study, f"{people}-{n}"))
        with CaptureQueriesContext(connection) as queries:
            owed(study=study)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 11
