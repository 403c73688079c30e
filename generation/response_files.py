"""Responses and their vectors from files alone, as the measures of diversity read them.

Both files are read once, from front to back, into a folder of the caller's: texts as memory-mapped Arrow,
vectors as memory-mapped NumPy. A query's responses are then read from there when a measure asks for them, so
that memory holds one query at a time, in whatever order the rows stand. No database is asked.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generation import columns
from generation.aligned_vectors import aligned
from generation.diversity.responses import (
    UNKNOWN_MODEL,
    DataSet,
    Indices,
    QueryResponses,
    Source,
    unit,
)
from generation.files import FileError, Progress, Rejections, Row, RowError, silent
from generation.reading import first_row, read_rows, require_columns

QUERY = ("query", "user_query")
CLASS = "class"
UNCLASSED = -1
ROWS_AT_ONCE = 4096
QUERIES_A_PARTITION = 8
NOTHING = "Nothing was measured."


@dataclass(frozen=True)
class FilePartition:
    """Some queries, by where their responses lie in the folder.

    `rows` are the responses of all its queries, `ends` where each query's end; `sources` and `classes` are
    aligned with `rows`.
    """

    texts: Path
    vectors: Path | None
    keys: tuple[str, ...]
    rows: Indices
    ends: Indices
    sources: Indices
    classes: Indices | None

    def load(self) -> Iterator[QueryResponses]:
        import pyarrow as pa

        vectors = None if self.vectors is None else np.load(self.vectors, mmap_mode="r")
        with pa.memory_map(str(self.texts)) as stream, pa.ipc.open_file(stream) as file:
            table = file.read_all()
            start = 0
            for key, end in zip(self.keys, self.ends.tolist(), strict=True):
                rows = self.rows[start:end]
                held = table.take(pa.array(rows))
                yield QueryResponses(
                    key=key,
                    text=held.column("query")[0].as_py(),
                    source=self.sources[start:end],
                    texts=held.column("response").to_pylist(),
                    vectors=None if vectors is None else unit(vectors[rows]),
                    classes=self._classes(start, end),
                    keys=held.column("id").to_pylist(),
                )
                start = end

    def _classes(self, start: int, end: int) -> Indices | None:
        own = None if self.classes is None else self.classes[start:end]
        return own if own is not None and (own != UNCLASSED).any() else None


class _Table:
    """What is kept of each row beside its texts: the numbers of its query, source and class."""

    def __init__(self) -> None:
        self.queries: dict[str, int] = {}
        self.sources: dict[Source, int] = {}
        self.classes: dict[tuple[int, str], int] = {}
        self._of_query: dict[int, int] = {}
        self.query, self.source, self.given = array("q"), array("q"), array("q")

    def add(self, query: str, source: Source, label: str) -> None:
        number = self.queries.setdefault(query, len(self.queries))
        self.query.append(number)
        self.source.append(self.sources.setdefault(source, len(self.sources)))
        self.given.append(self._class(number, label) if label else UNCLASSED)

    def _class(self, query: int, label: str) -> int:
        """Classes are numbered within their query, in the order in which they come."""
        known = self.classes.get((query, label))
        if known is None:
            known = self.classes[query, label] = self._of_query.get(query, 0)
            self._of_query[query] = known + 1
        return known


def data_set(
    responses: Path,
    *,
    folder: Path,
    embeddings: Path | None = None,
    classes: str = "",
    models: Sequence[str] = (),
    conditions: Sequence[str] = (),
    encoder: str = "",
    progress: Progress = silent,
) -> DataSet:
    """Read a file of responses, and one of their vectors, into the folder; the data set lies there.

    Parameters
    ----------
    responses : Path
        .jsonl, .csv or .parquet with `query`, `response` and, where known, `model`, `condition`,
        `response_id`.
    folder : Path
        Holds both files' contents as long as the data set is read.
    embeddings : Path, optional
        As `embedded_rows` reads it; by response_id where it has such a column, else by the order of rows.
    classes : str
        The column of given classes of equivalent ideas; left out: `class`, where there is one.
    models, conditions : sequence of str
        Only these; left out: all. The condition without a name is "".
    encoder : str
        What made the vectors; left out: the file's name.

    Raises
    ------
    FileError
        One line: what is wrong, and where.
    """
    try:
        table, texts = _read(responses, folder, classes or CLASS, required=bool(classes), progress=progress)
        vectors = None if embeddings is None else aligned(embeddings, texts, responses, folder, progress)
        sources, partitions = _parts(table, texts, vectors, models=models, conditions=conditions)
    except FileError as error:
        line = str(error).removesuffix(" Nothing was imported.")
        raise FileError(f"{line} {NOTHING}", error.errors) from None
    named = "" if embeddings is None else encoder or embeddings.stem
    return DataSet(sources=sources, partitions=partitions, encoder=named)


def _read(
    path: Path, folder: Path, classes: str, *, required: bool, progress: Progress
) -> tuple[_Table, Path]:
    """Every row, its texts in a file of the folder. Raises FileError."""
    first = first_row(path)
    require_columns(path, first, QUERY, ("response",), *([(classes,)] if required else []))
    rejected, table = Rejections(path), _Table()
    texts = folder / "responses.arrow"
    with _written(texts) as write:
        for line, row in progress(read_rows(path, rejected)):
            try:
                query, response = columns.text(row, *QUERY), columns.text(row, "response")
                table.add(query, _source(row), columns.identifier(row, classes))
                write((query, response, columns.identifier(row, "response_id")))
            except RowError as error:
                rejected.add(line, error)
    rejected.refuse()
    if required and not table.classes:
        raise FileError(f"{path.name}: its column {classes} is empty, so there are no classes.")
    return table, texts


def _source(row: Row) -> Source:
    return Source(columns.identifier(row, "model") or UNKNOWN_MODEL, columns.identifier(row, "condition"))


@contextmanager
def _written(path: Path) -> Iterator[Callable[[tuple[str, str, str]], None]]:
    """What appends a row to a new Arrow file."""
    import pyarrow as pa

    schema = pa.schema([("query", pa.large_string()), ("response", pa.large_string()), ("id", pa.string())])
    held: list[tuple[str, str, str]] = []
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as file:

        def flush() -> None:
            cells = zip(*held, strict=True)
            file.write_batch(pa.record_batch([*map(pa.array, cells, schema.types)], schema=schema))
            held.clear()

        def write(row: tuple[str, str, str]) -> None:
            held.append(row)
            if len(held) == ROWS_AT_ONCE:
                flush()

        yield write
        if held:
            flush()


def _parts(
    table: _Table, texts: Path, vectors: Path | None, *, models: Sequence[str], conditions: Sequence[str]
) -> tuple[tuple[Source, ...], list[FilePartition]]:
    """The chosen sources in order, and the queries in the order of the file. Raises FileError."""
    chosen = _chosen(tuple(table.sources), models, conditions)
    sources = tuple(sorted(chosen))
    number = np.full(len(table.sources), -1, dtype=np.intp)
    for place, source in enumerate(sources):
        number[table.sources[source]] = place
    query, source_of = np.asarray(table.query, dtype=np.intp), number[np.asarray(table.source, dtype=np.intp)]
    kept = np.flatnonzero(source_of >= 0)
    rows = kept[np.argsort(query[kept], kind="stable")]
    numbers, counts = np.unique(query[rows], return_counts=True)
    ends, classes = np.cumsum(counts), np.asarray(table.given, dtype=np.intp)
    parts = []
    for first in range(0, len(numbers), QUERIES_A_PARTITION):
        last = min(first + QUERIES_A_PARTITION, len(numbers))
        start = int(ends[first] - counts[first])
        some = rows[start : ends[last - 1]]
        parts.append(
            FilePartition(
                texts=texts,
                vectors=vectors,
                keys=tuple(str(one + 1) for one in numbers[first:last].tolist()),
                rows=some,
                ends=ends[first:last] - start,
                sources=source_of[some],
                classes=classes[some] if table.classes else None,
            )
        )
    return sources, parts


def _chosen(known: Sequence[Source], models: Sequence[str], conditions: Sequence[str]) -> list[Source]:
    for what, wanted, there in (
        ("model", models, {source.model for source in known}),
        ("condition", conditions, {source.condition for source in known}),
    ):
        if missing := [name for name in wanted if name not in there]:
            have = ", ".join(sorted(name or "(none named)" for name in there))
            raise FileError(f"No response is of the {what} {missing[0]!r}; there are: {have[:300]}.")
    return [
        source
        for source in known
        if (not models or source.model in models) and (not conditions or source.condition in conditions)
    ]
