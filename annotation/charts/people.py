"""People in bins, of which a part is marked, and people in a row, each with an interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotation.statistics.counts import FloatArray
from generation.charts.box import BESIDE_NUMBERS, FLOOR, LEFT, RIGHT, TOP, Axis, Tick

# Beyond this many, every second, third or further one of the row is drawn.
MOST_IN_A_ROW = 150


@dataclass(frozen=True)
class Part:
    x: float
    y: float
    width: float
    height: float
    marked: bool


@dataclass(frozen=True)
class Total:
    x: float
    y: float
    count: int


@dataclass(frozen=True)
class PartedBars:
    """Bars with the marked part on top; `mark` is the class that colours it."""

    parts: list[Part]
    totals: list[Total]
    ticks: list[Tick]
    axis: str
    mark: str


def parted_bars(
    plain: Sequence[int], marked: Sequence[int], edges: Sequence[str], *, axis: str, mark: str
) -> PartedBars:
    """Bars of counts between edges, one edge more than bars; an empty text is an edge without a tick."""
    counts = list(zip(plain, marked, strict=True))
    highest = max((sum(pair) for pair in counts), default=0) or 1
    room = (RIGHT - LEFT) / len(counts)
    parts, totals = [], []
    for index, pair in enumerate(counts):
        x, height = LEFT + index * room, 0.0
        for count, is_marked in zip(pair, (False, True), strict=True):
            if count:
                part = (FLOOR - TOP) * count / highest
                height += part
                y = round(FLOOR - height, 1)
                parts.append(Part(round(x + 1.5, 1), y, round(room - 3, 1), round(part, 1), is_marked))
        if height:
            totals.append(Total(round(x + room / 2, 1), round(FLOOR - height, 1), sum(pair)))
    ticks = [Tick(round(LEFT + index * room, 1), text) for index, text in enumerate(edges) if text]
    return PartedBars(parts, totals, ticks, axis, mark)


@dataclass(frozen=True)
class Whisker:
    """One person: the value's height, and the ends of the interval; `clear` where it does not hold 0."""

    x: float
    y: float
    low: float
    high: float
    clear: bool
    name: str


@dataclass(frozen=True)
class Row:
    whiskers: list[Whisker]
    ticks: list[Tick]
    zero: float
    drawn: int


def people_in_a_row(names: Sequence[str], values: FloatArray, lows: FloatArray, highs: FloatArray) -> Row:
    """People by their rising values around 0; where they are many, evenly many of them, with both ends."""
    order = np.argsort(values, kind="stable")
    if len(order) > MOST_IN_A_ROW:
        order = order[np.linspace(0, len(order) - 1, MOST_IN_A_ROW).round().astype(int)]
    up = Axis.over(np.concatenate([lows[order], highs[order], values[order]]).tolist(), FLOOR, TOP)
    room = (RIGHT - BESIDE_NUMBERS) / max(20, len(order))
    whiskers = [
        Whisker(
            x=round(BESIDE_NUMBERS + (place + 0.5) * room, 1),
            y=up.at(values[n]),
            low=up.at(lows[n]),
            high=up.at(highs[n]),
            clear=bool(lows[n] > 0 or highs[n] < 0),
            name=names[n],
        )
        for place, n in enumerate(order.tolist())
    ]
    return Row(whiskers, up.ticks, up.at(0.0), len(order))
