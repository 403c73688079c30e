"""Groups in rows: a difference with its interval, over what chance alone would give."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from annotation.charts.box import LEFT, RIGHT, Tick, number_text, round_step

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
    ends = [0.0]
    for one in differences:
        ends += [one.value, one.chance_low, one.chance_high]
        ends += [end for end in (one.low, one.high) if end is not None]
    step = round_step((max(ends) - min(ends)) / 5)
    first, last = floor(min(ends) / step + 1e-9), ceil(max(ends) / step - 1e-9)
    last = max(last, first + 1)

    def across(number: float | None) -> float | None:
        return None if number is None else at(number)

    def at(number: float) -> float:
        return round(LEFT + 10 + (RIGHT - LEFT - 20) * (number / step - first) / (last - first), 1)

    rows = [
        GroupRow(
            name=one.name if len(one.name) <= MOST_LETTERS else one.name[: MOST_LETTERS - 1] + "…",
            whole_name=one.name,
            name_y=FIRST + n * ROW,
            top=FIRST + n * ROW + BAND,
            y=FIRST + n * ROW + BAND + BAND_HEIGHT / 2,
            x=at(one.value),
            low=across(one.low),
            high=across(one.high),
            chance=at(one.chance_low),
            width=round(at(one.chance_high) - at(one.chance_low), 1),
        )
        for n, one in enumerate(differences)
    ]
    decimals = max(0, -floor(log10(step) + 1e-9))
    ticks = [Tick(at(n * step), number_text(n * step, decimals)) for n in range(first, last + 1)]
    return GroupRows(rows, ticks, at(0.0), FIRST + len(rows) * ROW, axis)
