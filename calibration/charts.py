"""Positions of dot plots. Everything is a percentage of the width, so that text keeps its size on a phone."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.templatetags.labels import end, fixed

Estimate = dict[str, Any]

MARGIN = 2.0  # percent kept free at both ends, so that no mark is cut off
MOST_TICKS = 10


@dataclass(frozen=True)
class Tick:
    at: str
    text: str
    zero: bool


@dataclass(frozen=True)
class Mark:
    """Positions of an estimate and of the ends of its interval, None where it has none."""

    at: str
    low: str | None
    high: str | None


@dataclass(frozen=True)
class DotRow:
    """One scorer: on all items, and on a subset of them."""

    name: str
    family: str
    everything: Mark | None
    subset: Mark | None
    words: str


@dataclass(frozen=True)
class DotPlot:
    ticks: list[Tick]
    rows: list[DotRow]


def dot_plot(rows: Sequence[tuple[str, str, Estimate, Estimate]]) -> DotPlot:
    """Lay out rows of (scorer, family, estimate on all items, estimate on the subset)."""
    axis = Axis.around(estimate for row in rows for estimate in row[2:])
    return DotPlot(
        axis.ticks(),
        [
            DotRow(
                name,
                family,
                everything=axis.mark(full),
                subset=axis.mark(part),
                words=f"All: {spoken(full)}. Subset: {spoken(part)}.",
            )
            for name, family, full, part in rows
        ],
    )


def interval(estimate: Estimate) -> str:
    """Its interval in words; empty where there is none."""
    if estimate.get("low") is None or estimate.get("high") is None:
        return ""
    return f"{end(estimate['low'])} to {end(estimate['high'])}"


def spoken(estimate: Estimate) -> str:
    if estimate["value"] is None:
        return f"undefined, {estimate.get('reason', 'no value')}"
    ends = interval(estimate)
    return f"{fixed(estimate['value'])}{f', {ends}' if ends else ''}"


@dataclass(frozen=True)
class Axis:
    low: float
    high: float
    step: float

    @classmethod
    def around(cls, estimates: Iterable[Estimate]) -> "Axis":
        """An axis that holds zero and every estimate with its interval."""
        keys = ("value", "low", "high")
        seen = [0.0, *(e[key] for e in estimates for key in keys if e.get(key) is not None)]
        span = max(max(seen) - min(seen), 0.1)
        step = next(step for step in (0.05, 0.1, 0.2, 0.25, 0.5) if span / step < MOST_TICKS or step == 0.5)
        return cls(min(seen), max(max(seen), min(seen) + 0.1), step)

    def at(self, value: float) -> str:
        share = (value - self.low) / (self.high - self.low)
        return f"{MARGIN + share * (100 - 2 * MARGIN):.2f}%"

    def mark(self, estimate: Estimate) -> Mark | None:
        if estimate["value"] is None:
            return None
        low, high = (None if estimate.get(end) is None else self.at(estimate[end]) for end in ("low", "high"))
        return Mark(self.at(estimate["value"]), low, high)

    def ticks(self) -> list[Tick]:
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        digits = 2 if self.step in (0.05, 0.25) else 1
        return [
            Tick(self.at(n * self.step), fixed(n * self.step, digits), n == 0) for n in range(first, last + 1)
        ]
