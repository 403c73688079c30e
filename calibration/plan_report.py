"""A plan's result in words: the answer, its options as a table, what was assumed, what it means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from calibration.figures import options_figure
from calibration.plan_specification import GOALS
from generation.figures.figure import Figure
from generation.templatetags.numbers import counted, fixed, percent

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """A goal in words for pages.

    Attributes
    ----------
    title : str
        Its name among the goals.
    question : str
        What its plot answers.
    axis : str
        What its plot shows.
    achieved : str
        A sentence with a gap for what an option achieves.
    meaning : str
        What that means, and what it does not.
    places : int
        Decimals of what is achieved.
    signed : bool
        Whether the target may be missed on either side of zero.
    """

    title: str
    question: str
    axis: str
    achieved: str
    meaning: str
    places: int = 2
    signed: bool = False


WORDS: Mapping[str, Words] = {
    "alpha": Words(
        "How well people agree",
        "Which way makes alpha’s interval narrow enough, with the fewest labels?",
        "width of alpha’s interval",
        "The 95 % interval of alpha is then {} wide on average.",
        "Studies of this size, of people like these, have an interval of this width on average; a single "
        "study’s may be wider or narrower. It does not say that alpha will be what was assumed.",
        places=3,
    ),
    "mean": Words(
        "How good each item is",
        "How many people make an item’s mean precise enough?",
        "width of an item’s interval, points",
        "The 95 % interval of an item’s mean label is then {} points wide on average.",
        "An average over items: where people split, the interval is wider than that, and where they agree, "
        "narrower. It is about other people like these labelling the same item.",
        places=3,
    ),
    "entropy": Words(
        "How much people disagree",
        "How many people make entropy’s bias small enough?",
        "bias of the items’ entropy, bits",
        "The estimated entropy of items is then off by {} bits on average.",
        "The mean over items of estimated less true entropy. A small bias of that mean does not make the "
        "entropy of a single item precise.",
        places=3,
        signed=True,
    ),
    "power": Words(
        "Whether a scorer fails where people disagree",
        "Which way finds the difference often enough, with the fewest labels?",
        "power",
        "{} of the simulated audits then find the difference.",
        "The share of audits whose stratified residual test, at 5 %, says that the scorer errs more where "
        "people disagree. A smaller difference than the assumed one is found less often; where there is "
        "none, 5 to 10 % of audits say so all the same.",
    ),
    "alt_test": Words(
        "Whether a judge can stand in for people",
        "Which way lets such a judge pass often enough, with the fewest labels?",
        "probability to pass",
        "{} of the simulated judges then pass.",
        "The share of studies in which such a judge passes the alternative annotator test. In a study that"
        " is too thin a judge fails who is as good as a person, so that failing there shows nothing.",
    ),
}
SHARES = {"power", "alt_test"}
UNMET = "Plan another with a wider target, with more people an item, or with more items at most."
LIMIT = (
    "Simulated people are simpler than people: each has one opinion of an item and some noise, alike for "
    "everybody. Real people tire, misread, and fall into groups; real items differ in how much they split "
    "people. A pilot of a few dozen items tells whether the assumptions hold."
)
# Of a specification, what is shown as assumed: its term, and how its number is written.
ASSUMED = {
    "level": ("Alpha", "{}".format),
    "entropy": ("Entropy", "{} estimate".format),
    "noise_ratio": ("Noise", "{:g} times as large on contested items as on others".format),
    "people_ratio": ("Spread", "people spread {:g} times as far on contested items as on others".format),
    "contested_share": ("Contested", lambda share: f"{percent(share)} of the items"),
    "correlation": ("Scorer", "correlates {:g} with the items’ true means".format),
    "annotators": ("Annotators", "{:,}".format),
    "epsilon": ("Epsilon", "{:g}".format),
    "judge": ("Judge", "has {:g} times the noise of a person".format),
}


@dataclass(frozen=True)
class Row:
    """An option as the table shows it; `ends` are those of the simulation's own error."""

    option: Mapping[str, Any]
    best: bool
    achieved: str
    ends: str
    money: str


@dataclass(frozen=True)
class FoundPlan:
    """A finished plan, as its page shows it."""

    result: Result
    words: Words
    answer: str
    achieved: str
    figure: Figure | None
    assumed: list[tuple[str, str]]
    best: Mapping[str, Any] | None
    rows: list[Row]
    target: str
    paid: bool
    cautions: list[str]
    limit: str = LIMIT


def read_plan(result: Result) -> FoundPlan:
    words = WORDS[result["goal"]]
    best = best_of(result)
    return FoundPlan(
        result=result,
        words=words,
        answer=answer(result),
        achieved=_achieved(result, best) if best else UNMET,
        figure=figure_of(result),
        assumed=_assumed(result),
        best=best,
        rows=[_row(result, option) for option in result["options"]],
        target=target(result),
        paid=any(option["cost"] for option in result["options"]),
        cautions=list(dict.fromkeys(each["caution"] for each in result["options"] if each.get("caution"))),
    )


def figure_of(result: Result) -> Figure | None:
    words = WORDS[result["goal"]]
    return options_figure(result, question=words.question, achieved=words.axis, signed=words.signed)


def best_of(result: Result) -> Mapping[str, Any] | None:
    """The option of fewest labels that meets the target, if one does."""
    return None if result["best"] is None else result["options"][result["best"]]


def answer(result: Result) -> str:
    """The plan in a sentence."""
    best = best_of(result)
    if best is None:
        reason = result.get("reason", "ask for less, or allow more")
        return f"No way that was tried reaches the target: {reason}."
    size = f"{counted(best['labels'], 'label')} by about {counted(best['people'], 'person')}"
    cost = f", {money(best)}" if best["cost"] else ""
    each = counted(best["labels_per_item"], "person")
    items = "one item" if best["items"] == 1 else f"each of {counted(best['items'], 'item')}"
    return f"Ask {each} about {items}: {size}{cost}."


def money(option: Mapping[str, Any]) -> str:
    """What an option costs in all, with its currency; empty where nothing is paid."""
    cost = option["cost"]
    return f"{Decimal(cost['total']):,} {cost['currency']}" if cost else ""


def target(result: Result) -> str:
    """What was wanted, in words."""
    words = WORDS[result["goal"]]
    text = _writer(result)(result["target"])
    return (
        f"at least {text}" if result["goal"] in SHARES else f"±{text}" if words.signed else f"at most {text}"
    )


def _achieved(result: Result, option: Mapping[str, Any]) -> str:
    """What the best way achieves, and what it takes of each person and of the budget."""
    said = WORDS[result["goal"]].achieved.format(_row(result, option).achieved)
    time = f"It takes about {option['minutes_a_person']:g} minutes of each person’s time"
    cost = option["cost"]
    if not cost:
        return f"{said} {time}."
    pay, fee = (f"{Decimal(cost[part]):,}" for part in ("pay", "fee"))
    return f"{said} {time}; the pay is {pay} and the recruiter’s fee {fee} {cost['currency']}."


def _row(result: Result, option: Mapping[str, Any]) -> Row:
    write, found = _writer(result), option["achieved"]
    ends = "" if found["low"] is None else f"{write(found['low'])} to {write(found['high'])}"
    best = option is best_of(result)
    achieved = "undefined" if found["value"] is None else write(found["value"])
    return Row(option, best, achieved, ends, money(option))


def _writer(result: Result) -> Callable[[float], str]:
    if result["goal"] in SHARES:
        return lambda value: str(percent(value))
    return lambda value: str(fixed(value, WORDS[result["goal"]].places))


def _assumed(result: Result) -> list[tuple[str, str]]:
    """What the numbers rest on: terms and words."""
    people, asked = result["population"], result["specification"]
    uses = [
        (ASSUMED[name][0], ASSUMED[name][1](asked[name]))
        for name in ASSUMED
        if name in GOALS[result["goal"]].uses
    ]
    shares = ", ".join(
        f"{value:g}: {percent(share)}"
        for value, share in zip(people["values"], people["shares"], strict=True)
    )
    return [
        ("People", _source(people)),
        ("Answers", shares),
        ("Agreement", f"alpha {fixed(people['alpha'])} over infinitely many items"),
        ("Queries", f"two items of a query correlate {fixed(people['query_share'])} in their true means"),
        (
            "Severity",
            f"{percent(people['severity_share'])} of the labels’ variance is some people being more severe",
        ),
        ("Design", _design(asked)),
        *uses,
        (
            "Simulation",
            f"{asked['simulations']:,} studies a size, seed {asked['seed']}, version {result['version']}",
        ),
    ]


def _source(people: Mapping[str, Any]) -> str:
    if people["source"] == "assumed":
        return "assumed, not learned from labels"
    drawn = " by simulated people" if people["simulated"] else ""
    labels = f"{counted(people['labels'], 'label')}{drawn}"
    return f"like those of {people['pilot']}: {labels} on {counted(people['items'], 'item')}"


def _design(asked: Mapping[str, Any]) -> str:
    # Annotators of a given number share all items, in as many sessions as that takes.
    sessions = [
        counted(asked["session_size"], "item") + " a session",
        counted(asked["sessions_per_person"], "session") + " a person at most",
    ]
    sizes = [
        counted(asked["items_per_query"], "item") + " a query",
        *([] if asked["goal"] == "alt_test" else sessions),
        f"{asked['seconds_per_item']:g} seconds an item",
    ]
    return ", ".join(sizes)


def table_lines(result: Result) -> list[str]:
    """The whole plan for a terminal."""
    words, rows = WORDS[result["goal"]], [_row(result, option) for option in result["options"]]
    lines = [f"{words.title}: {words.axis}, {target(result)}", ""]
    lines.append(f"{'people an item':>14} {'items':>8} {'labels':>10} {'people':>8}  {'achieved':<28} met")
    for row in rows:
        option = row.option
        size = f"{option['items']:>8,} {option['labels']:>10,} {option['people']:>8,}"
        ends = f" ({row.ends})" if row.ends else ""
        met = "best" if row.best else "yes" if option["met"] else "no"
        cost = f"  {row.money}" if row.money else ""
        lines.append(
            f"{option['labels_per_item']:>14,} {size}  {row.achieved + ends:<28} {met:<4}{cost}".rstrip()
        )
    lines += ["", answer(result), *([] if best_of(result) is None else [words.meaning]), ""]
    return [*lines, *(f"{term}: {said}" for term, said in _assumed(result)), LIMIT]
