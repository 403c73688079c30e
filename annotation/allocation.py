"""Slots: leased to a session, filled by a label, released. Exactly k labels an item.

What keeps it exact, under any number of processes: an item has k rows in Slot; a slot is written only
under its row's lock (PostgreSQL) or the database's write lock (SQLite, BEGIN IMMEDIATE); and the
constraints in `models.py` refuse a second counted label in a slot and a second current label of a person.

Locks are taken in one order, so that nobody waits in a circle: the participant, the study, slots by `order`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.models import Label, Participant, Session, Slot, Study
from annotation.tickets import Answer, InvalidAnswer, Ticket
from generation.models import digest


@transaction.atomic
def start_session(*, participant: Participant) -> Session | None:
    """The person's running session, or a new one; None when there is no work for them.

    A running session gets its unfilled slots leased anew and, in the random design, others in place of
    those that went to somebody else meanwhile.
    """
    participant = _locked(participant)  # two tabs of one person take turns
    now = timezone.now()
    session = participant.sessions.filter(ended_at__isnull=True).first()
    if session is not None:
        return _resume(session, participant=participant, now=now)
    if not _may_start(participant):
        return None
    slots = _claim(participant, count=participant.study.session_size, now=now)
    if not slots:
        return None
    session = Session.objects.create(participant=participant, started_at=now)
    _lease(slots, session=session, participant=participant, now=now)
    return session


def work_left(*, participant: Participant) -> bool:
    """Whether the person may start a session now and would get an item."""
    return _may_start(participant) and _open_slots(participant, timezone.now()).exists()


def sessions_left(*, participant: Participant) -> int | None:
    """How many more sessions this person may start; None: no limit.

    Somebody sent by a recruiter is paid for one submission, so has one session.
    """
    limit = 1 if hasattr(participant, "recruitment") else participant.study.sessions_per_person
    return None if limit is None else max(0, limit - participant.sessions.count())


@transaction.atomic
def submit(*, participant: Participant, ticket: Ticket, answer: Answer) -> Label:
    """Store an answer, once, and say what became of it (`Label.status`).

    Counted while the person still holds a slot of the item, also when the lease ran out but nobody took it;
    surplus after that. An earlier answer of theirs to the item is superseded. The same answer from the same
    page gives the label that is already there. Raises InvalidAnswer.
    """
    if ticket.participant != participant.pk:
        raise InvalidAnswer("This page belongs to somebody else. Open the study again to go on.")
    participant = _locked(participant)
    answer.check(participant.study)
    key, now = ticket.key(answer), timezone.now()
    before = list(Label.objects.filter(participant=participant, item=ticket.item))
    for label in before:
        if label.key == key:
            return label
    held = Slot.objects.select_for_update().filter(participant=participant, item=ticket.item).first()
    Label.objects.filter(
        pk__in=[label.pk for label in before if label.status != Label.Status.SUPERSEDED]
    ).update(status=Label.Status.SUPERSEDED)
    session_id = (held and held.session_id) or ticket.session
    label = Label.objects.create(
        item_id=ticket.item,
        slot_id=held.pk if held else ticket.slot,
        session_id=session_id,
        participant=participant,
        value=answer.value,
        cannot_judge=answer.cannot_judge,
        comment=answer.comment,
        active_seconds=answer.active_seconds,
        wall_seconds=max(0.0, now.timestamp() - ticket.shown_at),
        position=ticket.position,
        swapped=ticket.swapped,
        submitted_at=now,
        status=Label.Status.COUNTED if held else Label.Status.SURPLUS,
        key=key,
        simulated=participant.simulated,
    )
    if held and not held.filled:
        Slot.objects.filter(pk=held.pk).update(filled=True)
    if not Slot.objects.filter(session=session_id, filled=False).exists():
        _end(Session.objects.filter(pk=session_id), Session.Outcome.COMPLETED, now)
    return label


@transaction.atomic
def stop_session(*, session: Session) -> None:
    """End a session early: what it has not answered goes back to be leased at once."""
    _locked(session.participant)
    unfilled = session.slots.filter(filled=False).order_by("order").select_for_update()
    Slot.objects.filter(pk__in=[slot.pk for slot in unfilled]).update(
        participant=None, session=None, position=None, swapped=None, leased_until=None
    )
    _end(Session.objects.filter(pk=session.pk), Session.Outcome.STOPPED, timezone.now())


def session_slots(*, session: Session, positions: Sequence[int | None] = ()) -> list[Slot]:
    """The session's slots by position with what they show; `.answer` is the person's current label or None.

    All of them, or those at some positions.
    """
    slots = session.slots.select_related(
        "item__query", "item__response", "item__response_1", "item__response_2"
    ).order_by("position")
    rows = list(slots.filter(position__in=positions) if positions else slots)
    own = Label.objects.current().filter(participant=session.participant_id)
    answers = {label.item_id: label for label in own.filter(item__in=[slot.item_id for slot in rows])}
    for slot in rows:
        slot.answer = answers.get(slot.item_id)
    return rows


def _may_start(participant: Participant) -> bool:
    study = participant.study
    # Simulated people label simulated studies, and nobody else does.
    welcome = study.state == Study.State.OPEN and study.simulated == participant.simulated
    return welcome and sessions_left(participant=participant) != 0


def _locked(participant: Participant) -> Participant:
    people = Participant.objects.select_related("study").select_for_update(of=("self",), no_key=True)
    return people.get(pk=participant.pk)


def _end(sessions: QuerySet[Session], outcome: Session.Outcome, now: datetime) -> None:
    sessions.filter(ended_at__isnull=True).update(ended_at=now, outcome=outcome)


def _resume(session: Session, *, participant: Participant, now: datetime) -> Session | None:
    study = _queue(participant.study)
    held = list(session.slots.order_by("order").select_for_update())
    Slot.objects.filter(pk__in=[slot.pk for slot in held if not slot.filled]).update(
        leased_until=now + timedelta(minutes=study.time_limit_minutes)
    )
    late = session.labels.filter(
        status=Label.Status.SURPLUS
    ).count()  # work done, so it fills the session too
    missing = study.session_size - len(held) - late
    extra: list[Slot] = []
    if missing > 0 and study.design == Study.Design.RANDOM and study.state == Study.State.OPEN:
        extra = _take(_open_slots(participant, now), count=missing, wait=True)
        _lease(extra, session=session, participant=participant, now=now)
    if extra or any(not slot.filled for slot in held):
        return session
    _end(Session.objects.filter(pk=session.pk), Session.Outcome.COMPLETED, now)
    return None


def _queue(study: Study) -> Study:
    """Wait for the turn to claim slots of the study without skipping any that somebody holds for a moment."""
    return Study.objects.select_for_update(no_key=True).get(pk=study.pk)


def _claim(participant: Participant, *, count: int, now: datetime) -> list[Slot]:
    """Up to `count` open slots of different items, locked; of one form in a block design."""
    study, opened = participant.study, _open_slots(participant, now)
    if study.design == Study.Design.BLOCKS:
        _queue(study)
        return _take_form(opened)
    before = transaction.savepoint()
    slots = _take(opened, count=count, wait=False)
    if len(slots) < count and connection.features.has_select_for_update:
        # Few are left, or others hold them for a moment: let go, queue, and look again.
        transaction.savepoint_rollback(before)
        _queue(study)
        return _take(opened, count=count, wait=True)
    return slots


def _open_slots(participant: Participant, now: datetime) -> QuerySet[Slot]:
    """Slots that nobody holds, in the study's order, of items that this person has not had."""
    own_slots = Slot.objects.filter(item=OuterRef("item"), participant=participant)
    own_labels = Label.objects.filter(item=OuterRef("item"), participant=participant)
    return (
        Slot.objects.filter(
            ~Exists(own_slots),
            ~Exists(own_labels),
            Q(leased_until__isnull=True) | Q(leased_until__lte=now),
            study=participant.study_id,
            filled=False,
        )
        .select_related("item")
        .order_by("order")
    )


def _take(opened: QuerySet[Slot], *, count: int, wait: bool) -> list[Slot]:
    """Lock the first `count` of the open slots, no two of one item; without `wait`, of those nobody locks."""
    chosen: dict[int, Slot] = {}
    while len(chosen) < count:
        rest = opened.exclude(item__in=list(chosen))
        locked = rest.select_for_update(of=("self",), skip_locked=not wait)
        batch = list(locked[: count - len(chosen)])
        # Rows that were waited for may be open no more: an empty batch is the end only if none is open.
        if not batch and not (wait and rest.exists()):
            break
        for slot in batch:
            chosen.setdefault(slot.item_id, slot)
    return list(chosen.values())


def _take_form(opened: QuerySet[Slot]) -> list[Slot]:
    """Lock what is open of the first form that has an open slot: all of it, or what somebody left."""
    while first := opened.first():
        form = opened.filter(number=first.number, item__block=first.item.block)
        if slots := list(form.select_for_update(of=("self",))):
            return slots
    return []


def _lease(slots: list[Slot], *, session: Session, participant: Participant, now: datetime) -> None:
    """Give the slots to the session, in an order and with sides drawn for this person."""
    study = participant.study
    last = session.slots.aggregate(last=Max("position"))["last"] or 0
    draws = {slot.pk: digest(study.seed, participant.code, slot.item.position) for slot in slots}
    for position, slot in enumerate(sorted(slots, key=lambda slot: draws[slot.pk]), start=last + 1):
        slot.participant, slot.session, slot.position = participant, session, position
        slot.swapped = study.kind == Study.Kind.COMPARISON and int(draws[slot.pk][-1], 16) % 2 == 1
        slot.leased_until = now + timedelta(minutes=study.time_limit_minutes)
    Slot.objects.bulk_update(slots, ["participant", "session", "position", "swapped", "leased_until"])
