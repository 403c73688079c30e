"""What a study owes to its people: by the answer or by the hour. It advises; a person decides about pay.

By the answer: every current answer counts, those that came late or were set aside too, since all of them are
work; a correction is no second answer. Answers to the checks within a session count, practice does not.

By the hour: the steps before the work, from consent to the last of them, and each session from its start to
its end, each for the study's time limit at most; a survey after the work belongs to the session begun last
before it, where it was answered within that limit. A session that the person did not end lasts to their last
answer. So somebody who failed the comprehension check, was screened out, or found no work left is owed the
time that they spent.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

from django.db.models import Count, Max, QuerySet

from annotation.counts import filled_slots
from annotation.models import (
    CheckAnswer,
    ComprehensionAttempt,
    Label,
    Participant,
    Question,
    Reply,
    Session,
    Study,
)
from generation.currencies import rounded

# Ends that the person's own act made.
OWN_ENDS = frozenset({Session.Outcome.COMPLETED, Session.Outcome.STOPPED, Session.Outcome.SCREENED})
NOTHING, MOMENT, HOUR = timedelta(), timedelta(microseconds=1), timedelta(hours=1)


@dataclass(frozen=True)
class Owed:
    """One person's work and pay; `amount` is None where the study does not pay here.

    `outcome` is how their last session ended, in words. Nobody can say any more who an `erased` one was.
    """

    code: str
    sessions: int
    minutes: float
    answers: int
    amount: Decimal | None
    outcome: str
    excluded: bool
    erased: bool


@dataclass(frozen=True)
class Pay:
    """Everybody who entered, in the order in which they came, and the sum of what they are owed."""

    rows: list[Owed]
    currency: str
    total: Decimal | None
    simulated: bool

    @property
    def people(self) -> int:
        """How many are owed anything."""
        return sum(1 for row in self.rows if row.amount)


COLUMNS = (
    "participant",
    "sessions",
    "minutes",
    "answers",
    "amount",
    "currency",
    "last_session",
    "excluded",
    "identity_erased",
    "simulated",
)


def as_csv(pay: Pay) -> str:
    """The rows as a file for a spreadsheet."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in pay.rows:
        amount = "" if row.amount is None else str(row.amount)
        writer.writerow(
            [
                row.code,
                row.sessions,
                f"{row.minutes:.1f}",
                row.answers,
                amount,
                pay.currency,
                row.outcome,
                "true" if row.excluded else "false",
                "true" if row.erased else "false",
                "true" if pay.simulated else "false",
            ]
        )
    return out.getvalue()


def owed(*, study: Study) -> Pay:
    """Rows and total, in eleven queries whatever the study's size. Excluded people are listed like others."""
    limit = timedelta(minutes=study.time_limit_minutes)
    people = Participant.objects.filter(study=study).order_by("pk")
    sessions = _sessions(study, limit)
    answers, steps = _answers(study), _last_steps(study)
    rows = []
    known = people.values_list("pk", "code", "consented_at", "excluded_at", "identity_erased_at")
    for pk, code, consented, excluded, erased in known:
        mine = sessions.get(pk, NO_SESSIONS)
        before = _between(consented, steps.get(pk), limit)
        time, number = before + mine.time, answers.get(pk, 0)
        minutes, amount = time / timedelta(minutes=1), _amount(study, time=time, answers=number)
        marks = (excluded is not None, erased is not None)
        rows.append(Owed(code, mine.number, minutes, number, amount, mine.outcome, *marks))
    total = sum((row.amount for row in rows if row.amount is not None), Decimal())
    pays = study.pay_by != Study.Pay.NONE
    return Pay(rows, study.currency, rounded(total, study.currency) if pays else None, study.simulated)


def _amount(study: Study, *, time: timedelta, answers: int) -> Decimal | None:
    """Rounded once, for the whole of a person's work; exact until then."""
    if study.pay_rate is None or study.pay_by == Study.Pay.NONE:
        return None
    if study.pay_by == Study.Pay.ITEM:
        return rounded(answers * study.pay_rate, study.currency)
    return rounded(time // MOMENT * study.pay_rate / (HOUR // MOMENT), study.currency)


def _answers(study: Study) -> dict[int, int]:
    """Current answers of each person: counted, late and set aside, and those to checks."""
    filled = filled_slots().filter(study=study)
    aside = Label.objects.filter(
        status__in=[Label.Status.SURPLUS, Label.Status.REPLACED], participant__study=study
    )
    checks = CheckAnswer.objects.filter(
        participant__study=study, session__isnull=False, answered_at__isnull=False
    )
    found: dict[int, int] = {}
    for rows in (filled, aside, checks):
        for person, number in _by_person(rows, Count("*")):
            found[person] = found.get(person, 0) + number
    return found


def _last_steps(study: Study) -> dict[int, datetime]:
    """When each person did the last of the steps before the work."""
    attempts = ComprehensionAttempt.objects.filter(participant__study=study)
    practice = CheckAnswer.objects.filter(participant__study=study, session__isnull=True)
    surveys = _replies(study, Question.Place.BEFORE)
    found: dict[int, datetime] = {}
    for rows, moment in ((attempts, "attempted_at"), (practice, "answered_at"), (surveys, "replied_at")):
        for person, at in _by_person(rows, Max(moment)):
            if at is not None:
                found[person] = max(at, found.get(person, at))
    return found


def _replies(study: Study, place: Question.Place) -> QuerySet[Reply]:
    return Reply.objects.filter(participant__study=study, question__place=place)


def _by_person(rows: QuerySet[Any], number: Any) -> Iterator[tuple[int, Any]]:
    yield from rows.order_by().values_list("participant").annotate(number=number)


@dataclass
class Sessions:
    """One person's sessions together."""

    number: int = 0
    time: timedelta = NOTHING
    outcome: str = ""


NO_SESSIONS = Sessions()


def _sessions(study: Study, limit: timedelta) -> Mapping[int, Sessions]:
    rows = Session.objects.filter(participant__study=study).order_by("-pk")
    last = _last_answers(rows.exclude(outcome__in=OWN_ENDS))
    surveyed = dict(_by_person(_replies(study, Question.Place.AFTER), Max("replied_at")))
    found: dict[int, Sessions] = {}
    times = rows.values_list("pk", "participant", "started_at", "ended_at", "outcome")
    for pk, person, started, ended, outcome in times:
        mine = found.setdefault(person, Sessions())
        mine.number += 1
        end, survey = ended if outcome in OWN_ENDS else last.get(pk), surveyed.get(person)
        if survey and started <= survey:
            # The session that it followed; none before that.
            del surveyed[person]
            if end and end < survey <= started + limit:
                end = survey
        mine.time += _between(started, end, limit)
        mine.outcome = mine.outcome or (str(Session.Outcome(outcome).label) if outcome else "running")
    return found


def _last_answers(sessions: QuerySet[Session]) -> dict[int, datetime]:
    """When each session's last answer came, to an item or to a check. Of most sessions nobody need ask."""
    labels, checks = (rows.filter(session__in=sessions) for rows in (Label.objects, CheckAnswer.objects))
    found: dict[int, datetime] = {}
    for rows, moment in ((labels, "submitted_at"), (checks, "answered_at")):
        for session, at in rows.order_by().values_list("session").annotate(last=Max(moment)):
            if at is not None:
                found[session] = max(at, found.get(session, at))
    return found


def _between(start: datetime | None, end: datetime | None, most: timedelta) -> timedelta:
    if start is None or end is None:
        return NOTHING
    return min(max(end - start, NOTHING), most)
