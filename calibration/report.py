"""A finished audit as a page shows it: all that it found is read from its frozen result."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from annotation.templatetags.labels import counted, end, fixed
from calibration.charts import DotPlot, dot_plot
from calibration.models import Audit, Scorer
from calibration.rules import RULES, Rule

Result = dict[str, Any]
Estimate = dict[str, Any]

STYLES = ("look.css", "console.css", "audit.css")

# Below this many items an interval is so wide that the plot would start with noise.
ITEMS_FOR_A_PLOT = 100

LIMIT = (
    "A correlation on such a subset falls without any miscalibration, because the range of the labels is "
    "narrower there: a fall alone is no evidence against a scorer."
)


@dataclass(frozen=True)
class Cut:
    """One parameter of a rule: how many of the study's items it keeps, and how many tie at its boundary."""

    parameter: str
    query: str
    words: str
    n: int
    boundary_ties: int
    chosen: bool


@dataclass(frozen=True)
class SubsetRow:
    """A scorer on the whole that the subsets are held against, and on each of them."""

    scorer: Result
    whole: Estimate
    cells: list[tuple[Result, Cut]]


@dataclass(frozen=True)
class RuleSection:
    """The subsets of one rule: a plot of one of them, and a table of all."""

    key: str
    rule: Rule
    cuts: list[Cut]
    chosen: Cut
    plot: DotPlot
    rows: list[SubsetRow]


@dataclass(frozen=True)
class Report:
    """What a page shows of a result; scorers stand by rho, the highest first."""

    result: Result
    scorers: list[Result]
    sections: list[RuleSection]
    best: Result | None
    with_interval: int
    unclear: int
    labels_each: str
    limit: str = LIMIT


def read_report(result: Result, *, wishes: Mapping[str, str] | None = None) -> Report:
    """Lay out a result; `wishes` names for a rule the parameter that its plot shows."""
    scorers = [
        scorer | {"family": family_words(scorer["family"])}
        for scorer in sorted(result["scorers"], key=_by_rho)
    ]
    rules = list(dict.fromkeys(subset["rule"] for subset in result["subsets"]))
    known = {rule: wish for rule, wish in (wishes or {}).items() if rule in rules}
    defined = [scorer for scorer in scorers if scorer["spearman"]["value"] is not None]
    each = result["labels_per_item"]
    fewest, most = counted(each["min"], "label"), counted(each["max"], "label")
    return Report(
        result=result,
        scorers=scorers,
        sections=[_section(rule, result, scorers, known) for rule in rules],
        best=defined[0] if defined else None,
        with_interval=sum(scorer["spearman"]["low"] is not None for scorer in scorers),
        unclear=sum(_reaches_zero(scorer["spearman"]) for scorer in scorers),
        labels_each=fewest if each["min"] == each["max"] else f"{each['min']} to {most}",
    )


def report_page(audit: Audit) -> str:
    """The audit as one HTML file that needs no network."""
    styles = [Path(finders.find(name) or name).read_text(encoding="utf-8") for name in STYLES]
    report = read_report(audit.result or {})
    context = {"audit": audit, "study": audit.study, "report": report, "styles": styles}
    return render_to_string("calibration/report.html", context)


def write_report(audit: Audit, path: Path) -> None:
    """Write the page whole, or nothing. Raises OSError."""
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text(report_page(audit), encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def report_lines(result: Result) -> list[str]:
    """The same for a terminal: a table for all items and one for each rule, a line a scorer."""
    report = read_report(result)
    unit = result["clusters"]
    tag = " (simulated)" if result["simulated"] else ""
    if result.get("with_excluded"):
        tag += " (with excluded people)"
    notes: dict[str, int] = {}
    alpha = _cell(result["people"]["krippendorff_alpha"]["ordinal"], notes)
    everything = [
        [f"{scorer['n']:,}", _cell(scorer["spearman"], notes), _cell(scorer["within_query"], notes)]
        for scorer in report.scorers
    ]
    lines = [
        f"{result['study']}{tag}: {counted(result['items'], 'item')}, "
        f"{counted(result['labels'], 'label')}, "
        f"alpha (ordinal) {alpha}",
        "",
        *_table([["All items", "n", "rho", "within queries"]], everything, report.scorers),
    ]
    for section in report.sections:
        heads = [
            [section.rule.title, *(cut.words for cut in section.cuts)],
            [f"{section.rule.unit}s", *(_size(cut) for cut in section.cuts)],
        ]
        cells = [
            [_cell(cell["spearman"], notes, of=cut.n) for cell, cut in row.cells] for row in section.rows
        ]
        if section.rule.unit == "pair":
            heads = [
                [first, every, *rest] for (first, *rest), every in zip(heads, ("all pairs", ""), strict=True)
            ]
            cells = [
                [_cell(row.whole, notes), *found] for row, found in zip(section.rows, cells, strict=True)
            ]
        lines += ["", *_table(heads, cells, report.scorers)]
    return [
        *lines,
        "",
        *(f"[{number}] {reason}" for reason, number in notes.items()),
        f"Spearman's rho, 95 % intervals: {counted(result['replicates'], 'replicate')} of up to "
        f"{counted(unit['n'], unit['unit'])}, people held fixed, seed {result['seed']}. {LIMIT}",
        *([f"Caution: {unit['caution']}."] if "caution" in unit else []),
        f"Data {result['data_hash']}, version {result['version']}",
    ]


def _size(cut: Cut) -> str:
    return f"{cut.n:,} ({counted(cut.boundary_ties, 'tie')})" if cut.boundary_ties else f"{cut.n:,}"


def _cell(estimate: Estimate, notes: dict[str, int], *, of: int | None = None) -> str:
    """A value and its interval; its n too, where that is not the one in the heading; its reason as a note."""
    reason = estimate.get("reason")
    note = f" [{notes.setdefault(reason, len(notes) + 1)}]" if reason else ""
    if estimate["value"] is None:
        return f"undefined{note}"
    ends = f" ({end(estimate['low'])}, {end(estimate['high'])})" if estimate["low"] is not None else ""
    n = f" n={estimate['n']:,}" if of is not None and of != estimate["n"] else ""
    return f"{fixed(estimate['value'])}{ends}{n}{note}"


def _table(heads: list[list[str]], cells: list[list[str]], scorers: list[Result]) -> list[str]:
    rows = [*heads, *([scorer["name"], *row] for scorer, row in zip(scorers, cells, strict=True))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{text:{'<' if not n else '>'}{widths[n]}}" for n, text in enumerate(row)).rstrip()
        for row in rows
    ]


def family_words(family: str) -> str:
    """The family as a page writes it."""
    return str(Scorer.Family(family).label).split(" (")[0] if family in Scorer.Family.values else family


def _by_rho(scorer: Result) -> tuple[bool, float, str]:
    rho = scorer["spearman"]["value"]
    return rho is None, -(rho or 0.0), scorer["name"]


def _reaches_zero(estimate: Estimate) -> bool:
    return estimate["low"] is not None and estimate["low"] <= 0 <= estimate["high"]


def _section(key: str, result: Result, scorers: list[Result], wishes: Mapping[str, str]) -> RuleSection:
    cuts = _cuts(key, result, wishes)
    # Near pairs are held against the same statistic of all pairs.
    whole = "all_pairs" if RULES[key].unit == "pair" else "spearman"
    rows = []
    for scorer in scorers:
        cells = [subset for subset in scorer["subsets"] if subset["rule"] == key]
        rows.append(SubsetRow(scorer, scorer[whole], list(zip(cells, cuts, strict=True))))
    at, chosen = next((n, cut) for n, cut in enumerate(cuts) if cut.chosen)
    plot = dot_plot(
        [(row.scorer["name"], row.scorer["family"], row.whole, row.cells[at][0]["spearman"]) for row in rows]
    )
    return RuleSection(key, RULES[key], cuts, chosen, plot, rows)


def _cuts(key: str, result: Result, wishes: Mapping[str, str]) -> list[Cut]:
    """The rule's parameters; without a wish, the plot shows the narrowest subset that is not mere noise."""
    found = {_name(subset): subset for subset in result["subsets"] if subset["rule"] == key}
    wish = wishes.get(key, "")
    chosen = wish if wish in found else _plottable(key, result, found)
    return [
        Cut(
            parameter=name,
            query=urlencode({**wishes, key: name}),
            words=RULES[key].cut(subset["parameter"]),
            n=subset["n"],
            boundary_ties=subset["boundary_ties"],
            chosen=name == chosen,
        )
        for name, subset in found.items()
    ]


def _plottable(key: str, result: Result, found: Mapping[str, Result]) -> str:
    defined = {
        _name(subset)
        for scorer in result["scorers"]
        for subset in scorer["subsets"]
        if subset["rule"] == key and subset["spearman"]["value"] is not None
    }
    enough = [name for name, subset in found.items() if name in defined and subset["n"] >= ITEMS_FOR_A_PLOT]
    widest = max(found, key=lambda name: found[name]["n"])
    return min(enough, key=lambda name: found[name]["n"], default=widest)


def _name(subset: Result) -> str:
    return f"{subset['parameter']:g}"
