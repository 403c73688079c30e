"""Items on which a scorer is most wrong: what people said beside what it predicts, and no texts."""

from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, totals
from annotation.statistics.entropy import standard_deviation
from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification

Found = dict[str, Any]

EACH_WAY = 3
# Errors that many standard errors of the mean label large may be the labels'.
NOISE = 1.96
NO_SHARES = "no labelled item has a score that shares could be made of"
ONE_LABEL = "no item has two labels: what is noise in them is not known"


def examples(people: People, scored: Scored, asked: Specification) -> Found:
    """The items scored furthest too high, then too low, beyond what noise in the mean label explains."""
    predicted = scored.distributions @ people.frame.values
    errors, noise = predicted - people.means, _noise(people)
    known = ~np.isnan(errors)
    if noise is None or not known.any():
        why = NO_SHARES if noise is not None else ONE_LABEL
        return {"examples": None, "reasons": {"examples": why}}
    chosen = [place for sign in (1, -1) for place in _furthest(sign * errors - NOISE * noise, known)]
    return {
        "examples": [
            {
                "item_id": people.frame.item_ids[place],
                "mean": float(people.means[place]),
                "predicted": float(predicted[place]),
                "counts": people.frame.counts[place].tolist(),
                "distribution": scored.distributions[place].tolist(),
                "error": float(errors[place]),
                "noise": float(noise[place]),
            }
            for place in chosen
        ]
    }


def _furthest(beyond: FloatArray, known: npt.NDArray[np.bool_]) -> list[int]:
    order = np.argsort(-np.where(known, beyond, -np.inf), kind="stable")[:EACH_WAY]
    return [int(place) for place in order if beyond[place] > 0]


def _noise(people: People) -> FloatArray | None:
    """Standard error of each mean label, from the variance within items, which few labels tell together."""
    frame = people.frame
    n, spread = totals(frame.counts.astype(np.float64)), standard_deviation(frame.counts, frame.values)
    several = n >= 2
    if not several.any():
        return None
    within = np.square(spread[several]) @ (n[several] - 1) / (n[several] - 1).sum()
    noise: FloatArray = np.sqrt(within / np.maximum(n, 1))
    return noise
