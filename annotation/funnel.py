"""Where people are lost: how many took each step of a study, and how their work ended. Derived by query.

Everybody who entered is in one ending. A step counts who did it, and who came farther than it: what it asks
may change while people come, and erasing somebody forgets what they replied.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from django.db.models import Count, QuerySet

from annotation.models import (
    ATTEMPTS,
    Check,
    CheckAnswer,
    ComprehensionAttempt,
    Question,
    Reply,
    Session,
    Study,
)

Outcome = Session.Outcome
# The median is of so many completed sessions, the newest ones.
NEWEST = 500


@dataclass(frozen=True)
class Stage:
    """How many people came so far, and how many of those of the stage before did not."""

    words: str
    people: int
    lost: int | None = None


@dataclass(frozen=True)
class Funnel:
    """`stages` narrow down; `endings` say how people's last session ended, and why others have none."""

    stages: list[Stage]
    endings: list[tuple[str, int]]
    minutes: float | None

    @property
    def entered(self) -> int:
        return self.stages[0].people


def funnel(study: Study) -> Funnel:
    """In ten queries, whatever the study's size."""
    people = study.participants.order_by().values_list("pk", "consented_at", "simulated")
    # Simulated people are never asked.
    consents = {pk: consented_at or simulated for pk, consented_at, simulated in people}
    attempts = ComprehensionAttempt.objects.filter(participant__study=study)
    asked, outcomes = _asked(study), _last_outcomes(study)
    began = set(outcomes)
    steps = [("agreed to take part", {pk for pk, given in consents.items() if given})]
    if asked["comprehension"]:
        steps.append(("passed the comprehension check", _people(attempts.filter(passed=True))))
    if asked["practice"]:
        steps.append(("did the practice", _all_of(_practice(study), asked["practice"])))
    if asked["before"]:
        steps.append(("answered the survey before", _all_of(_replies(study, "before"), asked["before"])))
    ready = set.intersection(*(people for _, people in steps))
    completed = _people(_sessions(study).filter(outcome=Outcome.COMPLETED))
    after = [("began to label", began), ("completed a session", completed)]
    if asked["after"]:
        done = _all_of(_replies(study, "after"), asked["after"]) & completed
        after.append(("answered the survey after", done))
    failed = _people(attempts.filter(passed=False, number=ATTEMPTS)) - began
    idle = ready - began - failed
    how = Counter(outcomes.values())
    endings = [(str(outcome.label), how[outcome]) for outcome in Outcome]
    endings += [
        ("still running, or left without a word", how[""]),
        ("failed the comprehension check", len(failed)),
        ("ready, but never began: no work was left, or they went", len(idle)),
        ("went before they were ready", len(set(consents) - began - failed - idle)),
    ]
    stages = _stages([("entered", set(consents)), *_reached(steps, began), *after])
    return Funnel(stages, [row for row in endings if row[1]], median_minutes(study))


def _reached(steps: list[tuple[str, set[int]]], beyond: set[int]) -> list[tuple[str, set[int]]]:
    """The steps, each with those also who came farther than it."""
    found = []
    for words, people in reversed(steps):
        beyond = beyond | people
        found.append((words, beyond))
    return found[::-1]


def _stages(steps: list[tuple[str, set[int]]]) -> list[Stage]:
    numbers = [len(people) for _, people in steps]
    lost = [None, *(was - now for was, now in pairwise(numbers))]
    return [Stage(words, len(people), gone) for (words, people), gone in zip(steps, lost, strict=True)]


def _asked(study: Study) -> dict[str, int]:
    """How many questions or exercises the study has for each step now."""
    questions = study.questions.filter(retired_at=None).order_by().values_list("place").annotate(Count("pk"))
    practice = study.checks.filter(purpose=Check.Purpose.PRACTICE, retired_at=None).count()
    return dict.fromkeys(map(str, Question.Place), 0) | dict(questions) | {"practice": practice}


def _practice(study: Study) -> QuerySet[CheckAnswer]:
    return CheckAnswer.objects.filter(
        participant__study=study, session=None, answered_at__isnull=False, check_asked__retired_at=None
    )


def _replies(study: Study, place: str) -> QuerySet[Reply]:
    return Reply.objects.filter(participant__study=study, question__place=place, question__retired_at=None)


def _people(rows: QuerySet[Any]) -> set[int]:
    return set(rows.order_by().values_list("participant", flat=True))


def _all_of(rows: QuerySet[Any], number: int) -> set[int]:
    """Who has so many of the rows."""
    people = rows.order_by().values("participant").annotate(n=Count("pk")).filter(n__gte=number)
    return set(people.values_list("participant", flat=True))


def _sessions(study: Study) -> QuerySet[Session]:
    return Session.objects.filter(participant__study=study)


def _last_outcomes(study: Study) -> dict[int, str]:
    """How each person's last session ended; empty where it runs."""
    return dict(_sessions(study).order_by("pk").values_list("participant", "outcome"))


def median_minutes(study: Study) -> float | None:
    """How long a completed session took, of the newest ones."""
    done = _sessions(study).filter(outcome=Outcome.COMPLETED, ended_at__isnull=False)
    newest = done.order_by("-pk").values_list("started_at", "ended_at")[:NEWEST]
    minutes = [(ended - started) / timedelta(minutes=1) for started, ended in newest if ended]
    return median(minutes) if minutes else None
