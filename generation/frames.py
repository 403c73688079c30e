"""Responses as the measures of diversity read them: from the database, with the vectors of an encoder.

The database is read once, front to back, into a file of texts in a folder of its own, which goes with the
last of the partitions that read it.
"""

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from generation.diversity.responses import UNKNOWN_MODEL, DataSet, Source, UnusableResponses
from generation.encoders import store_of
from generation.models import Collection, Encoder, Query, Response
from generation.stored_queries import SCHEMA, UNCLASSED, StoredQueries
from generation.vectors import Store

ROWS_AT_ONCE = 2_000
QUERIES_A_PARTITION = 8
# Seconds after which a folder was left by a process that was killed.
ABANDONED = 3 * 86_400.0


def data_set(
    *,
    collection: Collection,
    encoder: Encoder | None = None,
    models: Sequence[str] | None = None,
    conditions: Sequence[str] | None = None,
    queries: Sequence[int] | None = None,
    classes: str = "class",
) -> DataSet:
    """The responses to a collection's queries, by query in the order of their keys.

    Parameters
    ----------
    collection : Collection
    encoder : Encoder or None
        Whose vectors the responses have; those without are left out, and counted in `without_vectors`.
    models, conditions : sequences of str or None
        Names of what to keep; None for all. "" is the condition of what nobody said how it was asked for.
    queries : sequence of int or None
        Keys of what to keep; None for all.
    classes : str
        Where a response's metadata say its class of equivalent ideas; numbered within the query.

    Raises
    ------
    UnusableResponses
        Where there are none, or none of a model or condition that is named.
    """
    rows, sources = chosen_responses(collection, models, conditions, queries)
    folder = _Folder()
    store = store_of(encoder) if encoder else None
    writer = _Writer(
        folder.path / "texts.arrow", {source: code for code, source in enumerate(sources)}, store
    )
    texts = dict(Query.objects.filter(pk__in=rows.order_by().values("query")).values_list("pk", "text"))
    count = writer.write(_by_query(rows, classes), texts)
    if not count:
        raise UnusableResponses(f"no vectors by {encoder} of the responses in {collection}: embed them.")
    partitions = tuple(
        StoredQueries(writer.path, start, min(start + QUERIES_A_PARTITION, count), store, folder)
        for start in range(0, count, QUERIES_A_PARTITION)
    )
    return DataSet(sources, partitions, encoder.name if encoder else "", writer.without)


def chosen_responses(
    collection: Collection,
    models: Sequence[str] | None,
    conditions: Sequence[str] | None,
    queries: Sequence[int] | None = None,
) -> tuple[QuerySet[Response], tuple[Source, ...]]:
    """The responses to measure, and who gave them. Raises UnusableResponses, as `data_set`."""
    rows = _responses(collection, models, conditions, queries)
    sources = _sources(rows)
    _check_named(collection, sources, models, conditions)
    return rows, sources


class _Folder:
    """A folder beside the vectors, which goes with this object."""

    def __init__(self) -> None:
        place = Path(settings.MANYMINDS_DATA) / "frames"
        place.mkdir(parents=True, exist_ok=True)
        for other in place.iterdir():
            if time.time() - other.stat().st_mtime > ABANDONED:
                shutil.rmtree(other, ignore_errors=True)
        self.path = Path(tempfile.mkdtemp(dir=place))
        weakref.finalize(self, _remove, self.path, os.getpid())


def _remove(path: Path, maker: int) -> None:
    """Not in a process that was forked meanwhile."""
    if os.getpid() == maker:
        shutil.rmtree(path, ignore_errors=True)


class _Row(NamedTuple):
    query: int
    key: int
    model: str | None
    condition: str | None
    label: Any
    text: str

    @property
    def source(self) -> Source:
        return source_of(self.model, self.condition)


@dataclass
class _Writer:
    """Writes the file of texts, a record batch a query, and counts what has no vector."""

    path: Path
    codes: dict[Source, int]
    store: Store | None
    without: int = 0

    def write(self, queries: Iterable[tuple[int, list[_Row]]], texts: dict[int, str]) -> int:
        """How many queries were written."""
        count = 0
        with pa.OSFile(str(self.path), "wb") as stream, pa.ipc.new_file(stream, SCHEMA) as writer:
            for query, rows in queries:
                held = self._with_vectors(query, rows)
                if held:
                    about = {"key": str(query), "text": texts[query]}
                    writer.write_batch(self._batch(held), custom_metadata=about)
                    count += 1
        return count

    def _with_vectors(self, query: int, rows: list[_Row]) -> list[_Row]:
        if self.store is None:
            return rows
        self.store.compact(query)
        there = set(self.store.keys(query).tolist())
        held = [row for row in rows if row.key in there]
        self.without += len(rows) - len(held)
        return held

    def _batch(self, rows: list[_Row]) -> Any:
        numbers: dict[str, int] = {}
        columns = [
            [row.key for row in rows],
            [self.codes[row.source] for row in rows],
            [UNCLASSED if row.label in (None, "") else _number(numbers, row.label) for row in rows],
            [row.text for row in rows],
        ]
        arrays = [pa.array(column, kind.type) for column, kind in zip(columns, SCHEMA, strict=True)]
        return pa.record_batch(arrays, schema=SCHEMA)


def _number(numbers: dict[str, int], label: object) -> int:
    """Labels are numbered as they come; SQLite gives some as numbers, PostgreSQL all as text."""
    return numbers.setdefault(str(label), len(numbers))


def _responses(
    collection: Collection,
    models: Sequence[str] | None,
    conditions: Sequence[str] | None,
    queries: Sequence[int] | None,
) -> QuerySet[Response]:
    wanted = collection.queries.all() if queries is None else collection.queries.filter(pk__in=queries)
    rows = Response.objects.filter(query__in=wanted.order_by().values("pk"))
    if models is not None:
        unknown = Q(model__isnull=True) if UNKNOWN_MODEL in models else Q()
        rows = rows.filter(Q(model__name__in=models) | unknown)
    if conditions is not None:
        none = Q(condition__isnull=True) if "" in conditions else Q()
        rows = rows.filter(Q(condition__name__in=conditions) | none)
    return rows


def _sources(rows: QuerySet[Response]) -> tuple[Source, ...]:
    named = rows.order_by().values_list("model__name", "condition__name").distinct()
    return tuple(sorted({source_of(model, condition) for model, condition in named}))


def source_of(model: str | None, condition: str | None) -> Source:
    """Who gave a response, by what it says of that."""
    return Source(model or UNKNOWN_MODEL, condition or "")


def _by_query(rows: QuerySet[Response], classes: str) -> Iterator[tuple[int, list[_Row]]]:
    label = KeyTextTransform(classes, "metadata")
    columns = ("query_id", "pk", "model__name", "condition__name", label, "text")
    found = rows.order_by("query_id", "pk").values_list(*columns).iterator(ROWS_AT_ONCE)
    for query, of in groupby((_Row(*row) for row in found), key=itemgetter(0)):
        yield query, list(of)


def _check_named(
    collection: Collection,
    sources: Sequence[Source],
    models: Sequence[str] | None,
    conditions: Sequence[str] | None,
) -> None:
    """Raises UnusableResponses for what nothing is of."""
    if not sources and not models and not conditions:
        raise UnusableResponses(f"There are no responses to the queries of {collection}.")
    for what, named, there in (
        ("model", models, {source.model for source in sources}),
        ("condition", conditions, {source.condition for source in sources}),
    ):
        for name in named or ():
            if name not in there:
                raise UnusableResponses(
                    f"{collection} has no responses of the {what} {name or 'without name'}."
                )
