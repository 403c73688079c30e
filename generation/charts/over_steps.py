"""Estimates over the steps of a training: a knot where one was measured, steps by orders of magnitude."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log10

from generation.charts.box import BESIDE_NUMBERS, FLOOR, RIGHT, TOP, Axis, Tick
from generation.charts.curves import LEGEND, LEGEND_LINE, Line, apart
from generation.charts.names import shortened

START, STOP = BESIDE_NUMBERS + 12.0, RIGHT - 12.0
# What lies between step 0 and the first after it, where the axis is broken: 0 has no logarithm.
GAP = 44.0
# Between the intervals of lines that were measured at one step.
ASIDE = 3.0
# With more lines than these, only the first so many have intervals: the others would hide each other.
MOST_WITH_INTERVALS, WITH_INTERVALS = 4, 3


@dataclass(frozen=True)
class Knot:
    """One estimate; no interval where `low` is None."""

    x: float
    y: float
    low: float | None
    high: float | None
    words: str


@dataclass(frozen=True)
class Trace:
    """`points` is SVG's list of points; `mark` is the class that tells the lines apart."""

    name: str
    mark: str
    points: str
    knots: list[Knot]
    y: float


@dataclass(frozen=True)
class OverSteps:
    """`broken` is where the axis is; `cut` the height of a threshold; None without."""

    traces: list[Trace]
    ticks: list[Tick]
    levels: list[Tick]
    zero: float
    broken: float | None
    cut: float | None
    upward: str
    onward: str
    height: float


def over_steps(
    steps: Sequence[int], lines: Sequence[Line], *, upward: str, cut: float | None = None, top: float = 0.0
) -> OverSteps:
    """Up to 8 lines over steps in their order, on a scale that holds 0 and `top`; `cut` is a threshold."""
    if len(lines) > MOST_WITH_INTERVALS:
        bare = [replace(line, lows=(), highs=()) for line in lines[WITH_INTERVALS:]]
        lines = [*lines[:WITH_INTERVALS], *bare]
    numbers = [x for line in lines for x in (*line.values, *line.lows, *line.highs)]
    up = Axis.over([*numbers, top, cut], FLOOR, TOP)
    places = places_of(steps)
    traces = []
    for n, line in enumerate(lines):
        aside = ASIDE * (n - (len(lines) - 1) / 2)
        knots = [
            Knot(
                round(place + aside, 1),
                up.at(value),
                up.end(line.lows[at]) if line.lows else None,
                up.end(line.highs[at]) if line.highs else None,
                f"{line.name}, step {steps[at]:,}: {value:.3f}",
            )
            for at, (place, value) in enumerate(zip(places, line.values, strict=True))
            if value is not None
        ]
        points = " ".join(f"{knot.x},{knot.y}" for knot in knots)
        traces.append(Trace(shortened(line.name), f"line-{n + 1}", points, knots, LEGEND + n * LEGEND_LINE))
    named = zip(places, map(step_text, steps), strict=True)
    return OverSteps(
        traces=traces,
        ticks=apart([Tick(round(place, 1), text) for place, text in named]),
        levels=up.ticks,
        zero=up.at(0.0),
        broken=START + GAP / 2 if steps[0] == 0 and len(steps) > 1 else None,
        cut=None if cut is None else up.at(cut),
        upward=upward,
        onward="training step, by orders of magnitude",
        height=LEGEND + len(lines) * LEGEND_LINE - 8,
    )


def places_of(steps: Sequence[int]) -> list[float]:
    """Where steps stand from left to right: by their logarithms, step 0 apart from them."""
    positive = [step for step in steps if step > 0]
    start = START + GAP if len(positive) < len(steps) else START
    if not positive:
        return [START for _ in steps]
    low, high = log10(positive[0]), log10(positive[-1])
    spread = (high - low) or 1.0
    return [START if not step else start + (STOP - start) * (log10(step) - low) / spread for step in steps]


def step_text(step: int) -> str:
    """A step at an axis, short: "800", "1.5k", "20M"."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if step >= size:
            return f"{step / size:.3g}{letter}"
    return str(step)
