"""Which slots a session gets: open ones of items that are new to the person, locked while they are leased."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from annotation.models import Label, Participant, Slot, Study


def claim(participant: Participant, *, count: int, now: datetime) -> list[Slot]:
    """Up to `count` open slots of different items, locked; of one form in a block design."""
    study, opened = participant.study, open_slots(participant, now)
    if study.design == Study.Design.BLOCKS:
        queue(study)
        return _take_form(opened)
    before = transaction.savepoint()
    slots = take(opened, count=count, wait=False)
    if len(slots) == count or not connection.features.has_select_for_update:
        return slots
    # Few are left, or others hold them for a moment: let go, queue, and look again.
    transaction.savepoint_rollback(before)
    if not any_open(opened):
        return []
    queue(study)
    return take(opened, count=count, wait=True)


def open_slots(participant: Participant, now: datetime) -> QuerySet[Slot]:
    """Slots that nobody holds, in the study's order, of items that this person has not had."""
    held = Slot.objects.filter(participant=participant).values("item")
    labelled = Label.objects.filter(session__participant=participant).values("item")
    return (
        Slot.objects.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now))
        .filter(study=participant.study_id, filled=False)
        # Lists, not a condition on each slot: somebody who has done nearly all looks at many slots.
        .exclude(item__in=held)
        .exclude(item__in=labelled)
        .select_related("item")
        .order_by("order")
    )


def any_open(opened: QuerySet[Slot]) -> bool:
    """Whether there is one; looked for in order, since exists() drops the order and with it the index."""
    return opened.values("pk").first() is not None


def take(opened: QuerySet[Slot], *, count: int, wait: bool) -> list[Slot]:
    """Lock the first `count` of the open slots, no two of one item; without `wait`, of those nobody locks."""
    chosen: dict[int, Slot] = {}
    while len(chosen) < count:
        rest = opened.exclude(item__in=list(chosen))
        locked = rest.select_for_update(of=("self",), skip_locked=not wait)
        batch = list(locked[: count - len(chosen)])
        # Rows that were waited for may be open no more: an empty batch is the end only if none is open.
        if not batch and not (wait and any_open(rest)):
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


def queue(study: Study) -> Study:
    """Wait for the turn to claim slots of the study without skipping any that somebody holds for a moment."""
    return Study.objects.select_for_update(no_key=True).get(pk=study.pk)
