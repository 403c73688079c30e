"""How many of many things have which number, with some of them marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from generation.charts.box import FLOOR, LEFT, RIGHT, TOP, Axis, Tick

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
    onward: str


def distribution_of(
    edges: Sequence[float],
    counts: Sequence[int],
    *,
    lines: Sequence[tuple[str, float]],
    marks: Sequence[tuple[str, float]],
    onward: str,
) -> Distribution:
    """Columns over an axis that holds 0, lines at named numbers, and marks whose words say what they are."""
    across = Axis.over([*edges, *(value for _, value in (*lines, *marks))], LEFT + 6, RIGHT - 6)
    top = TOP + NAMES + LINE * max(0, len(lines) - 1)
    most = max(counts, default=0) or 1
    columns = []
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        if count:
            height = round((FLOOR - top) * count / most, 1)
            x, end = across.at(low), across.at(high)
            words = f"{count:,} from {low:.3f} to {high:.3f}"
            columns.append(Column(x, FLOOR - height, max(1.0, round(end - x - 1, 1)), height, words))
    return Distribution(
        columns,
        [_line(name, across.at(value), n) for n, (name, value) in enumerate(lines)],
        [Mark(across.at(value), "", words, 0, MARKED, "") for words, value in marks],
        across.ticks,
        onward,
    )


def _line(name: str, x: float, number: int) -> Mark:
    """Its name stands on the side where there is room."""
    left = x > (LEFT + RIGHT) / 2
    return Mark(x, name, name, x - 5 if left else x + 5, TOP + number * LINE, "end" if left else "start")
