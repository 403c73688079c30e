"""Does it help: conditions of one model, models under one condition, and several models in place of one."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from generation.diversity.comparisons import benjamini_hochberg, ensemble_pairs, sign_flip
from generation.diversity.homogeneity import compare, within
from generation.diversity.intervals import difference
from generation.diversity.report.asked import Json, Measured, number, row_means
from generation.diversity.responses import FloatArray

# What is compared, by the column that holds a number a query and source; "alike": more is less diverse.
MORE_IS = {
    "similarity": "alike",
    "self_bleu": "alike",
    "rarefied_2": "diverse",
    "vendi": "diverse",
    "distinct_k": "diverse",
}


def compared_section(measured: Measured) -> Json:
    """Every comparison, of a measure that the data set has; p adjusted among those of a kind and measure."""
    sources = measured.data.sources
    pairs = [*combinations(range(len(sources)), 2)]
    conditions = [pair for pair in pairs if len({sources[n].model for n in pair}) == 1]
    models = [pair for pair in pairs if len({sources[n].condition for n in pair}) == 1]
    return {
        "conditions": _compared(measured, conditions),
        "conditions_over_models": _over_models(measured),
        "models": _compared(measured, models),
        "ensembles": _ensembles(measured),
    }


def _compared(measured: Measured, pairs: Sequence[tuple[int, int]]) -> list[Json]:
    if not pairs:
        return []
    first, second = (list(side) for side in zip(*pairs, strict=True))
    rows: list[Json] = []
    for measure, more_is in MORE_IS.items():
        values = _values(measured, measure)
        if values is None:
            continue
        found = difference(values[:, first], values[:, second], **measured.resampling)
        p = sign_flip(values[:, first] - values[:, second], seed=measured.asked.seed)
        adjusted = benjamini_hochberg(p)
        rows += [
            {
                "measure": measure,
                "more_is": more_is,
                "a": measured.names[a],
                "b": measured.names[b],
                "difference": found.at(n).as_dict(),
                "p": number(p[n]),
                "p_adjusted": number(adjusted[n]),
            }
            for n, (a, b) in enumerate(pairs)
        ]
    return rows


def _over_models(measured: Measured) -> list[Json]:
    """Two conditions over all models that answered under both, each model counted equally."""
    named = {(one.model, one.condition): n for n, one in enumerate(measured.data.sources)}
    rows: list[Json] = []
    for a, b in combinations(sorted({condition for _, condition in named}), 2):
        matched = [(named[m, a], named[m, b]) for m, c in named if c == a and (m, b) in named]
        if len(matched) < 2:
            continue
        first, second = (list(side) for side in zip(*matched, strict=True))
        for measure, more_is in MORE_IS.items():
            values = _values(measured, measure)
            if values is None:
                continue
            by_query = row_means(values[:, first] - values[:, second])
            rows.append(
                {
                    "measure": measure,
                    "more_is": more_is,
                    "a": a,
                    "b": b,
                    "models": len(matched),
                    "difference": compare(values, matched, **measured.resampling).as_dict(),
                    "p": number(float(sign_flip(by_query[:, None], seed=measured.asked.seed)[0])),
                }
            )
    return rows


def _ensembles(measured: Measured) -> list[Json]:
    """All models of a condition in place of one of them, with as many responses as one of them gave.

    The similarity expected of n responses shared out evenly: pairs of one model count as within, the others
    as between. A query counts where all of the models answered.
    """
    if not measured.has("similarity"):
        return []
    rows = []
    for condition in sorted({source.condition for source in measured.data.sources}):
        members = [n for n, one in enumerate(measured.data.sources) if one.condition == condition]
        counts = measured.table.counts[:, members]
        n = int(np.median(counts[counts > 1])) if (counts > 1).any() else 0
        if len(members) < 2 or n < 2:
            continue
        own = within(measured.table)[:, members].astype(np.float64)
        first, second = (np.asarray(members)[side] for side in np.triu_indices(len(members), 1))
        across = measured.table.columns["similarity"][:, first, second].astype(np.float64)
        same = ensemble_pairs(len(members), n)
        together = same * own.mean(axis=1) + (1 - same) * across.mean(axis=1)
        answered = ~np.isnan(together)
        if not answered.any():
            continue
        best = int(np.argmin(own[answered].mean(axis=0)))
        rows.append(
            {
                "condition": condition,
                "models": len(members),
                "responses": n,
                "similarity": measured.mean(together).at().as_dict(),
                "one_model": _against(measured, together, own.mean(axis=1)),
                "most_diverse_model": {"source": measured.names[members[best]]}
                | _against(measured, together, own[:, best]),
            }
        )
    return rows


def _against(measured: Measured, together: FloatArray, alone: FloatArray) -> Json:
    """The ensemble less what it is held against."""
    return {
        "similarity": measured.mean(np.where(np.isnan(together), np.nan, alone)).at().as_dict(),
        "difference": difference(together, alone, **measured.resampling).at().as_dict(),
        "p": number(float(sign_flip((together - alone)[:, None], seed=measured.asked.seed)[0])),
    }


def _values(measured: Measured, measure: str) -> FloatArray | None:
    """A number a query and source, or None where the data set has no such measure."""
    if not measured.has(measure):
        return None
    values = within(measured.table) if measure == "similarity" else measured.table.columns[measure]
    return np.asarray(values, dtype=np.float64)
