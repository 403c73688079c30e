"""What a comparison of voices says: which way to ask buys most, and whether that can be told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from calibration.voices.names import NO_CONDITION, short_names
from generation.templatetags.numbers import end, fixed, signed

Json = Mapping[str, Any]

BUDGETS = ("calls", "tokens", "money")
LEVEL = 0.05
Against = Literal["plain", "ensemble"]
Verdict = Literal["more", "fewer", "untold"]


@dataclass(frozen=True)
class Finding:
    """How the ways to ask stand to what they are compared with, at one budget.

    Attributes
    ----------
    budget : str
    against : str
    verdict : str
        Of the arms compared: one buys more; every one buys fewer; or neither can be told.
    row : mapping
        The difference of the arm that leads among those compared, as the report has it.
    arm, other : mapping
        What the arm buys, and what it is compared with.
    all_others : str
        What all of them are compared with, in words.
    more : int
        How many of them buy more.
    """

    budget: str
    against: Against
    verdict: Verdict
    row: Json
    arm: Json
    other: Json
    all_others: str
    more: int


def measure_of(found: Json) -> str:
    """Of which measure the question is answered: without a scorer nobody knows what is good."""
    return "good_classes" if found["scorer"] else "classes"


def counted_by(found: Json) -> str:
    return "different good answers" if found["scorer"] else "different answers"


def size_of(found: Json, budget: str) -> str:
    """ "10 calls a query": the budget in words."""
    return sizes_of(found, [budget])


def sizes_of(found: Json, budgets: Sequence[str]) -> str:
    """ "10 calls and at 4,000 tokens a query": budgets that are looked at one after the other."""
    held = [found["budgets"][budget] for budget in budgets]
    sizes = [sized(one["size"], budget, found["currency"]) for budget, one in zip(budgets, held, strict=True)]
    mean = any(one["least"] < one["most"] for one in held)
    return f"{' and at '.join(sizes)} a query{' on average' if mean else ''}"


def sized(size: float, budget: str, currency: str | None) -> str:
    """ "1 call", "4,000 tokens", "0.02 USD"."""
    if budget == "money":
        return f"{size:,.3g} {currency}"
    words = f"{size:,.1f}".removesuffix(".0") if size < 100 else f"{size:,.0f}"
    return f"{words} {budget.removesuffix('s') if words == '1' else budget}"


def findings(found: Json) -> list[Finding]:
    """Everything that is compared: with a query asked as it is, then with several models."""
    of: tuple[Against, ...] = ("plain", "ensemble")
    every = [finding(found, budget, against) for against in of for budget in BUDGETS]
    return [one for one in every if one is not None]


def finding(found: Json, budget: str, against: Against) -> Finding | None:
    """None where nothing is compared at this budget."""
    measured, held = measure_of(found), found["budgets"][budget]
    rows = _compared(found, held["differences"], against) if held else []
    if not rows:
        return None
    arms = {row["arm"]: row for row in held["arms"]}

    def buys(row: Json) -> float:
        value: float = arms[row["arm"]][measured]["value"]
        return value

    above, below = _sure(rows, lambda low, high: low > 0), _sure(rows, lambda low, high: high < 0)
    verdict: Verdict = "more" if above else "fewer" if len(below) == len(rows) else "untold"
    row = max(above or rows, key=buys)
    others = {row["reference"] for row in rows}
    whole = f"“{short_names(found)[row['reference']]}”"
    if len(others) > 1:
        whole = f"“{found['reference']['condition'] or NO_CONDITION}” of the same model"
    arm, other = arms[row["arm"]], arms[row["reference"]]
    return Finding(budget, against, verdict, row, arm, other, whole, len(above))


def _compared(found: Json, rows: Sequence[Json], against: Against) -> list[Json]:
    """Differences of the measure that the question is about, of one model less what it is held against."""
    several = {arm["arm"] for arm in found["arms"] if len(arm["models"]) > 1}
    return [
        row
        for row in rows
        if (row["measure"], row["against"]) == (measure_of(found), against)
        and row["difference"]["value"] is not None
        and row["arm"] not in several
    ]


def _sure(rows: Sequence[Json], lies: Callable[[float, float], bool]) -> list[Json]:
    """Those whose interval lies so, and whose p allows for the number of comparisons.

    Where every query differs by the same, there is no interval: then p alone tells.
    """
    sure = []
    for row in rows:
        estimate = row["difference"]
        ends = [estimate["value"] if estimate[key] is None else estimate[key] for key in ("low", "high")]
        if row["p_adjusted"] is not None and row["p_adjusted"] <= LEVEL and lies(ends[0], ends[1]):
            sure.append(row)
    return sure


def headline(found: Json) -> str:
    """The answer in short: who leads at which budgets, and where that cannot be told."""
    every = findings(found)
    said = [_in_short(found, together) for together in _alike(every)]
    return " ".join(said) if said else _alone(found)


def _alike(every: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Findings that say the same at several budgets, together."""

    def says(one: Finding) -> tuple[str, ...]:
        leads = one.arm["arm"] if one.verdict == "more" else ""
        return one.against, one.verdict, leads, one.all_others

    for _, together in groupby(sorted(every, key=lambda one: one.against == "ensemble"), key=says):
        yield list(together)


def _in_short(found: Json, together: Sequence[Finding]) -> str:
    first, measured, things = together[0], measure_of(found), counted_by(found)
    names = short_names(found)
    at = sizes_of(found, [one.budget for one in together])
    numbers = " and ".join(
        " against ".join(fixed(arm[measured]["value"]) for arm in (one.arm, one.other)) for one in together
    )
    if first.verdict == "more":
        name, other = (names[arm["arm"]] for arm in (first.arm, first.other))
        return f"At {at} “{name}” buys more {things} than “{other}”: {numbers}."
    if first.verdict == "fewer":
        return f"At {at} {_every(first)} buys fewer {things} than {first.all_others}; the most are {numbers}."
    return f"At {at} it cannot be told whether {_any(first)} buys more {things} than {first.all_others}."


def _any(one: Finding) -> str:
    return "any other way to ask" if one.against == "plain" else "a single model"


def _every(one: Finding) -> str:
    return "every other way to ask" if one.against == "plain" else "every single model"


def answer(found: Json) -> list[str]:
    """The answer with the numbers that it rests on: a sentence for each budget and comparison."""
    return [sentence(found, one) for one in findings(found)] or [_alone(found)]


def sentence(found: Json, one: Finding) -> str:
    """One finding, with its intervals."""
    measured, things = measure_of(found), counted_by(found)
    name, other = (f"“{short_names(found)[arm['arm']]}”" for arm in (one.arm, one.other))
    ours, theirs = (interval_words(arm[measured]) for arm in (one.arm, one.other))
    numbers = f"{ours} against {theirs}, a difference of {difference_words(one.row)}"
    at = f"At {size_of(found, one.budget)}"
    if one.verdict == "more":
        rest = one.more - 1
        too = f" {rest} more {'does' if rest == 1 else 'do'} so." if rest else ""
        return f"{at}, {name} buys more {things} than {other}: {numbers}.{too}"
    if one.verdict == "fewer":
        return f"{at}, {_every(one)} buys fewer {things} than {one.all_others}; {name} the most: {numbers}."
    return (
        f"{at}, it cannot be told whether {_any(one)} buys more {things} than {one.all_others}; "
        f"{name} the most: {numbers}."
    )


def _alone(found: Json) -> str:
    """Where nothing is compared: what the only way buys, or why nothing is known."""
    measured, things = measure_of(found), counted_by(found)
    for budget in BUDGETS:
        held = found["budgets"][budget]
        known = [row for row in held["arms"] if row[measured]["value"] is not None] if held else []
        if known:
            best = max(known, key=lambda row: row[measured]["value"])
            name, buys = short_names(found)[best["arm"]], interval_words(best[measured])
            return (
                f"At {size_of(found, budget)}, “{name}” buys {buys} {things}. Nothing stands beside it that "
                "it could be compared with."
            )
    unknown = [row[measured] for held in found["budgets"].values() if held for row in held["arms"]]
    reasons = [one["reason"] for one in unknown] or list(found["reasons"].values())
    return f"It cannot be told: {reasons[0] if reasons else 'nothing is defined'}."


def interval_words(estimate: Json) -> str:
    """ "3.10 (2.74 to 3.52)"."""
    if estimate["low"] is None:
        return fixed(estimate["value"])
    return f"{fixed(estimate['value'])} ({end(estimate['low'])} to {end(estimate['high'])})"


def difference_words(row: Json) -> str:
    """The difference, its interval and its p."""
    estimate, p = row["difference"], row["p_adjusted"]
    ends = "" if estimate["low"] is None else f" ({end(estimate['low'])} to {end(estimate['high'])})"
    value = "undefined" if p is None else "below .001" if p < 0.001 else f"{p:.3f}".lstrip("0")
    return f"{signed(estimate['value'])}{ends}, adjusted p {value}, n = {estimate['n']:,}"
