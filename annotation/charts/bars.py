"""Bars of counts, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from generation.charts.box import FLOOR, LEFT, RIGHT, TOP, Tick

MOST_STEPS = 41
# Few bars stand at the left as wide as these many would be, so that one is no wall.
LEAST_BARS = 12


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    words: str
    count: int

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Bars:
    bars: list[Bar]
    ticks: list[Tick]
    highest: int


def bars_of(counts: Sequence[tuple[str, int]], ticks: Mapping[int, str]) -> Bars:
    """A bar each for named counts, from left to right; ticks stand under the bars at these places."""
    highest = max((count for _, count in counts), default=0)
    room = (RIGHT - LEFT) / max(LEAST_BARS, len(counts))
    bars = []
    for index, (words, count) in enumerate(counts):
        height = (FLOOR - TOP) * count / max(1, highest)
        at = LEFT + index * room
        bars.append(
            Bar(
                x=round(at + room * 0.1, 1),
                y=round(FLOOR - height, 1),
                width=round(room * 0.8, 1),
                height=round(height, 1),
                words=words,
                count=count,
            )
        )
    return Bars(bars, [Tick(bars[index].middle, text) for index, text in ticks.items()], highest)


def hour_bars(hours: Sequence[tuple[datetime, int]]) -> Bars:
    """Answers by the hour, with the time under every sixth one and the day at midnight."""
    named = [(f"{start:%-d %b %H:%M}", count) for start, count in hours]
    every = 6 if len(hours) > 12 else 2
    ticks = {
        n: f"{start:%-d %b}" if start.hour == 0 else f"{start:%H:%M}"
        for n, (start, _) in enumerate(hours)
        if start.hour % every == 0
    }
    return bars_of(named, ticks or {0: f"{hours[0][0]:%H:%M}"})


def day_bars(days: Sequence[tuple[datetime, int]]) -> Bars:
    """Answers by the day."""
    named = [(f"{start:%-d %b}", count) for start, count in days]
    return bars_of(named, {n: named[n][0] for n in range(0, len(named), max(1, ceil(len(named) / 6)))})


def labels_bars(items: Mapping[int, int]) -> Bars:
    """Items by how many labels they have; in steps of several where the numbers are many."""
    most = max(items, default=0)
    step = ceil((most + 1) / MOST_STEPS)
    counts = [
        (
            f"{low} to {low + step - 1}" if step > 1 else str(low),
            sum(items.get(n, 0) for n in range(low, low + step)),
        )
        for low in range(0, most + 1, step)
    ]
    every = max(1, ceil(len(counts) / 8))
    return bars_of(counts, {n: str(n * step) for n in range(0, len(counts), every)})
