"""What an audit measures: `audit --json`, part by part.

`PARTS` says what is measured of one scorer. Each part is a function of what people said, of one scorer's
column and of the specification, and answers with its keys of the JSON; a key of the contract that no part
answers is null, beside its reason.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.agreement import LEVELS, annotators_reason, with_caution
from annotation.frames import LabelFrame
from annotation.statistics.agreement import krippendorff_alpha
from annotation.statistics.entropy import mean_label
from annotation.statistics.intervals import Estimate
from calibration.frames import ScoreColumn
from calibration.metrics.correlation import kendall_interval, pearson_interval, spearman_interval
from calibration.metrics.subsets import MOST_PAIRS, Subset, near_pairs, pair_spearman, subsets_for
from calibration.metrics.within_query import within_query_spearman

Found = dict[str, Any]
FloatArray = npt.NDArray[np.float64]

# Each thread holds the replicates of one scorer.
MOST_THREADS = 4
LATER = "not part of this version's audit"


@dataclass(frozen=True)
class Specification:
    """What was asked for: with the same labels and scores it gives the same numbers."""

    preset: str
    seed: int
    replicates: int
    epsilon: float

    def rng(self, *key: object) -> np.random.Generator:
        """A generator of its own for each scorer and part, whatever else is audited and in which order."""
        name = hashlib.sha256(repr(tuple(str(part) for part in key)).encode()).digest()
        return np.random.default_rng(np.random.SeedSequence([self.seed, int.from_bytes(name)]))


class People:
    """What people said: what every scorer is held against, computed once."""

    def __init__(self, frame: LabelFrame, *, preset: str) -> None:
        self.frame = frame
        self.preset = preset

    @cached_property
    def means(self) -> FloatArray:
        """Mean label of each item; NaN where there is none."""
        return mean_label(self.frame.counts, self.frame.values)

    @cached_property
    def labelled(self) -> npt.NDArray[np.bool_]:
        return ~np.isnan(self.means)

    @cached_property
    def whole(self) -> Subset:
        return Subset("all", 100, self.labelled)

    @cached_property
    def all_pairs(self) -> Subset:
        """All pairs of items of one query: what the near ones are held against."""
        return near_pairs(self.means, self.frame.queries, np.inf)

    @cached_property
    def subsets(self) -> list[Subset]:
        frame = self.frame
        return subsets_for(
            frame.kind, self.preset, counts=frame.counts, values=frame.values, queries=frame.queries
        )


Part = Callable[[People, ScoreColumn, Specification], Found]


def _coverage(people: People, column: ScoreColumn, asked: Specification) -> Found:
    """How many labelled items the scorer scored, and which share of them that is."""
    n = int((people.labelled & ~np.isnan(column.values)).sum())
    return {"kind": column.kind, "n": n, "coverage": n / int(people.labelled.sum())}


def _correlations(people: People, column: ScoreColumn, asked: Specification) -> Found:
    """Ranks as the paper has them, other correlations beside them, and ranks within queries."""
    found = {"spearman": _rho(people, column, asked, people.whole)}
    for name, measure in (("kendall", kendall_interval), ("pearson", pearson_interval)):
        found[name] = measure(
            column.values,
            people.means,
            clusters=people.frame.clusters,
            replicates=asked.replicates,
            rng=asked.rng(column.name, name),
        )
    found["within_query"] = within_query_spearman(
        column.values,
        people.means,
        people.frame.queries,
        replicates=asked.replicates,
        rng=asked.rng(column.name, "within_query"),
    )
    scored = people.frame.queries[people.labelled & ~np.isnan(column.values)]
    every = {name: estimate.as_dict() for name, estimate in found.items()}
    return every | {"within_query": every["within_query"] | {"queries": len(np.unique(scored))}}


def _on_subsets(people: People, column: ScoreColumn, asked: Specification) -> Found:
    """Spearman again on each subset, cut on all labelled items, as far as the scorer covers it."""
    known: dict[tuple[bytes, int], Estimate] = {}
    rows = []
    for subset in people.subsets:
        chosen = subset.mask if subset.pairs is None else subset.pairs
        # Ties make several cuts keep the same items: then they have the same numbers, computed once.
        key = chosen.tobytes(), subset.unlisted
        if key not in known:
            known[key] = _rho(people, column, asked, subset)
        measured = _subset(subset) | {"n": known[key].n, "spearman": known[key].as_dict()}
        rows.append(_completed(measured, ["expected", "excess", "stratified"]))
    found: Found = {"subsets": rows}
    if any(subset.pairs is not None for subset in people.subsets):
        found["all_pairs"] = _rho(people, column, asked, people.all_pairs).as_dict()
    return found


def _rho(people: People, column: ScoreColumn, asked: Specification, subset: Subset) -> Estimate:
    """Spearman's rho on the items of a subset, or over its pairs; the same items, the same interval."""
    mask, pairs = subset.mask, subset.pairs
    if subset.unlisted:
        scored = np.where(np.isnan(column.values), np.nan, people.means)
        n = near_pairs(scored, people.frame.queries, subset.parameter).n
        return Estimate(None, None, None, n, f"more than {MOST_PAIRS:,} pairs are too many to compare")
    chosen = hashlib.sha256((mask if pairs is None else pairs).tobytes()).hexdigest()
    resampling: Found = {
        "clusters": people.frame.clusters,
        "replicates": asked.replicates,
        "rng": asked.rng(column.name, "spearman", chosen),
    }
    if pairs is not None:
        return pair_spearman(column.values, people.means, pairs, **resampling)
    return spearman_interval(np.where(mask, column.values, np.nan), people.means, **resampling)


# What is measured of a scorer, in the order of the JSON.
PARTS: list[Part] = [_coverage, _correlations, _on_subsets]


def measure(frame: LabelFrame, columns: Iterable[ScoreColumn], asked: Specification) -> Found:
    """Measure every scorer against what people said; the order of the scorers changes no number."""
    people = People(frame, preset=asked.preset)
    columns = sorted(columns, key=lambda column: column.name)
    said = _people(people, asked)
    # Threads, since the resampling is numpy's own loops; each part has its own generator, so that no number
    # depends on which thread came first.
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as threads:
        measured = list(threads.map(lambda column: measure_scorer(people, column, asked), columns))
    return {
        "kind": frame.kind,
        "simulated": frame.simulated,
        "preset": asked.preset,
        "seed": asked.seed,
        "replicates": asked.replicates,
        "epsilon": asked.epsilon,
        "with_excluded": frame.with_excluded,
        "data_hash": data_hash(people, columns),
        **said,
        "scorers": measured,
    }


def data_hash(people: People, columns: Iterable[ScoreColumn]) -> str:
    """Hex SHA-256 of the labels and scores that were read, whatever the database and its keys."""
    frame = people.frame
    read = [
        frame.kind,
        frame.values.tolist(),
        frame.item_ids,
        frame.clusters.tolist(),
        frame.queries.tolist(),
        frame.counts.tolist(),
        frame.cannot_judge.tolist(),
        [[column.name, column.family, column.digest] for column in columns],
    ]
    if frame.with_excluded:
        read.append("with excluded people")
    return hashlib.sha256(json.dumps(read, separators=(",", ":")).encode()).hexdigest()


def measure_scorer(people: People, column: ScoreColumn, asked: Specification) -> Found:
    found: Found = {"name": column.name, "family": column.family}
    for part in PARTS:
        found |= part(people, column, asked)
    return _completed(found, ["distribution", "pairwise", "alt_test"])


def _people(people: People, asked: Specification) -> Found:
    """What people said, by itself."""
    frame = people.frame
    labels = frame.counts.sum(axis=1)
    alpha = {
        level: krippendorff_alpha(
            frame.counts,
            values=frame.values,
            level=level,
            clusters=frame.clusters,
            replicates=asked.replicates,
            rng=np.random.default_rng(asked.seed),  # the generator, so the interval, of `agreement`
        ).as_dict()
        for level in LEVELS
    }
    clusters = len(np.unique(frame.clusters[people.labelled]))
    return {
        "items": int(people.labelled.sum()),
        "labels": int(labels.sum()),
        "labels_per_item": {
            "min": int(labels[people.labelled].min()),
            "median": float(np.median(labels[people.labelled])),
            "max": int(labels.max()),
        },
        "annotators": frame.annotators,
        **annotators_reason(frame),
        "clusters": {"unit": frame.cluster_unit, "n": clusters, **with_caution(clusters)},
        "subsets": [_subset(subset) for subset in people.subsets],
        "people": _completed({"krippendorff_alpha": alpha}, ["reliability", "ceiling"]),
    }


def _completed(found: Found, contract: Iterable[str]) -> Found:
    """Null, beside its reason, for what the contract names and no part answers."""
    absent = [key for key in contract if key not in found]
    reasons = {"reasons": dict.fromkeys(absent, LATER)} if absent else {}
    return found | dict.fromkeys(absent) | reasons


def _subset(subset: Subset) -> Found:
    return {
        "rule": subset.rule,
        "parameter": subset.parameter,
        "n": subset.n,
        "boundary_ties": subset.boundary_ties,
    }
