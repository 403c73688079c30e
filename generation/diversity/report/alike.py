"""How alike responses are, within sources and between them, beside the encoder's floor."""

import numpy as np

from generation.diversity.floor import floor, floor_distribution
from generation.diversity.homogeneity import (
    all_pairs_above,
    cells_above,
    heat_map,
    pairs_above,
    within,
)
from generation.diversity.report.asked import Json, Measured, numbers, row_means
from generation.diversity.responses import FloatArray


def floor_section(measured: Measured) -> Json:
    """The similarity of responses to different queries: its mean, raw and centred, and how it is spread."""
    found = floor_distribution(measured.table)
    return {
        "similarity": floor(measured.table, **measured.resampling).as_dict(),
        "centred": floor(measured.table, "centred", **measured.resampling).as_dict(),
        "distribution": found
        and {
            "shares": numbers(found.shares),
            "quantiles": {str(level): value for level, value in found.quantiles.items()},
            "pairs": found.pairs,
            "responses": found.responses,
        },
    }


def within_section(measured: Measured) -> Json:
    """Pairs of responses of one source to one query."""
    table = measured.table
    raw, centred = within(table), within(table, "centred")
    means, gaps, centred_means = measured.mean(raw), measured.gap(raw), measured.mean(centred)
    centred_gaps = measured.gap(centred, "centred")
    above, above_average = cells_above(table, **measured.resampling)
    pairs = pairs_above(table, **measured.resampling)
    heat = heat_map(table)
    rows = [
        {
            "source": name,
            "similarity": means.at(n).as_dict(),
            "gap": gaps.at(n).as_dict(),
            "centred": centred_means.at(n).as_dict(),
            "centred_gap": centred_gaps.at(n).as_dict(),
            "cells_above": above.at(n).as_dict(),
            "pairs_above": pairs.at(n, n).as_dict(),
            "bins": _bins(heat.shares[n], int(heat.queries[n])),
            "pair_bins": _pair_bins(measured, n),
        }
        for n, name in enumerate(measured.names)
    ]
    average = {
        "similarity": measured.over_sources(raw),
        "gap": measured.gap_over_sources(raw),
        "centred": measured.over_sources(centred),
        "centred_gap": measured.gap_over_sources(centred, "centred"),
        "cells_above": above_average.as_dict(),
        "pairs_above": all_pairs_above(table, between=False, **measured.resampling).as_dict(),
        "bins": _bins(heat.average, int(heat.queries.sum())),
    }
    return {"sources": rows, "average": average}


def between_section(measured: Measured) -> Json:
    """Pairs of responses of two sources to one query."""
    table, names = measured.table, measured.names
    different = np.tril_indices(len(names), -1)
    pairs, pairs_centred = (table.columns[kind][:, *different] for kind in ("similarity", "centred"))
    means, gaps = measured.mean(pairs), measured.gap(pairs)
    centred_means, centred_gaps = measured.mean(pairs_centred), measured.gap(pairs_centred, "centred")
    above = pairs_above(table, **measured.resampling)
    rows = [
        {
            "a": names[a],
            "b": names[b],
            "similarity": means.at(n).as_dict(),
            "gap": gaps.at(n).as_dict(),
            "centred": centred_means.at(n).as_dict(),
            "centred_gap": centred_gaps.at(n).as_dict(),
            "pairs_above": above.at(a, b).as_dict(),
        }
        for n, (a, b) in enumerate(zip(*(side.tolist() for side in different), strict=True))
    ]
    average = {
        "similarity": measured.over_sources(pairs),
        "gap": measured.gap_over_sources(pairs),
        "centred": measured.over_sources(pairs_centred),
        "centred_gap": measured.gap_over_sources(pairs_centred, "centred"),
        "pairs_above": all_pairs_above(table, between=True, **measured.resampling).as_dict(),
    }
    return {"pairs": rows, "average": average}


def queries_section(measured: Measured) -> list[Json]:
    """Each query with how alike its responses are, within sources and between them."""
    table = measured.table
    alike = measured.has("similarity")
    nothing = np.full(len(table), np.nan)
    own = row_means(within(table)) if alike else nothing
    centred = row_means(within(table, "centred")) if alike else nothing
    different = np.triu_indices(table.sources, 1)
    across = row_means(table.columns["similarity"][:, *different]) if alike and table.sources > 1 else nothing
    counts = table.counts.sum(axis=1).tolist()
    columns = zip(table.keys, table.texts, counts, *map(numbers, (own, centred, across)), strict=True)
    keys = ("query", "text", "responses", "similarity", "centred", "between")
    return [dict(zip(keys, row, strict=True)) for row in columns]


def _bins(shares: FloatArray, cells: int) -> Json:
    """The shares of ten bins over [0, 1], from the lowest; `below` is what lies below 0."""
    below, *bins = numbers(shares)
    return {"shares": bins, "below": below, "n": cells}


def _pair_bins(measured: Measured, source: int) -> Json:
    counted = np.nansum(measured.table.columns["pairs.within"][:, source], axis=0)
    total = counted.sum()
    return _bins(counted / total if total else np.full(len(counted), np.nan), int(total))
