"""What differs between the first step and the last, and which format the training ends on."""

import numpy as np

from generation.diversity.comparisons import benjamini_hochberg, sign_flip
from generation.diversity.intervals import Estimate, estimates, mean
from generation.diversity.means import mean_of
from generation.diversity.responses import FloatArray
from generation.formats.counted import Asked, Json
from generation.training.accuracy import accuracies_at, query_accuracy
from generation.training.shares import Leader, entropy_change, leader, pairs_differ

# A format is ranked by accuracy from so many responses on: one that is right by chance is no best format.
LEAST_RANKED = 10
NO_PAIR = "no query has it at both steps"


def changes_section(asked: Asked) -> Json:
    """The last step less the first, of the queries that have both; p adjusted among all of them."""
    counted = asked.counted
    change, p = entropy_change(counted.shares, 0, -1, **asked.resampling)
    rows = [_row("entropy", change, p)]
    for n, name in enumerate(counted.formats):
        rows.append(_of_queries(asked, "share", counted.shares[:, :, n], format=name))
    for measure, values in _by_query(asked).items():
        if not np.isnan(values).all():
            rows.append(_of_queries(asked, measure, values))
    adjusted = benjamini_hochberg([np.nan if row["p"] is None else row["p"] for row in rows])
    for row, p in zip(rows, adjusted.tolist(), strict=True):
        row["p_adjusted"] = None if np.isnan(p) else p
    return {"first": counted.steps[0], "last": counted.steps[-1], "rows": rows}


def outcome_section(asked: Asked) -> Json:
    """The format that leads at the last step: whether it led at the first, and whether it performs best."""
    counted = asked.counted
    last = len(counted.steps) - 1
    leads = _commonest(asked, last)
    found: Json = {
        "commonest_last": _named(asked, leads),
        "commonest_first": _named(asked, _commonest(asked, 0)),
        "best_last": _named(asked, _best(asked, last)),
        "best_first": _named(asked, _best(asked, 0)),
        "differences": [],
    }
    if leads.place is not None and counted.judged:
        found["differences"] = _against_others(asked, leads.place, last)
    return found


def _by_query(asked: Asked) -> dict[str, FloatArray]:
    """What each query has at each step, shape (queries, steps), of what can be measured."""
    counted = asked.counted
    found = {
        "pairs_differ": pairs_differ(counted.counts),
        "accuracy": query_accuracy(counted.correct, counted.known),
    }
    if asked.k is not None and asked.k > 1:
        found["pass_gain"] = asked.passed(asked.k) - asked.passed(1)
    if asked.alike is not None:
        found["similarity"] = asked.alike.within
    if counted.bounds[0] == counted.bounds[-1]:  # a bound is not held against a value
        found["token_entropy"] = counted.token_entropy
    return found


def _of_queries(asked: Asked, measure: str, values: FloatArray, **about: str) -> Json:
    differences = values[:, -1] - values[:, 0]
    p = sign_flip(differences[:, None], seed=asked.asked.seed)[0]
    return _row(measure, mean(differences, **asked.resampling).at(), float(p), **about)


def _row(measure: str, change: Estimate, p: float, **about: str) -> Json:
    said = change.as_dict() | ({"reason": NO_PAIR} if change.n == 0 else {})
    return {"measure": measure, "format": None} | about | {"change": said, "p": None if np.isnan(p) else p}


def _commonest(asked: Asked, step: int) -> Leader:
    shares = asked.counted.shares[:, step]
    return leader(mean_of(shares), queries=len(shares), **asked.resampling)


def _best(asked: Asked, step: int) -> Leader:
    """Of the formats that have enough responses of which it is known whether they are correct."""
    counted = asked.counted
    if not counted.judged:
        return Leader(None, None, "of no response it is known whether it is correct")
    ranked = counted.known[:, step].sum(axis=0) >= LEAST_RANKED
    if ranked.sum() < 2:
        return Leader(
            None, None, f"fewer than two formats have {LEAST_RANKED} responses known to be correct or wrong"
        )
    accuracies = accuracies_at(counted.correct, counted.known, step)
    return leader(
        lambda weights: np.where(ranked, accuracies(weights), np.nan),
        queries=len(counted.counts),
        **asked.resampling,
    )


def _against_others(asked: Asked, place: int, step: int) -> list[Json]:
    """The accuracy of one format less that of each other, of those that are ranked at the step."""
    counted = asked.counted
    accuracies = accuracies_at(counted.correct, counted.known, step)
    known = counted.known[:, step] > 0
    queries, ranked = known.sum(axis=0), counted.known[:, step].sum(axis=0) >= LEAST_RANKED

    def difference(weights: FloatArray) -> FloatArray:
        found = accuracies(weights)
        return found[:, [place]] - found

    found = estimates(
        difference,
        n=np.minimum(queries, queries[place]),
        queries=len(known),
        **asked.resampling,
    )
    return [
        {"format": name, "difference": found.at(n).as_dict()}
        for n, name in enumerate(counted.formats)
        if n != place and ranked[n] and ranked[place]
    ]


def _named(asked: Asked, found: Leader) -> Json:
    name = None if found.place is None else asked.counted.formats[found.place]
    said: Json = {"format": name, "resamples": found.resamples}
    return said | ({"reason": found.reason} if found.reason else {})
