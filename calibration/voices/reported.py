"""What a page shows of a comparison of voices beside its plots: key figures, tables, examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from calibration.voices.answer import counted_by, findings, measure_of, size_of, sized
from calibration.voices.names import short_names
from generation.reported import KeyFigure, key_figure
from generation.templatetags.numbers import end, fixed

Json = Mapping[str, Any]

# In the order of columns: heading, and what it means.
HEADINGS = {
    "good_classes": ("good different", "different answers of which one at least is good"),
    "classes": ("different", "different answers, good or not"),
    "effective": ("effective", "the effective number of different answers: fewer where one of them prevails"),
    "answers": ("answers", "all that came"),
    "gap": ("above floor", "mean similarity of two answers, above that of answers to different queries"),
    "vendi": ("Vendi", "the effective number of different answers, by their vectors alone"),
    "good": ("share good", "the share of answers that are good"),
    "quality": ("score", "the mean score of an answer"),
    "best": ("best score", "the best score among the answers"),
    "utility": ("utility", "what answers are worth to who reads on by chance and wants no idea twice"),
    "calls": ("calls", "made of the budget"),
    "tokens": ("tokens", "in and out, of these calls"),
    "money": ("money", "by the prices of the runs"),
}
PLACES = {"answers": 1, "calls": 1, "tokens": 0, "money": 5}
CALLS = {
    "queries": "queries",
    "calls": "calls",
    "failed_calls": "without an answer",
    "answers": "answers",
    "tokens_in": "tokens in",
    "tokens_out": "tokens out",
}
IDEAS_SHOWN = 12


@dataclass(frozen=True)
class Cell:
    """An estimate as a table shows it; `reason` why the value is undefined, else empty."""

    value: str
    ends: str
    reason: str

    @classmethod
    def of(cls, estimate: Json, places: int = 2) -> "Cell":
        if estimate["value"] is None:
            return cls("undefined", "", estimate["reason"])
        low, high = estimate["low"], estimate["high"]
        ends = "" if low is None else f"{end(low, places)} to {end(high, places)}"
        value = estimate["value"]
        return cls(fixed(value, places) if places else f"{value:,.0f}", ends, "")


@dataclass(frozen=True)
class ArmRow:
    """What one arm buys, in the order of the headings, and the queries that this rests on."""

    arm: str
    cells: Sequence[Cell]
    n: int


@dataclass(frozen=True)
class BudgetTable:
    """Rows of arms under headings, each with its meaning."""

    budget: str
    size: str
    headings: Sequence[tuple[str, str]]
    rows: Sequence[ArmRow]


@dataclass(frozen=True)
class CallsTable:
    """What stands of each arm before any budget, in words, under headings."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Idea:
    """Answers of an arm that count as the same: one of them, how many they are, the best score."""

    number: int | None
    text: str
    answers: int
    best: float | None


@dataclass(frozen=True)
class ArmExample:
    """What a budget bought of one query; `more` ideas are not listed."""

    arm: str
    answers: int
    ideas: Sequence[Idea]
    more: int


def key_figures(found: Json) -> list[KeyFigure]:
    """Of each comparison: what leads, and what it is compared with."""
    names, measured = short_names(found), measure_of(found)
    pairs = [(one.budget, arm) for one in findings(found) for arm in (one.arm, one.other)]
    figures = [
        key_figure(arm[measured], f"{counted_by(found)}: {names[arm['arm']]}, {size_of(found, budget)}")
        for budget, arm in pairs
    ]
    return list(dict.fromkeys(figures))


def budget_table(found: Json, budget: str) -> BudgetTable:
    """The columns in which anything is defined; the second is what each unit that was spent bought."""
    held, measured = found["budgets"][budget], measure_of(found)
    shown = [key for key in HEADINGS if any(row[key]["value"] is not None for row in held["arms"])]
    gives = {row["arm"]: row[measured] for row in held["efficiency"]}
    _, meaning = HEADINGS[measured]
    per = (f"per {held['unit']}", f"{meaning}, for each {held['unit']} that was spent")
    rows = [
        ArmRow(
            row["arm"],
            [cells[0], Cell.of(gives[row["arm"]]), *cells[1:]],
            row[measured]["n"],
        )
        for row in held["arms"]
        for cells in [[Cell.of(row[key], PLACES.get(key, 2)) for key in shown]]
    ]
    first, *rest = (HEADINGS[key] for key in shown)
    return BudgetTable(budget, size_of(found, budget), [first, per, *rest], rows)


def calls_table(found: Json) -> CallsTable:
    """A row an arm."""
    rows = [[arm["arm"], *(_whole(arm[key]) for key in CALLS)] for arm in found["arms"]]
    return CallsTable(["Way to ask", *CALLS.values()], rows)


def _whole(number: int | None) -> str:
    return "not known" if number is None else f"{number:,}"


def example_of(found: Json, example: Json) -> tuple[str, str, list[ArmExample]]:
    """A query, the budget in words, and each arm's answers by what they say, the most frequent first."""
    size = sized(example["size"], example["budget"], found["currency"])
    return example["text"], size, [_by_idea(arm["arm"], arm["answers"]) for arm in example["arms"]]


def _by_idea(arm: str, answers: Sequence[Json]) -> ArmExample:
    known = sorted((one for one in answers if one["class"] is not None), key=itemgetter("class"))
    ideas = [_idea(number, list(same)) for number, same in groupby(known, key=itemgetter("class"))]
    ideas += [_idea(None, [one]) for one in answers if one["class"] is None]
    ideas.sort(key=lambda idea: -idea.answers)
    return ArmExample(arm, len(answers), ideas[:IDEAS_SHOWN], max(0, len(ideas) - IDEAS_SHOWN))


def _idea(number: int | None, same: Sequence[Json]) -> Idea:
    scores = [one["score"] for one in same if one["score"] is not None]
    return Idea(
        None if number is None else number + 1,
        same[0]["text"],
        len(same),
        max(scores) if scores else None,
    )
