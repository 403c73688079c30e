"""Positions of dot plots. Everything is a percentage of the width, so that text keeps its size on a phone."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from generation.templatetags.numbers import end, fixed

Estimate = Mapping[str, Any]
Row = TypeVar("Row")

MARGIN = 2.0  # percent kept free at both ends, so that no mark is cut off
MOST_TICKS = 10
# Of more rows than these, each is one line high.
MOST_TALL = 15
# In the file that stands alone, in its own units: a row, and the ticks above the first.
ROW, ABOVE = 38, 24


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
class Band:
    """Where the estimate is expected."""

    at: str
    width: str


@dataclass(frozen=True)
class Compared:
    """What a row shows: a scorer on all items, on a subset, and where it is expected there.

    `falls` says that it falls more than expected, by a test.
    """

    name: str
    family: str
    everything: Estimate
    subset: Estimate
    expected: Estimate | None = None
    falls: bool = False


@dataclass(frozen=True)
class DotRow:
    """One scorer; `top` is the row's place in the file that stands alone."""

    name: str
    family: str
    everything: Mark | None
    subset: Mark | None
    band: Band | None
    falls: bool
    words: str
    top: int


@dataclass(frozen=True)
class Plot(Generic[Row]):
    """Rows over one axis, from above."""

    ticks: list[Tick]
    rows: list[Row]

    @property
    def dense(self) -> bool:
        return len(self.rows) > MOST_TALL

    @property
    def floor(self) -> int:
        """Where the rows end in the file that stands alone."""
        return ABOVE + ROW * len(self.rows)

    @property
    def height(self) -> int:
        return self.floor + ABOVE


def dot_plot(rows: Sequence[Compared]) -> Plot[DotRow]:
    """Lay out rows from above."""
    estimates = (found for row in rows for found in (row.everything, row.subset, row.expected) if found)
    axis = Axis.around(estimates)
    return Plot(axis.ticks(), [_row(axis, row, ABOVE + n * ROW) for n, row in enumerate(rows)])


def _row(axis: "Axis", row: Compared, top: int) -> DotRow:
    words = f"All: {spoken(row.everything)}. Subset: {spoken(row.subset)}."
    if row.expected:
        more = ", falls more" if row.falls else ""
        words += f" Expected there: {interval(row.expected)}{more}."
    return DotRow(
        row.name,
        row.family,
        everything=axis.mark(row.everything),
        subset=axis.mark(row.subset),
        band=axis.band(row.expected) if row.expected else None,
        falls=row.falls,
        words=words,
        top=top,
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

    def share(self, value: float) -> float:
        """How far across, in percent."""
        return MARGIN + (value - self.low) / (self.high - self.low) * (100 - 2 * MARGIN)

    def at(self, value: float) -> str:
        return f"{self.share(value):.2f}%"

    def mark(self, estimate: Estimate) -> Mark | None:
        if estimate["value"] is None:
            return None
        low, high = (None if estimate.get(end) is None else self.at(estimate[end]) for end in ("low", "high"))
        return Mark(self.at(estimate["value"]), low, high)

    def band(self, estimate: Estimate) -> Band | None:
        if estimate.get("low") is None or estimate.get("high") is None:
            return None
        width = self.share(estimate["high"]) - self.share(estimate["low"])
        return Band(self.at(estimate["low"]), f"{width:.2f}%")

    def ticks(self) -> list[Tick]:
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        digits = 2 if self.step in (0.05, 0.25) else 1
        return [
            Tick(self.at(n * self.step), fixed(n * self.step, digits), n == 0) for n in range(first, last + 1)
        ]
