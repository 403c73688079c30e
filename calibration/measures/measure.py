"""Measure every scorer against what people said.

`PARTS` says what is measured of one scorer. Each part is a function of what people said, of one scorer and
of the specification, and answers with its keys of the JSON.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from annotation.agreement import LEVELS, annotators_reason, with_caution
from annotation.frames import LabelFrame
from annotation.statistics.agreement import krippendorff_alpha
from calibration.frames import ScoreColumn
from calibration.measures.annotators import alt_test, annotators, groups
from calibration.measures.between import between
from calibration.measures.design import design
from calibration.measures.disagreement import by_disagreement
from calibration.measures.distribution import on_distribution
from calibration.measures.drops import reliability
from calibration.measures.each import Step, exact_sums, measure_each
from calibration.measures.examples import examples
from calibration.measures.keys import data_hash
from calibration.measures.pairwise import pairwise
from calibration.measures.people import People
from calibration.measures.ranks import correlations, coverage
from calibration.measures.reasons import joined, not_in_paper
from calibration.measures.scored import Scored
from calibration.measures.specification import Specification
from calibration.measures.subsets import on_subsets, subset_as_dict

Found = dict[str, Any]
Part = Callable[[People, Scored, Specification], Found]

SPREAD = "items of a query lie in several of them: where those are alike, intervals are too narrow"

# What is measured of a scorer, in the order of the JSON; of the preset paper, the first alone.
OF_PAPER: list[Part] = [coverage, correlations, on_subsets]
PARTS: list[Part] = [
    *OF_PAPER,
    on_distribution,
    by_disagreement,
    pairwise,
    alt_test,
    annotators,
    groups,
    examples,
]
# What the others answer.
BEYOND_PAPER = ("distribution", "by_disagreement", "pairwise", "alt_test", "annotators", "groups", "examples")


def parts_of(asked: Specification) -> list[Part]:
    """What is measured of each scorer."""
    return OF_PAPER if asked.preset == "paper" else PARTS


@exact_sums()
def measure(frame: LabelFrame, columns: Iterable[ScoreColumn], asked: Specification) -> Found:
    """Measure every scorer against what people said; the order of the scorers changes no number."""
    people, columns = People(frame, asked), by_name(columns)
    measured = {column.name: found for column, found in measure_scorers(people, columns)}
    return assembled(people, columns, [measured[column.name] for column in columns])


def by_name(columns: Iterable[ScoreColumn]) -> list[ScoreColumn]:
    return sorted(columns, key=lambda column: column.name)


def measure_scorers(
    people: People, columns: Sequence[ScoreColumn], **options: Any
) -> Generator[tuple[ScoreColumn, Found], None, None]:
    """Each scorer with what is measured of it alone, as they are done; `options` are those of `measure_each`.

    Each part has its own generator, so that no number depends on which thread came first.
    """
    return measure_each(
        partial(measure_scorer, people), columns, steps=len(parts_of(people.asked)), **options
    )


def measure_scorer(people: People, column: ScoreColumn, step: Step) -> Found:
    found: Found = {"name": column.name, "family": column.family, "simulated": column.simulated}
    scored = Scored(people, column, people.asked)
    for part in parts_of(people.asked):
        step()
        found = joined(found, part(people, scored, people.asked))
    return joined(found, not_in_paper(BEYOND_PAPER)) if people.asked.preset == "paper" else found


def assembled(people: People, columns: Sequence[ScoreColumn], measured: Sequence[Found]) -> Found:
    """The whole of an audit, from each scorer's own numbers, in the order of the columns."""
    frame, asked = people.frame, people.asked
    return {
        "kind": frame.kind,
        "simulated": frame.simulated,
        "preset": asked.preset,
        "seed": asked.seed,
        "replicates": asked.replicates,
        "epsilon": asked.epsilon,
        "margin": asked.margin,
        "confident": asked.confident,
        "with_excluded": frame.with_excluded,
        "cluster_unit": frame.cluster_unit,
        "data_hash": data_hash(people, columns),
        **_people(people, asked),
        **between(people, columns, measured),
    }


def _people(people: People, asked: Specification) -> Found:
    """What people said, by itself."""
    frame = people.frame
    labels = frame.counts.sum(axis=1)
    paper = asked.preset == "paper"
    sure = not_in_paper(("reliability", "ceiling")) if paper else reliability(people, asked)
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
        "clusters": _clusters(people),
        "subsets": [subset_as_dict(subset) for subset in people.subsets],
        "design": None if paper else design(people, sure["reliability"]),
        "people": {"krippendorff_alpha": alpha} | sure,
    }


def _clusters(people: People) -> Found:
    """What intervals resample, and what to beware of."""
    frame = people.frame
    number = len(np.unique(frame.clusters[people.labelled]))
    cautions = [*with_caution(number).values(), *([] if people.queries_lie_whole else [SPREAD])]
    beware = {"caution": "; ".join(cautions)} if cautions else {}
    return {"unit": frame.cluster_unit, "n": number, **beware}
