"""How a scorer ranks what people think: correlations over all items and within queries."""

from typing import Any

import numpy as np

from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.measures.subsets import rho
from calibration.metrics.correlation import kendall_interval, pearson_interval
from calibration.metrics.within_query import within_query_spearman

Found = dict[str, Any]


def coverage(people: People, scored: Scored, asked: Specification) -> Found:
    """How many labelled items the scorer scored, and which share of them that is."""
    n = int((people.labelled & ~np.isnan(scored.values)).sum())
    return {"kind": scored.column.kind, "n": n, "coverage": n / int(people.labelled.sum())}


def correlations(people: People, scored: Scored, asked: Specification) -> Found:
    """Ranks as the paper has them, other correlations beside them, and ranks within queries."""
    found = {"spearman": rho(people, scored, asked, people.whole)}
    for name, measure in (("kendall", kendall_interval), ("pearson", pearson_interval)):
        found[name] = measure(
            scored.values,
            people.means,
            clusters=people.frame.clusters,
            replicates=asked.replicates,
            rng=asked.rng(scored.name, name),
        )
    found["within_query"] = within_query_spearman(
        scored.values,
        people.means,
        people.frame.queries,
        replicates=asked.replicates,
        rng=asked.rng(scored.name, "within_query"),
    )
    queries = people.frame.queries[people.labelled & ~np.isnan(scored.values)]
    every = {name: estimate.as_dict() for name, estimate in found.items()}
    return every | {"within_query": every["within_query"] | {"queries": len(np.unique(queries))}}
