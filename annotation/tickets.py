"""What goes out with a task page and what comes back: the ticket and the answer."""

import json
from dataclasses import asdict, dataclass
from secrets import token_hex

from cryptography.fernet import InvalidToken
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import CheckAnswer, Slot, Study
from generation.models import digest
from generation.sealing import fernet

COMMENT_LENGTH = 5_000
SEALED_LENGTH = 512  # of every ticket, whatever its numbers


class InvalidAnswer(Exception):
    """An answer that cannot be stored; the message is for the person who gave it."""


@dataclass(frozen=True)
class Answer:
    """What a person said of one item; `value` is None exactly when they could not judge.

    `attempt` numbers the different answers that one page sent: 4, then 2, then 4 again are three answers.
    """

    value: int | None
    cannot_judge: bool = False
    comment: str = ""
    active_seconds: float | None = None
    attempt: int = 0

    def check(self, study: Study) -> None:
        """Raise InvalidAnswer unless the answer fits the study's scale."""
        if self.cannot_judge:
            if self.value is not None:
                raise InvalidAnswer(_("Choose an answer, or say that you cannot judge this one, not both."))
        elif self.value is None:
            raise InvalidAnswer(_("Choose an answer, or say that you cannot judge this one."))
        elif not study.scale_low <= self.value <= study.scale_high:
            ends = {"low": study.scale_low, "high": study.scale_high}
            raise InvalidAnswer(_("The answer is a whole number from %(low)d to %(high)d.") % ends)
        if len(self.comment) > COMMENT_LENGTH:
            limit = {"limit": COMMENT_LENGTH}
            raise InvalidAnswer(_("The comment is longer than %(limit)d characters. Shorten it.") % limit)


@dataclass(frozen=True)
class Ticket:
    """What a page showed, to whom and when; encrypted, it travels in the page's form.

    It outlives the lease: an answer that comes late still says what was shown. A check's has the check in
    the person's hands in place of slot and item, and whoever holds it cannot tell.
    """

    participant: int
    session: int
    slot: int
    item: int
    position: int
    swapped: bool
    shown_at: float
    nonce: str
    check: int = 0

    @classmethod
    def for_slot(cls, slot: Slot) -> "Ticket":
        """A new ticket for a leased slot."""
        if slot.participant_id is None or slot.session_id is None or slot.position is None:
            raise ValueError("an open slot has nobody to give a ticket to")
        return cls(
            participant=slot.participant_id,
            session=slot.session_id,
            slot=slot.pk,
            item=slot.item_id,
            position=slot.position,
            swapped=bool(slot.swapped),
            shown_at=timezone.now().timestamp(),
            nonce=token_hex(8),
        )

    @classmethod
    def for_check(cls, given: CheckAnswer) -> "Ticket":
        """A new ticket for a check within a session."""
        if given.session_id is None or given.position is None:
            raise ValueError("practice has no ticket")
        return cls(
            participant=given.participant_id,
            session=given.session_id,
            slot=0,
            item=0,
            position=given.position,
            swapped=given.swapped,
            shown_at=timezone.now().timestamp(),
            nonce=token_hex(8),
            check=given.pk,
        )

    def seal(self) -> str:
        """The ticket as encrypted text."""
        return fernet("ticket").encrypt(json.dumps(asdict(self)).ljust(SEALED_LENGTH).encode()).decode()

    @classmethod
    def unseal(cls, text: str) -> "Ticket":
        """Raises InvalidAnswer when the text was not sealed by this server."""
        try:
            return cls(**json.loads(fernet("ticket").decrypt(text.encode())))
        except (InvalidToken, TypeError) as error:
            raise InvalidAnswer(
                _("This page is not valid any more. Open the study again to go on.")
            ) from error

    def key(self, answer: Answer) -> str:
        """The same answer from the same page has the same key, so sending it twice stores it once."""
        said = (answer.value, answer.cannot_judge, answer.comment, answer.attempt)
        return digest(self.slot, self.session, self.nonce, *said)
