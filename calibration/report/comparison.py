"""What a comparison of two scorers shows: its sentence, its plot and its table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from calibration.charts.differences import Difference, difference_plot
from calibration.report.cells import Cells, Grid, Head, Line, p_text
from calibration.report.found import LEVEL, Found
from calibration.report.subsets import ITEMS_FOR_A_PLOT
from calibration.rules import RULES
from generation.figures.figure import Figure, Table
from generation.templatetags.numbers import counted, end, fixed, signed

WORDS = {
    "spearman": ("Spearman’s rho", "on all common items"),
    "pearson": ("Pearson’s r", "on all common items"),
    "within_query": ("rho within queries", "mean over queries"),
    "wasserstein_1": ("Wasserstein-1", "distance from people’s labels, in steps: lower is better"),
    "corrected": ("Corrected distance", "less what few labels add: lower is better"),
}
COLUMNS = {
    "measure": "Measure", "rule": "Subset", "parameter": "Parameter", "n": "n", "first": "First",
    "second": "Second", "difference": "Difference", "low": "from", "high": "to", "p": "p",
    "adjusted_p": "Adjusted p",
}  # fmt: skip


@dataclass(frozen=True)
class ComparisonReport:
    """What the page shows of a comparison."""

    result: Found
    headline: str
    figure: Figure | None
    whole: list[Grid]
    subsets: Grid | None

    @property
    def simulated(self) -> list[str]:
        """The scorers whose votes are of people who were made up."""
        sides = (self.result["first"], self.result["second"])
        return list(dict.fromkeys(side["scorer"] for side in sides if side.get("simulated_people")))


def read_comparison(result: Found) -> ComparisonReport:
    """Lay out the JSON of a comparison."""
    rows: dict[str, list[Found]] = {"whole": [], "subsets": [], "distances": []}
    for row in result["differences"]:
        rows["subsets" if "rule" in row else "distances" if row["lower_is_better"] else "whole"].append(row)
    whole = [("Correlations with people", rows["whole"]), ("Distances from people", rows["distances"])]
    return ComparisonReport(
        result=result,
        headline=headline(result),
        figure=comparison_figure(result),
        whole=[_grid(label, some) for label, some in whole if some],
        subsets=_grid("Correlations on subsets", rows["subsets"]) if rows["subsets"] else None,
    )


def headline(result: Found) -> str:
    """Which of the two ranks as people do, in a sentence; empty where nothing is in common."""
    if not result["differences"]:
        return ""
    rho = result["differences"][0]
    on = f"on {counted(rho['n'], 'common item')}"
    first, second = result["first"]["scorer"], result["second"]["scorer"]
    difference, p = rho["difference"], rho["p"]
    if difference["value"] is None:
        return f"Spearman’s rho of one of the two is undefined {on}."
    values = f"rho {fixed(rho['first'])} against {fixed(rho['second'])} {on}"
    if difference["low"] is None or p is None:
        return f"{values}: {difference.get('reason', 'no interval')}."
    ends = f"difference {signed(difference['value'])}, {end(difference['low'])} to {end(difference['high'])}"
    if p > LEVEL:
        return f"By rank, these labels do not tell the two apart: {values}, {ends}."
    higher = first if difference["value"] > 0 else second
    return f"{higher} is nearer to how people rank: {values}, {ends}."


def comparison_figure(result: Found) -> Figure | None:
    """The plot of the correlations' differences; None where none is defined."""
    correlations = [row for row in result["differences"] if not row["lower_is_better"]]
    drawn = [row for row in _drawn(correlations) if row["difference"]["value"] is not None]
    if not drawn:
        return None
    first, second = result["first"]["scorer"], result["second"]["scorer"]
    return Figure(
        name="differences",
        title="Which of the two follows people more, and where?",
        template="calibration/_differences_drawn.html",
        plot=difference_plot([Difference(*_names(row), row["difference"], _sure(row)) for row in drawn]),
        says=(
            f"Right of 0, {first} correlates more with people’s mean labels; left of it, {second}. Lines are "
            "95 % intervals of the difference, both scorers resampled together. Filled: adjusted p at most "
            "0.05. Of each kind of subset, the narrowest of 100 items or more; kinds of the same items, once."
        ),
        table=Table(COLUMNS, [_numbers(row) for row in result["differences"]]),
    )


def _drawn(rows: Sequence[Found]) -> list[Found]:
    """What is of all items, and of each rule the narrowest subset that is not mere noise.

    Rules that keep the same items, and so have the same numbers, are drawn once.
    """
    by_rule: dict[str, list[Found]] = {}
    for row in rows:
        by_rule.setdefault(row.get("rule", row["measure"]), []).append(row)
    apart: dict[tuple[Any, ...], Found] = {}
    for row in map(_narrowest, by_rule.values()):
        apart.setdefault((row["measure"], row["n"], row["first"], row["second"]), row)
    return [*apart.values()]


def _narrowest(rows: Iterable[Found]) -> Found:
    every = sorted(rows, key=lambda row: int(row["n"]))
    return next((row for row in every if row["n"] >= ITEMS_FOR_A_PLOT), every[-1])


def _sure(row: Found) -> bool:
    return row["adjusted_p"] is not None and row["adjusted_p"] <= LEVEL


def _names(row: Found) -> tuple[str, str]:
    """What a row is of, and what stands beneath."""
    if "rule" not in row:
        return WORDS[row["measure"]]
    rule = RULES[row["rule"]]
    return rule.title, f"{rule.cut(row['parameter'])}: {counted(row['n'], rule.unit)}"


def _numbers(row: Found) -> list[Any]:
    found = row["difference"]
    subset = [row.get("rule"), row.get("parameter")]
    values = [row[name] for name in ("n", "first", "second")]
    ends = [found[name] for name in ("value", "low", "high")]
    return [row["measure"], *subset, *values, *ends, row["p"], row["adjusted_p"]]


def _grid(label: str, rows: Sequence[Found]) -> Grid:
    cells = Cells()
    heads = [
        Head("n"),
        Head("First"),
        Head("Second"),
        Head("Difference", "95 % interval"),
        Head("Adjusted p"),
    ]
    return cells.grid(label, heads, [_line(cells, row) for row in rows], first="Measure")


def _line(cells: Cells, row: Found) -> Line:
    name, beneath = _names(row)
    places = 3 if row["measure"] == "corrected" else 2
    written = [
        SafeString(f"{row['n']:,}"),
        cells.number(row["first"], places),
        cells.number(row["second"], places),
        cells.estimate(row["difference"], places, sign=True),
        SafeString(p_text(row["adjusted_p"])),
    ]
    return Line(name, beneath, written)
