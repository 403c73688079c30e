"""Items from files: on each row a query, alone or with one response or two."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Max

from annotation import extension, studies
from annotation.log import record
from annotation.models import SHOWN, Item, Study
from annotation.studies import StudyError
from generation import columns
from generation.files import FileError, ImportReport, Progress, Rejections, Row, RowError, silent
from generation.importers import (
    QUERY,
    RESPONSE_COLUMNS,
    ResponseText,
    all_or_nothing,
    read_response,
    read_right,
    store_queries,
    store_responses,
)
from generation.models import Query
from generation.reading import first_row, require_columns
from generation.spool import Spool

# What tells an item from others, besides its query.
TEXTS = ("response", "response_1", "response_2", "claim")
ITEM_COLUMNS = RESPONSE_COLUMNS | {"item_id", "block", "kind", "study", "claim"}.union(
    *({f"response{n}", f"response{n}_id", f"model{n}", f"sample{n}", f"condition{n}"} for n in ("_1", "_2"))
)

UNREAD = (
    "Its human_labels were kept beside the items, not read as labels: import the file as labels "
    "(import_labels) for that."
)


@dataclass(frozen=True)
class ItemText:
    """An item as a file gives it."""

    item_id: str
    query: str
    query_id: str
    claim: str
    responses: tuple[ResponseText, ...]
    block: int | None
    metadata: dict[str, Any]


def import_items(
    *,
    path: Path | str,
    slug: str,
    name: str | None = None,
    kind: str | None = None,
    open_study: bool = False,
    owner: User | None = None,
    skip_bad_rows: bool = False,
    extend: bool = False,
    progress: Progress = silent,
    **fields: Any,
) -> ImportReport:
    """Add a file's items to a draft study, which is made where there is none, and open it if asked.

    With `extend` also to a study that was opened: its new items catch up with the others. The kind is the
    study's, or what the columns say. `fields` are settings of the new study, None for the usual ones; a
    study that is there must have the same. Raises FileError and StudyError.
    """
    path = Path(path)
    study = _study_for(slug, extend)
    settled = {field: value for field, value in fields.items() if value is not None}
    created = 0
    with read_items(path, study, kind, skip=skip_bad_rows, progress=progress) as found, all_or_nothing():
        study = _for_writing(study, settled, extend, path) or studies.create_study(
            slug=slug, name=name or slug, kind=found.kind, owner=owner, **settled
        )
        after = extension.last_position(study)
        for batch in found.spool.batches(found.rejected):
            created += len(store_items(study, batch))
        extension.join(study=study, after=after)
        grown = {"digest": _digest(path)} if extend else {}
        did = "added items" if extend else "imported items"
        record(study, did, by=owner, items=created, file=path.name, **grown)
        if open_study and study.state != Study.State.OPEN:
            studies.open_study(study=study, by=owner)
    return ImportReport(created, {"items": created}, found.rejected.named(), into=slug, remarks=found.remarks)


@dataclass
class ItemsFound:
    """The right items of a file, on disk until they are stored."""

    kind: str
    spool: Spool[ItemText]
    rejected: Rejections
    remarks: list[str]
    items: int = 0


@contextmanager
def read_items(
    path: Path, study: Study | None, kind: str | None, *, skip: bool = False, progress: Progress = silent
) -> Iterator[ItemsFound]:
    """What importing the file would add, read and checked. Raises FileError and StudyError."""
    first = first_row(path)
    kind = kind_for(study, kind, path, first)
    require_columns(path, first, QUERY, *((name,) for name in SHOWN[kind]))
    remarks = [UNREAD] if columns.given(first, "human_labels") else []
    with Spool[ItemText]() as spool:
        found = ItemsFound(kind, spool, Rejections(path, skip=skip), remarks)
        # Rows without an id are numbered on from those of a study that runs.
        runs = study is not None and study.state != Study.State.DRAFT
        before = extension.last_position(study) if study and runs else 0
        found.items = _read(spool, found.rejected, kind, _item_ids(study), before, progress)
        yield found


def _study_for(slug: str, extend: bool) -> Study | None:
    if not extend:
        return draft_study(slug)
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise StudyError(f"There is no study {slug} to extend.")
    return study


def _for_writing(study: Study | None, settled: dict[str, Any], extend: bool, path: Path) -> Study | None:
    if study is None or not extend:
        return draft_for_writing(study, settled)
    study = extension.locked(study)
    _check_settled(study, settled)
    if study.acts.filter(what="added items", detail__digest=_digest(path)).exists():
        raise StudyError(f"The items of {path.name} were added to {study.slug} already.")
    return study


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def draft_study(slug: str) -> Study | None:
    """The study that a file may be added to, or None where it is to be made. Raises StudyError."""
    study = Study.objects.filter(slug=slug).first()
    if study is not None and study.state != Study.State.DRAFT:
        raise StudyError(f"{slug} is {study.state}: a file can only be added to a draft. Give another name.")
    return study


def draft_for_writing(study: Study | None, settled: dict[str, Any]) -> Study | None:
    """The draft again, locked, if it still is one with these settings; None for none. Raises StudyError."""
    if study is None:
        return None
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if study.state != Study.State.DRAFT:
        raise StudyError(f"{study.slug} is {study.state}: a file can only be added to a draft.")
    _check_settled(study, settled)
    return study


def _check_settled(study: Study, settled: dict[str, Any]) -> None:
    for field, value in settled.items():
        if (now := getattr(study, field)) != value:
            raise StudyError(
                f"{study.slug} has {field.replace('_', ' ')} {now}, not {value}: change its settings first."
            )


def kind_for(study: Study | None, kind: str | None, path: Path, row: Row) -> str:
    """The kind asked for, else the study's, else what the columns say. Raises FileError and StudyError."""
    if kind is not None and kind not in SHOWN:
        raise StudyError(f"The kind is {studies.one_of(SHOWN)}, not {kind!r}.")
    if study is not None:
        if kind not in (None, study.kind):
            raise StudyError(f"{study.slug} is a {study.kind} study, so {kind} items cannot be added to it.")
        return study.kind
    if kind is not None:
        return kind
    if columns.given(row, "response"):
        return Study.Kind.RATING
    if columns.given(row, "response_1", "response_2"):
        return Study.Kind.COMPARISON
    raise FileError(
        f"{path.name}: the first row has neither response nor response_1 and response_2, and the kind query "
        f"was not asked for; its columns are: {', '.join(map(str, row))[:300] or 'none'}. "
        "Nothing was imported."
    )


def read_item(row: Row, kind: str, number: int, *, known: frozenset[str] = ITEM_COLUMNS) -> ItemText:
    """The row's item; its id is the row's number where it gives none. Raises RowError."""
    responses = tuple(read_response(row, name.removeprefix("response")) for name in SHOWN[kind])
    if len({response.digest for response in responses}) < len(responses):
        raise RowError("response_1 and response_2 are the same response")
    return ItemText(
        item_id=columns.identifier(row, "item_id") or str(number),
        query=columns.text(row, *QUERY),
        query_id=columns.identifier(row, "query_id"),
        claim=_claim(row, kind),
        responses=responses,
        block=columns.count(row, "block"),
        metadata=columns.metadata(row, known),
    )


def _claim(row: Row, kind: str) -> str:
    claim = row.get("claim")
    if claim in (None, ""):
        return ""
    if SHOWN[kind]:
        raise RowError("a claim is asked about with a query alone: give the kind query, or leave it out")
    return columns.text(row, "claim")


def store_items(study: Study, items: Sequence[ItemText]) -> list[int]:
    """Add the items after those that the study has; their keys, in the same order."""
    stored = iter(store_responses([response for item in items for response in item.responses]).keys)
    queries = store_queries(items)
    last = study.items.aggregate(last=Max("position"))["last"] or 0
    rows = []
    for position, item in enumerate(items, start=last + 1):
        keys = [next(stored)[0] for _ in item.responses]
        shown = {f"{name}_id": key for name, key in zip(study.shown, keys, strict=True)}
        rows.append(
            Item(
                study=study,
                external_id=item.item_id,
                position=position,
                block=item.block,
                query_id=queries[Query.digest_of(item.query)],
                claim=item.claim,
                metadata=item.metadata,
                **shown,
            )
        )
    return [row.pk for row in Item.objects.bulk_create(rows)]


def _item_ids(study: Study | None) -> set[str]:
    return set(study.items.values_list("external_id", flat=True)) if study else set()


def _read(
    spool: Spool[ItemText],
    rejected: Rejections,
    kind: str,
    taken: set[str],
    before: int,
    progress: Progress,
) -> int:
    """Spool the right rows and name the others; how many are right."""
    seen: dict[str, int] = {}
    right = read_right(
        rejected.path, rejected, lambda number, row: read_item(row, kind, before + number), progress
    )
    for line, item in right:
        if item.item_id in taken:
            rejected.add(line, f"item_id {columns.shown(item.item_id)} is in the study already")
        elif seen.setdefault(item.item_id, line) != line:
            first = f"{rejected.unit} {seen[item.item_id]}"
            rejected.add(line, f"item_id {columns.shown(item.item_id)} is also in {first}")
        else:
            spool.add(line, item)
    rejected.settle(rows=len(seen))
    return len(seen)
