"""Queries from files, into a collection."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet

from generation import columns
from generation.collections import add_queries, name_problem
from generation.files import FileError, ImportReport, Progress, Rejections, Row, RowError, counted, silent
from generation.importers import QUERY, all_or_nothing, read_right, store_queries
from generation.models import Collection, Query
from generation.reading import first_row, require_columns
from generation.spool import Spool

COLUMNS = frozenset({*QUERY, "query_id", "openness"})


@dataclass(frozen=True)
class QueryText:
    """A query as a file gives it."""

    query: str
    query_id: str
    openness: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


def import_queries(
    *, path: Path | str, collection: str, skip_bad_rows: bool = False, progress: Progress = silent
) -> ImportReport:
    """Put a file's queries into a collection, which is made where there is none; all or none.

    What the file says beside the text is kept of queries that are new; whether they are open-ended also of
    those of which nobody has said it. Raises FileError.
    """
    path = Path(path)
    if problem := name_problem(collection):
        raise FileError(f"{problem} Nothing was imported.")
    require_columns(path, first_row(path), QUERY)
    rejected = Rejections(path, skip=skip_bad_rows)
    rows = new = 0
    with Spool[QueryText]() as spool:
        for line, text in read_right(path, rejected, _read_row, progress):
            spool.add(line, text)
            rows += 1
        rejected.settle(rows=rows)
        with all_or_nothing():
            before = Query.objects.filter(collections__name=collection).count()
            for batch in spool.batches(rejected):
                new += _store(batch, collection, note=f"Of {path.name}.")
            after = Query.objects.filter(collections__name=collection).count()
    remarks = [f"{counted(new, 'queries')} {'is' if new == 1 else 'are'} new here."]
    created, into = {"queries": after - before}, f"the collection {collection}"
    return ImportReport(rows, created, rejected.named(), into=into, remarks=remarks)


def queries_of_file(collection: Collection, path: Path) -> QuerySet[Query]:
    """Those of a collection that a file names, by their ids or their texts. Raises FileError."""
    require_columns(path, first_row(path), ("query_id", *QUERY))
    rejected = Rejections(path)
    ids: set[str] = set()
    digests: set[str] = set()
    for _, text in read_right(path, rejected, _read_name, silent):
        if text.query:
            digests.add(Query.digest_of(text.query))
        else:
            ids.add(text.query_id)
    rejected.refuse()
    found = collection.queries.filter(Q(digest__in=digests) | Q(external_id__in=ids))
    missing = len(digests) + len(ids) - found.count()
    if missing > 0:
        raise FileError(f"{path.name} names {counted(missing, 'queries')} that {collection} has not.")
    return found


def _read_row(number: int, row: Row) -> QueryText:
    openness = columns.identifier(row, "openness")
    if openness not in ("", *Query.Openness.values):
        raise RowError(f"openness is {columns.shown(openness)}, not open or closed")
    return QueryText(
        query=columns.text(row, *QUERY),
        query_id=columns.identifier(row, "query_id"),
        openness=openness,
        metadata=columns.metadata(row, COLUMNS),
    )


def _read_name(number: int, row: Row) -> QueryText:
    key = columns.identifier(row, "query_id")
    return QueryText("", key) if key else QueryText(columns.text(row, *QUERY), "")


def _store(texts: Sequence[QueryText], collection: str, *, note: str) -> int:
    """Store what is new of the queries, and put all into the collection; how many are new."""
    wanted = {Query.digest_of(text.query): text for text in texts}
    known = set(Query.objects.filter(digest__in=wanted).values_list("digest", flat=True))
    keys = store_queries(texts)
    new = [Query(pk=keys[one], metadata=text.metadata) for one, text in wanted.items() if one not in known]
    Query.objects.bulk_update(new, ["metadata"])
    for openness in Query.Openness.values:
        said = [keys[one] for one, text in wanted.items() if text.openness == openness]
        Query.objects.filter(pk__in=said, openness="").update(openness=openness)
    add_queries(collection, keys.values(), note=note)
    return len(new)
