"""Tables whose cells are shaded by signed numbers: one colour below zero, another above, none at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from generation.charts.box import Tick
from generation.charts.heat import FOOT, HEAD, HeatCell, HeatRow, HeatTable
from generation.charts.names import shortened

CELL_WIDTH, CELL_HEIGHT, NAMES_WIDTH = 84, 30, 200
STEPS = 4
LONGEST_NAME, LONGEST_HEAD = 26, 12


@dataclass(frozen=True)
class Signed:
    """One number as it is drawn; None where it is undefined."""

    value: float | None
    text: str
    words: str
    ends: str = ""


def diverging_table(
    names: Sequence[str], columns: Sequence[str], numbers: Sequence[Sequence[Signed]], *, most: float
) -> HeatTable:
    """Rows of cells; from the absolute number `most` on, the shade is the deepest."""
    rows = []
    for n, (name, cells) in enumerate(zip(names, numbers, strict=True)):
        y = HEAD + n * CELL_HEIGHT
        drawn = [
            HeatCell(
                NAMES_WIDTH + m * CELL_WIDTH,
                y,
                one.text,
                one.words,
                _step(one.value, most),
                one.ends,
                width=CELL_WIDTH,
            )
            for m, one in enumerate(cells)
        ]
        rows.append(HeatRow(name, shortened(name, LONGEST_NAME), y, drawn))
    heads = [
        Tick(NAMES_WIDTH + (m + 0.5) * CELL_WIDTH, shortened(text, LONGEST_HEAD))
        for m, text in enumerate(columns)
    ]
    width = NAMES_WIDTH + max(3, len(columns)) * CELL_WIDTH + 4
    height = HEAD + len(names) * CELL_HEIGHT + FOOT
    return HeatTable(heads, rows, width, height, CELL_WIDTH, CELL_HEIGHT)


def _step(value: float | None, most: float) -> str | None:
    """ "0", "down-1" to "down-4", "up-1" to "up-4": each light enough for ink; None if undefined."""
    if value is None or not isfinite(value):
        return None
    deep = min(STEPS, ceil(STEPS * abs(value) / most - 1e-9)) if most else 0
    return f"{'down' if value < 0 else 'up'}-{deep}" if deep else "0"
