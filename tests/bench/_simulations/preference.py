"""Intervals of models' strengths, of Davidson's tie parameter and of side bias."""

from functools import cache, partial
from typing import Any

import numpy as np

from annotation.statistics.intervals import Estimate
from annotation.statistics.preference import bradley_terry, davidson
from annotation.statistics.sides import side_bias
from annotation.statistics.strengths import Strengths
from tests.bench._simulations.ratings import REPLICATES, defined
from tests.bench._simulations.simulation import QUICK, Band, Simulation, coverage

MODELS = ("a", "b", "c", "d", "e")
STRENGTHS = np.array([1.0, 0.5, 0.0, -0.5, -1.0])
# Some models are better at some queries; two equal models tie in three of ten labels.
QUERY_SD, TIE, LABELS = 0.7, 0.85, 5
VALUES = (-1.0, 0.0, 1.0)
FIRST, SECOND = np.triu_indices(len(MODELS), k=1)
MANY = 4_000


def comparisons(queries: int, rng: np.random.Generator) -> dict[str, Any]:
    """Every pair of models, compared on every query."""
    strength = STRENGTHS + rng.normal(scale=QUERY_SD, size=(queries, len(MODELS)))
    half = np.exp((strength[:, FIRST] - strength[:, SECOND]).ravel() / 2)
    worths = np.stack([1 / half, np.full_like(half, TIE), half], axis=1)
    return {
        "first": np.tile(FIRST, queries),
        "second": np.tile(SECOND, queries),
        "counts": rng.multinomial(LABELS, worths / worths.sum(axis=1, keepdims=True)),
        "values": VALUES,
        "models": MODELS,
        "clusters": np.repeat(np.arange(queries), len(FIRST)),
    }


@cache
def many() -> tuple[Strengths, Strengths]:
    given = comparisons(MANY, np.random.default_rng(1))
    return bradley_terry(**given, ridge=0), davidson(**given)


def strength(rng: np.random.Generator, *, queries: int, by_item: bool = False) -> Estimate:
    given = comparisons(queries, rng) | ({"clusters": None} if by_item else {})
    found = bradley_terry(**given, replicates=REPLICATES, rng=rng)
    return Estimate(float(found.strength[0]), float(found.low[0]), float(found.high[0]), found.n)


def chance(rng: np.random.Generator, *, queries: int) -> Estimate:
    found = bradley_terry(**comparisons(queries, rng), replicates=REPLICATES, rng=rng)
    ends = (float(end[0, 1]) for end in (found.beats_low, found.beats_high))
    return Estimate(float(found.beats[0, 1]), *ends, found.n)


def rank(rng: np.random.Generator, *, queries: int) -> Estimate:
    found = bradley_terry(**comparisons(queries, rng), replicates=REPLICATES, rng=rng)
    return Estimate(float(found.rank[1]), float(found.rank_low[1]), float(found.rank_high[1]), found.n)


def tie(rng: np.random.Generator, *, queries: int) -> Estimate:
    found = davidson(**comparisons(queries, rng), replicates=REPLICATES, rng=rng).tie
    return found if found else Estimate(None, None, None, 0)


# People who prefer what stands left by habit, each to their own degree.
BIAS, BIAS_SD, ANSWERS = 0.3, 0.8, 15


@cache
def true_bias() -> float:
    return defined(bias(np.random.default_rng(1), people=50_000, replicates=0))


def bias(
    rng: np.random.Generator, *, people: int, replicates: int = REPLICATES, by_label: bool = False
) -> Estimate:
    habit = 1 / (1 + np.exp(-rng.normal(BIAS, BIAS_SD, size=(people, 1))))
    left = (rng.random((people, ANSWERS)) < habit).ravel().astype(float)
    who = None if by_label else np.repeat(np.arange(people), ANSWERS)
    return side_bias(left, people=who, replicates=replicates, rng=rng)


BANDS: dict[int, Band] = {10: (0.84, 0.93), 40: (0.9, 0.96), 100: (0.92, 0.97)}


def setting(queries: int, interval: str = "queries resampled") -> str:
    return f"{len(MODELS)} models, every pair on each of {queries} queries, {LABELS} labels, {interval}"


SIMULATIONS: list[Simulation] = [
    *(
        coverage(
            "Bradley-Terry strength",
            setting(queries),
            truth=lambda: float(many()[0].strength[0]),
            estimate=partial(strength, queries=queries),
            band=band,
            quick=QUICK // 2 * (queries == 40),
        )
        for queries, band in BANDS.items()
    ),
    coverage(
        "Bradley-Terry strength",
        setting(40, "comparisons resampled though those of a query are alike"),
        truth=lambda: float(many()[0].strength[0]),
        estimate=partial(strength, queries=40, by_item=True),
        band=(0.82, 0.92),
        quick=QUICK,
    ),
    *(
        coverage(
            "Chance that one model beats another, by Bradley-Terry",
            setting(queries),
            truth=lambda: float(many()[0].beats[0, 1]),
            estimate=partial(chance, queries=queries),
            band=band,
            quick=QUICK // 2 * (queries == 40),
        )
        for queries, band in BANDS.items()
    ),
    *(
        coverage(
            "Rank of a model, by Bradley-Terry",
            setting(queries),
            truth=lambda: float(many()[0].rank[1]),
            estimate=partial(rank, queries=queries),
            band=(0.95, 1.0),
            quick=QUICK // 2 * (queries == 40),
        )
        for queries in BANDS
    ),
    *(
        coverage(
            "Davidson's tie parameter",
            setting(queries),
            truth=lambda: defined(many()[1].tie or Estimate(None, None, None, 0)),
            estimate=partial(tie, queries=queries),
            band=band,
            quick=QUICK // 2 * (queries == 40),
        )
        for queries, band in BANDS.items()
    ),
    *(
        coverage(
            "Side bias",
            f"{people} people x {ANSWERS} answers, people resampled",
            truth=true_bias,
            estimate=partial(bias, people=people),
            band=band,
            quick=QUICK * (people == 40),
        )
        for people, band in BANDS.items()
    ),
    coverage(
        "Side bias",
        f"40 people x {ANSWERS} answers, answers resampled though a person's are alike",
        truth=true_bias,
        estimate=partial(bias, people=40, by_label=True),
        band=(0.68, 0.8),
        quick=QUICK,
    ),
]
