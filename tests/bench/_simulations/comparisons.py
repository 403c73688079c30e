"""A scorer on comparisons: its slope, its calibration error, and pairs that people hold equally good."""

from functools import cache, partial

import numpy as np
from scipy.special import ndtr

from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate
from calibration.metrics.distribution.reliability_curve import reliability_curve
from calibration.metrics.pairwise.auc import auc
from calibration.metrics.pairwise.calibration import pairwise_calibration
from calibration.metrics.pairwise.equivalence import equivalent_and_decided
from calibration.metrics.pairwise.single_person import agreement_with_person
from tests.bench._simulations.ratings import MANY, REPLICATES, defined
from tests.bench._simulations.simulation import QUICK, Band, Simulation, coverage, rejection

VALUES = (-2.0, -1.0, 0.0, 1.0, 2.0)
CUTS = np.array([-1.5, -0.5, 0.5, 1.5])
PAIRS, LABELS = 8, 10
MARGIN = 0.5


def compared(queries: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Differences of a scorer, counts of labels, and queries, on which leanings and slopes depend."""
    query = np.repeat(np.arange(queries), PAIRS)
    quality = rng.normal(size=len(query)) + 0.5 * rng.normal(size=queries)[query]
    errors = rng.normal(size=len(query)) + 0.5 * rng.normal(size=queries)[query]
    scores = 2 * (quality + errors) * np.exp(0.3 * rng.normal(size=queries))[query]
    answers = np.clip(np.rint(quality[:, None] + rng.normal(size=(len(query), LABELS))), -2, 2)
    counts = (answers[:, :, None] == VALUES).sum(axis=1).astype(np.float64)
    return scores, counts, query.astype(np.float64)


def slope(rng: np.random.Generator, *, queries: int) -> Estimate:
    scores, counts, clusters = compared(queries, rng)
    return pairwise_calibration(scores, counts, VALUES, clusters=clusters, replicates=0).slope


def person(rng: np.random.Generator, *, queries: int) -> Estimate:
    scores, counts, clusters = compared(queries, rng)
    return agreement_with_person(scores, counts, VALUES, clusters=clusters)


def kinds(rng: np.random.Generator, *, queries: int) -> Estimate:
    """Decided pairs lie further apart; how far any do, and how many are decided, depends on the query."""
    query = np.repeat(np.arange(queries), PAIRS)
    decided = rng.random(len(query)) < 1 / (1 + np.exp(-1 - rng.normal(size=queries)))[query]
    spread = np.exp(0.5 * rng.normal(size=queries))[query]
    return auc(np.abs(rng.normal(size=len(query)) + decided) * spread, decided, clusters=query)


@cache
def truth(of: str) -> float:
    drawn = {"slope": slope, "person": person, "kinds": kinds}[of]
    return defined(drawn(np.random.default_rng(1), queries=MANY))


def calibrated(rng: np.random.Generator, *, queries: int) -> Estimate:
    """What people think is drawn around what the scorer says: it is right on average, of any prediction."""
    predicted = rng.uniform(0.2, 0.8, queries * PAIRS)
    lean = rng.uniform(-0.1, 0.1, queries).repeat(PAIRS) + rng.uniform(-0.1, 0.1, len(predicted))
    observed = rng.binomial(LABELS, predicted + lean) / LABELS
    query = np.repeat(np.arange(queries), PAIRS)
    return reliability_curve(predicted, observed, clusters=query, replicates=REPLICATES, rng=rng).ece


@cache
def chances(mean: float, sd: float) -> FloatArray:
    """Chances of the values for a pair of this mean label."""
    at = np.linspace(-2, 2, 4001)
    rows = np.diff(ndtr((CUTS - at[:, None]) / sd), prepend=0, append=1, axis=1)
    return np.asarray(rows[np.argmin(np.abs(rows @ VALUES - mean))])


def found_equivalent(rng: np.random.Generator, *, labels: int) -> float:
    counts = rng.multinomial(labels, chances(MARGIN, 0.8), size=1)
    return 1.0 - float(equivalent_and_decided(counts, VALUES, margin=MARGIN)[0][0])


def found_decided(rng: np.random.Generator, *, labels: int) -> float:
    counts = rng.multinomial(labels, chances(0.0, 0.8), size=1)
    return 1.0 - float(equivalent_and_decided(counts, VALUES, margin=MARGIN)[1][0])


def setting(queries: int, words: str = "jackknife of queries") -> str:
    return f"{queries} queries x {PAIRS} pairs x {LABELS} labels; {words}"


# The jackknife keeps its promise with few queries, the bootstrap of a curve does not.
BAND: Band = (0.92, 0.98)
CURVES: dict[int, Band] = {10: (0.86, 0.96), 40: (0.91, 0.97), 100: (0.92, 0.98)}

SIMULATIONS: list[Simulation] = [
    *(
        coverage(
            subject,
            setting(queries),
            truth=partial(truth, of),
            estimate=partial(estimate, queries=queries),
            band=BAND,
            quick=QUICK * (queries == 10),
        )
        for subject, of, estimate in (
            ("Slope of calibrated preferences", "slope", slope),
            ("Agreement with a single person", "person", person),
            ("AUC of equally good against decided pairs", "kinds", kinds),
        )
        for queries in (5, 10, 40, 100)
    ),
    *(
        coverage(
            "Expected calibration error of a calibrated scorer",
            setting(queries, "queries resampled"),
            truth=float,
            estimate=partial(calibrated, queries=queries),
            band=band,
            quick=QUICK * (queries == 40),
        )
        for queries, band in CURVES.items()
    ),
    *(
        rejection(
            subject,
            f"{labels} labels on five values, standard deviation .8; {words}",
            p=partial(p, labels=labels),
            share="size",
            band=(0.0, 0.07),
            quick=QUICK * (labels == 25),
        )
        for subject, words, p in (
            ("Equivalence of a pair", "the mean label is at the margin of half a step", found_equivalent),
            ("Decision of a pair", "the mean label is 0", found_decided),
        )
        for labels in (5, 10, 25)
    ),
]
