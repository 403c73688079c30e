"""What about a person's answers is out of the ordinary, in words with the number and its limit.

A flag is a reason to look, never a verdict: nobody is excluded by one. Where people differ about what is
good, somebody who disagrees with the others, or who is quick, may be as careful as anybody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from annotation.models import ATTEMPTS
from annotation.quality.limits import Limits
from annotation.quality.measures import Quality
from annotation.statistics.counts import BoolArray, FloatArray
from annotation.texts import CHARACTERS_A_SECOND
from generation.templatetags.numbers import counted, fixed, percent


class Flag(NamedTuple):
    """A short name, and the number beside its limit in words."""

    name: str
    words: str


@dataclass(frozen=True)
class Rule:
    """Who gets a flag, of everybody at once, and its words for the person at a place."""

    name: str
    holds: Callable[[Quality, Limits], BoolArray]
    words: Callable[[Quality, Limits, int], str]


def flags_of(quality: Quality, limits: Limits) -> dict[str, BoolArray]:
    """Each flag, and who has it."""
    return {rule.name: rule.holds(quality, limits) for rule in RULES}


def flags_in_words(quality: Quality, limits: Limits, places: list[int]) -> list[list[Flag]]:
    """The flags of each of the people at these places."""
    raised = flags_of(quality, limits)
    return [
        [Flag(rule.name, rule.words(quality, limits, n)) for rule in RULES if raised[rule.name][n]]
        for n in places
    ]


def _failed_checks(quality: Quality, limits: Limits) -> BoolArray:
    return quality.failed_checks >= limits.failed_checks


def _failed_checks_words(quality: Quality, limits: Limits, n: int) -> str:
    failed, checks = quality.failed_checks[n], quality.checks[n]
    return f"failed {failed} of {counted(int(checks), 'check')}, and the limit is {limits.failed_checks}"


def _comprehension(quality: Quality, limits: Limits) -> BoolArray:
    return quality.comprehension_failed


def _comprehension_words(quality: Quality, limits: Limits, n: int) -> str:
    return f"failed the comprehension check {ATTEMPTS} times"


def _quick(quality: Quality, limits: Limits) -> BoolArray:
    below = quality.measures.median_seconds < least_seconds(quality, limits)
    return np.logical_and(below, quality.measures.timed >= limits.labels)


def _quick_words(quality: Quality, limits: Limits, n: int) -> str:
    least = f"{least_seconds(quality, limits)[n]:.1f} s"
    if limits.seconds is None:
        least = f"the {least} that reading takes at {CHARACTERS_A_SECOND} characters a second"
    return f"median {quality.measures.median_seconds[n]:.1f} s an item, below {least}"


def least_seconds(quality: Quality, limits: Limits) -> FloatArray:
    """The least median time an item that raises no flag, of each person."""
    return quality.reading_seconds if limits.seconds is None else np.full(len(quality.pks), limits.seconds)


def _one_answer(quality: Quality, limits: Limits) -> BoolArray:
    above = quality.measures.modal_share > limits.modal_share
    return np.logical_and(above, quality.measures.n >= limits.labels)


def _one_answer_words(quality: Quality, limits: Limits, n: int) -> str:
    share, labels = quality.measures.modal_share[n], quality.measures.n[n]
    return f"{percent(share)} of {labels} answers are the same, above {percent(limits.modal_share)}"


def _long_run(quality: Quality, limits: Limits) -> BoolArray:
    return quality.measures.longest_run > limits.run


def _long_run_words(quality: Quality, limits: Limits, n: int) -> str:
    return f"the same answer {quality.measures.longest_run[n]:.0f} times in a row, above {limits.run}"


def _one_side(quality: Quality, limits: Limits) -> BoolArray:
    left = quality.measures.left_share
    above = np.maximum(left, 1 - left) > limits.side_share
    return np.logical_and(above, quality.measures.sided >= limits.labels)


def _one_side_words(quality: Quality, limits: Limits, n: int) -> str:
    left, answers = quality.measures.left_share[n], quality.measures.sided[n]
    side, share = ("left", left) if left > 0.5 else ("right", 1 - left)
    return f"{percent(share)} of {answers} answers took the {side} side, above {percent(limits.side_share)}"


def _against(quality: Quality, limits: Limits) -> BoolArray:
    below = quality.measures.correlation < limits.correlation
    return np.logical_and(below, quality.measures.others_n >= limits.correlation_items)


def _against_words(quality: Quality, limits: Limits, n: int) -> str:
    found, items = fixed(quality.measures.correlation[n]), quality.measures.others_n[n]
    return f"correlation {found} with the others on {items} items, below {fixed(limits.correlation)}"


def _far(quality: Quality, limits: Limits) -> BoolArray:
    above = quality.measures.difference > limits.difference
    return np.logical_and(above, quality.measures.others_n >= limits.labels)


def _far_words(quality: Quality, limits: Limits, n: int) -> str:
    steps = quality.measures.difference[n]
    return f"{steps:.2f} steps from the others' mean on average, above {limits.difference:.2f}"


def _cannot_judge(quality: Quality, limits: Limits) -> BoolArray:
    above = quality.measures.cannot_judge_share > limits.cannot_judge
    return np.logical_and(above, quality.answered >= limits.labels)


def _cannot_judge_words(quality: Quality, limits: Limits, n: int) -> str:
    items = f"{quality.measures.cannot_judge[n]} of {quality.answered[n]} items"
    return f"could not judge {items}, above {percent(limits.cannot_judge)}"


# In the order in which they are told.
RULES = (
    Rule("failed checks", _failed_checks, _failed_checks_words),
    Rule("comprehension", _comprehension, _comprehension_words),
    Rule("quick", _quick, _quick_words),
    Rule("one answer", _one_answer, _one_answer_words),
    Rule("long run", _long_run, _long_run_words),
    Rule("one side", _one_side, _one_side_words),
    Rule("against the others", _against, _against_words),
    Rule("far from the others", _far, _far_words),
    Rule("cannot judge", _cannot_judge, _cannot_judge_words),
)
