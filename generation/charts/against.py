"""Points of two numbers on equal axes, against the line on which both are the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from generation.charts.box import BESIDE_NUMBERS, RIGHT, TOP, Axis, Tick

# A square, so that the line of equal numbers goes from corner to corner.
SIDE = RIGHT - BESIDE_NUMBERS
FLOOR = TOP + SIDE


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    mark: str
    words: str


@dataclass(frozen=True)
class Against:
    points: list[Point]
    ticks: list[Tick]
    levels: list[Tick]
    zero_x: float
    zero_y: float
    onward: str
    upward: str
    left: float = BESIDE_NUMBERS
    right: float = RIGHT
    top: float = TOP
    floor: float = FLOOR
    height: float = FLOOR + 50


def against(points: Sequence[tuple[float, float, str, str]], *, onward: str, upward: str) -> Against:
    """Points as (x, y, class, words), both axes over the same numbers, which hold 0."""
    numbers = [number for x, y, _, _ in points for number in (x, y)]
    across = Axis.over(numbers, BESIDE_NUMBERS, RIGHT)
    up = Axis.over(numbers, FLOOR, TOP)
    drawn = [Point(across.at(x), up.at(y), mark, words) for x, y, mark, words in points]
    return Against(drawn, across.ticks, up.ticks, across.at(0.0), up.at(0.0), onward, upward)
