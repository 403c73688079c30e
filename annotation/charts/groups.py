"""Groups in rows: a difference with its interval, over what chance alone would give."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from generation.charts.box import LEFT, RIGHT, Axis, Tick

# A row holds the name above its marks, so that long names have the whole width.
ROW, FIRST, BAND, BAND_HEIGHT = 42, 26, 12, 14
MOST_LETTERS = 44


@dataclass(frozen=True)
class Difference:
    """A group's difference, the ends of its interval, and of the middle 95 % under shuffling."""

    name: str
    value: float
    low: float | None
    high: float | None
    chance_low: float
    chance_high: float


@dataclass(frozen=True)
class GroupRow:
    name: str
    whole_name: str
    name_y: float
    top: float
    y: float
    x: float
    low: float | None
    high: float | None
    chance: float
    width: float


@dataclass(frozen=True)
class GroupRows:
    rows: list[GroupRow]
    ticks: list[Tick]
    zero: float
    floor: float
    axis: str

    @property
    def height(self) -> float:
        return self.floor + 40


def group_rows(differences: Sequence[Difference], *, axis: str) -> GroupRows:
    """Groups in the order given."""
    ends = ((one.value, one.low, one.high, one.chance_low, one.chance_high) for one in differences)
    across = Axis.over(chain.from_iterable(ends), LEFT + 10, RIGHT - 10)
    rows = [
        GroupRow(
            name=one.name if len(one.name) <= MOST_LETTERS else one.name[: MOST_LETTERS - 1] + "…",
            whole_name=one.name,
            name_y=FIRST + n * ROW,
            top=FIRST + n * ROW + BAND,
            y=FIRST + n * ROW + BAND + BAND_HEIGHT / 2,
            x=across.at(one.value),
            low=across.end(one.low),
            high=across.end(one.high),
            chance=across.at(one.chance_low),
            width=round(across.at(one.chance_high) - across.at(one.chance_low), 1),
        )
        for n, one in enumerate(differences)
    ]
    return GroupRows(rows, across.ticks, across.at(0.0), FIRST + len(rows) * ROW, axis)
