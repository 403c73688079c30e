"""The simulated studies of ratings: many people, five values, items of a query alike."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate, Method
from annotation.statistics.population import Population

VALUES = (1.0, 2.0, 3.0, 4.0, 5.0)
ITEMS, LABELS, REPLICATES = 5, 10, 500
BOOTSTRAP, JACKKNIFE = "queries resampled", "queries left out in turn"
INTERVALS: dict[Method, str] = {"bootstrap": "queries resampled", "jackknife": "jackknife of queries"}
# So many queries that a statistic of theirs is taken as its true value.
MANY = 20_000

# Four fifths of what items differ in belongs to their query; interval alpha is .51.
PEOPLE = Population(VALUES, (-1.0, -1 / 3, 1 / 3, 1.0), query=4 / 9, item=1 / 9, severity=0.0)
INDEPENDENT = replace(PEOPLE, query=0.0, item=5 / 9)


@dataclass(frozen=True)
class Ratings:
    """Counts of labels, the query of each item, and the latent quality that people hear with noise."""

    counts: npt.NDArray[np.int64]
    queries: npt.NDArray[np.int64]
    latents: FloatArray


def ratings(
    queries: int,
    rng: np.random.Generator,
    *,
    items: int = ITEMS,
    labels: int = LABELS,
    people: Population = PEOPLE,
    shifts: FloatArray | float = 0.0,
) -> Ratings:
    """One study; `shifts` are what the people of each item add to its quality."""
    latents = people.latents(queries, items, rng=rng)
    counts = people.label(latents + shifts, labels, rng=rng)[0]
    return Ratings(counts, np.repeat(np.arange(queries), items), latents[0])


@cache
def many(labels: int = LABELS, people: Population = PEOPLE) -> Ratings:
    return ratings(MANY, np.random.default_rng(1), labels=labels, people=people)


def defined(estimate: Estimate) -> float:
    """The value of an estimate from so many that it is the truth."""
    if estimate.value is None:
        raise ValueError(f"the true value is undefined: {estimate.reason}")
    return estimate.value


def setting(queries: int, *, labels: int = LABELS, interval: str = INTERVALS["bootstrap"]) -> str:
    return f"{queries} queries x {ITEMS} items x {labels} labels, {interval}"
