"""Lines over numbers, such as labels an item, some with a band around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from generation.charts.box import BESIDE_NUMBERS, FLOOR, RIGHT, TOP, Axis, Tick, round_step
from generation.charts.names import shortened

# Where the legend begins, and what a line of it takes.
LEGEND, LEGEND_LINE = 292, 23
MOST_TICKS = 8
# That have marks of their own; and up to which their bands are told apart without colours.
MOST_LINES, GREY_BANDS = 8, 3
# What a letter of a tick takes on a phone, where letters are large.
LETTER = 10.0


@dataclass(frozen=True)
class Line:
    """What is drawn: a value a place, None where undefined, and the ends of its band where it has one."""

    name: str
    values: Sequence[float | None]
    lows: Sequence[float | None] = ()
    highs: Sequence[float | None] = ()


@dataclass(frozen=True)
class Drawn:
    """`points` and `band` are SVG's lists of points; `mark` and `shade` are classes that tell lines apart."""

    name: str
    mark: str
    points: str
    band: str
    shade: str
    y: float


@dataclass(frozen=True)
class Curves:
    lines: list[Drawn]
    ticks: list[Tick]
    levels: list[Tick]
    zero: float
    upward: str
    onward: str
    height: float


def curves_of(places: Sequence[float], lines: Sequence[Line], *, onward: str, upward: str = "") -> Curves:
    """Up to 8 lines over places from left to right, on one scale that holds 0; words name its units."""
    up = Axis.over((x for line in lines for x in (*line.values, *line.lows, *line.highs)), FLOOR, TOP)

    def across(place: float) -> float:
        spread = places[-1] - places[0] or 1
        return round(BESIDE_NUMBERS + 8 + (RIGHT - BESIDE_NUMBERS - 16) * (place - places[0]) / spread, 1)

    def path(values: Sequence[float | None]) -> list[str]:
        pairs = zip(places, values, strict=True)
        return [f"{across(place)},{up.at(value)}" for place, value in pairs if value is not None]

    return Curves(
        lines=[
            Drawn(
                name=shortened(line.name),
                mark=f"line-{n + 1}",
                points=" ".join(path(line.values)),
                band=" ".join([*path(line.lows), *reversed(path(line.highs))]) if line.lows else "",
                shade=f"shade-{n + 1}" if len(lines) > GREY_BANDS else "",
                y=LEGEND + n * LEGEND_LINE,
            )
            for n, line in enumerate(lines)
        ],
        ticks=apart([Tick(across(place), f"{place:,g}") for place in _named(places)]),
        levels=up.ticks,
        zero=up.at(0.0),
        upward=upward,
        onward=onward,
        height=LEGEND + len(lines) * LEGEND_LINE - 8,
    )


def _named(places: Sequence[float]) -> list[float]:
    """Numbers at an axis: all places where they are few, else round ones from the first to the last."""
    if len(places) <= MOST_TICKS:
        return list(places)
    step = round_step((places[-1] - places[0]) / MOST_TICKS)
    first, last = ceil(places[0] / step - 1e-9), floor(places[-1] / step + 1e-9)
    return [round(n * step, 12) for n in range(first, last + 1)]


def apart(ticks: Sequence[Tick]) -> list[Tick]:
    """The last of them, and before it those whose words do not run into each other."""
    kept = list(ticks[-1:])
    for tick in reversed(ticks[:-1]):
        if kept[0].at - tick.at > LETTER * (len(tick.text) + len(kept[0].text)) / 2:
            kept.insert(0, tick)
    return kept
