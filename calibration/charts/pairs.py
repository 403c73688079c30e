"""Two estimates in each row, one above the other, each with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generation.charts.box import LEFT, RIGHT, Axis, Tick
from generation.charts.names import shortened

Estimate = Mapping[str, Any]
# A row holds its name, and the two below.
ROW, NAME, FIRST, SECOND = 46, 14, 24, 36
LONGEST = 64


@dataclass(frozen=True)
class Spot:
    """Where an estimate stands; None where it, or an end of its interval, is undefined."""

    x: float | None
    low: float | None
    high: float | None
    y: float


@dataclass(frozen=True)
class PairRow:
    name: str
    words: str
    top: float
    name_y: float
    first: Spot
    second: Spot


@dataclass(frozen=True)
class PairRows:
    rows: list[PairRow]
    ticks: list[Tick]
    zero: float
    onward: str
    floor: float
    height: float


def pair_rows(given: Sequence[tuple[str, str, Estimate, Estimate]], *, onward: str) -> PairRows:
    """Rows of a name, its words and two estimates, over an axis that holds 0; `onward` names its unit."""
    numbers = [one[end] for row in given for one in row[2:] for end in ("value", "low", "high")]
    across = Axis.over(numbers, LEFT + 6, RIGHT - 6)
    rows = [
        PairRow(
            shortened(name, LONGEST),
            words,
            4.0 + n * ROW,
            4.0 + n * ROW + NAME,
            _spot(across, first, 4.0 + n * ROW + FIRST),
            _spot(across, second, 4.0 + n * ROW + SECOND),
        )
        for n, (name, words, first, second) in enumerate(given)
    ]
    floor = 8.0 + len(given) * ROW
    return PairRows(rows, across.ticks, across.at(0.0), onward, floor, floor + 46)


def _spot(across: Axis, one: Estimate, y: float) -> Spot:
    return Spot(across.end(one["value"]), across.end(one["low"]), across.end(one["high"]), y)
