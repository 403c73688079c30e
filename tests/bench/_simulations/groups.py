"""Intervals of groups' agreement and difference, and the test of what groups explain."""

from functools import cache, partial
from typing import Literal

import numpy as np

from annotation.statistics.explained import explained_share
from annotation.statistics.groups import GroupAgreement, group_agreement
from annotation.statistics.intervals import Estimate
from tests.bench._simulations.ratings import INTERVALS, MANY, PEOPLE, VALUES, defined, setting
from tests.bench._simulations.simulation import QUICK, Band, Simulation, coverage, rejection

Measure = Literal["difference", "within", "with_rest", "association"]
NAMES: dict[Measure, str] = {
    "difference": "A group's mean less the rest's",
    "within": "Alpha within a group",
    "with_rest": "kappa_x of a group with the rest",
    "association": "Group association index",
}
ITEMS, LABELS = 5, 10
# One group is milder, and hears other things in an item than the rest do.
MILDER, APART_SD = 0.3, 0.4


def two_groups(queries: int, rng: np.random.Generator, *, severity_sd: float = 0.0) -> GroupAgreement:
    """`severity_sd` is that of a group of ten people, drawn anew for each study."""
    latents = PEOPLE.latents(queries, ITEMS, rng=rng)
    severity = rng.normal(scale=severity_sd / LABELS**0.5)
    apart = MILDER + severity + rng.normal(scale=APART_SD, size=latents.shape)
    counts = [PEOPLE.label(heard, LABELS, rng=rng)[0] for heard in (latents + apart, latents)]
    return group_agreement(counts, values=VALUES, clusters=np.repeat(np.arange(queries), ITEMS))


def estimate(
    rng: np.random.Generator, *, queries: int, measure: Measure, severity_sd: float = 0.0
) -> Estimate:
    found: Estimate = getattr(two_groups(queries, rng, severity_sd=severity_sd).groups[0], measure)
    return found


@cache
def truth(measure: Measure) -> float:
    return defined(estimate(np.random.default_rng(1), queries=MANY, measure=measure))


# People of two groups who each label half of the items, and differ in severity whatever their group.
NUMBER, SEVERITY_SD, QUERIES = 30, 0.3, 20


def explained_p(rng: np.random.Generator, *, apart: float) -> float | None:
    latents = PEOPLE.latents(QUERIES, 2, rng=rng)[0]
    group = rng.permutation(np.arange(NUMBER) % 2)
    severity = rng.normal(scale=SEVERITY_SD, size=NUMBER) + apart * group
    noise = rng.normal(scale=PEOPLE.noise**0.5, size=(NUMBER, len(latents)))
    answers = PEOPLE.answers(latents + severity[:, None] + noise)
    seen = rng.random(answers.shape).argsort(axis=1) < len(latents) // 2
    person, item = np.nonzero(seen)
    return explained_share(person, item, answers[seen] + 1.0, group, rng=rng, permutations=199).p


BANDS: dict[int, Band] = {10: (0.88, 0.97), 20: (0.91, 0.97), 40: (0.92, 0.97), 100: (0.93, 0.97)}
WHO = f"{NUMBER} people of two groups who differ in severity, each on half of {2 * QUERIES} items"

SIMULATIONS: list[Simulation] = [
    coverage(
        "A group's mean less the rest's",
        setting(100, interval=INTERVALS["jackknife"]) + "; other people of each group in each study",
        truth=partial(truth, "difference"),
        estimate=partial(estimate, queries=100, measure="difference", severity_sd=SEVERITY_SD),
        band=(0.35, 0.5),
        quick=QUICK,
    ),
    *(
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
    ),
    rejection(
        "What groups explain: people shuffled",
        f"{WHO}; the groups do not differ",
        p=partial(explained_p, apart=0.0),
        share="size",
        quick=QUICK,
    ),
    rejection(
        "What groups explain: people shuffled",
        f"{WHO}; the groups' means differ by .4 standard deviations",
        p=partial(explained_p, apart=0.4),
        share="power",
        band=(0.5, 0.9),
        quick=QUICK,
    ),
]
