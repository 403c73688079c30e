"""How a person's work in a study ended, and the code that says so to whoever sent them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from annotation.models import ATTEMPTS, ComprehensionAttempt, Participant, Session, Study
from annotation.steps.checks import failed_checks

Outcome = Session.Outcome


class How(StrEnum):
    COMPLETED = "completed"
    FAILED_CHECKS = "failed checks"
    SCREENED = "screened out by checks"
    NOT_UNDERSTOOD = "screened out by the comprehension check"
    STOPPED = "stopped early"
    EXPIRED = "expired"
    RETURNED = "returned"
    EXCLUDED = "ended here, not by the person"
    NO_WORK = "no work"


CODES = {
    How.COMPLETED: "completion_code",
    How.FAILED_CHECKS: "failed_checks_code",
    How.SCREENED: "screened_out_code",
    How.NOT_UNDERSTOOD: "screened_out_code",
    How.STOPPED: "partial_code",
    How.EXPIRED: "partial_code",
    How.RETURNED: "partial_code",
    How.EXCLUDED: "partial_code",
    How.NO_WORK: "no_work_code",
}
PARTIAL = {
    Outcome.STOPPED: How.STOPPED,
    Outcome.EXPIRED: How.EXPIRED,
    Outcome.RETURNED: How.RETURNED,
    Outcome.EXCLUDED: How.EXCLUDED,
}


@dataclass(frozen=True)
class Ending:
    how: How
    code: str


def ending_of(participant: Participant) -> Ending:
    """How it ended, and the code: there is one for everybody. Of several sessions, a completed one counts."""
    return endings_of(participant.study, [participant])[participant.pk]


def endings_of(study: Study, people: Collection[Participant]) -> dict[int, Ending]:
    """How it ended for each of a study's people, by their keys, in three queries."""
    sessions = Session.objects.filter(participant__in=people).exclude(outcome="")
    outcomes: dict[int, list[str]] = {person.pk: [] for person in people}
    for person, outcome in sessions.values_list("participant", "outcome"):
        outcomes[person].append(outcome)
    by_code = study.after_failed_checks == Study.AfterFailedChecks.CODE
    failed = failed_checks(people) if by_code else {}
    too_many = {person for person, number in failed.items() if number >= study.failed_checks_limit}
    tries = ComprehensionAttempt.objects.filter(participant__in=people, number=ATTEMPTS, passed=False)
    lost = set(tries.values_list("participant", flat=True))
    ended = {
        person: _how(theirs, too_many=person in too_many, lost=person in lost)
        for person, theirs in outcomes.items()
    }
    return {person: Ending(how, str(getattr(study, CODES[how]))) for person, how in ended.items()}


def _how(outcomes: Sequence[str], *, too_many: bool, lost: bool) -> How:
    """`too_many`: failed checks that a code tells of; `lost`: in the comprehension check."""
    if Outcome.SCREENED in outcomes:
        return How.SCREENED
    if Outcome.COMPLETED in outcomes:
        return How.FAILED_CHECKS if too_many else How.COMPLETED
    if outcomes:
        return PARTIAL[Outcome(outcomes[-1])]
    return How.NOT_UNDERSTOOD if lost else How.NO_WORK
