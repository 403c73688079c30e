"""The intervals of one statistic of counts: bootstrap and jackknife, with few queries and with many."""

from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np

from annotation.statistics.intervals import Estimate, Method
from tests.bench._simulations.ratings import INTERVALS, REPLICATES, defined, many, ratings, setting
from tests.bench._simulations.simulation import QUICK, Band, Simulation, coverage

Statistic = Callable[..., Estimate]
Bands = dict[Method, dict[int, Band]]

BANDS: Bands = {
    "bootstrap": {
        2: (0.17, 0.25),
        3: (0.36, 0.46),
        5: (0.59, 0.69),
        10: (0.73, 0.86),
        20: (0.84, 0.91),
        40: (0.88, 0.95),
        100: (0.92, 0.96),
    },
    "jackknife": {
        2: (0.78, 0.88),
        3: (0.84, 0.92),
        5: (0.85, 0.92),
        10: (0.85, 0.98),
        20: (0.89, 0.98),
        40: (0.92, 0.97),
        100: (0.93, 0.97),
    },
}


def by_queries(
    name: str,
    statistic: Statistic,
    *,
    numbers: Sequence[int] = (10, 20, 40, 100),
    bands: dict[int, Band] | None = None,
) -> list[Simulation]:
    """`bands` are those of the bootstrap, where they are not the usual ones."""
    usual = BANDS | {"bootstrap": BANDS["bootstrap"] | (bands or {})}
    true = cache(partial(_truth, statistic))
    return [
        coverage(
            name,
            setting(queries, interval=words),
            truth=true,
            estimate=partial(_estimate, statistic=statistic, queries=queries, method=method),
            band=usual[method][queries],
            quick=QUICK * (queries == 40),
        )
        for method, words in INTERVALS.items()
        for queries in numbers
    ]


def _truth(statistic: Statistic) -> float:
    return defined(statistic(many().counts, rng=np.random.default_rng(2)))


def _estimate(rng: np.random.Generator, *, statistic: Statistic, queries: int, method: Method) -> Estimate:
    found = ratings(queries, rng)
    return statistic(found.counts, clusters=found.queries, method=method, replicates=REPLICATES, rng=rng)
