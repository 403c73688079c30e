"""Rows of files that hold vectors: what names the response, and its vector, one row at a time."""

from collections.abc import Iterator
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
ROWS_AT_ONCE = 1024

Vector = npt.NDArray[np.float32]


def embedded_rows(
    path: Path, ids: Path | None, rejected: Rejections, progress: Progress
) -> Iterator[tuple[int, Row, Vector]]:
    """Line, what names the response, and its vector, of a .parquet, .jsonl or .npy file.

    Beside a .npy file `ids` is a file with a row for each of its rows. Wrong rows are rejected. Raises
    FileError for a file that cannot be read.
    """
    if path.suffix.lower() == ".npy":
        rows = _npy(path, ids, rejected, progress)
    elif ids is not None:
        raise FileError(f"{path.name} names its responses itself: ids stand beside a .npy file alone.")
    elif path.suffix.lower() == ".parquet":
        rows = _parquet(path, progress)
    elif path.suffix.lower() == ".jsonl":
        rows = ((line, row, row) for line, row in progress(read_rows(path, rejected)))
    else:
        raise FileError(f"{path.name}: the name must end in .parquet, .jsonl or .npy. Nothing was imported.")
    for line, row, given in rows:
        try:
            yield line, row, _vector(given)
        except RowError as error:
            rejected.add(line, error)


def _vector(given: Any) -> Vector:
    """Raises RowError for what has no direction, or is no list of numbers."""
    if isinstance(given, dict):
        name = columns.given(given, *VECTOR)
        given = columns.values(given, name) if name else None
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


def _parquet(path: Path, progress: Progress) -> Iterator[tuple[int, Row, Any]]:
    """A batch at a time, vectors as arrays: as Python's numbers they would take ten times the memory."""
    from pyarrow import ArrowException, parquet

    require_columns(path, _columns(path), VECTOR)

    def batches() -> Rows:
        number = 0
        with parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
            there = file.schema_arrow.names
            name = next(one for one in VECTOR if one in there)
            wanted = [one for one in NAMED_BY if one in there] + [name]
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=wanted):
                vectors = _lists(batch.column(name))
                for row, vector in zip(batch.drop_columns([name]).to_pylist(), vectors, strict=True):
                    number += 1
                    yield number, {**row, "": vector}

    try:
        for line, row in progress(batches()):
            yield line, row, row.pop("")
    except (ArrowException, OSError, UnicodeDecodeError) as error:
        raise FileError(
            f"{path.name} is not a readable parquet file ({str(error).splitlines()[0].rstrip('.')}). "
            "Nothing was imported."
        ) from None


def _columns(path: Path) -> Row:
    from pyarrow import ArrowException, parquet

    try:
        return dict.fromkeys(parquet.read_schema(path).names)
    except (ArrowException, OSError) as error:
        raise FileError(
            f"{path.name} is not a readable parquet file ({str(error).splitlines()[0].rstrip('.')}). "
            "Nothing was imported."
        ) from None


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


def _npy(
    path: Path, ids: Path | None, rejected: Rejections, progress: Progress
) -> Iterator[tuple[int, Row, Any]]:
    if ids is None:
        raise FileError(
            f"{path.name} says nothing of responses: give --ids FILE, a row for each of its rows."
        )
    try:
        held = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise FileError(f"{path.name} is not a readable .npy file of numbers.") from None
    if held.ndim != 2 or held.dtype.kind not in "fiu":
        raise FileError(f"{path.name} holds {held.dtype} of shape {held.shape}, not a row of numbers each.")
    first_row(ids)
    lines = Rejections(ids)
    for row, (named, vector) in enumerate(zip_longest(progress(read_rows(ids, lines)), held), start=1):
        if named is None or vector is None:
            raise FileError(
                f"{path.name} has {len(held):,} rows and {ids.name} {'fewer' if named is None else 'more'}: "
                "give both the same."
            )
        yield row, named[1], vector
    lines.settle()
