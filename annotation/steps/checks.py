"""Checks within a session: something to judge whose answer is known, and never a label.

Who fails is known at once; what follows is the study's choice, and nobody is excluded by it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from annotation.models import Check, CheckAnswer, Participant, Session, Study
from annotation.tickets import Answer, Ticket
from generation.models import digest


def place_checks(*, session: Session) -> None:
    """Put checks among the items of a new session, those first that have a place of their own.

    As many others as the study asks for are drawn, each at a place drawn for this person, never the last.
    Nobody gets a check twice. A place beyond the session's end is its last one.
    """
    participant = session.participant
    study = participant.study
    if participant.simulated:  # what they would say of a check says nothing
        return
    fixed, drawn = _due(study, participant)
    last = session.size + len(fixed) + len(drawn)
    free = list(range(1, last + 1))
    places: dict[int, Check] = {}
    for check in fixed:
        place = next((place for place in free if place >= (check.position or 0)), free[-1])
        free.remove(place)
        places[place] = check
    for check in drawn:
        place = min(set(free) - {last}, key=lambda place: _draw(participant, check, place))
        free.remove(place)
        places[place] = check
    CheckAnswer.objects.bulk_create(
        CheckAnswer(
            check_asked=check,
            participant=participant,
            session=session,
            position=place,
            swapped=study.has_sides and int(_draw(participant, check)[-1], 16) % 2 == 1,
        )
        for place, check in places.items()
    )


def length_of_session(participant: Participant) -> int:
    """How many pages the person's session has, or their next one may have: items and checks alike."""
    if running := participant.sessions.filter(ended_at__isnull=True).first():
        return running.size + running.check_answers.count()
    fixed, drawn = _due(participant.study, participant)
    return participant.study.session_size + len(fixed) + len(drawn)


def grade(*, given: CheckAnswer, ticket: Ticket, answer: Answer, now: datetime) -> None:
    """Store the first answer to a check, and whether it passes.

    Who cannot judge passes no attention check, for its text says what to answer; of a known answer somebody
    may honestly not be sure.
    """
    check = given.check_asked
    given.value, given.cannot_judge, given.comment = answer.value, answer.cannot_judge, answer.comment
    unsure = check.purpose == Check.Purpose.KNOWN and answer.cannot_judge
    given.passed = unsure or answer.value in check.accepted
    given.answered_at, given.active_seconds = now, answer.active_seconds
    given.wall_seconds = max(0.0, now.timestamp() - ticket.shown_at)
    given.save()


def said(given: CheckAnswer) -> Answer | None:
    """What the person's page shows again: the last answer that they gave, though the first is graded."""
    if given.answered_at is None:
        return None
    return Answer(**(given.changed_to or _words(given)))


def says_otherwise(given: CheckAnswer, answer: Answer) -> bool:
    """Whether an answer differs from the last that the person gave to the check."""
    before = said(given)
    return before is None or _words(before) != _words(answer)


def change(*, given: CheckAnswer, answer: Answer) -> None:
    """Keep what the person changed a check's answer to; the grade stays."""
    given.changed_to = _words(answer)
    given.save(update_fields=["changed_to"])


def failed_checks(participants: QuerySet[Participant] | Iterable[Participant]) -> dict[int, int]:
    """How many checks within sessions each of these people failed; who failed none is not in it."""
    failed = CheckAnswer.objects.filter(participant__in=participants, session__isnull=False, passed=False)
    counts = failed.order_by().values_list("participant").annotate(n=Count("pk"))
    return dict(counts)


def failed_too_many(participant: Participant) -> bool:
    """Whether the person reached the study's limit of failed checks."""
    return failed_checks([participant]).get(participant.pk, 0) >= participant.study.failed_checks_limit


def _due(study: Study, participant: Participant) -> tuple[list[Check], list[Check]]:
    """The checks with a place, and those drawn, that this person has not had."""
    checks = study.checks.filter(retired_at__isnull=True).exclude(purpose=Check.Purpose.PRACTICE)
    fresh = list(checks.exclude(answers__participant=participant))
    loose = [check for check in fresh if check.position is None]
    loose.sort(key=lambda check: _draw(participant, check))
    return [check for check in fresh if check.position is not None], loose[: study.random_checks]


def _words(answer: Answer | CheckAnswer) -> dict[str, Any]:
    return {"value": answer.value, "cannot_judge": answer.cannot_judge, "comment": answer.comment}


def _draw(participant: Participant, check: Check, *more: object) -> str:
    return digest(participant.study.seed, participant.code, "check", check.pk, *more)
