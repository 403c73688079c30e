"""Practice: something to judge before the work, with feedback. What people say there is never a label."""

import json
from dataclasses import asdict, dataclass

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.models import Check, CheckAnswer, Participant
from annotation.steps.questions import locked
from annotation.tickets import Answer, InvalidAnswer
from generation.models import digest
from generation.sealing import fernet

OLD_PAGE = gettext_noop("This page is not valid any more. Open the study again to go on.")


@dataclass(frozen=True)
class Exercise:
    """A practice item in one person's hands; `given` is their answer."""

    check: Check
    swapped: bool
    given: CheckAnswer | None


@dataclass(frozen=True)
class PracticeTicket:
    """What a practice page showed, to whom and when; encrypted, it travels in the page's form."""

    participant: int
    check: int
    shown_at: float

    def seal(self) -> str:
        return fernet("practice").encrypt(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def unseal(cls, text: str) -> "PracticeTicket":
        """Raises InvalidAnswer when the text was not sealed by this server."""
        try:
            return cls(**json.loads(fernet("practice").decrypt(text.encode())))
        except InvalidToken as error:
            raise InvalidAnswer(_(OLD_PAGE)) from error


def exercises(participant: Participant) -> list[Exercise]:
    """The person's practice in order: what they did, also if it is no longer given, and what is left."""
    given = {
        answer.check_asked_id: answer
        for answer in CheckAnswer.objects.filter(participant=participant, session=None)
    }
    checks = participant.study.checks.filter(purpose=Check.Purpose.PRACTICE)
    shown = checks.filter(Q(retired_at=None) | Q(pk__in=given))
    return [Exercise(check, _swapped(participant, check), given.get(check.pk)) for check in shown]


def ticket_for(participant: Participant, check: Check) -> PracticeTicket:
    return PracticeTicket(participant.pk, check.pk, timezone.now().timestamp())


@transaction.atomic
def answer_practice(*, participant: Participant, ticket: PracticeTicket, answer: Answer) -> CheckAnswer:
    """Store the person's answer to a practice item; the first one stands. Raises InvalidAnswer."""
    if ticket.participant != participant.pk:
        raise InvalidAnswer(_("This page belongs to somebody else. Open the study again to go on."))
    participant = locked(participant)
    given = CheckAnswer.objects.filter(participant=participant, check_asked=ticket.check).first()
    if given:
        return given
    answer.check(participant.study)
    check = Check.objects.filter(study=participant.study, pk=ticket.check).first()
    if check is None:
        raise InvalidAnswer(_(OLD_PAGE))
    now = timezone.now()
    return CheckAnswer.objects.create(
        check_asked=check,
        participant=participant,
        swapped=_swapped(participant, check),
        value=answer.value,
        cannot_judge=answer.cannot_judge,
        # Without values that pass there is nothing to get wrong.
        passed=not check.accepted or answer.value in check.accepted,
        answered_at=now,
        wall_seconds=max(0.0, now.timestamp() - ticket.shown_at),
    )


def _swapped(participant: Participant, check: Check) -> bool:
    """Whether this person sees response 2 first."""
    drawn = digest(participant.study.seed, participant.code, "practice", check.pk)
    return participant.study.has_sides and int(drawn[-1], 16) % 2 == 1
