"""A scorer on comparisons: calibrated preferences, single people, and pairs that people hold equally good."""

from typing import Any

import numpy as np

from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.metrics.pairwise.calibration import pairwise_calibration
from calibration.metrics.pairwise.equally_good import equally_good
from calibration.metrics.pairwise.single_person import agreement_with_person, person_with_person

Found = dict[str, Any]

NOT_COMPARED = "only comparisons ask which of two answers is better"
NO_SCORE = "no labelled pair has a score"


def pairwise(people: People, scored: Scored, asked: Specification) -> Found:
    """Everything about the difference of two scores, on the labelled pairs that have one."""
    frame = people.frame
    known = people.labelled & ~np.isnan(scored.values)
    if frame.kind != "comparison" or not known.any():
        why = NO_SCORE if frame.kind == "comparison" else NOT_COMPARED
        return {"pairwise": None, "reasons": {"pairwise": why}}
    pairs = scored.values[known], frame.counts[known], frame.values
    clusters = frame.clusters[known]
    calibration = pairwise_calibration(
        *pairs, clusters=clusters, replicates=asked.replicates, rng=asked.rng(scored.name, "pairwise")
    )
    equal = equally_good(
        *pairs,
        predicted=calibration.predicted,
        margin=asked.margin,
        confident=asked.confident,
        clusters=clusters,
    )
    return {
        "pairwise": calibration.as_dict()
        | {
            "single_person": agreement_with_person(*pairs, clusters=clusters).as_dict(),
            "person_with_person": person_with_person(*pairs[1:], clusters=clusters).as_dict(),
            "equally_good": equal.as_dict(),
        }
    }
