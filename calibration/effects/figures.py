"""The plots of a report of effects, each with its question, its sentence and its table."""

from collections.abc import Mapping, Sequence
from typing import Any

from calibration.charts.pairs import pair_rows
from generation.charts.intervals import Interval, interval_rows
from generation.figures.compared import three
from generation.figures.figure import Figure, Table
from generation.templatetags.numbers import percent, signed
from generation.written import counted

Json = Mapping[str, Any]
# Of more contrasts, those that people show most surely.
MOST_DRAWN = 24


def figures_of(found: Json) -> dict[str, Figure]:
    """By name."""
    return {one.name: one for one in (pairs(found), rates(found), bins(found))}


def named(found: Json) -> str:
    """The scorer, marked where its answers are of people who were made up."""
    mark = " (simulated people)" if found["scorer"]["simulated"] else ""
    return f"{found['scorer']['name']}{mark}"


def who(found: Json) -> str:
    """What the scorer is called: only one of simulated people is a panel."""
    return "panel" if found["scorer"]["simulated"] else "scorer"


def pairs(found: Json) -> Figure:
    """People's effects, and the panel's beneath, as standardised differences."""
    known = [one for one in found["contrasts"] if one["people"]["p"] is not None]
    drawn = sorted(known, key=lambda one: float(one["people"]["p"]))[:MOST_DRAWN]
    left = len(found["contrasts"]) - len(drawn)
    return Figure(
        name="effects",
        title=f"Are the {who(found)}’s effects those of people?",
        template="calibration/_pairs.html",
        plot=pair_rows(
            [
                (
                    one["name"],
                    f"{one['name']}: people {signed(one['people']['d']['value'])}, "
                    f"{named(found)} {signed(one['panel']['d']['value'])}",
                    one["people"]["d"],
                    one["panel"]["d"],
                )
                for one in drawn
            ],
            onward="difference, in standard deviations of single answers",
        ),
        says=(
            f"Filled: people. Hollow: {named(found)}. Lines are 95 % intervals; p is of the difference "
            "itself. An interval that holds 0 is not evidence of no effect."
            + (f" {counted(left, 'less sure contrast')} in the table alone." if left else "")
        ),
        table=Table(
            columns={
                "contrast": "Contrast",
                "people": "People",
                "people_low": "From",
                "people_high": "To",
                "people_p": "p",
                "panel": who(found).capitalize(),
                "panel_low": "From",
                "panel_high": "To",
                "panel_p": "p",
            },
            rows=[
                [
                    one["name"],
                    *three(one["people"]["d"]),
                    one["people"]["p"],
                    *three(one["panel"]["d"]),
                    one["panel"]["p"],
                ]
                for one in found["contrasts"]
            ],
        ),
        places=3,
    )


def rates(found: Json) -> Figure:
    """The rate of the panel between those of people and of noise."""
    halves, own = found["halves"], found["rates"]
    rows = [
        (f"the {who(found)}, all its answers", own["own"]["all"]),
        (f"the {who(found)} in people’s places", own["people_n"]["all"]),
        ("one half of people by the other: the ceiling", halves["people"]["all"]),
        (f"the {who(found)} in the other half’s places", halves["panel"]["all"]),
        ("noise in the other half’s places: the floor", halves["noise"]["all"]),
        *((f"published, {one['of']}", one["share"]) for one in found["published"]["rates"]),
    ]
    return _shares(
        rows,
        name="rates",
        title="How many effects are replicated, and how many could be?",
        says=(
            f"The {who(found)}: {named(found)}. An effect with p < .05 among people is replicated by p < .05 "
            "and the same sign, one without by p ≥ .05. The first two are held against all people, with "
            f"Wilson’s intervals; the next three against one half of people, over {halves['splits']:,} "
            "random splits: their lines hold 95 % of these. Noise replicates every null, so a rate alone "
            "says little; the published rates are of other questions."
        ),
    )


def bins(found: Json) -> Figure:
    """Rates by how sure people's own effect is."""
    rows = [
        (f"people’s {one['bin']}{where}", one[key])
        for one in found["bins"]
        for key, where in (("own", ""), ("people_n", ", in people’s places"))
        if one["contrasts"]
    ]
    return _shares(
        rows,
        name="bins",
        title="Does success follow how sure people’s own effect is?",
        says=(
            f"The {who(found)}: {named(found)}. The share replicated among contrasts whose p among people "
            "lies in the bin, with Wilson’s intervals, which take contrasts as independent; those that share "
            "people and items are not. Near p = .05 chance decides on both sides."
        ),
    )


def _shares(rows: Sequence[tuple[str, Json]], *, name: str, title: str, says: str) -> Figure:
    drawn = [
        Interval(text, f"{text}: {percent(one['value'])}", one["value"], one["low"], one["high"])
        for text, one in rows
    ]
    return Figure(
        name=name,
        title=title,
        template="generation/_intervals.html",
        plot=interval_rows(drawn, onward="share replicated", reach=1.0),
        says=says,
        table=Table(
            columns={"of": "Of", "share": "Replicated", "low": "From", "high": "To", "n": "n"},
            rows=[[text, *three(one), one["n"]] for text, one in rows],
        ),
    )
