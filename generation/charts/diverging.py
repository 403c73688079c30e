"""Tables whose cells are shaded by signed numbers: one colour below zero, another above, none at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from generation.charts.box import Tick
from generation.charts.heat import FOOT, HEAD
from generation.charts.names import shortened

CELL_WIDTH, CELL_HEIGHT, NAMES_WIDTH = 84, 30, 200
STEPS = 4
LONGEST_NAME, LONGEST_HEAD = 26, 12


@dataclass(frozen=True)
class DivergingCell:
    """`step` is the class of its colour: "0", "down-1" to "down-4", "up-1" to "up-4"; None if undefined."""

    x: float
    y: float
    text: str
    words: str
    step: str | None
    # Its interval, where a table has room for it.
    ends: str = ""
    # Every shade is light enough for ink.
    dark: bool = False

    @property
    def middle(self) -> float:
        return self.x + CELL_WIDTH / 2


@dataclass(frozen=True)
class DivergingRow:
    name: str
    short: str
    y: float
    cells: list[DivergingCell]
    beside: Sequence[str] = ()


@dataclass(frozen=True)
class DivergingTable:
    columns: list[Tick]
    rows: list[DivergingRow]
    width: float
    height: float
    cell_width: int = CELL_WIDTH
    cell_height: int = CELL_HEIGHT


@dataclass(frozen=True)
class Signed:
    """One number as it is drawn; None where it is undefined."""

    value: float | None
    text: str
    words: str
    ends: str = ""


def diverging_table(
    names: Sequence[str], columns: Sequence[str], numbers: Sequence[Sequence[Signed]], *, most: float
) -> DivergingTable:
    """Rows of cells; from the absolute number `most` on, the shade is the deepest."""
    rows = []
    for n, (name, cells) in enumerate(zip(names, numbers, strict=True)):
        y = HEAD + n * CELL_HEIGHT
        drawn = [
            DivergingCell(
                NAMES_WIDTH + m * CELL_WIDTH, y, one.text, one.words, _step(one.value, most), one.ends
            )
            for m, one in enumerate(cells)
        ]
        rows.append(DivergingRow(name, shortened(name, LONGEST_NAME), y, drawn))
    heads = [
        Tick(NAMES_WIDTH + (m + 0.5) * CELL_WIDTH, shortened(text, LONGEST_HEAD))
        for m, text in enumerate(columns)
    ]
    width = NAMES_WIDTH + max(3, len(columns)) * CELL_WIDTH + 4
    height = HEAD + len(names) * CELL_HEIGHT + FOOT
    return DivergingTable(heads, rows, width, height)


def _step(value: float | None, most: float) -> str | None:
    if value is None or not isfinite(value):
        return None
    deep = min(STEPS, ceil(STEPS * abs(value) / most - 1e-9)) if most else 0
    return f"{'down' if value < 0 else 'up'}-{deep}" if deep else "0"
