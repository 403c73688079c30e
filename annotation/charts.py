"""Geometry of the console's plots; templates draw it as SVG, with the look's classes for its colours.

Drawn here and not by a plotting library because the marks take their colours from the page (light, dark,
print), and because a page has a tenth of a second: altair with vl-convert takes .9 s to import and 70 ms and
220 kB a plot of 750 items, this takes 2 ms and 40 kB.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, log2, sqrt

import numpy as np
import numpy.typing as npt

from annotation.models import Study
from annotation.statistics.entropy import POLARISING

FloatArray = npt.NDArray[np.float64]

# The plot's box inside the templates' 480 by 290 units.
LEFT, RIGHT, TOP, FLOOR = 14, 466, 24, 226
BIN_WIDTHS = (0.05, 0.1, 0.2, 0.5, 1.0)
MOST_BINS = 16
MOST_STEPS = 41
# Few bars stand at the left as wide as these many would be, so that one is no wall.
LEAST_BARS = 12
# Beyond this many items, neighbours share one larger dot.
MOST_DOTS = 1000


def colour(index: int, values: int) -> str:
    """The class that colours the value at `index` of a scale: the five colours, and steps between them."""
    place = round(16 * index / max(1, values - 1))
    step = place % 4 * 25
    return f"v{place // 4 + 1}" + (f"-{step}" if step else "")


@dataclass(frozen=True)
class Segment:
    colour: str
    x: float
    width: float


@dataclass(frozen=True)
class LabelBar:
    segments: list[Segment]
    width: int
    height: int
    words: str


def label_bar_of(study: Study, counts: Sequence[int], *, width: int = 180, height: int = 16) -> LabelBar:
    """The bar of an item's labels, a part a value that somebody gave, one unit apart."""
    values, total = study.values, sum(counts)
    given = [(index, count) for index, count in enumerate(counts) if count]
    room, x, segments = width - max(0, len(given) - 1), 0.0, []
    for index, count in given:
        part = room * count / total
        segments.append(Segment(colour(index, len(values)), round(x, 1), round(part, 1)))
        x += part + 1
    words = ", ".join(f"{value_in_words(study, values[index])}: {count}" for index, count in given)
    said = f"{total:,} label{'' if total == 1 else 's'}. {words}"
    return LabelBar(segments, width, height, said if total else "No labels yet")


def value_in_words(study: Study, value: int) -> str:
    shown = f"{value:+d}".replace("-", "\N{MINUS SIGN}") if study.scale_low < 0 and value else str(value)
    word = study.word_for(value)
    return f"{shown} {word}" if word else shown


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Column:
    x: float
    y: float
    width: float
    height: float
    low: float
    high: float
    count: int

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


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


@dataclass(frozen=True)
class Histogram:
    columns: list[Column]
    ticks: list[Tick]
    items: int


def entropy_histogram(entropy: FloatArray, *, values: int) -> Histogram:
    """Items by entropy in bits, in bins of a round width; items without labels are left out."""
    defined = entropy[np.isfinite(entropy)]
    most = log2(values)
    step = next((width for width in BIN_WIDTHS if ceil(most / width) <= MOST_BINS), BIN_WIDTHS[-1])
    bins = ceil(most / step - 1e-9)
    # Entropies are computed, so one of exactly .2 bits may arrive a rounding error below its bin.
    at = np.clip(np.floor(defined / step + 1e-9).astype(int), 0, bins - 1)
    counts = np.bincount(at, minlength=bins)
    highest = max(1, int(counts.max(initial=0)))
    room = (RIGHT - LEFT) / bins
    columns = []
    for index, count in enumerate(counts.tolist()):
        height = (FLOOR - TOP) * count / highest
        high = min((index + 1) * step, most)
        columns.append(
            Column(
                x=round(LEFT + index * room + 1.5, 1),
                y=round(FLOOR - height, 1),
                width=round(room - 3, 1),
                height=round(height, 1),
                low=index * step,
                high=high,
                count=count,
            )
        )
    every = max(1, round(bins / 6))
    ticks = [Tick(round(LEFT + index * room, 1), f"{index * step:.1f}") for index in range(0, bins, every)]
    return Histogram(columns, ticks, len(defined))


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    r: float


@dataclass(frozen=True)
class ItemMap:
    dots: list[Dot]
    ticks: list[Tick]
    thirds: list[float]
    middles: list[Tick]
    cut: float
    items: int


def item_map(mean: FloatArray, dispersion: FloatArray, *, scale: Sequence[int]) -> ItemMap:
    """Items by mean label and ordinal dispersion, with the cuts between the four kinds of item."""
    defined = np.isfinite(mean) & np.isfinite(dispersion)
    x = _across(mean[defined], scale)
    y = _up(dispersion[defined])
    grid = 1.0 if len(x) <= MOST_DOTS else 5.0
    places = Counter(
        zip((np.round(x / grid) * grid).tolist(), (np.round(y / grid) * grid).tolist(), strict=True)
    )
    dots = [
        Dot(at, height, min(9.0, round(2.6 + 0.5 * sqrt(count - 1), 1)))
        for (at, height), count in places.items()
    ]
    every = max(1, ceil((len(scale) - 1) / 10))
    ticks = [
        Tick(float(_across(value, scale)), str(value).replace("-", "\N{MINUS SIGN}"))
        for value in scale[::every]
    ]
    spread = scale[-1] - scale[0]
    thirds = [float(_across(scale[0] + spread * part / 3, scale)) for part in (1, 2)]
    sixths = zip((1, 3, 5), ("agreed bad", "lukewarm", "agreed good"), strict=True)
    middles = [Tick(float(_across(scale[0] + spread * part / 6, scale)), kind) for part, kind in sixths]
    return ItemMap(dots, ticks, thirds, middles, float(_up(POLARISING)), int(defined.sum()))


def _across(value: float | FloatArray, scale: Sequence[int]) -> FloatArray:
    inside = (np.asarray(value, dtype=float) - scale[0]) / (scale[-1] - scale[0])
    return np.round(LEFT + 26 + inside * (RIGHT - LEFT - 32), 1)


def _up(dispersion: float | FloatArray) -> FloatArray:
    return np.round(FLOOR - np.asarray(dispersion, dtype=float) * (FLOOR - TOP), 1)
