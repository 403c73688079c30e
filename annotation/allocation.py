"""Slots: leased to a session, filled by a label, released. Exactly k labels an item.

What keeps it exact, under any number of processes: an item has k rows in Slot; a slot is written only
under its row's lock (PostgreSQL) or the database's write lock (SQLite, BEGIN IMMEDIATE); and the
constraints in `models/` refuse a second counted label in a slot and a second current label of a person.

Locks are taken in one order, so that nobody waits in a circle: submissions, participants by key, the study,
slots by `order`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.claims import any_open, claim, open_slots, queue, take
from annotation.models import CheckAnswer, Label, Participant, Recruitment, Session, Slot, Study, Submission
from annotation.steps import checks
from annotation.tickets import Answer, InvalidAnswer, Ticket
from generation.models import digest

# Sessions that do not count among those that a person may start.
GIVEN_AGAIN = (Session.Outcome.RETURNED, Session.Outcome.EXCLUDED)
CLOSED = gettext_lazy("The study is closed: answers do not change any more. Yours is stored.")


@transaction.atomic
def start_session(*, participant: Participant) -> Session | None:
    """The person's running session, or a new one; None when there is no work for them.

    When the time of a running session is up, its unfilled slots are leased anew and, in the random design,
    others in place of those that went to somebody else meanwhile.
    """
    participant = _locked(participant)  # two tabs of one person take turns
    now = timezone.now()
    session = participant.sessions.filter(ended_at__isnull=True).first()
    if session is not None:
        return _resume(session, participant=participant, now=now)
    if not _may_start(participant):
        return None
    slots = claim(participant, count=participant.study.session_size, now=now)
    if not slots:
        return None
    session = Session.objects.create(participant=participant, started_at=now, size=len(slots))
    checks.place_checks(session=session)
    _lease(slots, session=session, participant=participant, until=_end_of_lease(participant.study, now))
    return session


def work_left(*, participant: Participant) -> bool:
    """Whether the person may start a session now and would get an item."""
    return _may_start(participant) and any_open(open_slots(participant, timezone.now()))


def sessions_left(*, participant: Participant) -> int | None:
    """How many more sessions this person may start; None: no limit.

    Somebody sent by a recruiter is paid for one submission, so has one session: none when they gave that
    submission back, and one again when they come with another. An invited person is not paid by submission.
    A session that an exclusion ended is given again to who is restored.
    """
    if participant.excluded_at:
        return 0
    sessions = participant.sessions.exclude(outcome__in=GIVEN_AGAIN)
    limit = participant.study.sessions_per_person
    recruitment = getattr(participant, "recruitment", None)
    if recruitment and recruitment.recruiter != Recruitment.Recruiter.INVITATION:
        limit = 0 if has_returned(participant) else 1
    return None if limit is None else max(0, limit - sessions.count())


def has_returned(participant: Participant) -> bool:
    """Whether the person has given back the last submission that they came with."""
    last = participant.submissions.order_by("pk").last()
    return last is not None and last.status == Submission.Status.RETURNED


def receive(*, participant: Participant, ticket: Ticket, answer: Answer) -> int | None:
    """Store what a page of a session sent, whatever it showed; the session. Raises InvalidAnswer."""
    take_in = answer_check if ticket.check else submit
    return take_in(participant=participant, ticket=ticket, answer=answer).session_id


@transaction.atomic
def submit(*, participant: Participant, ticket: Ticket, answer: Answer) -> Label:
    """Store an answer, once, and say what became of it (`Label.status`).

    Counted while the person still holds a slot of the item, also when the lease ran out but nobody took it;
    surplus after that. An earlier answer of theirs to the item is superseded, unless the study is closed; one
    that the same page sent before another, but that comes after it, is superseded from the start.
    The same answer from the same page gives the label that is already there. The session is completed when
    as many items are answered as it leased. Raises InvalidAnswer.
    """
    participant = _may_answer(participant, ticket, answer)
    key, now = ticket.key(answer), timezone.now()
    before = list(Label.objects.filter(participant=participant, item=ticket.item))
    for label in before:
        if label.key == key:
            return label
    if before and participant.study.state == Study.State.CLOSED:
        raise InvalidAnswer(CLOSED)
    held = Slot.objects.select_for_update().filter(participant=participant, item=ticket.item).first()
    status = _status(ticket, answer, before=before, held=held)
    if status != Label.Status.SUPERSEDED:
        Label.objects.filter(pk__in=[label.pk for label in before]).update(status=Label.Status.SUPERSEDED)
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
        status=status,
        key=key,
        page=ticket.nonce,
        attempt=answer.attempt,
        simulated=participant.simulated,
    )
    if held and not held.filled:
        Slot.objects.filter(pk=held.pk).update(filled=True)
    _complete(session_id, now)
    return label


@transaction.atomic
def answer_check(*, participant: Participant, ticket: Ticket, answer: Answer) -> CheckAnswer:
    """Store an answer to a check: the first is graded, later ones only show again on the person's page.

    Where the study says so, the session ends at once when the person reached the limit of failed checks.
    Raises InvalidAnswer where `submit` would, so that nobody can tell.
    """
    participant = _may_answer(participant, ticket, answer)
    given = CheckAnswer.objects.select_related("check_asked").get(pk=ticket.check)
    study, now = participant.study, timezone.now()
    if given.answered_at is None:
        checks.grade(given=given, ticket=ticket, answer=answer, now=now)
        ends = study.after_failed_checks == Study.AfterFailedChecks.END and not given.passed
        if ends and checks.failed_too_many(participant):
            screened = Session.objects.get(pk=ticket.session)
            stop_session(session=screened, outcome=Session.Outcome.SCREENED)
        else:
            _complete(ticket.session, now)
    elif checks.says_otherwise(given, answer):
        if study.state == Study.State.CLOSED:
            raise InvalidAnswer(CLOSED)
        checks.change(given=given, answer=answer)
    return given


@transaction.atomic
def stop_session(*, session: Session, outcome: Session.Outcome = Session.Outcome.STOPPED) -> None:
    """End a session early: what it has not answered goes back to be leased at once."""
    _locked(session.participant)
    unfilled = session.slots.filter(filled=False).order_by("order").select_for_update()
    Slot.objects.filter(pk__in=[slot.pk for slot in unfilled]).update(
        participant=None, session=None, position=None, swapped=None, leased_until=None
    )
    _end(Session.objects.filter(pk=session.pk), outcome, timezone.now())


@transaction.atomic
def end_leases(*, session: Session) -> None:
    """Let others have what a running session has not answered; what nobody takes may still be finished."""
    _locked(session.participant)
    unfilled = session.slots.filter(filled=False).order_by("order").select_for_update()
    now = timezone.now()
    Slot.objects.filter(pk__in=[slot.pk for slot in unfilled], leased_until__gt=now).update(leased_until=now)


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


def _may_answer(participant: Participant, ticket: Ticket, answer: Answer) -> Participant:
    """The person, locked. Raises InvalidAnswer when the page was another's, or the answer is none."""
    if ticket.participant != participant.pk:
        raise InvalidAnswer(_("This page belongs to somebody else. Open the study again to go on."))
    participant = _locked(participant)
    if participant.identity_erased_at:  # while this answer was on its way
        raise InvalidAnswer(_("We do not know who you are any more. Open the study's link again."))
    answer.check(participant.study)
    return participant


def _status(ticket: Ticket, answer: Answer, *, before: list[Label], held: Slot | None) -> Label.Status:
    """What an answer is, after those that the person gave to the item before."""
    if any(label.page == ticket.nonce and label.attempt > answer.attempt for label in before):
        return Label.Status.SUPERSEDED
    if held:
        return Label.Status.COUNTED
    # What corrects a label that was set aside stands in its stead.
    aside = any(label.status == Label.Status.REPLACED for label in before)
    return Label.Status.REPLACED if aside else Label.Status.SURPLUS


def _may_start(participant: Participant) -> bool:
    study = participant.study
    if participant.sessions.filter(outcome=Session.Outcome.SCREENED).exists():
        return False
    # Simulated people label simulated studies, and nobody else does.
    welcome = study.state == Study.State.OPEN and study.simulated == participant.simulated
    welcome = welcome and participant.identity_erased_at is None
    return welcome and sessions_left(participant=participant) != 0


def _locked(participant: Participant) -> Participant:
    people = Participant.objects.select_related("study").select_for_update(of=("self",), no_key=True)
    return people.get(pk=participant.pk)


def _end(sessions: QuerySet[Session], outcome: Session.Outcome, now: datetime) -> None:
    sessions.filter(ended_at__isnull=True).update(ended_at=now, outcome=outcome)


def _complete(session_id: int, now: datetime) -> None:
    """End a session that has nothing left to answer, if the person answered as much as it leased.

    Otherwise it lost slots when its time was up, and the person may still get others.
    """
    left = Slot.objects.filter(session=session_id, filled=False)
    asked = CheckAnswer.objects.filter(session=session_id, answered_at__isnull=True)
    answered = Label.objects.current().filter(session=OuterRef("pk")).order_by().values("session")
    sessions = Session.objects.filter(~Exists(left), ~Exists(asked), pk=session_id)
    sessions = sessions.alias(answered=Subquery(answered.annotate(n=Count("pk")).values("n")))
    _end(sessions.filter(answered__gte=F("size")), Session.Outcome.COMPLETED, now)


def _resume(session: Session, *, participant: Participant, now: datetime) -> Session | None:
    study = queue(participant.study)
    held = list(session.slots.order_by("order").select_for_update())
    unfilled = [slot for slot in held if not slot.filled]
    until = next((slot.leased_until for slot in unfilled if slot.leased_until), now)
    if until <= now:
        until = _end_of_lease(study, now)
        Slot.objects.filter(pk__in=[slot.pk for slot in unfilled]).update(leased_until=until)
    # What came too late is work done all the same.
    answered = len(held) - len(unfilled) + session.labels.filter(status=Label.Status.SURPLUS).count()
    missing = session.size - answered - len(unfilled)
    if missing > 0 and study.design == Study.Design.RANDOM and study.state == Study.State.OPEN:
        extra = take(open_slots(participant, now), count=missing, wait=True)
        _lease(extra, session=session, participant=participant, until=until)
        unfilled += extra
    finishes = answered >= session.size and session.check_answers.filter(answered_at__isnull=True).exists()
    if unfilled or finishes:
        return session
    outcome = Session.Outcome.COMPLETED if answered >= session.size else Session.Outcome.EXPIRED
    _end(Session.objects.filter(pk=session.pk), outcome, now)
    return None


def _end_of_lease(study: Study, now: datetime) -> datetime:
    return now + timedelta(minutes=study.time_limit_minutes)


def _lease(slots: list[Slot], *, session: Session, participant: Participant, until: datetime) -> None:
    """Give the slots to the session, in an order and with sides drawn for this person."""
    study = participant.study
    last = max(_last_position(session.slots.all()), _last_position(session.labels.all()))
    taken = set(session.check_answers.values_list("position", flat=True))
    free = (position for position in count(last + 1) if position not in taken)
    draws = {slot.pk: digest(study.seed, participant.code, slot.item.position) for slot in slots}
    for slot, position in zip(sorted(slots, key=lambda slot: draws[slot.pk]), free, strict=False):
        slot.participant, slot.session, slot.position = participant, session, position
        slot.swapped = study.has_sides and int(draws[slot.pk][-1], 16) % 2 == 1
        slot.leased_until = until
    Slot.objects.bulk_update(slots, ["participant", "session", "position", "swapped", "leased_until"])


def _last_position(rows: QuerySet[Slot] | QuerySet[Label]) -> int:
    return rows.aggregate(last=Max("position"))["last"] or 0
