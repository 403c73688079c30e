"""Geometry of a person's seconds an item; the template draws it as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from annotation.quality.person import Step

WIDTH, HEIGHT, FLOOR = 640, 120, 104
# Longer pauses are cut here, in medians, or one of them would flatten all the others.
MOST_MEDIANS = 4


@dataclass(frozen=True)
class Bar:
    """One answer's time; `cut` where it is higher than the plot, `least` the height of a quick reading."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    words: str
    least: float | None


@dataclass(frozen=True)
class Timeline:
    bars: list[Bar]
    most: float


def timeline_of(steps: Sequence[Step]) -> Timeline | None:
    """A bar an answer, in their order; None where no time is known."""
    times = [step.seconds for step in steps if step.seconds is not None]
    if not times or max(times) <= 0:
        return None
    most = min(max(times), MOST_MEDIANS * median(times)) or max(times)
    room = min(24.0, WIDTH / len(steps))
    bars = [
        Bar(
            x=round(n * room + room * 0.1, 1),
            y=round(FLOOR - _height(step.seconds, most), 1),
            width=round(room * 0.8, 1),
            height=round(_height(step.seconds, most), 1),
            kind=_kind(step, most),
            words=f"{step.seconds:.1f} s",
            least=_least(step, most),
        )
        for n, step in enumerate(steps)
        if step.seconds is not None
    ]
    return Timeline(bars, most)


def _height(seconds: float, most: float) -> float:
    return (FLOOR - 8) * min(1.0, seconds / most)


def _least(step: Step, most: float) -> float | None:
    if step.least_seconds is None or step.least_seconds > most:
        return None
    return round(FLOOR - _height(step.least_seconds, most), 1)


def _kind(step: Step, most: float) -> str:
    if step.check is not None:
        return "check"
    if step.seconds is not None and step.seconds > most:
        return "cut-off"
    quick = step.least_seconds is not None and step.seconds is not None and step.seconds < step.least_seconds
    return "quick" if quick else ""
