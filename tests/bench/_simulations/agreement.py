"""Intervals of agreement, by the number of queries and by what is resampled."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from annotation.statistics.agreement import Level, fleiss_kappa, krippendorff_alpha, percent_agreement
from annotation.statistics.intervals import Estimate, Method
from annotation.statistics.population import Population
from tests.bench._simulations.ratings import (
    INDEPENDENT,
    INTERVALS,
    LABELS,
    MANY,
    PEOPLE,
    REPLICATES,
    VALUES,
    Ratings,
    defined,
    many,
    ratings,
    setting,
)
from tests.bench._simulations.simulation import Band, Simulation, coverage

Statistic = Callable[..., Estimate]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")


@cache
def true_alpha(level: Level, people: Population = PEOPLE) -> float:
    return defined(krippendorff_alpha(many(people=people).counts, values=VALUES, level=level))


@cache
def true_agreement() -> float:
    """Two labels of an item are equal with the sum of its squared shares."""
    return float(np.square(PEOPLE.probabilities(many().latents)).sum(axis=1).mean())


@cache
def true_kappa() -> float:
    return defined(fleiss_kappa(many().counts))


def alpha(
    rng: np.random.Generator,
    *,
    queries: int,
    level: Level,
    method: Method = "bootstrap",
    by_item: bool = False,
    people: Population = PEOPLE,
) -> Estimate:
    found = ratings(queries, rng, people=people)
    return krippendorff_alpha(
        found.counts,
        values=VALUES,
        level=level,
        clusters=None if by_item else found.queries,
        method=method,
        replicates=REPLICATES,
        rng=rng,
    )


def nominal(
    rng: np.random.Generator, *, queries: int, statistic: Statistic, method: Method = "bootstrap"
) -> Estimate:
    found = ratings(queries, rng)
    return statistic(found.counts, clusters=found.queries, method=method, replicates=REPLICATES, rng=rng)


# Forms of 15 items, each labelled by ten people of its own; the items of a query lie in five forms.
FORMS, QUERIES_A_FORM, SEVERITY_SD = 20, 3, 0.3


def in_forms(forms: int, rng: np.random.Generator) -> tuple[Ratings, npt.NDArray[np.intp]]:
    form = np.arange(forms * QUERIES_A_FORM * 5) % forms
    severity = rng.normal(scale=SEVERITY_SD / LABELS**0.5, size=forms)
    return ratings(forms * QUERIES_A_FORM, rng, shifts=severity[form]), form


@cache
def true_alpha_in_forms() -> float:
    found, _ = in_forms(MANY // QUERIES_A_FORM, np.random.default_rng(1))
    return defined(krippendorff_alpha(found.counts, values=VALUES, level="ordinal"))


def alpha_in_forms(rng: np.random.Generator, *, by: str) -> Estimate:
    found, form = in_forms(FORMS, rng)
    clusters = found.queries if by == "queries" else form
    return krippendorff_alpha(
        found.counts, values=VALUES, level="ordinal", clusters=clusters, replicates=REPLICATES, rng=rng
    )


BANDS: dict[Method, dict[int, Band]] = {
    "bootstrap": {
        2: (0.17, 0.25),
        3: (0.36, 0.46),
        5: (0.59, 0.69),
        10: (0.73, 0.84),
        20: (0.84, 0.91),
        40: (0.88, 0.95),
        100: (0.92, 0.96),
    },
    "jackknife": {
        2: (0.78, 0.88),
        3: (0.84, 0.92),
        5: (0.85, 0.92),
        10: (0.85, 0.95),
        20: (0.89, 0.97),
        40: (0.92, 0.97),
        100: (0.93, 0.97),
    },
}


def alphas(level: Level, method: Method) -> list[Simulation]:
    return [
        coverage(
            f"Krippendorff's alpha, {level}",
            setting(queries, interval=INTERVALS[method]),
            truth=partial(true_alpha, level),
            estimate=partial(alpha, queries=queries, level=level, method=method),
            band=BANDS[method][queries],
        )
        for queries in ((2, 3, 5, 10, 20, 40, 100) if level == "ordinal" else (10, 20, 40, 100))
    ]


def nominals(
    name: str, truth: Callable[[], float], statistic: Statistic, bands: dict[int, Band]
) -> list[Simulation]:
    return [
        coverage(
            name,
            setting(queries, interval=INTERVALS[method]),
            truth=truth,
            estimate=partial(nominal, queries=queries, statistic=statistic, method=method),
            band=(BANDS[method] | bands)[queries] if method == "bootstrap" else BANDS[method][queries],
        )
        for method in INTERVALS
        for queries in (10, 20, 40, 100)
    ]


SIMULATIONS: list[Simulation] = [
    *(simulation for level in LEVELS for method in INTERVALS for simulation in alphas(level, method)),
    coverage(
        "Krippendorff's alpha, ordinal, by what is resampled",
        setting(40, interval="items resampled though those of a query are alike"),
        truth=partial(true_alpha, "ordinal"),
        estimate=partial(alpha, queries=40, level="ordinal", by_item=True),
        band=(0.72, 0.8),
    ),
    coverage(
        "Krippendorff's alpha, ordinal, by what is resampled",
        f"200 independent items x {LABELS} labels, items resampled",
        truth=partial(true_alpha, "ordinal", INDEPENDENT),
        estimate=partial(alpha, queries=40, level="ordinal", by_item=True, people=INDEPENDENT),
        band=(0.93, 0.97),
    ),
    *(
        coverage(
            "Krippendorff's alpha, ordinal, by what is resampled",
            f"60 queries dealt over {FORMS} forms x 15 items x {LABELS} labels, {by} resampled",
            truth=true_alpha_in_forms,
            estimate=partial(alpha_in_forms, by=by),
            band=band,
        )
        for by, band in (("queries", (0.9, 0.95)), ("forms", (0.66, 0.76)))
    ),
    *nominals("Percent agreement", true_agreement, percent_agreement, {10: (0.82, 0.89), 20: (0.86, 0.92)}),
    *nominals("Fleiss' kappa", true_kappa, fleiss_kappa, {}),
]
