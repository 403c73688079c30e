"""Intervals of a scorer's correlation with people."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from annotation.statistics.entropy import mean_label
from annotation.statistics.intervals import Estimate
from calibration.measures.resamples import Resamples
from calibration.metrics.correlation.intervals import (
    kendall,
    kendall_interval,
    pearson_interval,
    spearman,
    spearman_interval,
)
from calibration.metrics.correlation.within_query import within_query_spearman
from tests.bench._simulations.ratings import MANY, REPLICATES, VALUES, defined, ratings, setting
from tests.bench._simulations.simulation import QUICK, Band, Simulation, coverage

SCORER_SD = 0.67
MIDDLE = (2.5, 3.5)

Interval = Callable[..., Estimate]


def scored(queries: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Scores with the same noise on every item, mean labels, and the query of each item."""
    found = ratings(queries, rng)
    scores = found.latents + rng.normal(scale=SCORER_SD, size=len(found.latents))
    return scores, mean_label(found.counts, VALUES), found.queries.astype(float)


@cache
def truth(interval: Interval) -> float:
    scores, means, queries = scored(MANY, np.random.default_rng(1))
    if interval is kendall_interval:
        return kendall(scores, means)  # which gives no interval of so many items
    if interval is within_query_spearman:
        return defined(within_query_spearman(scores, means, queries, replicates=0))
    return defined(interval(scores, means, replicates=0))


def correlation(rng: np.random.Generator, *, queries: int, interval: Interval) -> Estimate:
    scores, means, clusters = scored(queries, rng)
    if interval is within_query_spearman:
        return within_query_spearman(scores, means, clusters, replicates=REPLICATES, rng=rng)
    return interval(scores, means, clusters=clusters, replicates=REPLICATES, rng=rng)


@cache
def subset_truth() -> float:
    scores, means, _ = scored(MANY, np.random.default_rng(1))
    return spearman(scores[middling(means)], means[middling(means)])


def of_subset(rng: np.random.Generator, *, queries: int) -> Estimate:
    """As an audit has it: the study's queries are resampled, not those that the subset has items of."""
    scores, means, clusters = scored(queries, rng)
    resamples = Resamples.drawn(means, clusters.astype(int), replicates=REPLICATES, rng=rng)
    return resamples.spearman(scores, middling(means))


def middling(means: FloatArray) -> npt.NDArray[np.bool_]:
    return (means >= MIDDLE[0]) & (means <= MIDDLE[1])


NAMES: dict[str, Interval] = {
    "Spearman's rho": spearman_interval,
    "Kendall's tau-b": kendall_interval,
    "Pearson's r": pearson_interval,
    "Mean within queries of Spearman's rho": within_query_spearman,
}

BANDS: dict[int, Band] = {
    2: (0.44, 0.54),
    3: (0.71, 0.8),
    5: (0.79, 0.88),
    10: (0.86, 0.92),
    20: (0.9, 0.95),
    40: (0.92, 0.96),
    100: (0.93, 0.97),
}

SIMULATIONS: list[Simulation] = [
    *(
        coverage(
            "Spearman's rho of a scorer on a subset",
            f"{setting(queries)}; mean labels from {MIDDLE[0]:g} to {MIDDLE[1]:g}",
            truth=subset_truth,
            estimate=partial(of_subset, queries=queries),
            band=BANDS[queries],
            quick=QUICK * (queries == 40),
        )
        for queries in (40, 100)
    ),
    *(
        coverage(
            f"{name} of a scorer",
            setting(queries),
            truth=partial(truth, interval),
            estimate=partial(correlation, queries=queries, interval=interval),
            band=BANDS[queries],
            quick=QUICK * (queries == 40),
        )
        for name, interval in NAMES.items()
        for queries in ((2, 3, 5, 10, 20, 40, 100) if interval is spearman_interval else (10, 20, 40, 100))
    ),
]
