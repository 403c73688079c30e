"""A scorer's distribution against people's: how far it is, its skill, and the same where people disagree."""

from functools import cache, partial

import numpy as np

from annotation.statistics.clusters import multinomial_weights
from annotation.statistics.counts import FloatArray
from annotation.statistics.entropy import entropy_bits
from annotation.statistics.intervals import Estimate
from calibration.metrics.distribution.distances import distances
from calibration.metrics.distribution.fitted import out_of_fold, query_folds
from calibration.metrics.distribution.references import overall_shares
from calibration.metrics.distribution.refits import loss_slopes, refit
from calibration.metrics.distribution.splits import split_labels
from calibration.metrics.joint import Statistic, Sums, joint_estimates
from tests.bench._simulations.ratings import (
    MANY,
    PEOPLE,
    REPLICATES,
    Ratings,
    defined,
    ratings,
    setting,
)
from tests.bench._simulations.simulation import QUICK, Simulation, coverage

# How far the judge mistakes the quality of a query and of an item, in the units of quality.
OF_QUERY, OF_ITEM = 0.5, 0.3
WASSERSTEIN, CORRECTED, SKILL, WASSERSTEIN_SKILL = "wasserstein_1", "corrected", "skill", "wasserstein_skill"
NAMES = {
    WASSERSTEIN: "Wasserstein-1 of a judge",
    CORRECTED: "Corrected distance of a judge",
    SKILL: "Skill of a judge over the overall distribution",
    WASSERSTEIN_SKILL: "Skill of a judge over the overall distribution, Wasserstein-1",
}
LOSSES = {
    WASSERSTEIN: "wasserstein_1",
    CORRECTED: "corrected",
    SKILL: "ranked_probability_score",
    WASSERSTEIN_SKILL: "wasserstein_1",
}


def mistaken(given: Ratings, rng: np.random.Generator) -> FloatArray:
    """What the judge takes the quality of each item for."""
    queries = int(given.queries.max()) + 1
    of_query = rng.normal(scale=OF_QUERY, size=queries)[given.queries]
    return given.latents + of_query + rng.normal(scale=OF_ITEM, size=len(given.latents))


def judged(
    rng: np.random.Generator,
    *,
    measure: str,
    queries: int,
    fitted: bool = False,
    replicates: int = REPLICATES,
) -> Estimate:
    """One study, and a judge that states shares, or gives a number that is fitted."""
    given = ratings(queries, rng)
    folds, taken_for = query_folds(given.queries, rng=rng), mistaken(given, rng)
    shares = out_of_fold(taken_for, given.counts, folds) if fitted else PEOPLE.probabilities(taken_for)
    of_all = overall_shares(given.counts, folds)
    distance = LOSSES[measure]
    columns = {
        measure: getattr(distances(shares, given.counts), distance),
        "overall": getattr(distances(of_all, given.counts), distance),
    }
    learned = {"overall": (np.zeros(len(shares)), of_all)}
    if fitted:
        learned[measure] = taken_for, shares
    pulls = {
        name: refit(scores, given.counts).pulls(loss_slopes(distance, found, given.counts), found)
        for name, (scores, found) in learned.items()
    }
    statistic: Statistic = partial(Sums.mean, name=measure)
    if measure in (SKILL, WASSERSTEIN_SKILL):
        statistic = partial(Sums.skill, name=measure, reference="overall")
    return estimated(columns, (measure, statistic), given, rng, replicates, pulls)


def most_disagreed(rng: np.random.Generator, *, queries: int) -> Estimate:
    """Corrected distance of a perfect judge from the fifth of items on which people seem to disagree most."""
    given = ratings(queries, rng)
    chosen, measured = split_labels(given.counts, rng=rng)
    entropies = entropy_bits(chosen)
    found = distances(PEOPLE.probabilities(given.latents), measured).corrected
    most = np.where(entropies >= np.quantile(entropies, 0.8), found, np.nan)
    statistic: Statistic = partial(Sums.mean, name=CORRECTED)
    return estimated({CORRECTED: most}, (CORRECTED, statistic), given, rng, REPLICATES)


def estimated(
    columns: dict[str, FloatArray],
    wanted: tuple[str, Statistic],
    given: Ratings,
    rng: np.random.Generator,
    replicates: int,
    pulls: dict[str, FloatArray] | None = None,
) -> Estimate:
    queries = int(given.queries.max()) + 1
    weights = multinomial_weights(queries, replicates=replicates, rng=rng)
    found = joint_estimates(columns, {"it": wanted}, index=given.queries, weights=weights, pulls=pulls)
    return found["it"]


@cache
def true(measure: str, *, fitted: bool = False) -> float:
    return defined(
        judged(np.random.default_rng(1), measure=measure, queries=MANY, fitted=fitted, replicates=20)
    )


def nothing() -> float:
    return 0.0


SIMULATIONS: list[Simulation] = [
    *(
        coverage(
            NAMES[measure],
            f"{setting(queries)}; {words}",
            truth=partial(true, measure, fitted=fitted),
            estimate=partial(judged, measure=measure, queries=queries, fitted=fitted),
            band=band,
            quick=QUICK * (queries == 100 and fitted == (measure == WASSERSTEIN)),
        )
        for measure in NAMES
        for fitted, words, bands in (
            (False, "it states shares", {20: (0.87, 0.95), 100: (0.92, 0.97)}),
            (True, "a number, fitted out of fold", {20: (0.86, 0.94), 100: (0.91, 0.96)}),
        )
        for queries, band in bands.items()
    ),
    coverage(
        "Corrected distance of a perfect judge, where people disagree most",
        f"{setting(100)}; a fifth of the items, chosen by half of their labels",
        truth=nothing,
        estimate=partial(most_disagreed, queries=100),
        band=(0.92, 0.97),
        quick=QUICK,
    ),
]
