"""Positions of differences with their intervals, in percent of the width."""

from collections.abc import Sequence
from dataclasses import dataclass

from calibration.charts.dots import ABOVE, ROW, Axis, Estimate, Mark, Plot, spoken


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


def difference_plot(differences: Sequence[Difference]) -> Plot[DifferenceRow]:
    """Lay out differences from above."""
    axis = Axis.around(one.estimate for one in differences)
    rows = [
        DifferenceRow(
            one.name, one.beneath, axis.mark(one.estimate), one.sure, spoken(one.estimate), ABOVE + n * ROW
        )
        for n, one in enumerate(differences)
    ]
    return Plot(axis.ticks(), rows)
