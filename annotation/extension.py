"""A study grows while it runs: more labels for chosen items, and more items. Every item has exactly its k.

The study's lock is held while slots are laid, so two members who extend at once take turns. People who label
need that lock only when few slots are left.
"""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Max, Min, QuerySet

from annotation.counts import wanted_labels
from annotation.designs import lay_extra, lay_new_items
from annotation.log import record
from annotation.models import Item, Study
from annotation.studies import StudyError, items_from, open_study
from generation.models import Response, digest

MOST_EXTRA = 10_000
AT_ONCE = 1_000


def token_of(study: Study, items: Sequence[int], labels: int) -> str:
    """What names one extension as somebody was shown it, so that a second press is not a second extension."""
    return digest(study.pk, wanted_labels(study), labels, *sorted(items))[:16]


@transaction.atomic
def add_labels(
    *,
    study: Study,
    items: Sequence[int],
    labels: int,
    by: User | None = None,
    token: str = "",
    reopen: bool = False,
) -> int:
    """Ask for so many more labels of each of these items, by key; returns how many labels that makes.

    The same token adds once. A closed study stays closed unless it is to be opened again. Raises StudyError.
    """
    study = locked(study)
    if labels < 1:
        raise StudyError("Ask for at least one more label.")
    if not items:
        raise StudyError("Choose at least one item.")
    if token and study.acts.filter(what="added labels", detail__token=token).exists():
        return len(items) * labels
    first = _raise_wanted(study, items, labels)
    if study.state != Study.State.DRAFT:
        lay_extra(study=study, first=first)
    record(study, "added labels", by=by, items=len(items), labels_each=labels, token=token)
    if reopen:
        open_study(study=study, by=by)
    return len(items) * labels


def _raise_wanted(study: Study, items: Sequence[int], labels: int) -> int:
    """Raise how many extra labels these items want; returns the first extra round that lacks slots."""
    lowest, found = MOST_EXTRA, 0
    for start in range(0, len(items), AT_ONCE):
        chosen = study.items.filter(pk__in=items[start : start + AT_ONCE])
        extra = chosen.aggregate(low=Min("extra_labels"), high=Max("extra_labels"))
        if (extra["high"] or 0) + labels > MOST_EXTRA:
            raise StudyError(f"An item may have {MOST_EXTRA:,} labels beyond the study's own number at most.")
        lowest = min(lowest, extra["low"] or 0)
        found += chosen.update(extra_labels=F("extra_labels") + labels)
    if found != len(items):
        raise StudyError(f"Some of these items are not in {study.slug}, or are named twice.")
    return lowest + 1


def new_items(study: Study, responses: QuerySet[Response]) -> list[Item]:
    """Unsaved items of what the study does not show yet, at positions after its last. Raises StudyError."""
    fields = ("query_id", "response_id", "response_1_id", "response_2_id")
    shown = set(study.items.values_list(*fields))
    items = [
        item
        for item in items_from(study, responses)
        if tuple(getattr(item, field) for field in fields) not in shown
    ]
    if not items:
        raise StudyError(f"{study.slug} has all of these already, or they make no item: choose others.")
    taken = set(study.items.values_list("external_id", flat=True))
    for position, item in enumerate(items, start=last_position(study) + 1):
        item.position, item.external_id = position, _free_id(position, taken)
    return items


@transaction.atomic
def add_responses(
    *, study: Study, responses: QuerySet[Response], by: User | None = None, reopen: bool = False
) -> int:
    """Add the responses, or every pair of two different texts of a query, as items; returns how many.

    What the study has already is left out, so a second press adds nothing. Raises StudyError.
    """
    study = locked(study)
    after = last_position(study)
    items = new_items(study, responses)
    Item.objects.bulk_create(items, batch_size=AT_ONCE)
    join(study=study, after=after)
    record(study, "added items", by=by, items=len(items))
    if reopen:
        open_study(study=study, by=by)
    return len(items)


def locked(study: Study) -> Study:
    """The study under its lock, if it is one that people label here. Raises StudyError."""
    study = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if study.imported:
        raise StudyError(f"The labels of {study.slug} were imported, so it cannot be extended.")
    return study


def last_position(study: Study) -> int:
    return study.items.aggregate(last=Max("position"))["last"] or 0


def join(*, study: Study, after: int) -> None:
    """Give the items after a position their slots, in a study that was opened. Raises StudyError."""
    if study.state == Study.State.DRAFT:
        return
    if study.design == Study.Design.BLOCKS:
        _check_forms(study, after)
    lay_new_items(study=study, after=after)


def _check_forms(study: Study, after: int) -> None:
    """The forms that people have seen stay as they are, so what is new comes in forms of its own."""
    new, old = study.items.filter(position__gt=after), study.items.filter(position__lte=after)
    given = {block for block in new.values_list("block", flat=True) if block is not None}
    if given and new.filter(block=None).exists():
        raise StudyError("Some of these items have a block and some have none: give all, or none.")
    if shared := sorted(given & set(old.values_list("block", flat=True))):
        raise StudyError(
            f"Form {shared[0]} of {study.slug} is there already: give new items other blocks, or none."
        )


def _free_id(position: int, taken: Iterable[str]) -> str:
    return str(position) if str(position) not in taken else f"added-{position}"
