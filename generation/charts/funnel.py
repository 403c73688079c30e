"""A funnel: one piece a gate, as wide at its top as what came to the gate, and below as what it left."""

from collections.abc import Iterable
from dataclasses import dataclass

WIDTH, HEIGHT = 100.0, 20.0
# What is there at all is seen.
THINNEST = 0.6


@dataclass(frozen=True)
class Piece:
    """The polygon of one gate in a box of `WIDTH` by `HEIGHT`, and the share of all that it left."""

    points: str
    share: float | None


def pieces(left: Iterable[int], *, of: int) -> list[Piece]:
    """The pieces of gates that left so many each, of so many that came in."""
    made, before = [], of
    for number in left:
        top, bottom = _width(before, of), _width(number, of)
        made.append(Piece(_polygon(top, bottom), number / of if of else None))
        before = number
    return made


def _width(number: int, of: int) -> float:
    return max(WIDTH * number / of, THINNEST) if number and of else 0.0


def _polygon(top: float, bottom: float) -> str:
    middle = WIDTH / 2
    corners = [
        (middle - top / 2, 0.0),
        (middle + top / 2, 0.0),
        (middle + bottom / 2, HEIGHT),
        (middle - bottom / 2, HEIGHT),
    ]
    return " ".join(f"{x:.2f},{y:.0f}" for x, y in corners)
