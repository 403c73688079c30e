"""Where people are lost: how many took each step of a study, and how their work ended. Derived by query."""

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

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
    """`stages` narrow down; `endings` say how the last session of people ended, and who never began."""

    stages: list[Stage]
    endings: list[tuple[str, int]]
    minutes: float | None

    @property
    def entered(self) -> int:
        return self.stages[0].people


def funnel(study: Study) -> Funnel:
    """In nine queries, whatever the study's size."""
    people = study.participants.aggregate(entered=Count("pk"), agreed=Count("consented_at"))
    attempts = ComprehensionAttempt.objects.filter(participant__study=study).aggregate(
        right=Count("pk", filter=Q(passed=True)), wrong=Count("pk", filter=Q(passed=False, number=ATTEMPTS))
    )
    asked = _asked(study)
    outcomes = _last_outcomes(study)
    started = sum(outcomes.values())
    stages = [("entered", people["entered"]), ("agreed to take part", people["agreed"])]
    if asked["comprehension"]:
        stages.append(("passed the comprehension check", attempts["right"]))
    if asked["practice"]:
        stages.append(("did the practice", _all_of(_practice(study), asked["practice"])))
    if asked["before"]:
        stages.append(("answered the survey before", _all_of(_replies(study, "before"), asked["before"])))
    ready = stages[-1][1]
    stages.append(("began to label", started))
    stages.append(("completed a session", _completed(study)))
    if asked["after"]:
        stages.append(("answered the survey after", _all_of(_replies(study, "after"), asked["after"])))
    endings = [(str(outcome.label), outcomes.get(outcome, 0)) for outcome in Outcome]
    endings += [
        ("still running, or left without a word", outcomes.get("", 0)),
        ("failed the comprehension check", attempts["wrong"]),
        ("ready, but never began: no work was left, or they went", max(0, ready - started)),
    ]
    return Funnel(_stages(stages), [row for row in endings if row[1]], median_minutes(study))


def _stages(counts: list[tuple[str, int]]) -> list[Stage]:
    first, *rest = counts
    before = [people for _, people in counts]
    lost = [max(0, was - people) for was, (_, people) in zip(before, rest, strict=False)]
    return [Stage(*first), *(Stage(*row, gone) for row, gone in zip(rest, lost, strict=True))]


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


def _all_of(rows: QuerySet[Any], number: int) -> int:
    """How many people have so many of the rows."""
    people = rows.order_by().values("participant").annotate(n=Count("pk")).filter(n__gte=number)
    return int(people.count())


def _last_outcomes(study: Study) -> dict[str, int]:
    """How many people's last session had each outcome; empty where it runs."""
    sessions = Session.objects.filter(participant__study=study).order_by()
    last = sessions.values("participant").annotate(last=Max("pk")).values("last")
    found = Session.objects.filter(pk__in=last).order_by().values_list("outcome").annotate(Count("pk"))
    return dict(found)


def _completed(study: Study) -> int:
    sessions = Session.objects.filter(participant__study=study, outcome=Outcome.COMPLETED).order_by()
    return int(sessions.aggregate(people=Count("participant", distinct=True))["people"])


def median_minutes(study: Study) -> float | None:
    """How long a completed session took, of the newest ones."""
    done = Session.objects.filter(participant__study=study, outcome=Outcome.COMPLETED, ended_at__isnull=False)
    newest = done.order_by("-pk").values_list("started_at", "ended_at")[:NEWEST]
    minutes = [(ended - started) / timedelta(minutes=1) for started, ended in newest if ended]
    return median(minutes) if minutes else None
