"""The rows of parquet files, as JSON would have them, in memory that a small file cannot blow up."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from generation.files import FileError, Rejections, RowError, Rows

ROWS_AT_ONCE = 256
LONGEST_CELL = 16 * 2**20  # characters
MOST_AT_ONCE = 64 * 2**20  # bytes
MOST_VALUES = 2**27  # of one column in one group of rows: with lists, a row has many
# Texts pack to a tenth, and one text over and over to a hundredth.
TIGHTEST = 1000
NUMBER = 0x15  # what precedes each of the first numbers of a page's header


def parquet_rows(
    path: Path, rejected: Rejections, wanted: Callable[[str], bool] = lambda column: True
) -> Rows:
    """Each row with its number; only columns, by their path, that are `wanted`. Raises FileError."""
    from pyarrow import parquet
    from pyarrow.lib import ArrowException

    number = 0
    try:
        # Buffered: a column chunk is read page by page, however large the row group is.
        with parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
            _refuse_bombs(path, file.metadata)
            schema = file.metadata.schema
            columns = [name for n in range(len(schema)) if wanted(name := schema.column(n).path)]
            for batch in file.iter_batches(batch_size=_rows_at_once(path, file.metadata), columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    if any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in row.values()):
                        raise FileError(
                            f"{path.name}, row {number}: a cell is longer than {LONGEST_CELL // 2**20} MB. "
                            "Nothing was imported."
                        )
                    try:
                        plain = {name: _plain(value) for name, value in row.items()}
                    except RowError as error:
                        rejected.add(number, error)
                    else:
                        yield number, plain
    except (ArrowException, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise FileError(
            f"{path.name}, after row {number}: not a readable parquet file ({reason}). Nothing was imported."
        ) from None


def _refuse_bombs(path: Path, metadata: Any) -> None:
    """Raise FileError for a file that says of itself that it unpacks to far more than any table does."""
    most = max(TIGHTEST * path.stat().st_size, MOST_AT_ONCE)
    for column in _columns(metadata):
        if column.total_uncompressed_size > most or column.num_values > MOST_VALUES:
            raise FileError(
                f"{path.name}: its column {column.path_in_schema[:60]} unpacks to far more than the file "
                "holds. Nothing was imported."
            )


def _rows_at_once(path: Path, metadata: Any) -> int:
    """As many as fit in memory if each row had the longest text of a dictionary, which the file has once."""
    longest: dict[str, int] = {}
    with path.open("rb") as stream:
        for column in _columns(metadata):
            if column.has_dictionary_page:
                size = _unpacked_size(stream, column.dictionary_page_offset)
                longest[column.path_in_schema] = max(size, longest.get(column.path_in_schema, 0))
    return max(1, min(ROWS_AT_ONCE, MOST_AT_ONCE // max(1, sum(longest.values()))))


def _columns(metadata: Any) -> list[Any]:
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return [group.column(n) for group in groups for n in range(group.num_columns)]


def _unpacked_size(stream: IO[bytes], offset: int) -> int:
    """The second number of the page's header; as large as can be where it is not written as usual."""
    stream.seek(offset)
    numbers: list[int] = []
    header = iter(stream.read(32))
    while len(numbers) < 2:
        if next(header, None) != NUMBER:
            return MOST_AT_ONCE
        number = shift = 0
        for byte in header:  # seven bits a byte, the lowest first, until one below 128
            number, shift = number | (byte & 127) << shift, shift + 7
            if byte < 128:
                break
        numbers.append(number >> 1)
    return numbers[1]


def _plain(value: Any) -> Any:
    """An Arrow value as JSON would have it; NaN, which data frames write for what is missing, is None."""
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            if math.isinf(value):
                raise RowError("a number is infinite")
            return None if math.isnan(value) else value
        case list() | tuple():
            return [_plain(one) for one in value]
        case dict():
            return {str(name): _plain(one) for name, one in value.items()}
        case bytes():
            raise RowError("a cell holds bytes instead of text")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
