"""Intervals of similarities, of gaps above the encoder's floor, of shares and of differences, by queries."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from annotation.statistics.intervals import Estimate
from generation.diversity import intervals
from generation.diversity.centring import CENTRED, centre_of
from generation.diversity.floor import gap
from generation.diversity.homogeneity import cells_above, over_sources, within
from generation.diversity.intervals import difference
from generation.diversity.measures import Setting
from generation.diversity.responses import Held, QueryResponses, unit
from generation.diversity.similarity import SIMILARITY
from generation.diversity.tables import Table, table_of
from tests.bench._simulations.simulation import QUICK, Band, Simulation, coverage

SOURCES, RESPONSES, DIMENSIONS = 3, 6, 24
REPLICATES = 300
Statistic = Callable[[Table], intervals.Estimate]


def similarity(table: Table) -> intervals.Estimate:
    return over_sources(within(table), replicates=REPLICATES)


def share(table: Table) -> intervals.Estimate:
    return cells_above(table, threshold=0.6, replicates=REPLICATES)[1]


def paired(table: Table) -> intervals.Estimate:
    cells = within(table)
    return difference(cells[:, 0], cells[:, 1], replicates=REPLICATES).at()


def raw_gap(table: Table) -> intervals.Estimate:
    return gap(table, within(table)[:, 0], replicates=REPLICATES).at()


def centred_gap(table: Table) -> intervals.Estimate:
    return gap(table, within(table, "centred")[:, 0], "centred", replicates=REPLICATES).at()


def measured(queries: int, rng: np.random.Generator) -> Table:
    """Responses share a direction, their query's (to an extent of its own), and their source's within it."""
    common = np.ones(DIMENSIONS)
    held = []
    for query in range(queries):
        strength = rng.gamma(2, 1)
        own = rng.normal(size=DIMENSIONS) * strength
        sources = own + rng.normal(size=(SOURCES, 1, DIMENSIONS)) * 0.5 * strength
        vectors = common + sources + rng.normal(size=(SOURCES, RESPONSES, DIMENSIONS))
        source = np.repeat(np.arange(SOURCES), RESPONSES)
        held.append(QueryResponses(str(query), "", source, (), unit(vectors.reshape(-1, DIMENSIONS))))
    partition = Held(held)
    centre = centre_of(partition, sources=SOURCES).vector
    return table_of(partition, measures=[SIMILARITY, CENTRED], setting=Setting(SOURCES, centre, sample=0))


@cache
def many() -> Table:
    return measured(5_000, np.random.default_rng(1))


@cache
def truth(statistic: Statistic) -> float:
    value = statistic(many()).value
    assert value is not None
    return value


def estimate(rng: np.random.Generator, *, statistic: Statistic, queries: int) -> Estimate:
    found = statistic(measured(queries, rng))
    return Estimate(found.value, found.low, found.high, found.n)


BANDS: dict[str, tuple[Statistic, dict[int, Band]]] = {
    "Mean similarity within sources": (
        similarity,
        {5: (0.86, 0.92), 10: (0.91, 0.96), 20: (0.92, 0.97), 40: (0.92, 0.97), 100: (0.92, 0.97)},
    ),
    "Share of cells above .6": (
        share,
        {10: (0.86, 0.93), 20: (0.89, 0.95), 40: (0.9, 0.96), 100: (0.92, 0.97)},
    ),
    "Difference of two sources' similarities": (
        paired,
        {5: (0.86, 0.93), 10: (0.9, 0.96), 20: (0.91, 0.97), 40: (0.92, 0.97)},
    ),
    "Similarity above the floor, raw": (
        raw_gap,
        {5: (0.9, 0.97), 10: (0.92, 0.97), 20: (0.92, 0.97), 40: (0.92, 0.97)},
    ),
    "Similarity above the floor, centred": (
        centred_gap,
        {5: (0.85, 0.93), 10: (0.86, 0.93), 20: (0.88, 0.94), 40: (0.89, 0.95), 100: (0.9, 0.96)},
    ),
}
SIMULATIONS: list[Simulation] = [
    coverage(
        f"Diversity: {name}",
        f"{queries} queries x {SOURCES} sources x {RESPONSES} responses, queries resampled",
        truth=partial(truth, statistic),
        estimate=partial(estimate, statistic=statistic, queries=queries),
        band=band,
        quick=QUICK * (queries == 20) // 3,
    )
    for name, (statistic, bands) in BANDS.items()
    for queries, band in bands.items()
]
