"""Tests of a scorer where people disagree, and of a scorer in the place of a person."""

from functools import cache, partial

import numpy as np

from annotation.statistics.entropy import entropy_bits, mean_label
from annotation.statistics.intervals import Estimate
from annotation.statistics.population import Population
from calibration.metrics.annotators.altest import AlternativeAnnotatorTest, alternative_annotator_test
from calibration.metrics.nulls.residuals import stratified_residual_test
from calibration.metrics.nulls.unsure_means import variance_of_means
from tests.bench._simulations.ratings import REPLICATES, VALUES, defined
from tests.bench._simulations.simulation import QUICK, Simulation, coverage, passes, rejection

# Interval alpha is .3, and a third of what items differ in belongs to their query.
PEOPLE = Population.assumed(VALUES, shares=(1, 2, 3, 3, 1), alpha=0.3, query_share=1 / 3)
SCALE = np.array(VALUES)
QUERIES, ITEMS = 50, 15
SCORER_SD = 1.5
PERMUTATIONS = 199


def residual_p(
    rng: np.random.Generator,
    *,
    labels: int,
    people: float,
    scorer: float,
    error: float = SCORER_SD,
    queries: int = QUERIES,
) -> float | None:
    """On half of the items people's noise, and the scorer's, is so many times that on the others.

    The test takes the half of highest entropy for these items, and some of them are the wrong ones.
    """
    latents = PEOPLE.latents(queries, ITEMS, rng=rng)
    contested = rng.random(latents.shape[1]) < 0.5
    noise = np.where(contested, people, 1.0) / np.sqrt((people**2 + 1) / 2)
    counts = PEOPLE.label(latents, labels, rng=rng, noise=noise)[0]
    quality = PEOPLE.probabilities(latents[0], noise=noise) @ SCALE
    errors = error * quality.std() * np.where(contested, scorer, 1.0)
    entropy = entropy_bits(counts)
    return stratified_residual_test(
        quality + rng.normal(scale=errors),
        mean_label(counts, VALUES),
        entropy >= np.median(entropy),
        variances=variance_of_means(counts, VALUES),
        permutations=PERMUTATIONS,
        rng=rng,
    ).p


ANNOTATORS = 10


def altest(
    rng: np.random.Generator, *, items: int, judge: float, replicates: int = 0
) -> AlternativeAnnotatorTest:
    """Everybody labels every item; the judge's noise is that of a person, times `judge`."""
    latents = PEOPLE.latents(items, 1, rng=rng)[0]
    noise = PEOPLE.noise**0.5
    answers = PEOPLE.answers(latents + rng.normal(scale=noise, size=(ANNOTATORS, items)))
    judged = PEOPLE.answers(latents + judge * rng.normal(scale=noise, size=items))
    who, item = np.divmod(np.arange(answers.size), items)
    return alternative_annotator_test(
        who,
        item,
        SCALE[answers.ravel()],
        SCALE[judged],
        replicates=replicates,
        rng=rng,
    )


def passed(rng: np.random.Generator, *, items: int, judge: float) -> bool | None:
    return altest(rng, items=items, judge=judge).passed


def advantage(rng: np.random.Generator, *, items: int) -> Estimate:
    return altest(rng, items=items, judge=1.0, replicates=REPLICATES).advantage


@cache
def true_advantage() -> float:
    return defined(altest(np.random.default_rng(1), items=20_000, judge=1.0).advantage)


RESIDUALS = "Stratified residual test of a scorer"
ALTEST = f"Alternative annotator test, {ANNOTATORS} people, epsilon .1"
ALIKE, TWICE = "people differ alike on all items", "people differ twice as much on half of the items"


def audit(labels: int, words: str) -> str:
    return f"{QUERIES} queries x {ITEMS} items x {labels} labels; {words}"


SIMULATIONS: list[Simulation] = [
    *(
        rejection(
            RESIDUALS,
            audit(labels, f"{words}; the scorer's errors are equal, its correlation {rho}"),
            p=partial(residual_p, labels=labels, people=people, scorer=1.0, error=error),
            share="size",
            band=(0.02, 0.07),
            quick=QUICK * (labels == 25 and people == 2 and rho == 0.8),
        )
        for words, people in ((ALIKE, 1.0), (TWICE, 2.0))
        for rho, error in ((0.4, 2.3), (0.55, SCORER_SD), (0.8, 0.75))
        for labels in (5, 25)
    ),
    *(
        rejection(
            RESIDUALS,
            audit(labels, f"{TWICE}; the scorer's errors are 1.5 times as large there"),
            p=partial(residual_p, labels=labels, people=2.0, scorer=1.5),
            share="power",
            band=band,
            quick=QUICK * (labels == 25),
        )
        for labels, band in ((5, (0.8, 0.97)), (25, (0.97, 1.0)))
    ),
    *(
        passes(
            ALTEST,
            f"{items} items; a judge with {words}",
            passed=partial(passed, items=items, judge=judge),
            band=band,
            quick=QUICK * (items == 60),
        )
        for judge, words, bands in (
            (
                0.5,
                "half the noise of a person",
                {30: (0.5, 0.7), 60: (0.9, 1.0), 120: (0.97, 1.0)},
            ),
            (1.0, "the noise of a person", {30: (0.0, 0.04), 60: (0.0, 0.06), 120: (0.04, 0.15)}),
            (2.0, "twice the noise of a person", {30: (0.0, 0.02), 120: (0.0, 0.02)}),
        )
        for items, band in bands.items()
    ),
    *(
        coverage(
            "Average advantage probability",
            f"{ANNOTATORS} people, {items} items; a judge with the noise of a person, items resampled",
            truth=true_advantage,
            estimate=partial(advantage, items=items),
            band=(0.91, 0.97),
            quick=QUICK * (items == 60),
        )
        for items in (30, 60, 120)
    ),
]
