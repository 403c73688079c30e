"""Differences between two scorers of the same items, whose errors are partly the same."""

from functools import cache, partial

import numpy as np

from annotation.statistics.counts import FloatArray
from annotation.statistics.entropy import mean_label
from calibration.metrics.correlation.intervals import spearman
from calibration.metrics.correlation.paired import PairedDifference, spearman_difference
from tests.bench._simulations.ratings import MANY, REPLICATES, VALUES, ratings, setting
from tests.bench._simulations.simulation import QUICK, Band, Simulation, coverage, rejection

# What both scorers have wrong about a query and about an item, and each by itself about either.
SHARED, OWN = 0.4, 0.3
BETTER = 0.4


def scored(
    queries: int, rng: np.random.Generator, *, ratio: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Two scorers, of which the first errs `ratio` times as far by itself; mean labels and queries."""
    found = ratings(queries, rng)

    def error(sd: float) -> FloatArray:
        of_query, of_item = rng.normal(size=queries)[found.queries], rng.normal(size=len(found.queries))
        return sd * (of_query + of_item)

    heard = found.latents + error(SHARED)
    means = mean_label(found.counts, VALUES)
    return heard + error(ratio * OWN), heard + error(OWN), means, found.queries.astype(float)


def difference(rng: np.random.Generator, *, queries: int, ratio: float) -> PairedDifference:
    first, second, means, clusters = scored(queries, rng, ratio=ratio)
    return spearman_difference(first, second, means, clusters=clusters, replicates=REPLICATES, rng=rng)


@cache
def truth(ratio: float) -> float:
    first, second, means, _ = scored(MANY, np.random.default_rng(1), ratio=ratio)
    return spearman(first, means) - spearman(second, means)


DIFFERENCE = "Difference of two scorers' Spearman's rho"
HELD: dict[int, Band] = {10: (0.95, 0.99), 20: (0.94, 0.98), 40: (0.93, 0.97), 100: (0.93, 0.97)}
REJECTED: dict[int, Band] = {10: (0.005, 0.03), 20: (0.01, 0.05), 40: (0.02, 0.06), 100: (0.03, 0.07)}
ALIKE = "; the scorers are equally good"
APART = f"; the first errs {BETTER:g} times as far by itself"

SIMULATIONS: list[Simulation] = [
    *(
        coverage(
            DIFFERENCE,
            setting(queries) + APART,
            truth=partial(truth, BETTER),
            estimate=lambda rng, queries=queries: difference(rng, queries=queries, ratio=BETTER).difference,
            band=band,
            quick=QUICK * (queries == 40),
        )
        for queries, band in HELD.items()
    ),
    *(
        rejection(
            DIFFERENCE,
            setting(queries) + ALIKE,
            p=lambda rng, queries=queries: difference(rng, queries=queries, ratio=1.0).p,
            share="size",
            band=band,
            quick=QUICK * (queries == 40),
        )
        for queries, band in REJECTED.items()
    ),
    rejection(
        DIFFERENCE,
        setting(100) + APART,
        p=lambda rng: difference(rng, queries=100, ratio=BETTER).p,
        share="power",
        band=(0.65, 0.8),
    ),
]
