"""Intervals of one person's correlation with the others, difference from them, and severity."""

from functools import cache, partial
from typing import Literal

import numpy as np

from annotation.statistics.beside import BesideOthers, beside_others
from annotation.statistics.intervals import Estimate
from tests.bench._simulations.ratings import MANY, PEOPLE, VALUES, defined, ratings
from tests.bench._simulations.simulation import QUICK, Simulation, coverage

OTHERS, SEVERITY = 4, 0.5
Measure = Literal["correlation", "difference", "severity"]


def beside(queries: int, items: int, rng: np.random.Generator) -> BesideOthers:
    """One person, milder than four others who are alike, on the same items."""
    found = ratings(queries, rng, items=items, labels=OTHERS)
    mine = PEOPLE.label(found.latents[None] + SEVERITY, 1, rng=rng)[0]
    what, at = np.nonzero(found.counts)
    times = found.counts[what, at]
    value = np.array(VALUES)
    return beside_others(
        np.repeat([0, -1], [len(mine), OTHERS * len(mine)]),
        np.concatenate([np.arange(len(mine)), np.repeat(what, times)]),
        np.concatenate([mine @ value, value[np.repeat(at, times)]]),
        people=1,
    )


def estimate(rng: np.random.Generator, *, queries: int, items: int, measure: Measure) -> Estimate:
    found = beside(queries, items, rng)
    value, low, high = (float(getattr(found, measure + end)[0]) for end in ("", "_low", "_high"))
    return Estimate(value, low, high, queries * items)


@cache
def truth(measure: Measure) -> float:
    return defined(estimate(np.random.default_rng(1), queries=5 * MANY, items=1, measure=measure))


NAMES: dict[Measure, str] = {
    "correlation": "A person's correlation with the others",
    "difference": "A person's mean difference from the others",
    "severity": "A person's severity",
}

SIMULATIONS: list[Simulation] = [
    coverage(
        name,
        f"{queries} queries x {items} item{'s' * (items > 1)}, {OTHERS} others",
        truth=partial(truth, measure),
        estimate=partial(estimate, queries=queries, items=items, measure=measure),
        band=(0.91, 0.97) if items == 1 else (0.87, 0.96),
        quick=QUICK * (queries == 15),
    )
    for measure, name in NAMES.items()
    for queries, items in ((6, 1), (15, 1), (60, 1), (5, 3))
]
