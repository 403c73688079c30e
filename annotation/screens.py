"""What the pages of a session show, by position: its items, and checks that nobody can tell from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, DateTimeField, ExpressionWrapper, Q, Value

from annotation.allocation import session_slots
from annotation.languages import in_language, is_translated
from annotation.models import Check, CheckAnswer, Session, Slot
from annotation.steps import checks
from annotation.tickets import Answer, Ticket
from generation.models import digest


@dataclass(frozen=True)
class Place:
    """A position of a session, and until when an item there is leased to be answered."""

    position: int
    answered: bool
    leased_until: datetime | None


@dataclass(frozen=True)
class Screen:
    """One page: what is shown, and what the person said of it before, after how many seconds.

    `draft` names it in the browser: the same page when it is loaded again, and no other. `translated`: into
    the page's language, which items never are.
    """

    position: int
    query: str
    claim: str
    sides: list[tuple[str, str]]
    swapped: bool
    said: Answer | None
    wall_seconds: float | None
    ticket: Ticket
    draft: str
    translated: bool = False


def places(session: int) -> list[Place]:
    """The session's positions in turn; those of checks count while it runs, or once they are answered."""
    slots = Slot.objects.filter(session=session).values_list("position", "filled", "leased_until")
    is_answered = Q(answered_at__isnull=False)
    asked = CheckAnswer.objects.filter(Q(session__ended_at__isnull=True) | is_answered, session=session)
    rows = asked.order_by().values_list(
        "position",
        ExpressionWrapper(is_answered, output_field=BooleanField()),
        Value(None, output_field=DateTimeField()),
    )
    found = slots.order_by().union(rows, all=True).order_by("position")
    return [Place(position or 0, bool(answered), until) for position, answered, until in found]


def screens(session: Session, positions: Sequence[int]) -> list[Screen]:
    """The pages at some positions, in turn."""
    shown = [_of_slot(slot) for slot in session_slots(session=session, positions=positions)]
    if len(shown) < len(positions):
        asked = session.check_answers.select_related("check_asked").filter(position__in=positions)
        shown += [_of_check(given) for given in asked]
    return sorted(shown, key=lambda screen: screen.position)


def _of_slot(slot: Slot) -> Screen:
    item, label = slot.item, slot.answer
    responses = [item.response, item.response_1, item.response_2]
    return Screen(
        position=slot.position or 0,
        query=item.query.text,
        claim=item.claim,
        sides=_sides([response.text for response in responses if response], swapped=bool(slot.swapped)),
        swapped=bool(slot.swapped),
        said=Answer(label.value, label.cannot_judge, label.comment) if label else None,
        wall_seconds=label.wall_seconds if label else None,
        ticket=Ticket.for_slot(slot),
        draft=digest("draft", slot.session_id, "slot", slot.pk)[:16],
    )


def _of_check(given: CheckAnswer) -> Screen:
    check = in_language(given.check_asked)
    return Screen(
        position=given.position or 0,
        query=check.query,
        claim=check.claim,
        sides=sides_of(check, swapped=given.swapped),
        swapped=given.swapped,
        said=checks.said(given),
        wall_seconds=given.wall_seconds,
        ticket=Ticket.for_check(given),
        draft=digest("draft", given.session_id, "check", given.pk)[:16],
        translated=is_translated(given.check_asked),
    )


def sides_of(check: Check, *, swapped: bool = False) -> list[tuple[str, str]]:
    """A check's responses, or a practice item's, as this person sees them, each with its letter."""
    return _sides([text for text in (check.response, check.response_2) if text], swapped=swapped)


def _sides(texts: list[str], *, swapped: bool) -> list[tuple[str, str]]:
    """The responses as this person sees them, each with its letter."""
    if len(texts) < 2:
        return [("", text) for text in texts]
    return list(zip("AB", texts[::-1] if swapped else texts, strict=True))
