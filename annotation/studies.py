"""Studies: made, changed, opened, paused, closed."""

import logging
from collections.abc import Iterable, Mapping
from itertools import combinations
from math import comb
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotation.counts import wanted_labels
from annotation.designs import lay_slots
from annotation.log import COMMAND_LINE, record
from annotation.models import Item, Label, Membership, Session, Study
from annotation.quality.limits import check_limits
from annotation.rights.consents import consents_of
from annotation.usual import ASKED, KINDS, usual_texts
from generation import currencies
from generation.models import Response

# What may still change once people have seen the study.
TEXTS = frozenset({"name", "question", "instructions", "consent", "scale_words", "markdown"})
ALWAYS = TEXTS | {
    "after_failed_checks",
    "completion_code",
    "currency",
    "failed_checks_code",
    "failed_checks_limit",
    "language",
    "metadata",
    "no_work_code",
    "panel",
    "partial_code",
    "pay_by",
    "pay_rate",
    "quality_limits",
    "random_checks",
    "recruiters",
    "retention_until",
    "screened_out_code",
    "sessions_per_person",
    "time_limit_minutes",
    "translations",
}

logger = logging.getLogger(__name__)

TAKEN_BY_PAGES = frozenset({"new"})
MOST_PAIRS = 200_000


class StudyError(Exception):
    """What cannot be done with a study, and why, in one line."""


def create_study(*, slug: str, name: str, kind: str, owner: User | None = None, **fields: Any) -> Study:
    """A draft with the kind's own question, scale and texts where none are given. Raises StudyError."""
    if kind not in KINDS:
        raise StudyError(f"The kind is {one_of(KINDS)}, not {kind!r}.")
    asks = asks_of(kind, fields.get("metadata") or {})
    defaults = usual_texts(kind, fields.get("language", settings.LANGUAGE_CODE), asks)
    low, high = defaults["scale_low"], defaults["scale_high"]
    if (fields.get("scale_low", low), fields.get("scale_high", high)) != (low, high):
        defaults["scale_words"] = []
    study = Study(slug=slug, name=name, kind=kind, **(defaults | fields))
    _check(study)
    try:
        with transaction.atomic():
            study.save()
            if owner:
                Membership.objects.create(study=study, user=owner, role=Membership.Role.OWNER)
            record(study, "made", by=owner)
    except IntegrityError:  # somebody else took the name since the check
        raise StudyError(f"There is already a study {slug}: choose another short name.") from None
    return study


@transaction.atomic
def study_from_responses(
    *,
    responses: QuerySet[Response],
    slug: str,
    name: str,
    kind: str,
    owner: User | None = None,
    **fields: Any,
) -> Study:
    """A draft whose items are the responses, every pair of two different texts of a query, or the queries."""
    study = create_study(slug=slug, name=name, kind=kind, owner=owner, **fields)
    items = items_from(study, responses)
    if not items:
        raise StudyError("These responses make no item: choose others.")
    Item.objects.bulk_create(items, batch_size=1000)
    record(study, "took items from responses", by=owner, items=len(items))
    return study


def items_from(study: Study, responses: QuerySet[Response]) -> list[Item]:
    """Unsaved items: the responses, every pair of two different texts of a query, or the queries.

    Raises StudyError.
    """
    rows = responses.order_by("query_id", "pk")
    shown: Iterable[dict[str, Any]]
    if study.has_sides:
        shown = _pairs(rows)
    elif study.shown:
        shown = ({"query_id": row.query_id, "response": row} for row in rows)
    else:
        queries = responses.order_by("query_id").values_list("query_id", flat=True).distinct()
        shown = ({"query_id": query} for query in queries)
    return [
        Item(study=study, position=position, external_id=str(position), **texts)
        for position, texts in enumerate(shown, start=1)
    ]


def one_of(names: Iterable[str]) -> str:
    """ "rating, comparison or pair"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def asks_of(kind: str, metadata: Mapping[str, Any]) -> str:
    """What a study of queries asks, by its name among the usual questions; empty where it says none."""
    asks = metadata.get("asks")
    return asks if kind == Study.Kind.QUERY and asks in ASKED else ""


def _pairs(responses: Iterable[Response]) -> Iterable[dict[str, Any]]:
    queries: dict[int, list[Response]] = {}
    for response in responses:
        queries.setdefault(response.query_id, []).append(response)
    pairs = sum(comb(len(rows), 2) for rows in queries.values())
    if pairs > MOST_PAIRS:
        raise StudyError(f"These responses make {pairs:,} pairs, above {MOST_PAIRS:,}: choose fewer of them.")
    for rows in queries.values():
        for first, second in combinations(rows, 2):
            if first.text != second.text:
                yield {"query_id": first.query_id, "response_1": first, "response_2": second}


@transaction.atomic
def update_study(*, study: Study, by: User | None = None, **fields: Any) -> Study:
    """Change a study: everything while it is a draft, later only texts, codes and limits. Raises StudyError.

    A consent text that changes, in whatever language people could read it, gets a new version, and people
    are asked again.
    """
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    changed = {name for name, value in fields.items() if getattr(study, name) != value}
    agreed = consents_of(study)
    fixed = sorted(changed - ALWAYS)
    if fixed and study.state != Study.State.DRAFT:
        raise StudyError(f"Only a draft may change its {', '.join(fixed).replace('_', ' ')}.")
    if "kind" in changed and study.items.exists():
        raise StudyError("The kind is fixed once the study has items.")
    for name in changed:
        setattr(study, name, fields[name])
    _check(study)
    # A language that is added changes nothing for those who agreed.
    if not agreed.items() <= consents_of(study).items() and study.state != Study.State.DRAFT:
        study.consent_version += 1
    study.save()
    if changed:
        record(study, "changed", by=by, fields=sorted(changed))
    if study.state == Study.State.DRAFT:
        study.slots.all().delete()  # what an opening left that was cut off
    return study


def open_study(*, study: Study, by: User | None = None) -> Study:
    """Let people in: lays the slots of a draft, or resumes a paused or closed study. Raises StudyError."""
    study.refresh_from_db()
    if study.imported:
        raise StudyError(f"The labels of {study.slug} were imported, so it cannot be opened for labelling.")
    if study.simulated:
        raise StudyError(f"{study.slug} holds simulated labels, so it cannot be opened for people.")
    if study.state == Study.State.DRAFT:
        lay_out(study=study)
    with transaction.atomic():
        study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
        if study.slots.count() != wanted_labels(study):
            raise StudyError(f"{study.slug} was changed while it was being opened: look at it, then open it.")
        return _set_state(study, Study.State.OPEN, by)


def lay_out(*, study: Study) -> None:
    """Lay the slots that a study's items lack. Raises StudyError."""
    if not study.items.exists():
        raise StudyError(f"{study.slug} has no items: import some before opening it.")
    given = study.items.filter(block__isnull=False)
    if study.design == Study.Design.BLOCKS and given.exists() and given.count() != study.items.count():
        raise StudyError(f"Some items of {study.slug} have a block and some have none: give all, or none.")
    lay_slots(study=study)


@transaction.atomic
def pause_study(*, study: Study, by: User | None = None) -> Study:
    """Start no new sessions; people inside may finish. Raises StudyError."""
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if study.state != Study.State.OPEN:
        raise StudyError(f"{study.slug} is {study.state}, so it cannot be paused.")
    return _set_state(study, Study.State.PAUSED, by)


@transaction.atomic
def close_study(*, study: Study, by: User | None = None) -> Study:
    """End the labelling; answers on their way are still kept. Raises StudyError."""
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if study.state == Study.State.DRAFT:
        raise StudyError(f"{study.slug} was never opened, so it cannot be closed.")
    return _set_state(study, Study.State.CLOSED, by)


@transaction.atomic
def delete_study(*, study: Study, by: User | None = None) -> None:
    """Delete a study that holds nothing by people who labelled here: a draft, an import, a rehearsal.

    Queries and responses stay, as other studies may share them. Its log goes too, so the server's log says
    who deleted it. Raises StudyError.
    """
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if not may_delete(study):
        raise StudyError(f"People have entered {study.slug}, and what they gave is never deleted: close it.")
    labels = Label.objects.filter(item__study=study)
    for rows in (labels, study.slots.all(), Session.objects.filter(participant__study=study)):
        rows._raw_delete(rows.db)  # one statement, where delete() would read every row
    slug, name = study.slug, by.get_username() if by else COMMAND_LINE
    study.delete()
    logger.warning("the study %s was deleted by %s", slug, name)


def may_delete(study: Study) -> bool:
    """Whether it holds nothing by people who labelled here."""
    return study.imported or not study.participants.filter(simulated=False).exists()


def _set_state(study: Study, state: Study.State, by: User | None) -> Study:
    now = timezone.now()
    study.state = state
    if state == Study.State.OPEN and study.opened_at is None:
        study.opened_at = now
    study.closed_at = now if state == Study.State.CLOSED else None
    study.save(update_fields=["state", "opened_at", "closed_at"])
    record(study, "opened" if state == Study.State.OPEN else str(state), by=by)
    return study


def _check(study: Study) -> None:
    if study.slug in TAKEN_BY_PAGES:
        raise StudyError(f"The short name {study.slug} is taken by a page: choose another.")
    try:
        study.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        named = "" if field == "__all__" else f"{field.replace('_', ' ')}: "
        raise StudyError(f"{named}{messages[0]}") from None
    if study.currency and study.currency not in currencies.CODES:
        raise StudyError(f"{study.currency} is no currency code: write one such as GBP, EUR or USD.")
    try:
        check_limits(study.quality_limits)
    except ValueError as error:
        raise StudyError(str(error)) from None
    words = study.scale_words
    if words and len(words) != len(study.values):
        raise StudyError(f"The scale has {len(study.values)} values but {len(words)} words.")
