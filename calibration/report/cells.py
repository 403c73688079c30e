"""The tables of a report: written cells, and notes that say why some are undefined.

Cells are written here, since a template that wrote ten thousand of them would take a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.utils.safestring import SafeString

from calibration.report.found import Found, p_of
from generation.templatetags.numbers import UNDEFINED, end, fixed, signed

LEAST_P = 0.001
# Of more rows than these, each has less room.
MOST_TALL = 15


@dataclass(frozen=True)
class Head:
    """A column's heading, and what stands beneath it."""

    text: str
    beneath: str = ""


@dataclass(frozen=True)
class Line:
    """A row: whose it is, and its cells; `marked` where it falls short, `reference` where it is no scorer."""

    name: str
    beneath: str
    cells: list[SafeString]
    marked: bool = False
    reference: bool = False


@dataclass(frozen=True)
class Grid:
    """A table under its label; `notes` are numbered from 1, as its cells refer to them.

    `empty` names the columns that are left out, since they are undefined in every row.
    """

    label: str
    heads: list[Head]
    rows: list[Line]
    notes: list[str]
    empty: list[SafeString]
    first: str = "Scorer"

    @property
    def dense(self) -> bool:
        return len(self.rows) > MOST_TALL


@dataclass
class Cells:
    """Writes the cells of one table."""

    _notes: dict[str, int] = field(default_factory=dict)

    def grid(self, label: str, heads: Sequence[Head], rows: Sequence[Line], *, first: str = "Scorer") -> Grid:
        """The table of lines that were written here, without columns that are undefined in all of them."""
        columns = list(zip(*(row.cells for row in rows if not row.reference), strict=True))
        empty = [n for n, column in enumerate(columns) if all(cell.startswith(UNDEFINED) for cell in column)]
        kept = [n for n in range(len(heads)) if n not in empty]
        return Grid(
            label,
            [heads[n] for n in kept],
            [replace(row, cells=[row.cells[n] for n in kept]) for row in rows],
            list(self._notes),
            [SafeString(heads[n].text + columns[n][0].removeprefix(UNDEFINED)) for n in empty],
            first,
        )

    def estimate(self, found: Found, places: int = 2, *, sign: bool = False, beneath: str = "") -> SafeString:
        """A value over its interval, or over what is to stand beneath it."""
        if found.get("value") is None:
            return self.undefined(found.get("reason"))
        text = signed(found["value"], places) if sign else fixed(found["value"], places)
        reason = found.get("reason")
        note = self._note(reason) if reason else ""
        if not beneath and found.get("low") is not None:
            beneath = f"{end(found['low'], places)} to {end(found['high'], places)}"
        return SafeString(f"{text}{note}<small>{beneath}</small>" if beneath else f"{text}{note}")

    def tested(self, found: Found, places: int = 2) -> SafeString:
        """A value with its sign over the p of its test."""
        p = p_of(found)
        return self.estimate(found, places, sign=True, beneath="" if p is None else f"p {p_text(p)}")

    def number(self, value: float | None, places: int = 2, reason: str | None = None) -> SafeString:
        return self.undefined(reason) if value is None else SafeString(fixed(value, places))

    def undefined(self, reason: str | None) -> SafeString:
        return SafeString(f"{UNDEFINED}{self._note(reason) if reason else ''}")

    def noted(self, text: str, *notes: str) -> SafeString:
        """A word of ours with notes."""
        return SafeString(text + "".join(map(self._note, notes)))

    def _note(self, reason: str) -> str:
        return f"<sup>{self._notes.setdefault(reason, len(self._notes) + 1)}</sup>"


def p_text(p: float | None) -> str:
    """A p value with the places that it deserves."""
    if p is None:
        return "undefined"
    return f"&lt; {LEAST_P}" if p < LEAST_P else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
