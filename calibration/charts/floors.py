"""A scorer's distance to people, a column a level of disagreement, over the floor of a perfect judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generation.charts.box import BESIDE_NUMBERS, FLOOR, RIGHT, TOP, Axis, Tick
from generation.templatetags.numbers import fixed

# Of a column's room, what its grey part takes.
FILLED = 0.72


@dataclass(frozen=True)
class Column:
    """One level; `top` is where its floor reaches up to, and `y` the distance, None where undefined."""

    x: float
    width: float
    middle: float
    top: float
    height: float
    y: float | None
    low: float | None
    high: float | None
    name: str
    n: str


@dataclass(frozen=True)
class Floors:
    columns: list[Column]
    levels: list[Tick]


def floors_of(rows: Sequence[Mapping[str, Any]], *, measure: str) -> Floors:
    """Columns of levels from little disagreement to much, each with the distance named and its floor."""
    ends = [row[measure][end] for row in rows for end in ("value", "low", "high") if row.get(measure)]
    up = Axis.over([*ends, *(row["floor"] for row in rows)], FLOOR, TOP)
    room = (RIGHT - BESIDE_NUMBERS) / max(1, len(rows))
    return Floors([_column(row, measure, up, n, room) for n, row in enumerate(rows)], up.ticks)


def _column(row: Mapping[str, Any], measure: str, up: Axis, n: int, room: float) -> Column:
    start = BESIDE_NUMBERS + n * room
    found = row.get(measure) or {"value": None, "low": None, "high": None}
    top = up.at(row["floor"] or 0.0)
    return Column(
        x=round(start + room * (1 - FILLED) / 2, 1),
        width=round(room * FILLED, 1),
        middle=round(start + room / 2, 1),
        top=top,
        height=round(FLOOR - top, 1),
        y=up.end(found["value"]),
        low=up.end(found["low"]),
        high=up.end(found["high"]),
        name=fixed(row["low"], 1) if row["low"] == row["high"] else _range(row),
        n=f"n = {row['n']:,}",
    )


def _range(row: Mapping[str, Any]) -> str:
    return f"{fixed(row['low'], 1)}–{fixed(row['high'], 1)}"
