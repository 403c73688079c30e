"""Does it help: conditions of one model, models under one condition, and several models in place of one."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from generation.diversity.comparisons import benjamini_hochberg, ensemble_pairs, sign_flip
from generation.diversity.equal_numbers import equal_name
from generation.diversity.homogeneity import over_sources, within
from generation.diversity.intervals import Estimate, difference
from generation.diversity.report.asked import Json, Measured, number
from generation.diversity.responses import FloatArray

# What is compared, by the column that holds a number a query and source; "alike": more is less diverse.
MORE_IS = {
    "similarity": "alike",
    "self_bleu": "alike",
    "rarefied_2": "diverse",
    "vendi": "diverse",
    "distinct_k": "diverse",
}
EQUAL_NUMBERS = (
    "Similarity does not depend on how many responses there are. All else is measured of as many responses "
    "to a query as both sides gave: of more, the mean over 5 draws; of classes, the exact expectation."
)

NO_QUERY = "no query to which both gave enough responses"

Pairs = Sequence[tuple[int, int]]


def compared_section(measured: Measured) -> Json:
    """Every comparison, of a measure that the data set has; p adjusted among those of a kind and measure."""
    sources = measured.data.sources
    pairs = [*combinations(range(len(sources)), 2)]
    conditions = [pair for pair in pairs if len({sources[n].model for n in pair}) == 1]
    models = [pair for pair in pairs if len({sources[n].condition for n in pair}) == 1]
    return {
        "equal_numbers": EQUAL_NUMBERS,
        "conditions": _compared(measured, conditions),
        "conditions_over_models": _over_models(measured),
        "models": _compared(measured, models),
        "ensembles": _ensembles(measured),
    }


def _compared(measured: Measured, pairs: Pairs) -> list[Json]:
    names = measured.names
    rows: list[Json] = []
    for measure, more_is in MORE_IS.items() if pairs else ():
        values = _differences(measured, measure, pairs)
        if values is None:
            continue
        found = measured.mean(values)
        p = sign_flip(values, seed=measured.asked.seed)
        rows += _adjusted(
            [
                {
                    "measure": measure,
                    "more_is": more_is,
                    "a": names[a],
                    "b": names[b],
                    "difference": _said(found.at(n)),
                    "p": p[n],
                }
                for n, (a, b) in enumerate(pairs)
            ]
        )
    return rows


def _over_models(measured: Measured) -> list[Json]:
    """Two conditions over all models that answered under both, each model counted equally."""
    named = {(one.model, one.condition): n for n, one in enumerate(measured.data.sources)}
    matched = {
        (a, b): [(named[m, a], named[m, b]) for m, c in named if c == a and (m, b) in named]
        for a, b in combinations(sorted({condition for _, condition in named}), 2)
    }
    rows: list[Json] = []
    for measure, more_is in MORE_IS.items():
        of_measure: list[Json] = []
        for (a, b), pairs in matched.items():
            values = _differences(measured, measure, pairs) if len(pairs) > 1 else None
            if values is None:
                continue
            of_measure.append(
                {
                    "measure": measure,
                    "more_is": more_is,
                    "a": a,
                    "b": b,
                    "models": len(pairs),
                    "difference": _said(over_sources(values, **measured.resampling)),
                    "p": sign_flip(_by_query(values)[:, None], seed=measured.asked.seed)[0],
                }
            )
        rows += _adjusted(of_measure)
    return rows


def _differences(measured: Measured, measure: str, pairs: Pairs) -> FloatArray | None:
    """First less second, a column a pair, both of equal numbers of responses; None without such a measure."""
    if not measured.has(measure):
        return None
    first, second = (list(side) for side in zip(*pairs, strict=True))
    if measure == "similarity":
        own = within(measured.table)
        return own[:, first] - own[:, second]
    equal = measured.column(equal_name(measure))
    found: FloatArray = equal[:, first, second] - equal[:, second, first]
    return found


def _by_query(values: FloatArray) -> FloatArray:
    """What each query adds to the mean over columns of their means; NaN where it has no value."""
    known = ~np.isnan(values)
    each = known.sum(axis=0)
    added: FloatArray = np.where(known, values, 0.0)[:, each > 0] @ (1 / each[each > 0])
    return np.where(known.any(axis=1), added, np.nan)


def _adjusted(rows: list[Json]) -> list[Json]:
    adjusted = benjamini_hochberg([row["p"] for row in rows])
    return [
        row | {"p": number(row["p"]), "p_adjusted": number(p)} for row, p in zip(rows, adjusted, strict=True)
    ]


def _said(found: Estimate) -> Json:
    """The estimate, its reason in the words of comparisons."""
    said = found.as_dict()
    return said | {"reason": NO_QUERY} if found.n == 0 else said


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
