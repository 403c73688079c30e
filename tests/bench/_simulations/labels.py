"""Intervals of what fewer labels an item would have told."""

from functools import cache, partial
from typing import Literal

import numpy as np

from annotation.statistics.entropy import standard_deviation
from annotation.statistics.intervals import Estimate
from annotation.statistics.reliability import intraclass_correlation
from annotation.statistics.subsampling import labels_curve
from tests.bench._simulations.ratings import INTERVALS, VALUES, defined, many, ratings, setting
from tests.bench._simulations.simulation import QUICK, Band, Simulation, coverage

SIZE = 5
Measure = Literal["reliability", "mean_error"]
NAMES: dict[Measure, str] = {
    "reliability": f"Reliability of a mean of {SIZE} of 10 labels",
    "mean_error": f"Standard error of a mean of {SIZE} of 10 labels",
}


@cache
def truth(measure: Measure) -> float:
    counts = many().counts
    if measure == "mean_error":
        return float(np.sqrt(np.square(standard_deviation(counts, VALUES)).mean() / SIZE))
    one = defined(intraclass_correlation(counts, values=VALUES))
    return SIZE * one / (1 + (SIZE - 1) * one)  # Spearman and Brown


def estimate(rng: np.random.Generator, *, queries: int, measure: Measure) -> Estimate:
    found = ratings(queries, rng)
    curve = labels_curve(found.counts, values=VALUES, rng=rng, sizes=[SIZE], draws=2, clusters=found.queries)
    one: Estimate = getattr(curve.sizes[0], measure)
    return one


BANDS: dict[int, Band] = {10: (0.87, 0.97), 20: (0.9, 0.97), 40: (0.92, 0.97), 100: (0.93, 0.97)}

SIMULATIONS: list[Simulation] = [
    coverage(
        name,
        setting(queries, interval=INTERVALS["jackknife"]),
        truth=partial(truth, measure),
        estimate=partial(estimate, queries=queries, measure=measure),
        band=band,
        quick=QUICK * (queries == 40),
    )
    for measure, name in NAMES.items()
    for queries, band in BANDS.items()
]
