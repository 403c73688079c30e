"""The figures of Jiang et al. (2025) by the definitions of their code, to hold one's own against theirs.

References
----------
Jiang et al. (2025), Artificial Hivemind: The Open-Ended Homogeneity of Language Models, arXiv 2510.22954, and
the code published with it.
"""

import numpy as np

from generation.diversity.clusters import balanced_greedily, composition
from generation.diversity.homogeneity import OF_CELLS, between, cells_above, heat_map
from generation.diversity.measures import Columns, Measure, Setting
from generation.diversity.report.asked import Json, Measured, numbers
from generation.diversity.responses import QueryResponses

NEAREST = range(5, 51, 5)
QUARTILES = (0.25, 0.5, 0.75)
DEFINITIONS = {
    "cells_above": f"The share that their summary calls one of response pairs: {OF_CELLS}.",
    "within": "Ten bins over [0, 1] of the queries’ mean similarities; the average is over sources.",
    "between": (
        "The diagonal includes each response’s similarity to itself; (n d - 1)/(n - 1) takes it out again."
    ),
    "neighbours": (
        "Of every response the nearest others, averaged within a query; quartiles are over queries."
    ),
    "clusters": (
        "As many clusters as sources by k-means, then the nearest free pair of response and centre, again "
        "and again, until all are of one size."
    ),
}


def columns(query: QueryResponses, setting: Setting) -> Columns:
    """Sources in a cluster of one size, greedily filled: "greedy.sources", shape ()."""
    k = len(np.unique(query.source))
    if query.vectors is None or k < 2:
        return {"greedy.sources": np.array(np.nan)}
    found = composition(balanced_greedily(query.vectors, k, seed=setting.seed), query.source, setting.sources)
    return {"greedy.sources": np.array(found.sources[found.sources > 0].mean())}


GREEDY = Measure("greedy", frozenset({"vectors"}), columns)


def paper_section(measured: Measured) -> Json:
    """Their figures, and how they are defined."""
    heat = heat_map(measured.table)
    matrix = between(measured.table, self_pairs=True, **measured.resampling)
    return {
        "definitions": DEFINITIONS,
        "cells_above": cells_above(measured.table, **measured.resampling)[1].as_dict(),
        "within": {
            "sources": [
                {"source": name, "shares": numbers(heat.shares[n, 1:])}
                for n, name in enumerate(measured.names)
            ],
            "average": numbers(heat.average[1:]),
        },
        "between": {"sources": measured.names, "similarity": [numbers(row) for row in matrix.value]},
        "neighbours": _boxes(measured),
        "clusters": measured.mean(measured.column("greedy.sources")).at().as_dict(),
    }


def _boxes(measured: Measured) -> list[Json]:
    values = measured.column("neighbours")
    rows = []
    for nearest in NEAREST:
        own = values[:, nearest - 1]
        own = own[np.isfinite(own)]
        if len(own):
            quartiles = dict(zip(map(str, QUARTILES), np.quantile(own, QUARTILES).tolist(), strict=True))
            rows.append(
                {"nearest": nearest, "mean": float(own.mean()), "quartiles": quartiles, "n": len(own)}
            )
    return rows
