"""Estimates in rows, each with its interval, under its name."""

from collections.abc import Sequence
from dataclasses import dataclass

from generation.charts.box import LEFT, RIGHT, Axis, Tick
from generation.charts.names import shortened

# A row holds a name above its interval, so that long names have the whole width.
ROW, NAME, LINE = 34, 14, 25
LONGEST = 64


@dataclass(frozen=True)
class Interval:
    """What a row shows; ends are None where there are none, the value where it is undefined."""

    name: str
    words: str
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class IntervalRow:
    name: str
    words: str
    top: float
    name_y: float
    y: float
    x: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class IntervalRows:
    rows: list[IntervalRow]
    ticks: list[Tick]
    zero: float
    onward: str
    floor: float
    height: float


def interval_rows(given: Sequence[Interval], *, onward: str, reach: float = 0.0) -> IntervalRows:
    """Rows in the order given over an axis that holds 0 and `reach`; `onward` names its unit."""
    numbers = [number for one in given for number in (one.value, one.low, one.high)]
    across = Axis.over([*numbers, reach], LEFT + 6, RIGHT - 6)
    rows = []
    for n, one in enumerate(given):
        y = 4.0 + n * ROW
        rows.append(
            IntervalRow(
                name=shortened(one.name, LONGEST),
                words=one.words,
                top=y,
                name_y=y + NAME,
                y=y + LINE,
                x=across.end(one.value),
                low=across.end(one.low),
                high=across.end(one.high),
            )
        )
    floor = 8.0 + len(given) * ROW
    return IntervalRows(rows, across.ticks, across.at(0.0), onward, floor, floor + 46)
