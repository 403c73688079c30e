"""Models in rows, each with its interval, and a table of who won how often against whom."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotation.statistics.counts import FloatArray
from generation.charts.box import LEFT, RIGHT, Axis, Tick
from generation.charts.names import shortened

# Rows hold a name above its interval, so that long names have the whole width.
ROW, NAME, LINE, DIVIDER = 34, 14, 25, 30
CELL_WIDTH, CELL_HEIGHT, NAMES_WIDTH = 46, 34, 300
# The line below the cells has its room where few models are compared, too.
LEAST_WIDTH = 500
SHARES = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class ModelRow:
    """A name, and below it the value and the ends of its interval, None where there are none."""

    name: str
    words: str
    top: float
    name_y: float
    y: float
    x: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ModelRows:
    rows: list[ModelRow]
    dividers: list[Tick]
    ticks: list[Tick]
    zero: float
    floor: float
    height: float


def model_rows(
    names: Sequence[str],
    words: Sequence[str],
    groups: Sequence[int],
    values: FloatArray,
    lows: FloatArray,
    highs: FloatArray,
) -> ModelRows:
    """Models in the order given, with a divider before each group where there are several."""
    across = Axis.over(np.concatenate([values, lows, highs]).tolist(), LEFT + 6, RIGHT - 6)
    rows: list[ModelRow] = []
    dividers: list[Tick] = []
    y = 4.0
    for n, group in enumerate(groups):
        if len(set(groups)) > 1 and group not in groups[:n]:
            dividers.append(Tick(y + 20, f"Group {len(dividers) + 1}: compared only with each other"))
            y += DIVIDER
        rows.append(
            ModelRow(
                shortened(names[n]),
                words[n],
                y,
                y + NAME,
                y + LINE,
                across.at(values[n]),
                across.end(lows[n]),
                across.end(highs[n]),
            )
        )
        y += ROW
    return ModelRows(rows, dividers, across.ticks, across.at(0.0), y + 4, y + 46)


@dataclass(frozen=True)
class WinCell:
    """The share of wins of the row's model: `step` is its place among five colours; None: never compared."""

    x: float
    y: float
    share: float | None
    n: int
    step: int | None
    itself: bool

    @property
    def middle(self) -> float:
        return self.x + CELL_WIDTH / 2


@dataclass(frozen=True)
class WinRow:
    number: int
    name: str
    short: str
    x: float
    y: float
    cells: list[WinCell]


@dataclass(frozen=True)
class WinTable:
    rows: list[WinRow]
    width: float
    height: float
    cell_width: int = CELL_WIDTH
    cell_height: int = CELL_HEIGHT


def win_table(names: Sequence[str], wins: FloatArray) -> WinTable:
    """Wins, ties as half a win each, of the row's model against the column's, in the order given."""
    labels = wins + wins.T
    rows = [
        WinRow(
            number=row + 1,
            name=name,
            short=shortened(name, 34),
            x=NAMES_WIDTH + row * CELL_WIDTH + CELL_WIDTH / 2,
            y=24 + row * CELL_HEIGHT,
            cells=[_win_cell(row, column, wins, labels) for column in range(len(names))],
        )
        for row, name in enumerate(names)
    ]
    width = max(LEAST_WIDTH, NAMES_WIDTH + len(names) * CELL_WIDTH + 4)
    return WinTable(rows, width, 24 + len(names) * CELL_HEIGHT + 30)


def _win_cell(row: int, column: int, wins: FloatArray, labels: FloatArray) -> WinCell:
    n = round(labels[row, column])
    share = float(wins[row, column] / labels[row, column]) if n else None
    return WinCell(
        x=NAMES_WIDTH + column * CELL_WIDTH,
        y=24 + row * CELL_HEIGHT,
        share=share,
        n=n,
        step=None if share is None else 1 + int(np.searchsorted(SHARES, share, side="right")),
        itself=row == column,
    )
