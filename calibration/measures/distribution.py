"""A scorer against people's whole distribution: distances, skill, entropy, and the curve of its shares."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from annotation.statistics.counts import BoolArray, FloatArray, totals
from annotation.statistics.entropy import entropy_bits_corrected
from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.metrics.distribution.distances import LOG_FLOOR, MEASURES, Distances, distances
from calibration.metrics.distribution.fitted import isotonic_shares
from calibration.metrics.distribution.floors import Floors, floors
from calibration.metrics.distribution.reliability_curve import reliability_curve
from calibration.metrics.joint import Statistic, Sums, joint_estimates

Found = dict[str, Any]

NO_SCORE = "no labelled item has a score"
ONE_QUERY = "only one query: there are no others to learn from"
ONE_LABEL = "no item has two labels, and two votes of a scorer that votes"
FEW_LABELS = "no item has labels enough: two, and for one person against the others three"
WHY_NULL = {
    "floor": ONE_LABEL,
    "entropy_gap_floor": ONE_LABEL,
    "left_out_person": ONE_LABEL,
    "overall": ONE_QUERY,
}
SPREADS = {"brier": "brier_spread", "ranked_probability_score": "ranked_probability_spread"}
# What is shown again of numbers whose shares are isotonic.
SENSITIVITY = ("wasserstein_1", "ranked_probability_score", "corrected")


def on_distribution(people: People, scored: Scored, asked: Specification) -> Found:
    """Everything about shares, on the labelled items for which the scorer has them."""
    known = people.labelled & ~np.isnan(scored.distributions[:, 0])
    if not known.any():
        any_score = (people.labelled & ~np.isnan(scored.values)).any()
        return {"distribution": None, "reasons": {"distribution": ONE_QUERY if any_score else NO_SCORE}}
    against, mine = people.references, _distances(people, scored, scored.distributions)
    references = {
        "overall": against.overall,
        "left_out_person": against.left_out_person,
        "uniform": against.uniform,
    }
    floor = _floors(people, scored, asked)
    found: Found = {
        "source": scored.source,
        "n": int(known.sum()),
        "log_floor": LOG_FLOOR,
        **_estimates(people, mine, MEASURES, fitted=scored),
        "floor": _means(floor, known),
        "references": _explained({name: _means(reference, known) for name, reference in references.items()}),
        **_entropy(people, scored, floor),
        "spread_correlation": _spread_correlation(people, scored),
        "reliability_curve": _curve(people, scored, asked, known),
    }
    if asked.preset == "full" and "ordered_logit" in scored.source:
        isotonic = _distances(people, scored, scored.fitted_by(isotonic_shares))
        found["isotonic"] = _estimates(people, isotonic, SENSITIVITY)
    return {"distribution": _explained(found)}


def _explained(found: Found) -> Found:
    """With the reasons for what is null of what needs labels or queries to compare."""
    reasons = {key: WHY_NULL[key] for key in WHY_NULL if key in found and found[key] is None}
    return found | ({"reasons": reasons} if reasons else {})


def _distances(people: People, scored: Scored, shares: FloatArray) -> Distances:
    return distances(shares, people.frame.counts, votes=scored.votes)


def _estimates(
    people: People, mine: Distances, measures: Sequence[str], *, fitted: Scored | None = None
) -> Found:
    """Each measure, people's own part of the scores, and skill over the overall distribution.

    Intervals know how the shares of `fitted` were learned, and the overall ones always.
    """
    columns: dict[str, FloatArray] = {}
    pulls: dict[str, FloatArray] = {}
    statistics: dict[str, tuple[str, Statistic]] = {}
    for measure in measures:
        own, overall = getattr(mine, measure), getattr(people.references.overall, measure)
        skill, reference = f"skill {measure}", f"overall {measure}"
        columns[measure] = own
        statistics[measure] = measure, partial(Sums.mean, name=measure)
        # A ratio of sums over the items that have both.
        columns[skill] = np.where(np.isnan(overall), np.nan, own)
        columns[reference] = np.where(np.isnan(own), np.nan, overall)
        both = ~np.isnan(own + overall)
        pulls[reference] = people.references.overall_pulls(measure, both)
        if fitted:
            pulls[measure] = fitted.pulls(measure, people.frame.counts, ~np.isnan(own))
            pulls[skill] = fitted.pulls(measure, people.frame.counts, both)
        statistics[skill] = skill, partial(Sums.skill, name=skill, reference=reference)
        if spread := SPREADS.get(measure):
            columns[spread] = getattr(mine, spread)
            statistics[spread] = spread, partial(Sums.mean, name=spread)
    estimates = joint_estimates(
        columns, statistics, index=people.frame.clusters, weights=people.weights, pulls=pulls
    )
    if not estimates["corrected"].n:
        for name in ("corrected", "skill corrected"):
            estimates[name] = replace(estimates[name], reason=ONE_LABEL)
    shown = {name: estimate.as_dict() for name, estimate in estimates.items()}
    for measure in measures:
        if not estimates[f"skill {measure}"].n and estimates[measure].n:
            shown[f"skill {measure}"]["reason"] = ONE_QUERY
    return {
        **{measure: shown[measure] for measure in measures},
        "spread": {name: shown[spread] for name, spread in SPREADS.items() if spread in shown},
        "skill": {measure: shown[f"skill {measure}"] for measure in measures},
    }


def _floors(people: People, scored: Scored, asked: Specification) -> Floors:
    """Of a perfect judge that answers as this one: by stated shares, or by as many votes."""
    if scored.votes is None:
        return people.references.floors
    votes = totals(scored.votes)
    return floors(people.frame.counts, votes=votes, rng=asked.rng("floors", scored.name))


def _means(found: Distances, known: BoolArray) -> Found | None:
    """Mean over the scorer's items of each measure; None where no item has it, or has any."""
    means: Found = {}
    for measure in MEASURES:
        values = getattr(found, measure)[known]
        values = values[~np.isnan(values)]
        means[measure] = float(values.mean()) if len(values) else None
    absent = [measure for measure in MEASURES if means[measure] is None]
    if len(absent) == len(MEASURES):
        return None
    return means | ({"reasons": dict.fromkeys(absent, FEW_LABELS)} if absent else {})


def _entropy(people: People, scored: Scored, floor: Floors) -> Found:
    """Does it know where people disagree? Of labels and of votes, with Miller and Madow's correction.

    That is too small where labels are few, so that a perfect judge shows a gap too: its floor.
    """
    of_people, shares = people.references.entropies, scored.distributions
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    own = np.where(people.labelled, 0.0 - (shares * logs).sum(axis=1), np.nan)
    if scored.votes is not None:
        k = totals(scored.votes)
        # One vote alone says nothing of how sure a scorer is.
        own = np.where(k > 0, np.where(k > 1, entropy_bits_corrected(scored.votes), np.nan), own)
    gaps, floors_of_gaps = own - of_people.means, floor.entropy - of_people.means
    floors_of_gaps = floors_of_gaps[~np.isnan(gaps + floors_of_gaps)]
    gap = joint_estimates(
        {"gap": gaps},
        {"gap": ("gap", partial(Sums.mean, name="gap"))},
        index=people.frame.clusters,
        weights=people.weights,
        pulls={"gap": scored.pulls("entropy", people.frame.counts, ~np.isnan(gaps))},
    )["gap"]
    return {
        "entropy_gap": gap.as_dict(),
        "entropy_gap_floor": float(floors_of_gaps.mean()) if len(floors_of_gaps) else None,
        "entropy_correction": "miller_madow",
        "entropy_correlation": of_people.spearman(own, people.labelled).as_dict(),
    }


def _spread_correlation(people: People, scored: Scored) -> Found:
    """Whether the number itself, or how far it is from what is usual at its mean label, tells the spread."""
    deviations = people.references.deviations
    return {
        "score": deviations.spearman(scored.values, people.labelled).as_dict(),
        "distance": deviations.spearman(np.abs(scored.residuals), people.labelled).as_dict(),
    }


def _curve(people: People, scored: Scored, asked: Specification, known: BoolArray) -> Found:
    """Predicted against observed cumulative shares, all thresholds of the scale pooled."""
    counts = people.frame.counts[known]
    observed = np.cumsum(counts, axis=1)[:, :-1] / counts.sum(axis=1, keepdims=True)
    predicted = np.cumsum(scored.distributions[known], axis=1)[:, :-1]
    return reliability_curve(
        np.clip(predicted, 0, 1),
        observed,
        clusters=people.frame.clusters[known],
        replicates=asked.replicates,
        rng=asked.rng(scored.name, "reliability_curve"),
    ).as_dict()
