"""Intervals of agreement and reliability, by the number of queries and by what is resampled."""

from functools import cache, partial

import numpy as np
import numpy.typing as npt

from annotation.statistics.agreement import Level, fleiss_kappa, krippendorff_alpha, percent_agreement
from annotation.statistics.intervals import Estimate
from annotation.statistics.population import Population
from annotation.statistics.reliability import intraclass_correlation, split_half_reliability
from tests.bench._simulations.by_queries import by_queries
from tests.bench._simulations.ratings import (
    INDEPENDENT,
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
from tests.bench._simulations.simulation import QUICK, Simulation, coverage

LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")
WHAT = "Krippendorff's alpha, ordinal, by what is resampled"


@cache
def true_alpha(people: Population) -> float:
    return defined(krippendorff_alpha(many(people=people).counts, values=VALUES, level="ordinal"))


def alpha_by_item(rng: np.random.Generator, *, people: Population) -> Estimate:
    counts = ratings(40, rng, people=people).counts
    return krippendorff_alpha(counts, values=VALUES, level="ordinal", replicates=REPLICATES, rng=rng)


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


SIMULATIONS: list[Simulation] = [
    *(
        simulation
        for level in LEVELS
        for simulation in by_queries(
            f"Krippendorff's alpha, {level}",
            partial(krippendorff_alpha, values=VALUES, level=level),
            numbers=(2, 3, 5, 10, 20, 40, 100) if level == "ordinal" else (10, 20, 40, 100),
        )
    ),
    *(
        coverage(
            WHAT,
            words,
            truth=partial(true_alpha, people),
            estimate=partial(alpha_by_item, people=people),
            band=band,
            quick=QUICK,
        )
        for words, people, band in (
            (setting(40, interval="items resampled though those of a query are alike"), PEOPLE, (0.7, 0.8)),
            (f"200 independent items x {LABELS} labels, items resampled", INDEPENDENT, (0.92, 0.97)),
        )
    ),
    *(
        coverage(
            WHAT,
            f"60 queries dealt over {FORMS} forms x 15 items x {LABELS} labels, {by} resampled",
            truth=true_alpha_in_forms,
            estimate=partial(alpha_in_forms, by=by),
            band=band,
            quick=QUICK,
        )
        for by, band in (("queries", (0.9, 0.95)), ("forms", (0.65, 0.76)))
    ),
    *by_queries("Percent agreement", percent_agreement, bands={10: (0.82, 0.89), 20: (0.86, 0.92)}),
    *by_queries("Fleiss' kappa", fleiss_kappa),
    *by_queries("ICC(1)", partial(intraclass_correlation, values=VALUES)),
    *by_queries("ICC(1,k)", partial(intraclass_correlation, values=VALUES, average=True)),
    *by_queries("Split-half reliability", partial(split_half_reliability, values=VALUES, splits=10)),
]
