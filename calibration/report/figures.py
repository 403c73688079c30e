"""The plots of an audit, each with its question, its sentence and its table: for its page and as files."""

from collections.abc import Mapping
from typing import Any

from annotation.charts.bars import bars_of
from calibration.charts.floors import floors_of
from calibration.charts.reliability import reliability_of
from calibration.report.found import Found, Result, ranked, told
from calibration.report.subsets import RuleSection, sections_of
from generation.figures.figure import Figure, Table
from generation.templatetags.numbers import counted, end, fixed

FLOOR = "Grey: the distance that a perfect judge still has from so few votes; what is above is the scorer’s."
NO_FLOOR = "With so few labels an item, it is not known how near a perfect judge would be."
SUBSET_COLUMNS = (
    *("n", "all", "all_low", "all_high", "subset", "subset_low", "subset_high"),
    *("expected", "expected_low", "expected_high", "excess", "p", "adjusted_p"),
)
CURVES = {
    "distribution": (
        "When it says how many people rate so low, do as many?",
        "Across, the share of people whom the scorer predicts at a label or below it; up, the share who are "
        "there. A dot holds as many pairs of an item and a label as every other. On the diagonal it says "
        "what people do; lines are 95 % intervals.",
    ),
    "pairwise": (
        "When it is so sure of a side, do so many people take it?",
        "A dot holds as many comparisons as every other: across, the share that the scorer predicts for A; "
        "up, the share of people. On the diagonal it is as sure as people; lines are 95 % intervals.",
    ),
}


def figure_named(result: Result, name: str, asked: Mapping[str, str]) -> Figure | None:
    """A figure by its name: "subset-entropy", or one of a scorer; None where there is nothing to draw."""
    scorers = ranked(result)
    if name.startswith("subset-"):
        known = {row["rule"]: asked[row["rule"]] for row in result["subsets"] if row["rule"] in asked}
        sections = sections_of(result, scorers, known)
        found = (section for section in sections if f"subset-{section.key}" == name)
        return next((subset_figure(section) for section in found), None)
    chosen = (scorer for scorer in scorers if scorer["name"] == asked.get("scorer"))
    scorer = next(chosen, scorers[0] if scorers else None)
    every = figures_of(scorer) if scorer else []
    return next((figure for figure in every if figure.name == name), None)


def figures_of(scorer: Result) -> list[Figure]:
    """One scorer's plots, as far as there is something to draw."""
    every = (floor_figure(scorer), *(curve_figure(scorer, key) for key in CURVES), annotators_figure(scorer))
    return [figure for figure in every if figure]


def subset_figure(section: RuleSection) -> Figure:
    return Figure(
        name=f"subset-{section.key}",
        title=section.rule.question,
        template="calibration/_dots_drawn.html",
        plot=section.plot,
        says=(
            f"{section.rule.title}, {section.chosen.words}. Hollow: all. Filled: the subset. Grey: where a "
            "scorer with the same error everywhere would fall. Red: falls more than that, adjusted p at most "
            "0.05. Lines are 95 % intervals."
        ),
        table=Table(
            {name: name for name in ("scorer", *SUBSET_COLUMNS)},
            [
                (row.scorer["name"], *_subset_numbers(row.whole, row.cells[section.at][0]))
                for row in section.rows
            ],
        ),
        asked={section.key: section.chosen.parameter},
    )


def _subset_numbers(whole: Found, found: Found) -> list[float | None]:
    ends = [
        estimate.get(end)
        for estimate in (whole, found["spearman"], told(found, "expected"))
        for end in ("value", "low", "high")
    ]
    return [found["n"], *ends, *(told(found, "excess").get(key) for key in ("value", "p", "adjusted_p"))]


def floor_figure(scorer: Result) -> Figure | None:
    rows = scorer.get("by_disagreement") or []
    if not rows:
        return None
    return Figure(
        name="floor",
        title="Where people disagree, is the scorer farther from them than it must be?",
        template="calibration/_floors.html",
        plot=floors_of(rows, measure="wasserstein_1"),
        says=(
            "Dots: the mean Wasserstein-1 distance between people’s labels and what the scorer predicts, "
            "with its 95 % interval: half of an item’s labels are measured, by the entropy of the others. "
            f"{FLOOR if any(row['floor'] is not None for row in rows) else NO_FLOOR} In the table, the "
            "corrected distance is 0 for a perfect judge; residuals are 1 where they spread as on all items; "
            "skill is 0 for one more person and 0.5 for a perfect judge."
        ),
        table=Table(
            {
                "low": "Entropy, from", "high": "to", "n": "n",
                "wasserstein_1": "Wasserstein-1", "wasserstein_1_low": "from", "wasserstein_1_high": "to",
                "floor": "Floor", "corrected": "Corrected", "residual_sd": "Residuals",
                "skill_over_person": "Skill over one person",
            },
            [_level(row) for row in rows],
        ),
        asked={"scorer": scorer["name"]},
    )  # fmt: skip


def curve_figure(scorer: Result, key: str) -> Figure | None:
    """The reliability curve of shares of labels, or of shares that prefer a side."""
    curve = told(scorer.get(key) or {}, "reliability_curve")
    if not curve.get("bins"):
        return None
    title, says = CURVES[key]
    # The error of comparisons stands beside the curve, that of distributions inside.
    error = told(curve if "ece" in curve else scorer[key], "ece")
    floor = (curve if "ece_floor" in curve else scorer[key]).get("ece_floor")
    if error["value"] is not None and floor is not None:
        says += (
            f" Expected calibration error: {fixed(error['value'], 3)}; a calibrated scorer would have "
            f"{fixed(floor, 3)} with as much noise."
        )
    return Figure(
        name=f"reliability-{key}",
        title=title,
        template="calibration/_reliability.html",
        plot=reliability_of(curve["bins"]),
        says=says,
        table=Table(
            {"predicted": "Predicted", "observed": "Observed", "low": "From", "high": "To", "n": "n"},
            [
                tuple(row.get(column) for column in ("predicted", "observed", "low", "high", "n"))
                for row in curve["bins"]
            ],
        ),
        places=3,
        asked={"scorer": scorer["name"]},
    )


def annotators_figure(scorer: Result) -> Figure | None:
    """How the correlations with single people spread, never a person."""
    found = scorer.get("annotators") or {}
    bins = _without_empty_ends(found.get("bins") or [])
    if not bins:
        return None
    named = [(f"{fixed(one['low'], 1)} to {fixed(one['high'], 1)}", one["n"]) for one in bins]
    every = 1 + len(bins) // 8
    ticks = {n: fixed(one["low"], 1) for n, one in enumerate(bins) if n % every == 0}
    return Figure(
        name="annotators",
        title="Does the scorer serve everybody alike?",
        template="calibration/_annotators.html",
        plot=bars_of(named, ticks),
        says=_spread_words(found),
        table=Table(
            {"low": "Rho, from", "high": "to", "n": "People"},
            [(one["low"], one["high"], one["n"]) for one in bins],
        ),
        asked={"scorer": scorer["name"]},
    )


def _without_empty_ends(bins: list[Result]) -> list[Result]:
    held = [place for place, one in enumerate(bins) if one["n"]]
    return bins[held[0] : held[-1] + 1] if held else []


def _level(row: Found) -> tuple[Any, ...]:
    distance = told(row, "wasserstein_1")
    ends = (distance.get(key) for key in ("value", "low", "high"))
    others = (told(row, key)["value"] for key in ("corrected", "residual_sd", "skill_over_person"))
    return row["low"], row["high"], row["n"], *ends, row["floor"], *others


def _spread_words(found: Found) -> str:
    spread = told(found, "spread")
    said = (
        f"{counted(found['n'], 'person').capitalize()} by the rank correlation of the scorer with their own "
        "labels. Few labels a person spread the columns by themselves. "
    )
    if spread["value"] is None:
        return f"{said}How far they spread beyond that is undefined: {spread.get('reason', 'no value')}."
    p = spread.get("p")
    chance = "" if p is None else f", p {p:.3f}"
    ends = f", from {end(spread['low'])} to {end(spread['high'])}" if spread.get("low") is not None else ""
    return (
        f"{said}Beyond that they spread with a standard deviation of {fixed(spread['value'])}{ends}{chance}."
    )
