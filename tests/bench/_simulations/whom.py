"""Whom a scorer serves: its correlation with each annotator, and with groups."""

from functools import cache, partial
from typing import NamedTuple

import numpy as np

from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate
from calibration.metrics.annotators.annotator_ranks import AnnotatorRanks
from calibration.metrics.annotators.by_group import GroupRanks, spearman_by_group
from calibration.metrics.annotators.per_annotator import AnnotatorCorrelations, annotator_correlations
from calibration.metrics.annotators.spread import Spread
from tests.bench._simulations.simulation import QUICK, Simulation, coverage, rejection

PERMUTATIONS = 99
# Fisher's z of a person's latent opinion with the scorer, on average.
MIDDLE = 0.5


class People(NamedTuple):
    """So many people, each of whom labels some of the items."""

    number: int
    each: int
    items: int

    @property
    def words(self) -> str:
        return f"{self.number} people, each of {self.each} of {self.items} items"


def labelled(
    rng: np.random.Generator, people: People, *, spread: float, severity: float = 0.5
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Persons, items and labels from 1 to 5, and the scores of the items.

    A person's opinion is the scorer's by their own correlation, the rest is half shared with the others and
    half their own. `spread` is the standard deviation of Fisher's z of those correlations.
    """
    scores, shared = rng.normal(size=(2, people.items))
    own = np.tanh(MIDDLE + spread * rng.normal(size=people.number))
    item = np.concatenate([rng.permutation(people.items)[: people.each] for _ in range(people.number)])
    person = np.repeat(np.arange(people.number), people.each)
    rest = (shared[item] + rng.normal(size=len(item))) / np.sqrt(2)
    opinion = own[person] * scores[item] + np.sqrt(1 - np.square(own[person])) * rest
    given = 3 + 1.2 * opinion + severity * rng.normal(size=people.number)[person]
    return person, item, np.clip(np.round(given), 1, 5), scores


def correlations_of(rng: np.random.Generator, people: People, *, spread: float) -> AnnotatorCorrelations:
    person, item, value, scores = labelled(rng, people, spread=spread)
    ranks = AnnotatorRanks.of(person, item, value, items=people.items, permutations=PERMUTATIONS, rng=rng)
    return annotator_correlations(ranks, scores)


def spread_of(rng: np.random.Generator, people: People, *, spread: float) -> Spread:
    return correlations_of(rng, people, spread=spread).spread


def spread_p(rng: np.random.Generator, people: People, *, spread: float) -> float | None:
    return spread_of(rng, people, spread=spread).p


def spread_interval(rng: np.random.Generator, people: People, *, spread: float) -> Estimate:
    found = spread_of(rng, people, spread=spread)
    return Estimate(found.value, found.low, found.high, people.number)


def mean_of(rng: np.random.Generator, people: People, *, spread: float) -> Estimate:
    return correlations_of(rng, people, spread=spread).mean


@cache
def true_mean(people: People, spread: float) -> float:
    """The mean correlation of people with so many items each: it is lower than with many."""
    rng, found = np.random.default_rng(1), []
    for _ in range(400):
        person, item, value, scores = labelled(rng, people, spread=spread)
        ranks = AnnotatorRanks.of(person, item, value, items=people.items, permutations=0, rng=rng)
        found.append(np.nanmean(ranks.correlations(ranks.scored(scores))))
    return float(np.mean(found))


@cache
def true_spread(spread: float) -> float:
    """Of labels on five values, which is less than that of opinions."""
    rng = np.random.default_rng(1)
    person, item, value, scores = labelled(rng, People(300, 4_000, 4_000), spread=spread)
    ranks = AnnotatorRanks.of(person, item, value, items=4_000, permutations=0, rng=rng)
    return float(np.arctanh(ranks.correlations(ranks.scored(scores))[0]).std(ddof=1))


GROUPS = (60, 25, 15)


def groups_p(rng: np.random.Generator, *, apart: float, which: int | None = None) -> float | None:
    """p of whether groups differ at all, or of one of them; `apart` turns the last group's opinions."""
    people = People(sum(GROUPS), 15, 60)
    person, item, value, scores = labelled(rng, people, spread=0.0)
    group = np.repeat(np.arange(len(GROUPS)), GROUPS)
    other = rng.normal(size=people.items)
    turned = group[person] == len(GROUPS) - 1
    value = np.where(turned, np.clip(np.round(value + apart * (other - scores)[item]), 1, 5), value)
    ranks = GroupRanks.of(person, item, value, group, items=people.items, permutations=PERMUTATIONS, rng=rng)
    found, p = spearman_by_group(ranks, scores)
    return p if which is None else found[which].difference.adjusted


DESIGNS = (People(60, 15, 90), People(200, 15, 120), People(24, 40, 40))
SPREAD = "Spread of a scorer's correlation over people, beyond noise"
MEAN = "Mean correlation of a scorer with single people"
BY_GROUP = f"A scorer by group, people dealt anew; groups of {', '.join(map(str, GROUPS))}"

SIMULATIONS: list[Simulation] = [
    *(
        rejection(
            SPREAD,
            f"{people.words}; severities differ, correlations do not",
            p=partial(spread_p, people=people, spread=0.0),
            share="size",
            band=(0.02, 0.08),
            quick=QUICK * (people.number == 24),
        )
        for people in DESIGNS
    ),
    *(
        rejection(
            SPREAD,
            f"{people.words}; Fisher's z of opinions differs by .25",
            p=partial(spread_p, people=people, spread=0.25),
            share="power",
            band=band,
        )
        for people, band in zip(DESIGNS, ((0.75, 0.9), (0.97, 1.0), (0.95, 1.0)), strict=True)
    ),
    *(
        coverage(
            SPREAD,
            f"{people.words}; Fisher's z of opinions differs by .25",
            truth=partial(true_spread, 0.25),
            estimate=partial(spread_interval, people=people, spread=0.25),
            band=(0.83, 0.95),
        )
        for people in DESIGNS
    ),
    *(
        coverage(
            MEAN,
            f"{people.words}; other people and other items",
            truth=partial(true_mean, people, 0.25),
            estimate=partial(mean_of, people=people, spread=0.25),
            band=(0.9, 0.98),
            quick=QUICK * (people.number == 24),
        )
        for people in DESIGNS
    ),
    *(
        rejection(
            BY_GROUP,
            f"{words}; severities differ, groups do not",
            p=partial(groups_p, apart=0.0, which=which),
            share="size",
            band=(0.0, 0.08),
            quick=QUICK * (which is None),
        )
        for words, which in (("whether any differs", None), ("the smallest, adjusted for three", 2))
    ),
    *(
        rejection(
            BY_GROUP,
            f"{words}; the smallest judges by something else in part",
            p=partial(groups_p, apart=1.0, which=which),
            share="power",
            band=(0.95, 1.0),
        )
        for words, which in (("whether any differs", None), ("the smallest, adjusted for three", 2))
    ),
]
