"""Measure every scorer against what people said.

`PARTS` says what is measured of one scorer. Each part is a function of what people said, of one scorer and
of the specification, and answers with its keys of the JSON; a key of the contract that no part answers is
null, beside its reason.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from annotation.agreement import LEVELS, annotators_reason, with_caution
from annotation.frames import LabelFrame
from annotation.statistics.agreement import krippendorff_alpha
from calibration.frames import ScoreColumn
from calibration.measures.completed import completed
from calibration.measures.people import People
from calibration.measures.ranks import correlations, coverage
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.measures.subsets import on_subsets, subset_as_dict

Found = dict[str, Any]
Part = Callable[[People, Scored, Specification], Found]

# Each thread holds the replicates of one scorer.
MOST_THREADS = 4

# What is measured of a scorer, in the order of the JSON.
PARTS: list[Part] = [coverage, correlations, on_subsets]


def measure(frame: LabelFrame, columns: Iterable[ScoreColumn], asked: Specification) -> Found:
    """Measure every scorer against what people said; the order of the scorers changes no number."""
    people = People(frame, asked)
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
    scored = Scored(people, column, asked)
    for part in PARTS:
        found |= part(people, scored, asked)
    return completed(found, ["distribution", "pairwise", "alt_test"])


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
        "subsets": [subset_as_dict(subset) for subset in people.subsets],
        "people": completed({"krippendorff_alpha": alpha}, ["reliability", "ceiling"]),
    }
