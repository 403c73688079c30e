"""The steps of a participant: where they go on is read from what they have done, and stored nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from annotation.allocation import sessions_left
from annotation.models import (
    ATTEMPTS,
    Check,
    CheckAnswer,
    ComprehensionAttempt,
    Participant,
    Question,
    Reply,
    Session,
    Study,
)

Place = Question.Place


class Step(StrEnum):
    """In the order in which a person takes them."""

    CONSENT = "consent"
    NOT_OPEN = "not open"
    INSTRUCTIONS = "instructions"
    COMPREHENSION = "comprehension"
    PRACTICE = "practice"
    BEFORE = "survey before"
    READY = "ready"
    TASK = "task"
    AFTER = "survey after"
    DONE = "done"


PREPARATION = (Step.COMPREHENSION, Step.PRACTICE, Step.BEFORE)


@dataclass(frozen=True)
class Standing:
    """Where a person is. `begun`: they have done something of what follows the instructions."""

    step: Step
    begun: bool


def standing_of(participant: Participant) -> Standing:
    """Read in one query, however many steps the study has."""
    return _standing(participant, _done(Participant.objects.filter(pk=participant.pk)).get())


def next_step(participant: Participant) -> Step:
    """Where the person goes on: the instructions, as long as they have done nothing of what follows them."""
    return _next(standing_of(participant))


def next_steps(people: QuerySet[Participant]) -> dict[int, Step]:
    """Where each of the people goes on, by their keys, in two queries."""
    found = {row["pk"]: row for row in _done(people)}
    return {
        person.pk: _next(_standing(person, found[person.pk]))
        for person in people.select_related("study", "recruitment")
        if person.pk in found
    }


def _next(standing: Standing) -> Step:
    unread = standing.step in PREPARATION and not standing.begun
    return Step.INSTRUCTIONS if unread else standing.step


def _standing(participant: Participant, found: Mapping[str, object]) -> Standing:
    begun = bool(found["tried"] or found["practised"] or found["replied"])
    return Standing(_step(participant, found), begun)


def _done(people: QuerySet[Participant]) -> QuerySet[Participant, Any]:
    """What each of the people has done, and what is left of it."""
    attempts = ComprehensionAttempt.objects.filter(participant=OuterRef("pk"))
    sessions = Session.objects.filter(participant=OuterRef("pk"))
    answers = CheckAnswer.objects.filter(participant=OuterRef("pk"), session=None)
    replies = Reply.objects.filter(participant=OuterRef("pk"), question__place=Place.BEFORE)
    comprehension = Question.objects.filter(
        study=OuterRef("study_id"), place=Place.COMPREHENSION, retired_at=None
    )
    return people.values(
        "pk",
        session=Subquery(sessions.order_by("-pk").values("outcome")[:1]),
        tried=Exists(attempts),
        passed=Exists(attempts.filter(passed=True)),
        failed=Exists(attempts.filter(number=ATTEMPTS, passed=False)),
        asked=Exists(comprehension),
        practice=Exists(_practice_left()),
        practised=Exists(answers),
        before=Exists(_questions_left(Place.BEFORE)),
        replied=Exists(replies),
        after=Exists(_questions_left(Place.AFTER)),
    )


def comprehension_failed(participant: Participant) -> bool:
    """Whether the person has used up their attempts. They are thanked and paid, and get no work."""
    attempts = ComprehensionAttempt.objects.filter(participant=participant)
    return attempts.filter(number=ATTEMPTS, passed=False).exists()


def consent_outdated(participant: Participant) -> bool:
    return participant.consent_version != participant.study.consent_version


def ready_for_work(participant: Participant) -> bool:
    """Whether all that comes before a session is done; a study that is not open starts none all the same."""
    before = (Step.CONSENT, *PREPARATION)
    return standing_of(participant).step not in before and not comprehension_failed(participant)


def _step(participant: Participant, found: Mapping[str, object]) -> Step:
    outdated = consent_outdated(participant)
    session = found["session"]  # the last one's outcome: empty while it runs, None if there is none
    if session == Session.Outcome.RETURNED and sessions_left(participant=participant):
        session = None  # they come with another submission
    if session:
        return Step.AFTER if found["after"] and not outdated else Step.DONE
    if found["failed"]:
        return Step.DONE
    if outdated:
        return Step.CONSENT
    if session is not None:
        return Step.TASK
    if participant.study.state != Study.State.OPEN:
        return Step.NOT_OPEN
    if found["asked"] and not found["passed"]:
        return Step.COMPREHENSION
    if found["practice"]:
        return Step.PRACTICE
    return Step.BEFORE if found["before"] else Step.READY


def _questions_left(place: Place) -> QuerySet[Question]:
    """What the person of the query around it has not replied to."""
    replied = Reply.objects.filter(participant=OuterRef(OuterRef("pk")), question=OuterRef("pk"))
    return Question.objects.filter(~Exists(replied), study=OuterRef("study_id"), place=place, retired_at=None)


def _practice_left() -> QuerySet[Check]:
    answered = CheckAnswer.objects.filter(participant=OuterRef(OuterRef("pk")), check_asked=OuterRef("pk"))
    return Check.objects.filter(
        ~Exists(answered), study=OuterRef("study_id"), purpose=Check.Purpose.PRACTICE, retired_at=None
    )
