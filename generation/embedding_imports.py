"""Vectors from files: matched to responses, checked whole, and only then kept."""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import numpy as np

from generation import columns
from generation.embedding_files import QUERY, Vector, embedded_rows, response_id
from generation.encoders import IMPORTED, EncoderError, encoder_of, store_of
from generation.files import (
    FileError,
    ImportReport,
    Progress,
    Rejections,
    Repeats,
    Row,
    RowError,
    counted,
    silent,
)
from generation.models import Encoder, Query, Response

ROWS_AT_ONCE = 500

Place = tuple[int, int]  # the keys of a query and of a response to it


class Named(NamedTuple):
    """What a row says of its response: its id, or else its query and its text."""

    id: str
    query: str
    text: str


def import_embeddings(
    *,
    path: Path | str,
    encoder: str,
    ids: Path | str | None = None,
    half: bool = False,
    skip_bad_rows: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Keep a file's vectors under the name of an encoder; those that are there already stay as they are.

    A row names its response by `response_id`, or by `query` and `response`: then every response of this text
    gets the vector. Raises FileError, of which nothing stays.
    """
    path = Path(path)
    if path.suffix.lower() == ".npy" and ids is None:
        raise FileError(
            f"{path.name} says nothing of responses: give --ids FILE, a row for each of its rows."
        )
    rejected = Rejections(path, skip=skip_bad_rows)
    known = Encoder.objects.filter(name=encoder).first()
    dtype = "float16" if half else known.dtype if known else "float32"
    if known:
        _encoder(encoder, dtype)
    with TemporaryFile() as file:
        dimensions = (known.dimensions or store_of(known).dimensions()) if known else None
        found = _Found(file, rejected, dimensions)
        beside = None if ids is None else Path(ids)
        rows = embedded_rows(path, rejected, progress, ids=beside, dimensions=dimensions)
        for batch in _batches(rows):
            found.add(batch)
        found.reject_repeats()
        rejected.settle(rows=found.rows)
        into = _encoder(encoder, dtype)
        new, before = found.keep(into)
    Encoder.objects.filter(pk=into.pk).update(dimensions=found.dimensions)
    remarks = [f"{counted(before, 'responses')} had one already."] if before else []
    return ImportReport(found.rows, {"vectors": new}, rejected.named(), encoder, remarks)


class _Found:
    """Vectors that were read and found right, kept on disk until the whole file is, and whose they are."""

    def __init__(self, file: IO[bytes], rejected: Rejections, dimensions: int | None) -> None:
        self.file, self.rejected, self.dimensions = file, rejected, dimensions
        self.rows = 0
        self.queries, self.keys, self.places, self.lines = array("q"), array("q"), array("q"), array("q")
        self.repeats = Repeats()

    def add(self, batch: Sequence[tuple[int, Row, Vector]]) -> None:
        named: dict[int, tuple[Named, Vector]] = {}
        for line, row, vector in batch:
            try:
                self.dimensions = len(vector)
                named[line] = (_named(row), vector)
            except RowError as error:
                self.rejected.add(line, error)
        places = _places([one for one, _ in named.values()])
        for line, (one, vector) in named.items():
            try:
                self._add(line, one, vector, places[one])
            except RowError as error:
                self.rejected.add(line, error)

    def reject_repeats(self) -> None:
        """Of the rows that name one response by its id, all but the first."""
        for line, before in self.repeats.found():
            self.rejected.add(line, f"its response has a vector in {self.rejected.unit} {before} already")

    def keep(self, encoder: Encoder) -> tuple[int, int]:
        """Keep the vectors of those that have none; how many got one, and how many had one."""
        queries, keys, places, lines = (
            np.array(column, np.int64) for column in (self.queries, self.keys, self.places, self.lines)
        )
        right = np.flatnonzero(~np.isin(lines, list(self.rejected.reasons)))
        right = right[np.argsort(queries[right], kind="stable")]
        queries, keys, places = queries[right], keys[right], places[right]
        self.file.flush()
        vectors = np.memmap(self.file, np.float32, "r", shape=(self.rows, self.dimensions or 0))
        store, new, known = store_of(encoder), 0, 0
        every, starts = np.unique(queries, return_index=True)
        for query, start, end in zip(every.tolist(), starts, [*starts[1:], len(queries)], strict=True):
            wanted, first = np.unique(keys[start:end], return_index=True)
            without = ~np.isin(wanted, store.keys(query))
            store.write(query, wanted[without], vectors[places[start + first[without]]])
            new, known = new + int(without.sum()), known + int((~without).sum())
        return new, known

    def _add(self, line: int, named: Named, vector: Vector, found: Sequence[Place]) -> None:
        if not found:
            what = f"of the id {named.id}" if named.id else f"{columns.shown(named.text)} to this query"
            raise RowError(f"there is no response {what}")
        if named.id:
            if len(found) > 1:
                raise RowError(f"{len(found)} responses have the id {named.id}: give their query too")
            self.repeats.add(line, first=0, second=found[0][1])
        self.file.write(vector.tobytes())
        for query, key in found:
            self.queries.append(query)
            self.keys.append(key)
            self.places.append(self.rows)
            self.lines.append(line)
        self.rows += 1


def _encoder(name: str, dtype: str) -> Encoder:
    try:
        return encoder_of(name=name, recipe={"kind": IMPORTED}, dtype=dtype)
    except EncoderError as error:
        raise FileError(f"{error} Nothing was imported.") from None


def _named(row: Row) -> Named:
    key, query = response_id(row), columns.given(row, *QUERY)
    if key:
        return Named(key, columns.text(row, *QUERY) if query else "", "")
    if not query or not columns.given(row, "response"):
        raise RowError("neither response_id nor query and response")
    return Named("", columns.text(row, *QUERY), columns.text(row, "response"))


def _places(named: Sequence[Named]) -> dict[Named, list[Place]]:
    """The responses that each of them names."""
    found = defaultdict[tuple[str, str, str], list[Place]](list)
    columns_ = ("query", "pk", "query__digest", "external_id")
    by_id = Response.objects.filter(external_id__in={one.id for one in named if one.id})
    for query, key, digest, external in by_id.order_by("pk").values_list(*columns_):
        found[external, "", ""].append((query, key))
        found[external, digest, ""].append((query, key))
    texts = [one for one in named if not one.id]
    by_text = Response.objects.filter(
        query__digest__in={Query.digest_of(one.query) for one in texts}, text__in={one.text for one in texts}
    )
    for *place, digest, _, text in by_text.order_by("pk").values_list(*columns_, "text"):
        found["", digest, text].append((place[0], place[1]))
    return {one: found[one.id, Query.digest_of(one.query) if one.query else "", one.text] for one in named}


def _batches(rows: Iterator[tuple[int, Row, Vector]]) -> Iterator[Sequence[tuple[int, Row, Vector]]]:
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        yield batch
