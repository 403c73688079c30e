"""Items by their entropy, and by their mean and dispersion."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2, sqrt

import numpy as np

from annotation.statistics.counts import FloatArray
from annotation.statistics.entropy import POLARISING
from generation.charts.box import FLOOR, LEFT, RIGHT, TOP, Tick

BIN_WIDTHS = (0.05, 0.1, 0.2, 0.5, 1.0)
MOST_BINS = 16
# Beyond this many items, neighbours share one larger dot.
MOST_DOTS = 1000


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
