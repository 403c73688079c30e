"""A scorer's distribution against people's: how far it is, its skill, and the same where people disagree."""

from functools import cache, partial

import numpy as np

from annotation.statistics.clusters import multinomial_weights
from annotation.statistics.counts import FloatArray
from annotation.statistics.entropy import entropy_bits
from annotation.statistics.intervals import Estimate
from calibration.metrics.distances import distances
from calibration.metrics.fitted import out_of_fold, query_folds
from calibration.metrics.joint import Statistic, Sums, joint_estimates
from calibration.metrics.references import overall_shares
from calibration.metrics.splits import split_labels
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
WASSERSTEIN, CORRECTED, SKILL = "wasserstein_1", "corrected", "skill"
NAMES = {
    WASSERSTEIN: "Wasserstein-1 of a judge",
    CORRECTED: "Corrected distance of a judge",
    SKILL: "Skill of a judge over the overall distribution",
}
SCORE = "ranked_probability_score"


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
    folds = query_folds(given.queries, rng=rng)
    if fitted:
        shares = out_of_fold(mistaken(given, rng), given.counts, folds)
    else:
        shares = PEOPLE.probabilities(mistaken(given, rng))
    own = distances(shares, given.counts)
    overall = distances(overall_shares(given.counts, folds), given.counts)
    columns = {
        WASSERSTEIN: own.wasserstein_1,
        CORRECTED: own.corrected,
        SKILL: own.ranked_probability_score,
        "overall": overall.ranked_probability_score,
    }
    statistic: Statistic = partial(Sums.mean, name=measure)
    if measure == SKILL:
        statistic = partial(Sums.skill, name=SKILL, reference="overall")
    return estimated(columns, (measure, statistic), given, rng, replicates)


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
) -> Estimate:
    queries = int(given.queries.max()) + 1
    weights = multinomial_weights(queries, replicates=replicates, rng=rng)
    return joint_estimates(columns, {"it": wanted}, index=given.queries, weights=weights)["it"]


@cache
def true(measure: str, *, fitted: bool = False) -> float:
    return defined(
        judged(np.random.default_rng(1), measure=measure, queries=MANY // 4, fitted=fitted, replicates=20)
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
            quick=QUICK * (queries == 100 and not fitted),
        )
        for measure in NAMES
        for fitted, words, bands in (
            (False, "it states shares", {20: (0.87, 0.95), 100: (0.92, 0.97)}),
            # The interval knows nothing of how the fit itself would be in another study.
            (True, "a number, fitted out of fold", {20: (0.81, 0.93), 100: (0.86, 0.95)}),
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
