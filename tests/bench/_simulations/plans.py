"""Whether a study of the size that a plan names does what it promises."""

from functools import cache

import numpy as np

from annotation.statistics.agreement import krippendorff_alpha
from annotation.statistics.planning import plan_alpha_width
from annotation.statistics.sizes import Option, Options
from calibration.metrics.power import plan_altest_pass, plan_residual_power
from tests.bench._simulations.scorers import ANNOTATORS, ITEMS, PEOPLE, SCORER_SD, altest, residual_p
from tests.bench._simulations.simulation import Simulation, passes

LABELS, WIDTH, POWER = 10, 0.1, 0.8
SIMULATED, QUICK = 100, 25
TWICE = 2.0
JUDGE = 0.7


def only(options: Options) -> Option:
    (option,) = options.options
    return option


@cache
def for_width() -> Option:
    rng = np.random.default_rng(3)
    return only(plan_alpha_width(PEOPLE, target=WIDTH, rng=rng, grid=[LABELS], simulations=SIMULATED))


@cache
def for_power() -> Option:
    correlation = (1 + SCORER_SD**2) ** -0.5
    plan = plan_residual_power(
        PEOPLE,
        target=POWER,
        rng=np.random.default_rng(3),
        people_ratio=TWICE,
        correlation=correlation,
        grid=[LABELS],
        simulations=SIMULATED,
    )
    return only(plan)


@cache
def for_passing() -> Option:
    rng = np.random.default_rng(3)
    plan = plan_altest_pass(
        PEOPLE,
        target=POWER,
        rng=rng,
        judge=JUDGE,
        annotators=ANNOTATORS,
        grid=[ANNOTATORS],
        simulations=SIMULATED,
    )
    return only(plan)


def narrow(rng: np.random.Generator) -> bool | None:
    queries = for_width().queries
    found = krippendorff_alpha(
        PEOPLE.simulate(queries, ITEMS, LABELS, rng=rng)[0],
        values=PEOPLE.values,
        level="ordinal",
        clusters=np.repeat(np.arange(queries), ITEMS),
        replicates=1000,
        rng=rng,
    )
    return None if found.low is None or found.high is None else found.high - found.low <= WIDTH


def significant(rng: np.random.Generator) -> bool | None:
    p = residual_p(rng, labels=LABELS, people=TWICE, scorer=1.5, queries=for_power().queries)
    return None if p is None else p <= 0.05


def passed(rng: np.random.Generator) -> bool | None:
    return altest(rng, items=for_passing().items, judge=JUDGE).passed


SIMULATIONS: list[Simulation] = [
    passes(
        "Plan of an interval's width",
        f"as many queries as planned for a mean width of {WIDTH} of ordinal alpha's interval; it is no wider",
        passed=narrow,
        band=(0.3, 0.8),
        quick=QUICK,
    ),
    passes(
        "Plan of the residual test's power",
        f"as many queries as planned for a power of {POWER}; the test rejects",
        passed=significant,
        band=(0.7, 0.92),
        quick=QUICK,
    ),
    passes(
        "Plan of the alternative annotator test",
        f"as many items as planned for {POWER}; the judge passes",
        passed=passed,
        band=(0.7, 0.92),
        quick=QUICK,
    ),
]
