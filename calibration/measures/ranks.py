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

Found = dict[str, Any]
Statistic = Callable[[FloatArray, FloatArray, IntArray], Callable[[FloatArray], FloatArray]]


def coverage(people: People, scored: Scored, asked: Specification) -> Found:
    """How many labelled items the scorer scored, and which share of them that is."""
    n = int((people.labelled & ~np.isnan(scored.values)).sum())
    return {"kind": scored.column.kind, "n": n, "coverage": n / int(people.labelled.sum())}


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
