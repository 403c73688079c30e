"""Vectors in files: .parquet, .arrow, .npy and .jsonl, some rows at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from generation import columns
from generation.files import FileError, RowError
from generation.reading import read_rows

IDS = ("response_id", "id")
VECTORS = ("vector", "embedding")
ROWS_AT_ONCE = 1024


class VectorBatch(NamedTuple):
    """Some rows of a file: the responses' ids where the file has them, and a vector each."""

    ids: Sequence[str] | None
    vectors: npt.NDArray[np.float32]


def vector_batches(path: Path) -> Iterator[VectorBatch]:
    """The rows in their order, as float32 of whatever length; all as long as each other.

    Columns are `vector` or `embedding`, a list of numbers, and `response_id` or `id`, which may be left out
    where the rows stand in the order of the responses. Raises FileError.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise FileError(f"{path.name}: the name must end in .parquet, .arrow, .npy or .jsonl.")
    dimensions = before = 0
    try:
        for batch in reader(path):
            dimensions = dimensions or batch.vectors.shape[1]
            if batch.vectors.shape[1] != dimensions:
                raise FileError(
                    f"{path.name}, after row {before:,}: a vector of {batch.vectors.shape[1]:,} numbers, but "
                    f"the first has {dimensions:,}."
                )
            if not np.isfinite(batch.vectors).all():
                row = before + 1 + int(np.argmin(np.isfinite(batch.vectors).all(axis=1)))
                raise FileError(f"{path.name}, row {row:,}: a number that is not finite.")
            before += len(batch.vectors)
            yield batch
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror or error}.") from None
    if not before:
        raise FileError(f"{path.name} has no vectors.")


def _npy(path: Path) -> Iterator[VectorBatch]:
    try:
        held = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError):
        raise FileError(f"{path.name} is not a readable .npy file of numbers.") from None
    if held.ndim != 2 or held.dtype.kind != "f":
        raise FileError(
            f"{path.name} holds {held.dtype} of shape {held.shape}; it must be floating-point numbers, "
            "a row a response."
        )
    for start in range(0, len(held), ROWS_AT_ONCE):
        yield VectorBatch(None, np.asarray(held[start : start + ROWS_AT_ONCE], dtype=np.float32))


def _parquet(path: Path) -> Iterator[VectorBatch]:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
            yield from _arrow_batches(path, file.iter_batches(batch_size=ROWS_AT_ONCE), file.schema_arrow)
    except ArrowException as error:
        raise _unreadable(path, "parquet", error) from None


def _arrow(path: Path) -> Iterator[VectorBatch]:
    from pyarrow import ArrowException, ipc, memory_map

    try:
        with memory_map(str(path)) as stream, ipc.open_file(stream) as file:
            batches = (file.get_batch(n) for n in range(file.num_record_batches))
            yield from _arrow_batches(path, batches, file.schema)
    except ArrowException as error:
        raise _unreadable(path, "Arrow IPC", error) from None


def _arrow_batches(path: Path, batches: Iterator[Any], schema: Any) -> Iterator[VectorBatch]:
    import pyarrow as pa

    ids = next((name for name in IDS if name in schema.names), None)
    held = next((name for name in VECTORS if name in schema.names), None)
    if held is None:
        have = ", ".join(schema.names)[:300]
        raise FileError(f"{path.name} has no column {' or '.join(VECTORS)}; its columns are: {have}.")
    kind = schema.field(held).type
    listed = any(
        is_it(kind) for is_it in (pa.types.is_fixed_size_list, pa.types.is_list, pa.types.is_large_list)
    )
    if not listed or not (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
        raise FileError(f"{path.name}: its column {held} holds {kind}, not lists of numbers.")
    before = 0
    for batch in batches:
        vectors = _matrix(path, batch.column(held), before)
        named = None if ids is None else [_id(path, one) for one in batch.column(ids).to_pylist()]
        before += len(vectors)
        if len(vectors):
            yield VectorBatch(named, vectors)


def _matrix(path: Path, column: Any, before: int) -> npt.NDArray[np.float32]:
    from pyarrow import compute

    if column.null_count:
        row = before + 1 + column.is_null().to_pylist().index(True)
        raise FileError(f"{path.name}, row {row:,}: no vector.")
    if not len(column):
        return np.zeros((0, 1), dtype=np.float32)
    lengths = np.asarray(compute.list_value_length(column))
    if (lengths != lengths[0]).any():
        row = before + 1 + int(np.argmax(lengths != lengths[0]))
        raise FileError(f"{path.name}, row {row:,}: a vector of another length than those before it.")
    if not lengths[0]:
        raise FileError(f"{path.name}, row {before + 1:,}: a vector without numbers.")
    values = column.flatten().to_numpy(zero_copy_only=False)
    return values.astype(np.float32, copy=False).reshape(len(column), -1)  # type: ignore[no-any-return]


def _jsonl(path: Path) -> Iterator[VectorBatch]:
    ids: list[str] = []
    vectors: list[list[float]] = []
    dimensions: int | None = None
    for line, row in read_rows(path):
        try:
            vector = [columns.number(one, "a vector’s number") for one in columns.values(row, _named(row))]
            key = next((columns.identifier(row, name) for name in IDS if row.get(name) is not None), "")
        except RowError as error:
            raise FileError(f"{path.name}, line {line:,}: {error}.") from None
        dimensions = len(vector) if dimensions is None else dimensions
        if len(vector) != dimensions or not vector:
            raise FileError(
                f"{path.name}, line {line:,}: a vector of {len(vector):,} numbers, but the first has "
                f"{dimensions:,}."
            )
        ids.append(key)
        vectors.append(vector)
        if len(vectors) == ROWS_AT_ONCE:
            yield _listed(path, ids, vectors)
            ids, vectors = [], []
    if vectors:
        yield _listed(path, ids, vectors)


def _named(row: dict[str, Any]) -> str:
    return columns.given(row, *VECTORS) or VECTORS[0]


def _listed(path: Path, ids: list[str], vectors: list[list[float]]) -> VectorBatch:
    if any(ids) and not all(ids):
        raise FileError(f"{path.name}: some rows have a {IDS[0]}, others have none.")
    return VectorBatch(ids if any(ids) else None, np.array(vectors, dtype=np.float32))


def _id(path: Path, value: object) -> str:
    try:
        key = columns.identifier({"id": value}, "id")
    except RowError as error:
        raise FileError(f"{path.name}: {error}.") from None
    if not key:
        raise FileError(f"{path.name}: some rows have no {IDS[0]}.")
    return key


def _unreadable(path: Path, kind: str, error: Exception) -> FileError:
    return FileError(f"{path.name} is not a readable {kind} file ({str(error).splitlines()[0].rstrip('.')}).")


READERS = {".npy": _npy, ".parquet": _parquet, ".arrow": _arrow, ".jsonl": _jsonl}
