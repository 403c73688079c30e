"""A reliability curve: what was predicted, and what people did, in bins of as many cases each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generation.charts.box import BESIDE_NUMBERS, FLOOR, RIGHT, TOP, Axis, Tick


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    low: float | None
    high: float | None
    words: str


@dataclass(frozen=True)
class Curve:
    """`line` joins the points; the diagonal from `zero` to `one` is where a calibrated scorer's lie."""

    points: list[Point]
    line: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    zero: tuple[float, float]
    one: tuple[float, float]


def reliability_of(bins: Sequence[Mapping[str, Any]]) -> Curve:
    """Bins of predicted and observed shares; those that hold nothing are left out."""
    across = Axis(BESIDE_NUMBERS, RIGHT, 0.2, 0, 5)
    up = Axis(FLOOR, TOP, 0.2, 0, 5)
    points = [
        Point(
            x=across.at(one["predicted"]),
            y=up.at(one["observed"]),
            low=up.end(one.get("low")),
            high=up.end(one.get("high")),
            words=f"predicted {one['predicted']:.2f}, observed {one['observed']:.2f}, n = {one['n']:,}",
        )
        for one in bins
        if one["predicted"] is not None and one["observed"] is not None
    ]
    return Curve(
        points=points,
        line=" ".join(f"{point.x},{point.y}" for point in points),
        x_ticks=across.ticks,
        y_ticks=up.ticks,
        zero=(across.at(0.0), up.at(0.0)),
        one=(across.at(1.0), up.at(1.0)),
    )
