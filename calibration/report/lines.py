"""A finished audit for a terminal: the league, and beneath it how much each rule's subset costs."""

from annotation.templatetags.labels import counted, end, fixed, signed
from calibration.report.found import Found, Result, falls, p_of, ranked, told
from calibration.report.read import LIMIT
from calibration.report.subsets import RuleSection, sections_of


def report_lines(result: Result) -> list[str]:
    """A line a scorer on all items, and one for each rule's subset that the page shows first."""
    scorers, notes = ranked(result), dict[str, int]()
    unit = result["clusters"]
    tag = " (simulated)" if result["simulated"] else ""
    if result.get("with_excluded"):
        tag += " (with excluded people)"
    alpha = _cell(result["people"]["krippendorff_alpha"]["ordinal"], notes)
    lines = [
        f"{result['study']}{tag}: {counted(result['items'], 'item')}, "
        f"{counted(result['labels'], 'label')}, alpha (ordinal) {alpha}",
        *_ceiling(result),
        "",
        *_league(scorers, notes),
    ]
    for section in sections_of(result, scorers, {}):
        lines += ["", *_section(section, notes)]
    return [
        *lines,
        "",
        *(f"[{number}] {reason}" for reason, number in notes.items()),
        f"Spearman's rho, 95 % intervals: {counted(result['replicates'], 'replicate')} of up to "
        f"{counted(unit['n'], unit['unit'])}, people held fixed, seed {result['seed']}. {LIMIT}",
        *([f"Caution: {unit['caution']}."] if "caution" in unit else []),
        f"Data {result['data_hash']}, version {result['version']}",
    ]


def _ceiling(result: Result) -> list[str]:
    found = told(result["people"], "ceiling")
    return [f"Nobody could reach a rho above {fixed(found['value'])}"] if found["value"] is not None else []


def _league(scorers: list[Result], notes: dict[str, int]) -> list[str]:
    rows = [["All items", "n", "rho", "within queries"]]
    for scorer in scorers:
        found = (_cell(told(scorer, key), notes) for key in ("spearman", "within_query"))
        rows.append([scorer["name"], f"{scorer['n']:,}", *found])
    return _table(rows)


def _section(section: RuleSection, notes: dict[str, int]) -> list[str]:
    """The chosen subset: rho there, where the narrower range alone would put it, and the excess."""
    cut = section.chosen
    size = counted(cut.n, section.rule.unit)
    ties = f", {counted(cut.boundary_ties, 'tie')}" if cut.boundary_ties else ""
    tests = ["expected", "excess", "p"] if section.expected else []
    rows = [[f"{section.rule.title}: {cut.words}, {size}{ties}", "all", "subset", *tests]]
    for row in section.rows:
        found = row.cells[section.at][0]
        rows.append(
            [
                row.scorer["name"] + (" *" if falls(told(found, "excess")) else ""),
                _cell(row.whole, notes),
                _cell(found["spearman"], notes, of=cut.n),
                *(_test(told(found, "expected"), told(found, "excess"), notes) if tests else []),
            ]
        )
    return _table(rows)


def _test(expected: Found, excess: Found, notes: dict[str, int]) -> list[str]:
    if excess["value"] is None:
        return [_cell(expected, notes), _cell(excess, notes), ""]
    p = p_of(excess)
    return [_cell(expected, notes), signed(excess["value"]), "undefined" if p is None else f"{p:.3f}"]


def _cell(estimate: Found, notes: dict[str, int], *, of: int | None = None) -> str:
    """A value and its interval; its n too, where that is not the one in the heading; its reason as a note."""
    reason = estimate.get("reason")
    note = f" [{notes.setdefault(reason, len(notes) + 1)}]" if reason else ""
    if estimate["value"] is None:
        return f"undefined{note}"
    ends = f" ({end(estimate['low'])}, {end(estimate['high'])})" if estimate["low"] is not None else ""
    n = f" n={estimate['n']:,}" if of is not None and of != estimate["n"] else ""
    return f"{fixed(estimate['value'])}{ends}{n}{note}"


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{text:{'<' if not n else '>'}{widths[n]}}" for n, text in enumerate(row)).rstrip()
        for row in rows
    ]
