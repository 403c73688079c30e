"""What a study's design can tell, and what it cannot: for the reader, before any scorer is looked at."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from annotation.groups import FEWEST_PEOPLE
from annotation.statistics.cautions import FEW
from calibration.measures.people import People
from calibration.metrics.annotators.altest import ENOUGH_ITEMS, FEWEST_ANNOTATORS
from generation.files import counted

Found = dict[str, Any]

# The usual least of the field (Nunnally 1978, Psychometric Theory): a perfect scorer then reaches .84.
RELIABLE = 0.7
# Where the stratified test found a scorer's error 1.5 times as large, on the half of the items on which
# people differ twice as much, in 87 % of simulated studies if all values are as common, else in nearly all.
LABELS_FOR_FALLS, ITEMS_FOR_FALLS = 20, 500
LABELS_FOR_SHARES = 10


def design(people: People, reliability: Found) -> list[Found]:
    """Each question that the audit asks, whether the design is enough for it, and why.

    `reliability` is that of the mean labels, as the audit's JSON has it.
    """
    return [
        {"question": question, "adequate": adequate, "words": words}
        for question, adequate, words in _questions(people, reliability)
    ]


def _questions(people: People, reliability: Found) -> Iterator[tuple[str, bool, str]]:
    labels = people.frame.counts.sum(axis=1)[people.labelled]
    items, median = len(labels), float(np.median(labels))
    yield "Are intervals as wide as they say?", *_clusters(people)
    yield "Are mean labels sure enough to rank by?", *_means(reliability, median)
    falls = items >= ITEMS_FOR_FALLS and median >= LABELS_FOR_FALLS
    yield (
        "Would a scorer that errs more where people disagree be found?",
        falls,
        f"{counted(items, 'items')} of {_labels(median)} each. An error 1.5 times as large, where people "
        f"differ twice as much, was found in 85 % and more of simulated studies of {ITEMS_FOR_FALLS} items "
        f"with {LABELS_FOR_FALLS} labels each, and in 40 to 95 % of 750 with 5"
        + ("." if falls else ": that no difference is found here says little."),
    )
    yield (
        "Are there labels enough to know people’s whole distribution?",
        median >= LABELS_FOR_SHARES,
        f"{_labels(median)} an item. A perfect judge, too, is some way from so few: its floor stands beside "
        "each distance, and the corrected distance takes it off.",
    )
    yield "Can a scorer be held against single people?", *_single_people(people)
    yield "Can groups of people be told apart?", *_groups(people)


def _labels(number: float) -> str:
    return "1 label" if number == 1 else f"{number:g} labels"


def _clusters(people: People) -> tuple[bool, str]:
    number = len(np.unique(people.frame.clusters[people.labelled]))
    unit = {"query": "queries"}.get(people.frame.cluster_unit, f"{people.frame.cluster_unit}s")
    verb = "is" if number == 1 else "are"
    words = f"{counted(number, unit)} {verb} resampled; from fewer than {FEW} intervals come out too narrow."
    if not people.queries_lie_whole:
        return (
            False,
            f"{words} Items of a query lie in several of them: where those are alike, so do they too.",
        )
    return number >= FEW, words


def _means(reliability: Found, median: float) -> tuple[bool, str]:
    value = reliability["value"]
    if value is None:
        return False, f"How sure they are is unknown: {reliability.get('reason', 'it is undefined')}."
    words = (
        f"With {_labels(median)} an item their reliability is {value:.2f}, so a scorer that knows what "
        f"people think on average would reach a correlation of about {np.sqrt(max(value, 0)):.2f}."
    )
    return value >= RELIABLE, words


def _single_people(people: People) -> tuple[bool, str]:
    if people.rows is None:
        return False, "The labels do not tell who gave them."
    each = np.bincount(people.rows.person)
    median = float(np.median(each))
    labels = "label" if median == 1 else "labels"
    words = (
        f"{len(each):,} people gave {median:g} {labels} each (median). The alternative annotator test takes "
        f"{FEWEST_ANNOTATORS} people of about {ENOUGH_ITEMS}: one judge passed 20 % of simulated studies "
        "with 30 items a person, 63 % with 60, 98 % with 120."
    )
    return len(each) >= FEWEST_ANNOTATORS and median >= ENOUGH_ITEMS, words


def _groups(people: People) -> tuple[bool, str]:
    if people.rows is None:
        return False, "The labels do not tell who gave them."
    shown = sum(len(groups.names) >= 2 for groups in people.groups)
    words = (
        f"{shown or 'No'} {'questions' if shown > 1 else 'question'} of the survey "
        f"{'make' if shown > 1 else 'makes'} two groups or more of at least {FEWEST_PEOPLE} people."
    )
    return bool(shown), words
