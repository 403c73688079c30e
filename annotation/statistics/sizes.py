"""The smallest size of a study that meets a target, where simulation says what a size achieves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil, log2, sqrt

import numpy as np

from annotation.statistics.counts import FloatArray

Progress = Callable[[float], None]

MOST_ITEMS = 20_000
# Fewer clusters give intervals that are far too narrow, and a plan that promises too much.
FEWEST_QUERIES = 10
# Sizes within this share of each other are told apart by Monte Carlo error only.
CLOSE = 0.02
FEWEST_SIMULATIONS = 20


@dataclass(frozen=True)
class Achieved:
    """What simulated studies of one size achieve on average, with its 95 % Monte Carlo interval.

    Attributes
    ----------
    value, low, high : float or None
        None where no simulated study defines it.
    simulations : int
        Simulated studies behind the value.
    """

    value: float | None
    low: float | None
    high: float | None
    simulations: int


Achieve = Callable[[int, int, np.random.Generator], Achieved]


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
    achieve: Achieve,
    *,
    meets: Callable[[float], bool],
    least: int,
    most: int,
    simulations: int,
    seed: Sequence[int],
    progress: Progress | None = None,
) -> Found:
    """Find the smallest size at which simulation meets a target.

    Parameters
    ----------
    achieve : callable
        From a size, a number of simulations and a random generator to what they achieve.
    meets : callable
        Whether a value achieved meets the target.
    least, most : int
    simulations : int
        At each size; a tenth of them, 20 or more, where these leave no doubt on which side of the target
        it is.
    seed : sequence of int
        Each size is simulated from this seed and itself.
    progress : callable, optional
        Called with the share done, which only rises.

    Returns
    -------
    Found
        The smallest size tried that meets the target; `most`, unmet, if that does not.

    Notes
    -----
    The size is doubled until it meets the target; then the gap to the largest that does not is halved until
    it is 2 %: smaller steps would be taken for the Monte Carlo error, not for the size. What a size achieves
    does not depend on which others were tried, so a stricter target never has a smaller answer.

    Examples
    --------
    >>> def width(size, simulations, rng):
    ...     return Achieved(1 / size ** 0.5, None, None, simulations)
    >>> smallest_size(width, meets=lambda w: w <= 0.1, least=2, most=500, simulations=200, seed=[0]).size
    100
    """
    steps = count(1)
    most_steps = ceil(log2(max(most / least, 1))) + ceil(-log2(CLOSE)) + 1

    def tried(size: int) -> Found:
        for number in (max(simulations // 10, FEWEST_SIMULATIONS), simulations):
            found = achieve(size, number, np.random.default_rng([*seed, size]))
            if _beyond_doubt(found, meets):
                break
        if progress:
            progress(min(next(steps) / most_steps, 1.0))
        return Found(size, found, found.value is not None and meets(found.value))

    low, best = least - 1, tried(least)
    while not best.met and best.size < most:
        low, best = best.size, tried(min(2 * best.size, most))
    while best.met and best.size - low > max(1, CLOSE * best.size):
        middle = tried((low + best.size) // 2)
        low, best = (low, middle) if middle.met else (middle.size, best)
    return best


def _beyond_doubt(found: Achieved, meets: Callable[[float], bool]) -> bool:
    """Whether an interval of twice the length lies on one side of the target."""
    if found.value is None or found.low is None or found.high is None:
        return False
    return meets(2 * found.low - found.value) == meets(2 * found.high - found.value)


def options_by_labels(
    achieve: Callable[[int], Achieve],
    *,
    grid: Sequence[int],
    meets: Callable[[float], bool],
    items_per_query: int,
    most_items: int,
    simulations: int,
    rng: np.random.Generator,
    progress: Progress | None,
) -> Options:
    """For each number of labels an item, the fewest queries that meet the target.

    `achieve` takes labels an item and gives what `smallest_size` takes, sizes being queries; the others are
    as there. Returns `Options`; raises ValueError if 10 queries are more items than the most allowed.
    """
    found, seed = [], seed_from(rng)
    most = most_items // items_per_query
    if most < FEWEST_QUERIES:
        raise ValueError(f"most_items must be at least {FEWEST_QUERIES * items_per_query}")
    for place, labels_per_item in enumerate(grid):
        answer = smallest_size(
            achieve(labels_per_item),
            meets=meets,
            least=FEWEST_QUERIES,
            most=most,
            simulations=simulations,
            seed=[seed, labels_per_item],
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


def seed_from(rng: np.random.Generator) -> int:
    """A seed for all sizes of a plan: each has random numbers of its own, whichever others are tried."""
    return int(rng.integers(2**63))


def part_of(progress: Progress | None, place: int, parts: int) -> Progress | None:
    """Progress of one part among several."""
    return (lambda share: progress((place + share) / parts)) if progress else None
