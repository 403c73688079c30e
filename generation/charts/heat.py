"""Tables whose cells are shaded by their numbers: light is little, dark is much, also in grey."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from generation.charts.box import Tick
from generation.charts.names import shortened

CELL_WIDTH, CELL_HEIGHT, NAMES_WIDTH, HEAD, FOOT = 44, 26, 300, 24, 24
STEPS = 9
# From this step on, the text in a cell is light.
DARK = 8


@dataclass(frozen=True)
class HeatCell:
    """`step` names its shade, None where there is no number; `ends` is its interval, where a table has room.

    `words` say all of it. `dark` shades take light text.
    """

    x: float
    y: float
    text: str
    words: str
    step: int | str | None
    ends: str = ""
    dark: bool = False
    width: int = CELL_WIDTH

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class HeatRow:
    name: str
    short: str
    y: float
    cells: list[HeatCell]
    # What stands beside the row on the page, such as its mean with the interval.
    beside: Sequence[str] = ()


@dataclass(frozen=True)
class HeatTable:
    columns: list[Tick]
    rows: list[HeatRow]
    width: float
    height: float
    cell_width: int = CELL_WIDTH
    cell_height: int = CELL_HEIGHT


@dataclass(frozen=True)
class Shaded:
    """One number as it is drawn: how dark from 0 to 1, None where it is undefined."""

    share: float | None
    text: str
    words: str

    @property
    def step(self) -> int | None:
        """The shade, 0 for none to 9."""
        if self.share is None or not isfinite(self.share):
            return None
        return min(STEPS, max(0, ceil(self.share * STEPS - 1e-9)))


def heat_table(
    names: Sequence[str],
    columns: Sequence[str],
    numbers: Sequence[Sequence[Shaded]],
    *,
    beside: Sequence[Sequence[str]] = (),
) -> HeatTable:
    """Rows of cells in the order given; a row may end before the last column."""
    rows = []
    for n, (name, cells) in enumerate(zip(names, numbers, strict=True)):
        y = HEAD + n * CELL_HEIGHT
        drawn = [
            HeatCell(
                NAMES_WIDTH + m * CELL_WIDTH, y, one.text, one.words, one.step, dark=(one.step or 0) >= DARK
            )
            for m, one in enumerate(cells)
        ]
        rows.append(HeatRow(name, shortened(name, 38), y, drawn, beside[n] if beside else ()))
    heads = [Tick(NAMES_WIDTH + (m + 0.5) * CELL_WIDTH, text) for m, text in enumerate(columns)]
    width = NAMES_WIDTH + max(3, len(columns)) * CELL_WIDTH + 4
    return HeatTable(heads, rows, width, HEAD + len(names) * CELL_HEIGHT + FOOT)
