"""How many of many things have which number, with some of them marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from generation.charts.box import BESIDE_NUMBERS, FLOOR, RIGHT, TOP, Axis, Tick

# Room above the columns for the names of what is marked, a line each.
NAMES, LINE = 16, 18
MARKED = FLOOR + 8


@dataclass(frozen=True)
class Column:
    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True)
class Mark:
    """A line at a number, with its name; or, without one, a small mark below the axis."""

    x: float
    name: str
    words: str
    name_x: float
    name_y: float
    anchor: str


@dataclass(frozen=True)
class Distribution:
    columns: list[Column]
    lines: list[Mark]
    marks: list[Mark]
    ticks: list[Tick]
    levels: list[Tick]
    onward: str
    upward: str


def distribution_of(
    edges: Sequence[float],
    counts: Sequence[int],
    *,
    lines: Sequence[tuple[str, float]],
    marks: Sequence[tuple[str, float]],
    onward: str,
    upward: str,
) -> Distribution:
    """Columns over an axis that holds 0, lines at named numbers, and marks whose words say what they are."""
    across = Axis.over([*edges, *(value for _, value in (*lines, *marks))], BESIDE_NUMBERS + 6, RIGHT - 6)
    top = TOP + NAMES + LINE * max(0, len(lines) - 1)
    up = Axis.over([1, *counts], FLOOR, top, steps=4)
    columns = []
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        if count:
            y = up.at(count)
            x, end = across.at(low), across.at(high)
            words = f"{count:,} from {low:.3f} to {high:.3f}"
            columns.append(Column(x, y, max(1.0, round(end - x - 1, 1)), round(FLOOR - y, 1), words))
    return Distribution(
        columns,
        [_line(name, across.at(value), n) for n, (name, value) in enumerate(lines)],
        [Mark(across.at(value), "", words, 0, MARKED, "") for words, value in marks],
        across.ticks,
        [level for level in up.ticks if "." not in level.text],
        onward,
        upward,
    )


def _line(name: str, x: float, number: int) -> Mark:
    """Its name stands on the side where there is room."""
    left = x > (BESIDE_NUMBERS + RIGHT) / 2
    return Mark(x, name, name, x - 5 if left else x + 5, TOP + number * LINE, "end" if left else "start")
