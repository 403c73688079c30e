"""Rows of files that hold vectors: what names the response, and its vector, one row at a time."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from generation import columns
from generation.files import FileError, Progress, Rejections, Row, RowError, Rows
from generation.reading import first_row, read_rows, require_columns

IDS = ("response_id", "id")
QUERY = ("query", "user_query")
VECTOR = ("embedding", "vector")
NAMED_BY = (*IDS, *QUERY, "response")
TABLES = {".parquet": "parquet", ".arrow": "Arrow IPC"}
ROWS_AT_ONCE = 1024
# Where a row has its vector as an array: as Python's numbers they would take ten times the memory.
HELD = ""

Vector = npt.NDArray[np.float32]


def embedded_rows(
    path: Path,
    rejected: Rejections,
    progress: Progress,
    *,
    ids: Path | None = None,
    dimensions: int | None = None,
) -> Iterator[tuple[int, Row, Vector]]:
    """Line, what names the response, and its vector, of a .parquet, .arrow, .npy or .jsonl file.

    Beside a .npy file `ids` is a file with a row for each of its rows; without it nothing names them. All
    vectors are as long as the first, or as `dimensions`. Wrong rows are rejected. Raises FileError for a file
    that cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix == ".npy":
        rows = _npy(path) if ids is None else _named_npy(path, ids)
    elif ids is not None:
        raise FileError(f"{path.name} names its responses itself: ids stand beside a .npy file alone.")
    elif suffix in TABLES:
        rows = _table(path, suffix)
    elif suffix == ".jsonl":
        rows = read_rows(path, rejected)
    else:
        raise FileError(
            f"{path.name}: the name must end in .parquet, .arrow, .npy or .jsonl. Nothing was imported."
        )
    try:
        for line, row in progress(rows):
            try:
                vector = _vector(row)
                dimensions = dimensions or len(vector)
                if len(vector) != dimensions:
                    raise RowError(f"the embedding has {len(vector):,} numbers, the others {dimensions:,}")
            except RowError as error:
                rejected.add(line, error)
            else:
                yield line, row, vector
    except OSError as error:
        said = error.strerror or str(error).splitlines()[0].rstrip(".")
        raise FileError(f"{path.name} cannot be read: {said}. Nothing was imported.") from None


def response_id(row: Row) -> str:
    """The id that names the row's response, "" where there is none. Raises RowError."""
    given = next((name for name in IDS if row.get(name) not in (None, "")), None)
    return columns.identifier(row, given) if given else ""


def _vector(row: Row) -> Vector:
    """Raises RowError for what has no direction, or is no list of numbers."""
    name = HELD if HELD in row else columns.given(row, *VECTOR)
    given = None if name is None else row[HELD] if name == HELD else columns.values(row, name)
    if given is None:
        raise RowError(f"no {' or '.join(VECTOR)}")
    try:
        numbers = np.asarray(given)
    except ValueError:
        numbers = np.empty(0, object)
    if numbers.ndim != 1 or not len(numbers) or numbers.dtype.kind not in "fiu":
        raise RowError(f"the embedding is {columns.shown(given)}, not a list of numbers")
    with np.errstate(over="ignore"):
        vector = numbers.astype(np.float32)
    if not np.isfinite(vector).all():
        raise RowError("the embedding holds a number that is not finite, or too large")
    if not vector.any():
        raise RowError("the embedding is all 0, which has no direction")
    return vector


def _table(path: Path, suffix: str) -> Rows:
    from pyarrow import ArrowException

    number = 0
    try:
        for batch in _batches(path, suffix):
            name = batch.schema.names[-1]
            vectors = _lists(batch.column(name))
            for row, vector in zip(batch.drop_columns([name]).to_pylist(), vectors, strict=True):
                number += 1
                yield number, {**row, HELD: vector}
    except (ArrowException, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise FileError(
            f"{path.name} is not a readable {TABLES[suffix]} file ({said}). Nothing was imported."
        ) from None


def _batches(path: Path, suffix: str) -> Iterator[Any]:
    """What names responses and, last, the vectors, some rows at a time."""
    from pyarrow import ipc, memory_map, parquet

    if suffix == ".arrow":
        with memory_map(str(path)) as stream, ipc.open_file(stream) as file:
            wanted = _wanted(path, file.schema.names)
            for number in range(file.num_record_batches):
                batch = file.get_batch(number).select(wanted)
                for start in range(0, batch.num_rows, ROWS_AT_ONCE):
                    yield batch.slice(start, ROWS_AT_ONCE)
        return
    with parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
        wanted = _wanted(path, file.schema_arrow.names)
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=wanted):
            yield batch.select(wanted)


def _wanted(path: Path, there: Iterable[str]) -> list[str]:
    have = dict.fromkeys(there)
    require_columns(path, have, VECTOR)
    return [*(name for name in NAMED_BY if name in have), next(name for name in VECTOR if name in have)]


def _lists(column: Any) -> Iterator[Any]:
    """Each row's numbers; None where there are none, and what they are where they are no lists of numbers."""
    import pyarrow as pa

    kind = column.type
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not lists or not (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
        yield from column.to_pylist()
        return
    for number in range(len(column)):
        row = column[number]
        yield row.values.to_numpy(zero_copy_only=False) if row.is_valid else None


def _npy(path: Path) -> Rows:
    for number, vector in enumerate(_matrix(path), start=1):
        yield number, {HELD: vector}


def _named_npy(path: Path, ids: Path) -> Rows:
    held, lines = _matrix(path), Rejections(ids)
    first_row(ids)
    for number, (named, vector) in enumerate(zip_longest(read_rows(ids, lines), held), start=1):
        if named is None or vector is None:
            raise FileError(
                f"{path.name} has {len(held):,} rows and {ids.name} {'fewer' if named is None else 'more'}: "
                "give both the same."
            )
        yield number, {**named[1], HELD: vector}
    lines.settle()


def _matrix(path: Path) -> npt.NDArray[Any]:
    try:
        held: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError):
        raise FileError(f"{path.name} is not a readable .npy file of numbers.") from None
    if held.ndim != 2 or held.dtype.kind not in "fiu":
        raise FileError(f"{path.name} holds {held.dtype} of shape {held.shape}, not a row of numbers each.")
    return held
