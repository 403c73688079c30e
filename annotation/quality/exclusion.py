"""Leaving people out, taking them in again, and collecting what their leaving opened.

Only a member excludes anybody, with a reason, and may undo it. The labels of somebody excluded keep their
slots, and statistics leave them out. Topping up frees those slots for other people: the labels become
`replaced`, which are never lost and never counted. A restored person takes back what is free.

Locks are taken in the order that `allocation.py` names.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from annotation.allocation import stop_session
from annotation.claims import queue
from annotation.log import record
from annotation.models import Item, Label, Participant, Session, Slot, Study
from annotation.studies import StudyError

FREE = {
    "participant": None, "session": None, "position": None, "swapped": None, "leased_until": None,
    "filled": False,
}  # fmt: skip


@dataclass(frozen=True)
class Held:
    """Counted labels of excluded people, and how many items they are of."""

    labels: int
    items: int


@dataclass(frozen=True)
class Restored:
    """What became of a restored person's labels that topping up had set aside."""

    counted: int
    surplus: int


@transaction.atomic
def exclude(*, participant: Participant, reason: str, by: User | None = None) -> Participant:
    """Leave a person out of every number from now on; they get no more work. Raises StudyError.

    What they have not answered goes back to be leased at once. Answers of theirs that are still on their way
    are kept, as surplus.
    """
    person, reason = _locked(participant), reason.strip()
    if person.excluded_at is not None:
        raise StudyError(f"{person.code} is excluded already: {person.exclusion_reason}")
    if not reason:
        raise StudyError(f"Say why {person.code} is to be excluded: the reason is kept.")
    for session in person.sessions.filter(ended_at__isnull=True):
        stop_session(session=session, outcome=Session.Outcome.EXCLUDED)
    person.excluded_at, person.exclusion_reason = timezone.now(), reason
    person.save(update_fields=["excluded_at", "exclusion_reason"])
    record(person.study, "excluded", by=by, participant=person.code, reason=reason)
    return person


@transaction.atomic
def restore(*, participant: Participant, by: User | None = None) -> Restored:
    """Take a person in again. Raises StudyError.

    Of their labels that were set aside, one counts again where its item still has an open slot, which it
    fills; the others become surplus, since somebody else has the place. If they were excluded at work, they
    may start anew.
    """
    person = _locked(participant)
    if person.excluded_at is None:
        raise StudyError(f"{person.code} is not excluded.")
    was = person.exclusion_reason
    person.excluded_at, person.exclusion_reason = None, ""
    person.save(update_fields=["excluded_at", "exclusion_reason"])
    restored = _take_back(person)
    record(
        person.study, "restored", by=by, participant=person.code, was=was,
        counted=restored.counted, surplus=restored.surplus,
    )  # fmt: skip
    return restored


@transaction.atomic
def top_up(*, study: Study, by: User | None = None, items: Iterable[Item] | None = None) -> Held:
    """Free the slots that excluded people filled, so that the study wants these labels again; what was freed.

    Of all items, or of some. Others can give the labels while the study is open. Raises StudyError.
    """
    # Their own corrections, and a restoring, wait until this is done.
    people = study.participants.filter(excluded_at__isnull=False).order_by("pk")
    locked = list(people.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    study = queue(study)
    slots = Slot.objects.filter(study=study, filled=True, participant__in=locked)
    if items is not None:
        slots = slots.filter(item__in=[item.pk for item in items])
    freed = list(slots.order_by("order").select_for_update(of=("self",)).values_list("item_id", flat=True))
    if not freed:
        raise StudyError(f"Nobody excluded holds a place in {study.slug}: there is nothing to collect again.")
    # Not by a list of keys, which may be longer than a query's parameters; the locks hold the rows still.
    Label.objects.filter(status=Label.Status.COUNTED, slot__in=slots.values("pk")).update(
        status=Label.Status.REPLACED
    )
    Slot.objects.filter(pk__in=slots.values("pk")).update(**FREE)
    done = Held(labels=len(freed), items=len(set(freed)))
    record(study, "topped up", by=by, labels=done.labels, items=done.items)
    return done


def held_by_excluded(study: Study) -> Held:
    """What `top_up` would free."""
    slots = Slot.objects.filter(study=study, filled=True, participant__excluded_at__isnull=False)
    found = slots.aggregate(labels=Count("pk"), items=Count("item", distinct=True))
    return Held(**found)


def _take_back(person: Participant) -> Restored:
    labels = list(Label.objects.filter(participant=person, status=Label.Status.REPLACED).order_by("pk"))
    if not labels:
        return Restored(0, 0)
    queue(person.study)
    opened, now = defaultdict(list), timezone.now()
    unfilled = Slot.objects.filter(item__in=[label.item_id for label in labels], filled=False)
    open_now = unfilled.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now)).order_by("order")
    for slot in open_now.select_for_update(of=("self",)):
        opened[slot.item_id].append(slot)
    taken = []
    for label in labels:
        # Its own slot first; one whose lease ran out last, since its holder may still come.
        choices = sorted(
            opened[label.item_id],
            key=lambda slot: (slot.pk != label.slot_id, slot.participant_id is not None, slot.order),
        )
        label.status = Label.Status.COUNTED if choices else Label.Status.SURPLUS
        if choices:
            slot = choices[0]
            slot.participant, slot.session_id, slot.position = person, label.session_id, label.position
            slot.swapped, slot.leased_until, slot.filled = label.swapped, now, True
            label.slot = slot
            taken.append(slot)
    fields = ["participant", "session", "position", "swapped", "leased_until", "filled"]
    Slot.objects.bulk_update(taken, fields, batch_size=500)
    Label.objects.bulk_update(labels, ["slot", "status"], batch_size=500)
    return Restored(counted=len(taken), surplus=len(labels) - len(taken))


def _locked(participant: Participant) -> Participant:
    people = Participant.objects.select_related("study").select_for_update(of=("self",), no_key=True)
    return people.get(pk=participant.pk)
