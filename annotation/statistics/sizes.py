"""The smallest size of a study that meets a target, where simulation says what a size achieves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from annotation.statistics.counts import FloatArray

Progress = Callable[[float], None]
Point = tuple[float, float]

MOST_ITEMS = 20_000
# Fewer clusters give intervals that are far too narrow, and a plan that promises too much.
FEWEST_QUERIES = 10
# Sizes within this share of each other are told apart by Monte Carlo error only.
CLOSE = 0.02
MOST_STEPS = 8
FEWEST_SIMULATIONS = 20


@dataclass(frozen=True)
class Achieved:
    """What simulated studies of one size achieve on average, with its 95 % Monte Carlo interval.

    Attributes
    ----------
    value, low, high : float or None
        None where no simulated study defines it.
    simulations : int
        Simulated studies (or items, where a study is no more than its items) behind the value.
    """

    value: float | None
    low: float | None
    high: float | None
    simulations: int


@dataclass(frozen=True)
class Option:
    """One way to do the study, and what it achieves.

    `people` is given where their number is part of the design.
    """

    labels_per_item: int
    queries: int
    items: int
    labels: int
    achieved: Achieved
    met: bool
    people: int | None = None


@dataclass(frozen=True)
class Options:
    """The ways considered, by labels an item.

    Attributes
    ----------
    options : tuple of Option
    best : int or None
        The one of fewest labels that meets the target; None if none does.
    reason : str or None
        Why none does.
    """

    options: tuple[Option, ...]
    best: int | None
    reason: str | None = None


@dataclass(frozen=True)
class Found:
    """The smallest size that meets a target, or the largest tried."""

    size: int
    achieved: Achieved
    met: bool


def mean_achieved(values: FloatArray) -> Achieved:
    """The mean of simulated values and its Monte Carlo interval; NaN is left out.

    Examples
    --------
    >>> mean_achieved(np.array([1.0, 3.0, np.nan])).value
    2.0
    """
    defined = values[np.isfinite(values)]
    n = len(defined)
    if n == 0:
        return Achieved(None, None, None, 0)
    mean = float(defined.mean())
    if n == 1:
        return Achieved(mean, None, None, 1)
    error = 1.96 * float(defined.std(ddof=1)) / sqrt(n)
    return Achieved(mean, mean - error, mean + error, n)


def share_achieved(successes: int, simulations: int) -> Achieved:
    """A share of simulated studies and its Monte Carlo interval, Wilson's.

    Examples
    --------
    >>> share_achieved(80, 100).value
    0.8
    """
    if simulations == 0:
        return Achieved(None, None, None, 0)
    share, z = successes / simulations, 1.96
    middle = (share + z * z / (2 * simulations)) / (1 + z * z / simulations)
    inside = share * (1 - share) / simulations + z * z / (4 * simulations**2)
    half = z * sqrt(inside) / (1 + z * z / simulations)
    return Achieved(share, middle - half, middle + half, simulations)


def smallest_size(
    achieve: Callable[[int, int], Achieved],
    *,
    straight: Callable[[float], float],
    target: float,
    at_zero: float,
    least: int,
    most: int,
    simulations: int,
    progress: Progress | None = None,
) -> Found:
    """Find the smallest size at which simulation meets a target.

    Parameters
    ----------
    achieve : callable
        From a size and a number of simulations to what they achieve.
    straight : callable
        Rises as what is achieved gets better, about linearly in the root of the size: the inverse of a
        width, or the normal quantile of a power.
    target : float
        In the units of what is achieved.
    at_zero : float
        What `straight` would be at size 0, for the first guess.
    least, most : int
    simulations : int
        At each size that may become the answer; a first look takes a tenth of them.
    progress : callable, optional
        Called with the share done, which only rises.

    Returns
    -------
    Found
        The smallest size tried that meets the target; `most`, unmet, if that does not.

    Notes
    -----
    A first guess is scaled to the target; then sizes that meet it and sizes that do not are interpolated
    until they are within 2 %: smaller steps would be taken for the Monte Carlo error, not for the size.

    Examples
    --------
    >>> def width(size, simulations):
    ...     return Achieved(1 / size ** 0.5, None, None, simulations)
    >>> smallest_size(width, straight=lambda w: 1 / w, target=0.1, at_zero=0.0, least=2, most=500,
    ...               simulations=200).size
    101
    """
    wanted = straight(target)
    quick = max(simulations // 10, FEWEST_SIMULATIONS)

    def point(size: int, found: Achieved) -> Point:
        return sqrt(size), at_zero if found.value is None else straight(found.value)

    nothing = below = (0.0, at_zero)
    best: Found | None = None
    size = min(most, 4 * least)
    size = _crossing(nothing, point(size, achieve(size, quick)), wanted, most)
    for step in range(1, MOST_STEPS + 1):
        size = max(least, min(size, most))
        found = achieve(size, quick) if size == most else None
        if found is None or _hopeful(found, straight, wanted):
            found = achieve(size, simulations)
        if progress:
            progress(1 - 0.5**step)
        reached = point(size, found)
        if reached[1] >= wanted:
            best, above = Found(size, found, True), reached
        elif size == most:
            return Found(size, found, False)
        else:
            below = reached
        size = _crossing(below, above, wanted, most) if best else _crossing(nothing, below, wanted, most)
        size = max(size, round(below[0] ** 2) + 1)
        if best and (best.size == least or size * (1 + CLOSE) >= best.size):
            return best
    return best or Found(most, achieve(most, simulations), False)


def _crossing(left: Point, right: Point, wanted: float, most: int) -> int:
    """The size at which a straight line through two points reaches what is wanted, and a little beyond."""
    (start, low), (end, high) = left, right
    if not high > low:
        return most
    root = start + (wanted - low) / (high - low) * (end - start)
    return ceil(min(max(root, 0.0) ** 2 * (1 + CLOSE / 2), most))


def _hopeful(found: Achieved, straight: Callable[[float], float], wanted: float) -> bool:
    """Whether the Monte Carlo interval of a few simulations leaves the target within reach."""
    ends = [straight(end) for end in (found.low, found.high) if end is not None]
    return any(end >= wanted for end in ends)


def options_by_labels(
    achieve: Callable[[int], Callable[[int, int], Achieved]],
    *,
    grid: Sequence[int],
    straight: Callable[[float], float],
    target: float,
    at_zero: float,
    items_per_query: int,
    most_items: int,
    simulations: int,
    progress: Progress | None,
) -> Options:
    """For each number of labels an item, the fewest queries that meet the target.

    `achieve` takes labels an item and gives what `smallest_size` takes, sizes being queries; the others are
    as there. Returns `Options`.
    """
    found = []
    most = max(FEWEST_QUERIES, most_items // items_per_query)
    for place, labels_per_item in enumerate(grid):
        answer = smallest_size(
            achieve(labels_per_item),
            straight=straight,
            target=target,
            at_zero=at_zero,
            least=FEWEST_QUERIES,
            most=most,
            simulations=simulations,
            progress=part_of(progress, place, len(grid)),
        )
        items = answer.size * items_per_query
        found.append(
            Option(labels_per_item, answer.size, items, items * labels_per_item, answer.achieved, answer.met)
        )
    words = (
        f"{most * items_per_query:,} items, the most allowed, are too few with any of these labels an item"
    )
    return chosen(found, words, progress)


def chosen(options: Sequence[Option], reason: str, progress: Progress | None) -> Options:
    """Name the option of fewest labels that meets the target, or why there is none."""
    if progress:
        progress(1.0)
    meeting = [(option.labels, place) for place, option in enumerate(options) if option.met]
    best = min(meeting)[1] if meeting else None
    return Options(tuple(options), best, None if meeting else reason)


def part_of(progress: Progress | None, place: int, parts: int) -> Progress | None:
    """Progress of one part among several."""
    return (lambda share: progress((place + share) / parts)) if progress else None
