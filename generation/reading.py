"""The rows of .jsonl, .csv and .parquet files, one at a time, in flat memory."""

import codecs
import csv
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from generation.files import FileError, Rejections, Row, RowError, Rows, counted
from generation.parquet import parquet_rows

LONGEST_LINE = 16 * 2**20  # bytes: a line or a cell beyond this is a fault of the file, and would fill memory
DEEPEST = 50  # lists in lists: far below where Python's own limit would end the program's work
SEPARATORS = {";": "semicolons", "\t": "tabs"}


def read_rows(path: Path | str, rejected: Rejections | None = None) -> Rows:
    """Each row of a .jsonl, .csv or .parquet file with its line (its number, in parquet), in flat memory.

    A csv cell is text, and None where it is empty. Rows that cannot be read go to `rejected`; without
    it the first one raises FileError, as does a file that cannot be read at all or has no rows.
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise FileError(
            f"{path.name}: the name must end in .jsonl (one JSON object a line), .csv or .parquet. "
            "Nothing was imported."
        )
    strict = rejected is None
    rejected = Rejections(path) if rejected is None else rejected
    empty = True
    try:
        if not path.stat().st_size:
            raise FileError(f"{path.name} is empty. Nothing was imported.")
        for row in reader(path, rejected):
            empty = False
            yield row
            if strict:
                rejected.settle()
    except OSError as error:
        raise FileError(
            f"{path.name} cannot be read: {error.strerror or error}. Nothing was imported."
        ) from None
    if strict:
        rejected.settle()
    if empty:
        rejected.refuse()
        raise FileError(f"{path.name} has no rows. Nothing was imported.")


def first_row(path: Path | str) -> Row:
    """The first row that can be read; its columns tell what the file is."""
    return next(read_rows(path, Rejections(Path(path), skip=True)))[1]


def require_columns(path: Path, row: Row, *needs: Iterable[str]) -> None:
    """Raise FileError unless the table has one column of each of the alternatives; JSON is checked by row."""
    if path.suffix.lower() == ".jsonl":
        return
    for names in needs:
        if not any(name in row for name in names):
            have = ", ".join(map(str, row)) or "none"
            raise FileError(
                f"{path.name} has no column {' or '.join(names)}; its columns are: {have[:300]}. "
                "Nothing was imported."
            )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as stream:
        number = 0
        while raw := stream.readline(LONGEST_LINE + 1):
            number += 1
            if len(raw) > LONGEST_LINE:
                raise FileError(
                    f"{path.name}, line {number}: the line is longer than {LONGEST_LINE // 2**20} MB; write "
                    "one row a line. Nothing was imported."
                )
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            try:
                yield number, raw.decode()
            except UnicodeDecodeError:
                raise FileError(
                    f"{path.name}, line {number}: the text is not in UTF-8; save the file in UTF-8. "
                    "Nothing was imported."
                ) from None


def too_deep(value: object, levels: int = DEEPEST) -> bool:
    """Whether lists and objects lie in each other more than `levels` deep."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(too_deep(one, levels - 1) for one in inside)


def _not_json(name: str) -> float:
    raise RowError(f"{name} is not JSON: write null for what is missing")


def _each_key_once(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RowError(f"{twice[:60]!r} is given twice")
    return row


_decode = json.JSONDecoder(parse_constant=_not_json, object_pairs_hook=_each_key_once).decode


def _jsonl_rows(path: Path, rejected: Rejections) -> Rows:
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            yield number, read_object(line)
        except RowError as error:
            rejected.add(number, error)


def read_object(line: str) -> Row:
    """One row as a line of a .jsonl file writes it. Raises RowError."""
    try:
        row = _decode(line)
    except RowError:
        raise
    except json.JSONDecodeError as error:
        raise RowError(f"not one whole JSON object ({error.msg}, character {error.colno})") from None
    except (ValueError, RecursionError):
        raise RowError("a number of too many digits, or lists nested too deep") from None
    if line.count("[") + line.count("{") > DEEPEST and too_deep(row):
        raise RowError(f"nested deeper than {DEEPEST} levels")
    if not isinstance(row, dict):
        raise RowError("not a JSON object: a row is written {...}")
    return row


def _csv_rows(path: Path, rejected: Rejections) -> Rows:
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader((line for _, line in _lines(path)), strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            rejected.add(line, f"not a csv row ({error}); a quote may be open")
            continue
        if header is None:
            header = _header(path, cells)
        elif cells and len(cells) != len(header):
            rejected.add(line, f"{counted(len(cells), 'cells')}, but the header has {len(header)}")
        elif cells:
            yield line, {name: cell or None for name, cell in zip(header, cells, strict=True)}


def _header(path: Path, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    mark = next((mark for mark in SEPARATORS if mark in cells[0]), None) if len(cells) == 1 else None
    if mark is not None:
        raise FileError(
            f"{path.name} has {SEPARATORS[mark]} between its cells: save it with commas instead. "
            "Nothing was imported."
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise FileError(f"{path.name}: two columns are named {twice!r}; rename one. Nothing was imported.")
    return names


READERS: dict[str, Callable[[Path, Rejections], Rows]] = {
    ".jsonl": _jsonl_rows,
    ".csv": _csv_rows,
    ".parquet": parquet_rows,
}
