"""How formats change over a training, as plain JSON."""

from dataclasses import replace

import numpy as np

from generation.diversity.floor import floor, gap
from generation.diversity.intervals import Estimate, Estimates, mean
from generation.diversity.means import mean_of
from generation.formats.changes import changes_section, outcome_section
from generation.formats.counted import Asked, Json
from generation.training.accuracy import format_accuracy, overall_accuracy
from generation.training.shares import leader, pairs_differ, share_entropy
from generation.training.steps import FirstStep, first_steps

NOT_KNOWN = "of no response it is known whether it is correct"
NONE_KNOWN = "no response of the format is known to be correct or wrong"
NO_ENCODER = "no encoder was named"
NO_ENTROPY = "no response came with the entropy of its tokens"
ONE_SAMPLE = "k is 1, as a query has one response at a checkpoint: name a larger k to leave such queries out"
FEW_SAMPLES = "no query has that many responses"

# How often (%) 95 % intervals held the truth in 1,000 simulated trainings.
COVERAGE = {
    "a share": {5: 91, 10: 94, 20: 95},
    "an entropy": {5: 82, 10: 91, 20: 94},
    "an accuracy within a format": {5: 90, 10: 92, 20: 93},
}
FEW = 40


def format_report(asked: Asked, *, version: str) -> Json:
    """Say what was found of counted responses.

    Parameters
    ----------
    asked : Asked
    version : str
        Of the program.

    Returns
    -------
    dict
        Plain JSON, without the names of what was read. What is undefined is null: an estimate beside its own
        reason, a section by its name among the `reasons`.
    """
    counted = asked.counted
    return {
        "version": version,
        "specification": asked.asked.as_dict(),
        "encoder": asked.alike.encoder if asked.alike else None,
        "without_vectors": asked.alike.without_vectors if asked.alike else 0,
        "queries": len(counted.counts),
        "responses": int(counted.counts.sum()),
        "caution": caution(len(counted.counts)),
        "unbalanced": unbalanced(asked),
        "partial": partial(asked),
        "formats": list(counted.formats),
        "k": asked.k,
        "floor": None if asked.alike is None else floor(asked.alike.table, **asked.resampling).as_dict(),
        "steps": steps_section(asked),
        "first_steps": first_section(asked),
        "outcome": outcome_section(asked),
        "changes": changes_section(asked),
        "reasons": reasons(asked),
    }


def steps_section(asked: Asked) -> list[Json]:
    """A row a checkpoint, in the order of the steps."""
    counted = asked.counted
    totals = counted.counts.sum(axis=-1)
    shares = mean(counted.shares, **asked.resampling)
    columns = {"entropy": share_entropy(counted.shares, **asked.resampling)} | _means(asked)
    accuracies = format_accuracy(counted.correct, counted.known, **asked.resampling)
    rows = []
    for step, number in enumerate(counted.steps):
        some = totals[:, step][totals[:, step] > 0]
        first = leader(mean_of(counted.shares[:, step]), queries=len(counted.counts), **asked.resampling)
        rows.append(
            {
                "step": number,
                "model": counted.models[step],
                "queries": len(some),
                "responses": int(some.sum()),
                "samples": {"min": int(some.min()), "max": int(some.max())},
                "shares": [
                    {"format": name, "share": shares.at(step, n).as_dict()}
                    for n, name in enumerate(counted.formats)
                ],
                "dominant": {
                    "format": None if first.place is None else counted.formats[first.place],
                    "share": None if first.place is None else shares.at(step, first.place).as_dict(),
                    "leads": first.resamples,
                    **({"reason": first.reason} if first.reason else {}),
                },
                "accuracies": [
                    {
                        "format": name,
                        "accuracy": _known(accuracies.at(step, n), NONE_KNOWN).as_dict(),
                        "known": int(counted.known[:, step, n].sum()),
                    }
                    for n, name in enumerate(counted.formats)
                ]
                if counted.judged
                else [],
                "token_entropy_bound": counted.bounds[step],
            }
            | {name: _at(found, step) for name, found in columns.items()}
        )
    return rows


def first_section(asked: Asked) -> list[Json]:
    """A row a format: the first measured step at which its share lies above the threshold."""
    counted = asked.counted
    found = first_steps(counted.shares, threshold=asked.asked.threshold, **asked.resampling)
    return [
        {"format": name} | _first(one, counted.steps)
        for name, one in zip(counted.formats, found, strict=True)
    ]


def reasons(asked: Asked) -> dict[str, str]:
    """Why what the report lacks is not there."""
    found = {}
    if not asked.counted.judged:
        found["accuracy"] = NOT_KNOWN
    if gain := no_gain(asked):
        found["pass_gain"] = gain
    if asked.alike is None:
        found["similarity"] = NO_ENCODER
    if np.isnan(asked.counted.token_entropy).all():
        found["token_entropy"] = NO_ENTROPY
    return found


def no_gain(asked: Asked) -> str:
    """Why pass@k cannot be held against pass@1; empty if it can."""
    if asked.k is None:
        return NOT_KNOWN
    if asked.k == 1:
        return ONE_SAMPLE if asked.asked.k is None else "k is 1"
    return FEW_SAMPLES if asked.counted.samples.max() < asked.k else ""


def unbalanced(asked: Asked) -> str | None:
    """What to know where not every query was answered at every checkpoint; else None."""
    answered = (asked.counted.counts.sum(axis=-1) > 0).all(axis=1)
    if answered.all():
        return None
    return (
        f"{answered.sum():,} of {len(answered):,} queries were answered at every checkpoint: a step is of "
        "the queries answered there, so steps differ by their queries too; changes are of queries answered "
        "at both ends"
    )


def partial(asked: Asked) -> str | None:
    """What to know where of some responses alone it is known whether they are correct; else None."""
    counted = asked.counted
    unknown = int((counted.counts - counted.known).sum())
    if not counted.judged or not unknown:
        return None
    names = [
        name
        for n, name in enumerate(counted.formats)
        if counted.counts[:, :, n].any() and not counted.known[:, :, n].any()
    ]
    never = f"; of the format {', '.join(names)} it never is" if names else ""
    return (
        f"of {unknown:,} of {counted.counts.sum():,} responses it is not known whether they are correct"
        f"{never}: accuracy and pass@k are of the others, and change also where their part does"
    )


def caution(queries: int) -> str | None:
    """What to know about intervals from so few queries; None of 40 or more.

    Examples
    --------
    >>> caution(40) is None
    True
    """
    if queries >= FEW:
        return None
    known = max((number for number in COVERAGE["a share"] if number <= queries), default=None)
    if known is None:
        return f"of {queries} queries intervals are far too narrow"
    held = ", ".join(f"{by[known]} % for {what}" for what, by in COVERAGE.items())
    return (
        f"so few queries make intervals somewhat narrow: with {known}, 95 % intervals held the truth in "
        f"these shares of simulated trainings: {held}"
    )


def _means(asked: Asked) -> dict[str, Estimates | None]:
    """What is a mean over queries at each step; None where it cannot be."""
    counted, resampling = asked.counted, asked.resampling
    k = asked.k
    gains = k is not None and not no_gain(asked)
    passed = asked.passed(k) if gains and k is not None else None
    accuracy = overall_accuracy(counted.correct, counted.known, **resampling)
    alike = asked.alike
    return {
        "pairs_differ": mean(pairs_differ(counted.counts), **resampling),
        "accuracy": accuracy if counted.judged else None,
        "pass_k": None if passed is None else mean(passed, **resampling),
        "pass_gain": None if passed is None else mean(passed - asked.passed(1), **resampling),
        "similarity": None if alike is None else mean(alike.within, **resampling),
        "above_floor": None if alike is None else gap(alike.table, alike.within, **resampling),
        "token_entropy": mean(counted.token_entropy, **resampling),
    }


def _at(found: Estimates | None, step: int) -> Json | None:
    return None if found is None else found.at(step).as_dict()


def _known(found: Estimate, reason: str) -> Estimate:
    return replace(found, reason=reason) if found.value is None else found


def _first(found: FirstStep, steps: tuple[int, ...]) -> Json:
    def step(place: int | None) -> int | None:
        return None if place is None else steps[place]

    earlier = found.place - 1 if found.place else None
    return {
        "step": step(found.place),
        "after": step(earlier),
        "low": step(found.low),
        "high": step(found.high),
        "n": found.n,
        "stays": found.stays,
        "passed": found.passed.tolist(),
    } | ({"reason": found.reason} if found.reason else {})
