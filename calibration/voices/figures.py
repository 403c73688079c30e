"""The plots of a comparison of voices: what growing budgets buy, and how arms differ at one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from calibration.voices.answer import BUDGETS, counted_by, finding, measure_of, sentence
from calibration.voices.names import CONDITION, short_names
from generation.charts.curves import MOST_LINES, Line, curves_of
from generation.charts.intervals import LONGEST, Interval, interval_rows
from generation.charts.names import shortened
from generation.figures.compared import three
from generation.figures.figure import Figure, Table
from generation.templatetags.numbers import signed

Json = Mapping[str, Any]

MORE = {"calls": "do more calls", "tokens": "do more tokens", "money": "does more money"}
AXES = {"calls": "calls a query", "tokens": "tokens a query, in and out", "money": "{currency} a query"}
SAME = {"calls": "as many calls", "tokens": "as many tokens", "money": "as much money"}
MEASURES = {
    "classes": "different answers",
    "good_classes": "different good answers",
    "effective": "effective number of different answers",
    "similarity": "similarity within",
    "vendi": "Vendi score",
    "quality": "mean score",
    "best": "best score",
    "good": "share of good answers",
    "utility": "utility",
}


def figures_of(found: Json) -> dict[str, Figure]:
    """By name, those that the report has something to draw for."""
    made = [make(found, budget) for budget in BUDGETS for make in MAKERS]
    return {figure.name: figure for figure in made if figure is not None}


def bought(found: Json, budget: str) -> Figure | None:
    """Different good answers over growing budgets, a line an arm."""
    steps, measured, things = found["curves"][budget] or [], measure_of(found), counted_by(found)
    of = {arm["arm"]: list[Json]() for arm in found["arms"]}
    for step in steps:
        for row in step["arms"]:
            of[row["arm"]].append(row[measured])
    drawn = _best({short_names(found)[name]: row for name, row in of.items()})
    if not drawn:
        return None
    axis = AXES[budget].format(currency=found["currency"])
    left = len(of) - len(drawn)
    return Figure(
        name=budget,
        title=f"How many {things} {MORE[budget]} buy?",
        template="generation/_curves.html",
        plot=curves_of([step["size"] for step in steps], drawn, onward=axis, upward=things),
        says=(
            "Means over queries with their 95 % intervals; the legend begins with who buys most at the end. "
            "Intervals that overlap do not say that ways to ask are alike: they are compared query by query, "
            "and these differences have intervals of their own."
            + (f" The table alone has {left} more." if left else "")
        ),
        table=Table(
            columns={
                budget: axis.capitalize(),
                "arm": "Way to ask",
                measured: things.capitalize(),
                "low": "From",
                "high": "To",
                "queries": "Queries",
            },
            rows=[
                [step["size"], row["arm"], *three(row[measured]), row[measured]["n"]]
                for step in steps
                for row in step["arms"]
            ],
        ),
    )


def _best(of: Mapping[str, Sequence[Json]]) -> list[Line]:
    """Lines of the arms that buy most at the end, first who buys most."""
    known = {name: row for name, row in of.items() if any(one["value"] is not None for one in row)}

    def at_the_end(name: str) -> float:
        last: float = [one["value"] for one in known[name] if one["value"] is not None][-1]
        return last

    return [
        Line(
            name,
            [one["value"] for one in known[name]],
            [one["value"] if one["low"] is None else one["low"] for one in known[name]],
            [one["value"] if one["high"] is None else one["high"] for one in known[name]],
        )
        for name in sorted(known, key=at_the_end, reverse=True)[:MOST_LINES]
    ]


def differences(found: Json, budget: str) -> Figure | None:
    """Each arm less what it is compared with: drawn for the answer's measure, in the table for all."""
    measured, things, held = measure_of(found), counted_by(found), found["budgets"][budget]
    rows = [row for row in held["differences"] if row["measure"] == measured] if held else []
    if not any(row["difference"]["value"] is not None for row in rows):
        return None
    told = [finding(found, budget, against) for against in ("plain", "ensemble")]
    return Figure(
        name=f"{budget}-differences",
        title=f"Which way to ask buys more for {SAME[budget]}?",
        template="generation/_intervals.html",
        plot=interval_rows([_drawn(found, row) for row in rows], onward=f"difference of {things}"),
        says=(
            " ".join(sentence(found, one) for one in told if one is not None)
            + " Right of 0 the first buys more. Paired by query; p is of a sign-flip test over queries, "
            "adjusted for the number of comparisons. An interval that holds 0 is no proof of equality."
        ),
        table=Table(
            columns={
                "measure": "Measure",
                "arm": "First",
                "reference": "less second",
                "difference": "Difference",
                "low": "From",
                "high": "To",
                "p": "p",
                "p_adjusted": "p adjusted",
                "queries": "Queries",
            },
            rows=[
                [
                    MEASURES[row["measure"]],
                    row["arm"],
                    row["reference"],
                    *three(row["difference"]),
                    row["p"],
                    row["p_adjusted"],
                    row["difference"]["n"],
                ]
                for row in sorted(held["differences"], key=lambda row: row["measure"] != measured)
            ],
        ),
        places=3,
    )


def _drawn(found: Json, row: Json) -> Interval:
    names, estimate = short_names(found), row["difference"]
    words = f"{row['arm']} less {row['reference']}: {signed(estimate['value'])}"
    name = less(names[row["arm"]], names[row["reference"]])
    return Interval(name, words, estimate["value"], estimate["low"], estimate["high"])


def less(first: str, second: str) -> str:
    """What a row compares; what both begin with, such as the model, stands once; no part hides another."""
    who, dot, what = first.partition(" · ")
    if dot and second.startswith(who + dot):
        rest = second.removeprefix(who + dot)
        whole, parts = f"{who}: {what} less {rest}", (who, what, rest)
        short = "{}: {} less {}".format(*(shortened(part, CONDITION - 2) for part in parts))
    else:
        whole = f"{first} less {second}"
        short = " less ".join(shortened(part, LONGEST // 2 - 3) for part in (first, second))
    return whole if len(whole) <= LONGEST else short


MAKERS: tuple[Callable[[Json, str], Figure | None], ...] = (bought, differences)
