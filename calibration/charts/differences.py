"""Positions of differences with their intervals, in percent of the width."""

from collections.abc import Sequence
from dataclasses import dataclass

from calibration.charts.dots import ABOVE, MOST_TALL, ROW, Axis, Estimate, Mark, Tick, spoken


@dataclass(frozen=True)
class Difference:
    """A difference under its name; `sure` where a test finds it."""

    name: str
    beneath: str
    estimate: Estimate
    sure: bool


@dataclass(frozen=True)
class DifferenceRow:
    """`top` is the row's place in the file that stands alone."""

    name: str
    beneath: str
    mark: Mark | None
    sure: bool
    words: str
    top: int


@dataclass(frozen=True)
class DifferencePlot:
    ticks: list[Tick]
    rows: list[DifferenceRow]

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


def difference_plot(differences: Sequence[Difference]) -> DifferencePlot:
    """Lay out differences from above."""
    axis = Axis.around(one.estimate for one in differences)
    rows = [
        DifferenceRow(
            one.name, one.beneath, axis.mark(one.estimate), one.sure, spoken(one.estimate), ABOVE + n * ROW
        )
        for n, one in enumerate(differences)
    ]
    return DifferencePlot(axis.ticks(), rows)
