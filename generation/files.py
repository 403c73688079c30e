"""Files that come in: their rows one at a time, what was wrong with them, and what came of them."""

import codecs
import csv
import json
import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Rows = Iterator[tuple[int, Row]]
Progress = Callable[[Rows], Rows]

LONGEST_LINE = 16 * 2**20  # bytes: a line or a cell beyond this is a fault of the file, and would fill memory
MOST_REJECTED = 10_000
NAMED = 20
DEEPEST = 50  # lists in lists: far below where Python's own limit would end the program's work
PARQUET_ROWS = 256
SEPARATORS = {";": "semicolons", "\t": "tabs"}


class FileError(Exception):
    """Why nothing was imported, in one line; `errors` names each wrong row and its reason."""

    def __init__(self, message: str, errors: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.errors = list(errors)

    def listing(self) -> str:
        """The line and, where several rows are wrong, the first of them."""
        if len(self.errors) < 2:
            return str(self)
        more = len(self.errors) - NAMED
        tail = [f"and {more:,} more"] if more > 0 else []
        return "\n  ".join([str(self), *self.errors[:NAMED], *tail])


class RowError(ValueError):
    """Why one row cannot be imported."""


class Rejections:
    """The wrong rows of one file, by line and reason; memory is bounded by stopping at MOST_REJECTED."""

    def __init__(self, path: Path, *, skip: bool = False) -> None:
        self.path, self.skip = path, skip
        self.unit = "row" if path.suffix.lower() == ".parquet" else "line"
        self.reasons: dict[int, str] = {}

    def add(self, line: int, reason: object) -> None:
        self.reasons.setdefault(line, str(reason))
        if len(self.reasons) >= MOST_REJECTED:
            raise FileError(
                f"{self.path.name}: {MOST_REJECTED:,} rows or more are wrong, the first in {self._first()}. "
                "Nothing was imported.",
                self.named(),
            )

    def named(self) -> list[str]:
        return [f"{self.unit} {line}: {reason}" for line, reason in sorted(self.reasons.items())]

    def settle(self, *, rows: int = 1) -> None:
        """Raise FileError when rows are wrong and not to be skipped, or no right ones remain."""
        if not self.skip or not rows:
            self.refuse()

    def refuse(self) -> None:
        """Raise FileError when a row is wrong."""
        if not self.reasons:
            return
        count = len(self.reasons)
        others = f" {count - 1:,} more {'row is' if count == 2 else 'rows are'} wrong." if count > 1 else ""
        raise FileError(f"{self.path.name}, {self._first()}.{others} Nothing was imported.", self.named())

    def _first(self) -> str:
        return self.named()[0].rstrip(".")


class Repeats:
    """Finds keys that came before, at 16 bytes a key, so that millions of rows can be compared."""

    def __init__(self) -> None:
        self._keys, self._lines = array("q"), array("q")

    def add(self, line: int, *, first: int, second: int) -> None:
        """`first` and `second` are numbers from 0 up to 2**31 that together are the key."""
        self._keys.append(first << 31 | second)
        self._lines.append(line)

    def found(self) -> Iterator[tuple[int, int]]:
        """Line of each repeat and the line of the same key before it."""
        import numpy as np

        if not self._keys:
            return
        keys, lines = np.frombuffer(self._keys, dtype=np.int64), np.frombuffer(self._lines, dtype=np.int64)
        order = np.argsort(keys, kind="stable")
        for place in np.flatnonzero(keys[order][1:] == keys[order][:-1]):
            yield int(lines[order[place + 1]]), int(lines[order[place]])


@dataclass(frozen=True)
class ImportReport:
    """What an import did. `created` says how many of what, by plural noun."""

    rows: int
    created: dict[str, int]
    skipped: list[str] = field(default_factory=list)
    into: str = ""
    remarks: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """ "Imported 450 items into starter." and what else a person should know."""
        made = " and ".join(counted(n, what) for what, n in self.created.items())
        into = f" into {self.into}" if self.into else ""
        skipped = [f"Skipped {counted(len(self.skipped), 'rows')}."] if self.skipped else []
        return " ".join([f"Imported {made}{into}.", *self.remarks, *skipped])

    def text(self) -> str:
        """The sentence, and every skipped row by line and reason."""
        return "\n  ".join([self.sentence(), *self.skipped])


def counted(number: int, what: str) -> str:
    """ "1 item", "450 items", "1 person", "2 people"."""
    singular = {"people": "person", "queries": "query"}.get(what, what.removesuffix("s"))
    return f"{number:,} {singular if number == 1 else what}"


def silent(rows: Rows) -> Rows:
    return rows


def progress_bar(rows: Rows) -> Rows:
    """The rows, with a bar on the way where a person looks at a terminal."""
    from tqdm import tqdm

    return iter(tqdm(rows, desc="reading", unit=" rows", disable=None, leave=False, mininterval=0.5))


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
            row = _decode(line)
        except RowError as error:
            rejected.add(number, error)
        except json.JSONDecodeError as error:
            rejected.add(number, f"not one whole JSON object ({error.msg}, character {error.colno})")
        except (ValueError, RecursionError):
            rejected.add(number, "a number of too many digits, or lists nested too deep")
        else:
            if line.count("[") + line.count("{") > DEEPEST and too_deep(row):
                rejected.add(number, f"nested deeper than {DEEPEST} levels")
            elif isinstance(row, dict):
                yield number, row
            else:
                rejected.add(number, "not a JSON object: a row is written {...}")


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


def _parquet_rows(path: Path, rejected: Rejections) -> Rows:
    from pyarrow import parquet
    from pyarrow.lib import ArrowException

    number = 0
    try:
        # Buffered: a column chunk is read page by page, however large the row group is.
        with parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=PARQUET_ROWS):
                for row in batch.to_pylist():
                    number += 1
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


READERS: dict[str, Callable[[Path, Rejections], Rows]] = {
    ".jsonl": _jsonl_rows,
    ".csv": _csv_rows,
    ".parquet": _parquet_rows,
}
