"""How near a scorer is to people, by how much they disagree: measures that no range of means moves."""

from functools import partial
from typing import Any

import numpy as np

from annotation.statistics.counts import FloatArray, over, totals
from calibration.measures.distribution import NO_SCORE, ONE_QUERY
from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.metrics.distribution.distances import distances
from calibration.metrics.joint import Statistic, Sums, joint_estimates

Found = dict[str, Any]

FEW_LABELS = "no item has three labels: two to tell how people disagree, and another to measure"
ONE_OTHER = "too few labels: two more than those that tell how people disagree"
COLUMNS = ("square", "wasserstein_1", "corrected", "score", "person")
# Of the columns, the distances that they are.
FITTED = {
    "wasserstein_1": "wasserstein_1",
    "corrected": "corrected",
    "score": "ranked_probability_score",
}
SHOWN = {
    "residual_sd": "square",
    "wasserstein_1": "wasserstein_1",
    "corrected": "corrected",
    "skill_over_person": "score",
}


def by_disagreement(people: People, scored: Scored, asked: Specification) -> Found:
    """Measures by bins of entropy: about half of an item's labels choose its bin, the others are measured.

    The spread of residuals is in units of that over all items, about the rising function of the mean label
    that is nearest to the scores. Skill over a person is of the ranked probability score: 0 as one more
    person, 1/2 a perfect judge.
    """
    levels = people.references.levels
    known = (levels.level >= 0) & ~np.isnan(scored.distributions[:, 0])
    if not known.any():
        return {"by_disagreement": None, "reasons": {"by_disagreement": _why(people, scored)}}
    columns, statistics = _measured(people, scored)
    pulls = _pulls(people, scored, columns)
    found = joint_estimates(
        columns, statistics, index=people.frame.clusters, weights=people.weights, pulls=pulls
    )
    floors = _floors(people, scored, asked)
    rows = []
    for level in np.unique(levels.level[known]).tolist():
        chosen, here = levels.entropies[levels.level == level], known & (levels.level == level)
        row: Found = {"low": float(chosen.min()), "high": float(chosen.max()), "n": int(here.sum())}
        for name in SHOWN:
            row[name] = found[f"{name} {level}"].as_dict()
            if name in ("corrected", "skill_over_person") and not row[name]["n"]:
                row[name]["reason"] = ONE_OTHER
        floor = floors[here & ~np.isnan(floors)]
        row["floor"] = float(floor.mean()) if len(floor) else None
        rows.append(row if len(floor) else row | {"reasons": {"floor": ONE_OTHER}})
    return {"by_disagreement": rows}


def _measured(
    people: People, scored: Scored
) -> tuple[dict[str, FloatArray], dict[str, tuple[str, Statistic]]]:
    """Columns of each bin, NaN elsewhere, and what is made of their sums."""
    levels = people.references.levels
    mine = distances(scored.distributions, levels.counts, votes=scored.votes)
    person = levels.person.ranked_probability_score
    has_both = ~np.isnan(person + mine.ranked_probability_score)
    every = {
        "square": np.square(_in_own_unit(scored.residuals)),
        "wasserstein_1": mine.wasserstein_1,
        "corrected": mine.corrected,
        "score": np.where(has_both, mine.ranked_probability_score, np.nan),
        "person": np.where(has_both, person, np.nan),
    }
    columns = {"square": np.where(levels.level >= 0, every["square"], np.nan)}
    statistics: dict[str, tuple[str, Statistic]] = {}
    for level in range(levels.number):
        here = levels.level == level
        columns |= {f"{name} {level}": np.where(here, every[name], np.nan) for name in COLUMNS}
        of_bin: dict[str, Statistic] = {
            "residual_sd": partial(_relative_sd, level=level),
            "wasserstein_1": partial(Sums.mean, name=f"wasserstein_1 {level}"),
            "corrected": partial(Sums.mean, name=f"corrected {level}"),
            "skill_over_person": partial(Sums.skill, name=f"score {level}", reference=f"person {level}"),
        }
        statistics |= {f"{name} {level}": (f"{SHOWN[name]} {level}", of_bin[name]) for name in SHOWN}
    return columns, statistics


def _pulls(people: People, scored: Scored, columns: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """What each item adds to the distances in each bin by way of the fit."""
    levels = people.references.levels
    return {
        f"{name} {level}": scored.pulls(measure, levels.counts, ~np.isnan(columns[f"{name} {level}"]))
        for name, measure in FITTED.items()
        for level in range(levels.number)
    }


def _in_own_unit(residuals: FloatArray) -> FloatArray:
    """In units of the largest, so that no square overflows or vanishes."""
    largest = np.nanmax(np.abs(residuals), initial=0.0)
    return residuals / largest if largest > 0 else residuals


def _relative_sd(sums: Sums, *, level: int) -> FloatArray:
    return np.sqrt(over(sums.mean(f"square {level}"), sums.mean("square")))


def _floors(people: People, scored: Scored, asked: Specification) -> FloatArray:
    against = people.references
    if scored.votes is None:
        return against.level_floors
    return against.levels.floors(asked, scored.name, votes=totals(scored.votes))


def _why(people: People, scored: Scored) -> str:
    if people.references.levels.number == 0:
        return FEW_LABELS
    return ONE_QUERY if (people.labelled & ~np.isnan(scored.values)).any() else NO_SCORE
