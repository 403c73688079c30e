"""Bars of shares with their intervals, a row each, all on one axis from 0."""

from collections.abc import Sequence
from dataclasses import dataclass

from generation.charts.box import Axis

WIDTH = 400


@dataclass(frozen=True)
class Bar:
    """Places on the axis, of 400 units; None for what is undefined."""

    end: float | None
    low: float | None
    high: float | None
    beside: float | None


@dataclass(frozen=True)
class Bars:
    """Bars and their axis.

    Attributes
    ----------
    rows : tuple of Bar
    ticks : tuple of float
        Places of the axis' steps.
    last : float
        The share at its end.
    """

    rows: tuple[Bar, ...]
    ticks: tuple[float, ...]
    last: float


def bars_of(shares: Sequence[tuple[float | None, float | None, float | None, float | None]]) -> Bars:
    """Bars of (share, low, high, another share to compare with)."""
    axis = Axis.over((number for row in shares for number in row), 0, WIDTH)
    rows = tuple(Bar(*(axis.end(number) for number in row)) for row in shares)
    ticks = tuple(axis.at(step * axis.step) for step in range(axis.first, axis.last + 1))
    return Bars(rows, ticks, axis.last * axis.step)
