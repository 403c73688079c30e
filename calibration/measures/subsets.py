"""Ranks again on the subsets, cut on all labelled items, as far as the scorer covers them.

Beside each, what the drop there would be of a scorer that errs alike everywhere.
"""

from typing import Any

import numpy as np

from annotation.statistics.intervals import Estimate
from calibration.measures.drops import DROP, drops
from calibration.measures.people import People
from calibration.measures.reasons import joined, not_in_paper
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.metrics.subsets import MOST_PAIRS, Subset, near_pairs

Found = dict[str, Any]


def on_subsets(people: People, scored: Scored, asked: Specification) -> Found:
    """Spearman again on each subset, cut on all labelled items, as far as the scorer covers it."""
    known: dict[tuple[bytes, int], Estimate] = {}
    rows = []
    if asked.preset == "paper":
        beside = [not_in_paper(DROP)] * len(people.subsets)
    else:
        beside = drops(people, scored, asked, people.subsets)
    for subset, drop in zip(people.subsets, beside, strict=True):
        chosen = subset.mask if subset.pairs is None else subset.pairs
        # Ties make several cuts keep the same items: then they have the same numbers, computed once.
        key = chosen.tobytes(), subset.unlisted
        if key not in known:
            known[key] = rho(people, scored, asked, subset)
        measured = subset_as_dict(subset) | {"n": known[key].n, "spearman": known[key].as_dict()}
        rows.append(joined(measured, drop))
    found: Found = {"subsets": rows}
    if any(subset.pairs is not None for subset in people.subsets):
        found["all_pairs"] = rho(people, scored, asked, people.all_pairs).as_dict()
    return found


def rho(people: People, scored: Scored, asked: Specification, subset: Subset) -> Estimate:
    """Spearman's rho on the items of a subset, or over its pairs."""
    mask, pairs = subset.mask, subset.pairs
    if subset.unlisted:
        known = np.where(np.isnan(scored.values), np.nan, people.means)
        n = near_pairs(known, people.frame.queries, subset.parameter).n
        return Estimate(None, None, None, n, f"more than {MOST_PAIRS:,} pairs are too many to compare")
    if pairs is not None:
        return people.pair_resamples.pair_spearman(scored.values, pairs)
    return people.resamples.spearman(scored.values, mask)


def subset_as_dict(subset: Subset) -> Found:
    return {
        "rule": subset.rule,
        "parameter": subset.parameter,
        "n": subset.n,
        "boundary_ties": subset.boundary_ties,
    }
