"""A finished audit for a terminal: the league, and beneath it how much each rule's subset costs."""

from calibration.report.asked import asked_words
from calibration.report.found import LEVEL, Found, Result, absent, falls, fullest, p_of, ranked, told
from calibration.report.read import LIMIT
from calibration.report.subsets import RuleSection, sections_of
from generation.templatetags.numbers import counted, end, fixed, signed

# Of a longer name the middle is left out: names of checkpoints differ at their ends.
LONGEST_NAME = 48
TESTS = (
    "Expected: rho of a scorer that errs alike on all items, on the narrower range of the subset. Excess: "
    "rho there less that. p: one-sided, of falling more than the range explains, adjusted (Benjamini and "
    f"Hochberg) over all scorers and subsets; * where it is at most {LEVEL}."
)
DISTANCE = (
    "Wasserstein-1: how far the labels that a scorer predicts are from people's, in steps of the scale; a "
    "perfect judge is at {floor}, since few labels scatter. Skill: 1 less its ratio to predicting the "
    "study's overall shares for all items alike; 0 is no better than those."
)


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
        *_ceiling(result, notes),
        "",
        *_league(scorers, notes),
    ]
    sections = sections_of(result, scorers, {})
    for section in sections:
        lines += ["", *_section(section, notes)]
    return [
        *lines,
        "",
        *(f"[{number}] {reason}" for reason, number in notes.items()),
        f"Spearman's rho, 95 % intervals: {counted(result['replicates'], 'replicate')} of up to "
        f"{counted(unit['n'], unit['unit'])}, people held fixed, seed {result['seed']}. {LIMIT}",
        *([TESTS] if any(section.expected for section in sections) else []),
        *_distance(scorers),
        *_asked(scorers),
        *([f"Caution: {unit['caution']}."] if "caution" in unit else []),
        f"Data {result['data_hash']}, version {result['version']}",
    ]


def _ceiling(result: Result, notes: dict[str, int]) -> list[str]:
    found = result["people"].get("ceiling")
    if not found:
        return []
    return [f"A scorer that knows what people think on average can expect a rho of {_cell(found, notes)}"]


def _distance(scorers: list[Result]) -> list[str]:
    """What the distances of the league mean."""
    floor = ((fullest(scorers, "distribution") or {}).get("floor") or {}).get("wasserstein_1")
    return [] if floor is None else [DISTANCE.format(floor=fixed(floor))]


def _asked(scorers: list[Result]) -> list[str]:
    """How each scorer was asked, and what it left out."""
    words = {_name(scorer): " ".join(asked_words(scorer)) for scorer in scorers}
    return [f"{name}: {said}" for name, said in words.items() if said]


def _league(scorers: list[Result], notes: dict[str, int]) -> list[str]:
    correlations = {"spearman": "rho", "within_query": "within queries"}
    distances = (
        {} if absent(scorers, "distribution") else {"wasserstein_1": "Wasserstein-1", "skill": "skill"}
    )
    rows = [["All items", "n", *correlations.values(), *distances.values()]]
    for scorer in scorers:
        whole = told(scorer, "distribution")
        skill = whole.get("skill") or whole
        found = [
            *(told(scorer, key) for key in correlations),
            *(told(part, "wasserstein_1") for part in (whole, skill) if distances),
        ]
        rows.append([_name(scorer), f"{scorer['n']:,}", *(_cell(one, notes) for one in found)])
    return _table(rows)


def _name(scorer: Found) -> str:
    name: str = scorer["name"]
    half = LONGEST_NAME // 2
    short = name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[-half + 1 :]}"
    return f"{short} (simulated people)" if scorer.get("simulated") else short


def _section(section: RuleSection, notes: dict[str, int]) -> list[str]:
    """The chosen subset: rho there, where the narrower range alone would put it, and the excess."""
    cut = section.chosen
    size = counted(cut.n, section.rule.unit)
    ties = f", {counted(cut.boundary_ties, 'tie')}" if cut.boundary_ties else ""
    tests = ["expected", "excess", "adjusted p"] if section.expected else []
    rows = [[f"{section.rule.title}: {cut.words}, {size}{ties}", "all", "subset", *tests]]
    for row in section.rows:
        found = row.cells[section.at][0]
        rows.append(
            [
                _name(row.scorer) + (" *" if falls(told(found, "excess")) else ""),
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
