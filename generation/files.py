"""Files that come in: what was wrong with their rows, and what came of them."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Rows = Iterator[tuple[int, Row]]
Progress = Callable[[Rows], Rows]

MOST_REJECTED = 10_000
NAMED = 20


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
        self.unit = "row" if path.suffix.lower() in (".parquet", ".arrow", ".npy") else "line"
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
