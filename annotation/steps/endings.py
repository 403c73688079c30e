"""How a person's work in a study ended, and the code that says so to whoever sent them."""

from dataclasses import dataclass
from enum import StrEnum

from annotation.models import Participant, Session, Study
from annotation.steps.checks import failed_too_many
from annotation.steps.standing import comprehension_failed

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
    how = _how(participant)
    return Ending(how, str(getattr(participant.study, CODES[how])))


def _how(participant: Participant) -> How:
    outcomes = list(participant.sessions.exclude(outcome="").values_list("outcome", flat=True))
    if Outcome.SCREENED in outcomes:
        return How.SCREENED
    if Outcome.COMPLETED in outcomes:
        by_code = participant.study.after_failed_checks == Study.AfterFailedChecks.CODE
        return How.FAILED_CHECKS if by_code and failed_too_many(participant) else How.COMPLETED
    if outcomes:
        return PARTIAL[Outcome(outcomes[-1])]
    return How.NOT_UNDERSTOOD if comprehension_failed(participant) else How.NO_WORK
