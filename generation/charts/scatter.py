"""A map of texts: a mark each, its shape by who wrote it, its colour by its cluster."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT, MARGIN = 720, 480, 36
# Half the width of a cluster's number.
BADGE = 13
# Marks of about 11 units: whole, open, or with a hole, so that three times as many can be told apart.
SHAPES = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",  # circle
    "M-4.5-4.5h9v9h-9z",  # square
    "M0-6l5.5 9.8h-11z",  # triangle
    "M0-6.3l6.3 6.3l-6.3 6.3l-6.3-6.3z",  # diamond
    "M-1.8-5.6h3.6v3.8h3.8v3.6h-3.8v3.8h-3.6v-3.8h-3.8v-3.6h3.8z",  # plus
    "M0 6l5.5-9.8h-11z",  # triangle, downward
    "M0-6l1.6 4h4.2l-3.3 2.7l1.2 4.3l-3.7-2.4l-3.7 2.4l1.2-4.3l-3.3-2.7h4.2z",  # star
    "M-2.7-5.2h5.4l3.3 5.2l-3.3 5.2h-5.4l-3.3-5.2z",  # hexagon
    "M-5-2.5l2.5-2.5 2.5 2.5 2.5-2.5 2.5 2.5-2.5 2.5 2.5 2.5-2.5 2.5-2.5-2.5-2.5 2.5-2.5-2.5 2.5-2.5z",  # x
)
HOLE = "M-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0z"
# Colours that are told apart; the clusters after them are grey, and all carry their numbers.
COLOURS = 8


@dataclass(frozen=True)
class Sign:
    """How the texts of one source are marked."""

    name: str
    path: str
    hollow: bool


@dataclass(frozen=True)
class Spot:
    """One text; `key` is its own, `number` its cluster's from 1, `tint` the class of its colour."""

    x: float
    y: float
    sign: Sign
    tint: str
    number: int
    key: str
    words: str


@dataclass(frozen=True)
class Heading:
    """A cluster's number, beside its marks, and the outline of its marks as a path."""

    x: float
    y: float
    number: int
    tint: str
    words: str
    hull: str


@dataclass(frozen=True)
class Scatter:
    spots: list[Spot]
    headings: list[Heading]
    signs: list[Sign]
    width: int = WIDTH
    height: int = HEIGHT


def signs_of(names: Sequence[str]) -> list[Sign]:
    """A mark for each name; after 27 they come again, and the texts beside them tell."""
    signs = []
    for n, name in enumerate(names):
        round_, shape = divmod(n, len(SHAPES))
        look = round_ % 3
        signs.append(Sign(name, SHAPES[shape] + (HOLE if look == 2 else ""), hollow=look == 1))
    return signs


def tint_of(number: int) -> str:
    """The class that colours a cluster, by its number from 1."""
    return f"tint-{number}" if number <= COLOURS else "tint-rest"


def scatter_of(
    coordinates: npt.NDArray[np.floating],
    *,
    numbers: Sequence[int],
    sources: Sequence[int],
    names: Sequence[str],
    keys: Sequence[str],
    words: Sequence[str],
    titles: Sequence[str],
) -> Scatter:
    """Lay out texts at their coordinates, both axes in one scale.

    `numbers` are their clusters from 1, `titles` the clusters' names in that order.
    """
    x, y = _placed(np.asarray(coordinates, dtype=float))
    signs = signs_of(names)
    spots = [
        Spot(
            round(float(x[n]), 1),
            round(float(y[n]), 1),
            signs[sources[n]],
            tint_of(number),
            number,
            keys[n],
            words[n],
        )
        for n, number in enumerate(numbers)
    ]
    every = np.asarray(numbers)
    headings: list[Heading] = []
    for number, title in enumerate(titles, start=1):
        own = np.stack([x, y], axis=1)[every == number]
        if len(own):
            at = _beside(own, [(one.x, one.y) for one in headings])
            headings.append(Heading(*at, number, tint_of(number), title, _outline(own)))
    return Scatter(spots, headings, signs)


def _placed(
    coordinates: npt.NDArray[np.floating],
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Units of the plot: one scale for both axes, the middle in the middle."""
    if not len(coordinates):
        return coordinates[:, 0], coordinates[:, 1]
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    room = np.array([WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN])
    spread = high - low
    scales = room / np.where(spread > 0, spread, np.inf)
    scale = scales[spread > 0].min() if (spread > 0).any() else 0.0
    middle = (low + high) / 2
    x = WIDTH / 2 + (coordinates[:, 0] - middle[0]) * scale
    y = HEIGHT / 2 - (coordinates[:, 1] - middle[1]) * scale
    return x, y


def _beside(own: npt.NDArray[np.floating], taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Where a cluster's number stands: above, beside or below its marks, the first place that is free."""
    away = 2 * BADGE - 4
    outward = np.array([(0, -1), (1, 0), (-1, 0), (0, 1)])
    ends = np.stack([own[np.argmax(own @ direction)] + away * direction for direction in outward])
    rings = np.concatenate([[(0, 0)], *(outward * ring for ring in (away, 2 * away, 3 * away))])
    places = np.concatenate([ends, *(ends + step for step in rings[1:])])
    places = places.clip(BADGE, (WIDTH - BADGE, HEIGHT - BADGE)).round(1)
    others = np.asarray(taken, dtype=float).reshape(-1, 2)
    gaps = np.linalg.norm(places[:, None] - others[None], axis=2).min(axis=1, initial=np.inf)
    x, y = places[np.argmax(gaps >= 2 * BADGE)].tolist()
    return x, y


def _outline(points: npt.NDArray[np.floating]) -> str:
    """The path around points, by the nearest of them that leave none outside."""
    corners = points
    if len(points) > 2 and np.linalg.matrix_rank(points - points[0]) == 2:
        from scipy.spatial import ConvexHull  # starts slowly

        corners = points[ConvexHull(points).vertices]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners.tolist()) + "z"
