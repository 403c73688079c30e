"""A study of what was chosen."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.log import record
from annotation.models import Item, Study
from annotation.selected.choosing import Selection
from annotation.selected.wanted import Wanted, with_encoder
from annotation.studies import StudyError, create_study, open_study

AT_ONCE = 1_000


def made_before(
    wanted: Wanted, *, slug: str, by: User | None = None, open_now: bool = False, **fields: Any
) -> Study | None:
    """The study of this slug if exactly this was asked for, opened if it was not; None where there is none.

    What its collection got since then changes nothing. Raises StudyError where the study is another.
    """
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        return None
    asked = with_encoder(wanted) if wanted.kind != Study.Kind.QUERY else wanted
    told, kept = json.loads(json.dumps(asked.told())), study.metadata.get("selection") or {}
    differs = [name for name, value in told.items() if kept.get(name) != value]
    differs += [name for name, value in fields.items() if value not in (None, getattr(study, name))]
    if differs:
        what = differs[0].replace("_", " ")
        raise StudyError(
            f"There is already a study {slug}, asked for otherwise ({what}): choose another short name."
        )
    return open_study(study=study, by=by) if open_now and study.state == Study.State.DRAFT else study


@transaction.atomic
def study_of(
    selection: Selection,
    *,
    slug: str,
    name: str = "",
    owner: User | None = None,
    open_now: bool = False,
    **fields: Any,
) -> Study:
    """A draft of what was chosen, open if asked; settings that are None are the usual. Raises StudyError."""
    wanted = selection.wanted
    told: dict[str, Any] = {"selection": selection.as_dict()}
    if wanted.kind == Study.Kind.QUERY:
        told["asks"] = wanted.asks
    settled = {field: value for field, value in fields.items() if value is not None}
    if Study.objects.filter(slug=slug).exists():
        raise StudyError(f"There is already a study {slug}: choose another short name.")
    study = create_study(
        slug=slug, name=name or slug, kind=wanted.kind, owner=owner, metadata=told, **settled
    )
    Item.objects.bulk_create(
        (
            Item(
                study=study,
                external_id=str(position),
                position=position,
                query_id=item.query,
                claim=item.claim,
                metadata=dict(item.about),
                **{f"{name}_id": key for name, key in zip(study.shown, item.responses, strict=True)},
            )
            for position, item in enumerate(selection.items, start=1)
        ),
        batch_size=AT_ONCE,
    )
    record(study, "chose items", by=owner, items=len(selection.items), collection=wanted.collection)
    return open_study(study=study, by=owner) if open_now else study
