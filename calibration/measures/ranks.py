"""How a scorer ranks what people think: correlations over all items and within queries."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from annotation.statistics.clusters import IntArray
from annotation.statistics.counts import FloatArray
from annotation.statistics.intervals import Estimate
from calibration.measures.people import People
from calibration.measures.reasons import PAPER
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.metrics.correlation.intervals import MOST_ITEMS, TOO_MANY, kendall_interval, pearson_interval
from calibration.metrics.correlation.moments import pearson_statistic
from calibration.metrics.correlation.ranks import kendall_statistic
from calibration.metrics.correlation.within_query import within_query_spearman
from calibration.metrics.joint import joint_estimates

Found = dict[str, Any]
Statistic = Callable[[FloatArray, FloatArray, IntArray], Callable[[FloatArray], FloatArray]]


def coverage(people: People, scored: Scored, asked: Specification) -> Found:
    """How many labelled items the scorer scored, and which share of them that is; what it left out."""
    n = int((people.labelled & ~np.isnan(scored.values)).sum())
    found: Found = {"kind": scored.column.kind, "n": n, "coverage": n / int(people.labelled.sum())}
    return found | ({"unscored": _unscored(people, scored)} if 0 < found["coverage"] < 1 else {})


def _unscored(people: People, scored: Scored) -> Found:
    """How labels of what has no score differ from those of what has: a judge may refuse what is bad.

    Of comparisons by how far the mean label is from a tie, since which response is the first means nothing.
    """
    ties = people.frame.kind == "comparison"
    means = np.where(people.labelled, np.abs(people.means) if ties else people.means, np.nan)
    without = np.isnan(scored.values)
    difference = joint_estimates(
        {"without": np.where(without, means, np.nan), "with": np.where(without, np.nan, means)},
        {"difference": ("without", lambda sums: sums.mean("without") - sums.mean("with"))},
        index=people.frame.clusters,
        weights=people.weights,
    )["difference"]
    return {"of": "distance from a tie" if ties else "mean label", "difference": difference.as_dict()}


def correlations(people: People, scored: Scored, asked: Specification) -> Found:
    """Ranks as the paper has them, other correlations beside them, and ranks within queries."""
    spearman = people.resamples.spearman(scored.values, people.labelled)
    if asked.preset == "paper":
        without = Estimate(None, None, None, 0, PAPER).as_dict()
        return {
            "spearman": spearman.as_dict(),
            "kendall": without,
            "pearson": without,
            "within_query": without,
        }
    within = within_query_spearman(
        scored.values,
        people.means,
        people.frame.queries,
        replicates=asked.replicates,
        rng=asked.rng(scored.name, "within_query"),
    )
    queries = people.frame.queries[people.resamples.known(scored.values, people.labelled)]
    return {
        "spearman": spearman.as_dict(),
        "kendall": _kendall(people, scored).as_dict(),
        "pearson": _pearson(people, scored).as_dict(),
        "within_query": within.as_dict() | {"queries": len(np.unique(queries))},
    }


def _kendall(people: People, scored: Scored) -> Estimate:
    found = kendall_interval(scored.values, people.means, replicates=0)
    if found.n > MOST_ITEMS:
        return replace(found, reason=TOO_MANY)
    return _with_interval(people, scored, found, kendall_statistic)


def _pearson(people: People, scored: Scored) -> Estimate:
    found = pearson_interval(scored.values, people.means, replicates=0)
    return _with_interval(people, scored, found, pearson_statistic)


def _with_interval(people: People, scored: Scored, found: Estimate, statistic: Statistic) -> Estimate:
    kept = people.resamples.known(scored.values, people.labelled)
    x, y = scored.values[kept], people.means[kept]
    return people.resamples.interval(found, kept, lambda weights, index: statistic(x, y, index)(weights))
