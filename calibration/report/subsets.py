"""The subsets of each rule: where a scorer is beside where the narrower range alone would put it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.utils.safestring import SafeString

from calibration.charts.dots import Compared, DotRow, Plot, dot_plot
from calibration.report.cells import Cells, Grid, Head, Line, p_text
from calibration.report.found import Found, Result, falls, p_of, reason_of, told
from calibration.rules import RULES, Rule
from generation.templatetags.numbers import counted, fixed

# Below this many items an interval is so wide that the plot would start with noise.
ITEMS_FOR_A_PLOT = 100

HEADS = (
    Head("n"),
    Head("rho, all"),
    Head("rho, subset"),
    Head("expected", "the same error everywhere"),
    Head("excess", "adjusted p"),
    Head("residuals inside", "less outside, adjusted p"),
    Head("random subset", "of that size: noise only"),
)
CORRECTIONS = {"thorndike": "Thorndike", "attenuation": "attenuation"}
SENSITIVITY = tuple(map(Head, ("sd of means", "reliability", "ceiling", *CORRECTIONS.values())))


@dataclass(frozen=True)
class Cut:
    """What a rule keeps: how many of the study's items, and how many tie at its boundary.

    Parameters that keep the same items, as ties make them, are one cut: `parameter` is the first of them.
    """

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
    whole: Found
    cells: list[tuple[Result, Cut]]


@dataclass(frozen=True)
class RuleSection:
    """The subsets of one rule: `at` is the place of the chosen one, `wished` whether it was asked for."""

    key: str
    rule: Rule
    cuts: list[Cut]
    at: int
    rows: list[SubsetRow]
    wished: bool = False

    @property
    def chosen(self) -> Cut:
        return self.cuts[self.at]

    @property
    def figure(self) -> str:
        """The name of its picture."""
        return f"subset-{self.key}"

    @cached_property
    def excess(self) -> dict[str, Found]:
        """Of each scorer on the chosen subset."""
        return {row.scorer["name"]: told(row.cells[self.at][0], "excess") for row in self.rows}

    @property
    def falls(self) -> tuple[int, int]:
        """How many scorers fall more than the range explains, of how many with a test."""
        tested = [found for found in self.excess.values() if found.get("p") is not None]
        return sum(map(falls, tested)), len(tested)

    @property
    def keeps(self) -> list[Any]:
        """What tells its subsets from another rule's: the same items give the same numbers."""
        return [
            (cut.n, *(row.cells[n][0]["spearman"]["value"] for row in self.rows))
            for n, cut in enumerate(self.cuts)
        ]

    @property
    def expected(self) -> bool:
        """Whether it is known what the narrower range alone would do."""
        return any(row.cells[self.at][0].get("expected") for row in self.rows)

    @cached_property
    def plot(self) -> Plot[DotRow]:
        return dot_plot([_compared(row, self.at) for row in self.rows])

    @cached_property
    def chosen_grid(self) -> Grid:
        cells = Cells()
        rows = [_line(cells, row.scorer["name"], row.whole, row.cells[self.at][0]) for row in self.rows]
        return cells.grid(f"{self.rule.title}, {self.chosen.words}", HEADS, rows)

    @cached_property
    def sensitivity(self) -> Grid:
        """What corrections would make of rho on the chosen subset, and what they rest on."""
        cells = Cells()
        rows = [
            Line(row.scorer["name"], "", sensitivity_cells(cells, row.cells[self.at][0])) for row in self.rows
        ]
        label = f"Corrections: {self.rule.title}, {self.chosen.words}"
        return cells.grid(label, SENSITIVITY, rows)

    @cached_property
    def every_cut(self) -> Grid:
        """A line a scorer, a column a cut: rho, and beneath it what was expected and the p."""
        cells = Cells()
        whole = "all pairs" if self.rule.unit == "pair" else "all items"
        heads = [Head(whole), *(Head(cut.words, _size(cut)) for cut in self.cuts)]
        rows = [
            Line(
                row.scorer["name"],
                "",
                [cells.estimate(row.whole), *(_cell(cells, *cell) for cell in row.cells)],
            )
            for row in self.rows
        ]
        return cells.grid(f"Rho on every subset: {self.rule.title}", heads, rows)

    @property
    def range_words(self) -> str:
        """What the subset does to the labels' means; empty where that is not known."""
        found = max((row.cells[self.at][0] for row in self.rows), key=lambda cell: cell["n"])
        sd, reliability, ceiling = (found.get(key) for key in ("mean_sd", "reliability", "ceiling"))
        if sd is None:
            return ""
        said = f"Mean labels have a standard deviation of {fixed(sd)} there"
        if reliability and reliability["value"] is not None:
            said += f" and a reliability of {fixed(reliability['value'])}"
        if ceiling and ceiling["value"] is not None:
            said += f", so that a perfect scorer can expect {fixed(ceiling['value'])}"
        return f"{said}."


def sections_of(result: Result, scorers: list[Result], wishes: Mapping[str, str]) -> list[RuleSection]:
    """A section a rule, those of disagreement first."""
    rules = dict.fromkeys(subset["rule"] for subset in result["subsets"])
    return [_section(key, result, scorers, wishes) for key in RULES if key in rules]


def cuts_of_one(sections: list[RuleSection], name: str) -> Grid:
    """One scorer on every subset of every rule."""
    cells, rows = Cells(), []
    for section in sections:
        row = next(row for row in section.rows if row.scorer["name"] == name)
        for found, cut in row.cells:
            line = _line(cells, section.rule.title, row.whole, found)
            rows.append(Line(line.name, cut.words, line.cells, marked=line.marked))
    return cells.grid(f"Every subset: {name}", HEADS, rows, first="Subset")


def sensitivity_cells(cells: Cells, found: Found) -> list[SafeString]:
    corrected, sd = told(found, "corrected"), found.get("mean_sd")
    return [
        cells.number(sd, reason=None if sd is not None else reason_of(found, "mean_sd")),
        cells.estimate(told(found, "reliability")),
        cells.estimate(told(found, "ceiling")),
        *(cells.number(corrected.get(key), reason=corrected.get("reason")) for key in CORRECTIONS),
    ]


def _line(cells: Cells, name: str, whole: Found, found: Found) -> Line:
    excess = told(found, "excess")
    expected, random = told(found, "expected"), told(found, "random")
    return Line(
        name,
        "",
        [
            SafeString(f"{found['n']:,}"),
            cells.estimate(whole),
            cells.estimate(found["spearman"]),
            cells.estimate(expected),
            cells.tested(excess),
            cells.tested(told(found, "stratified"), 3),
            cells.estimate(random),
        ],
        marked=falls(excess),
    )


def _cell(cells: Cells, found: Found, cut: Cut) -> SafeString:
    n = f"<small>n = {found['n']:,}</small>" if found["n"] != cut.n else ""
    expected = found.get("expected") or {}
    if expected.get("value") is None:
        return SafeString(cells.estimate(found["spearman"]) + n)
    p = f", p {p_text(p_of(told(found, 'excess')))}"
    kind = ' class="short"' if falls(told(found, "excess")) else ""
    beneath = f"<small{kind}>expected {fixed(expected['value'])}{p}</small>"
    return SafeString(cells.estimate(found["spearman"]) + n + beneath)


def _size(cut: Cut) -> str:
    ties = f", {counted(cut.boundary_ties, 'tie')}" if cut.boundary_ties else ""
    return f"n = {cut.n:,}{ties}"


def _compared(row: SubsetRow, at: int) -> Compared:
    found = row.cells[at][0]
    return Compared(
        row.scorer["name"],
        row.scorer["family"],
        row.whole,
        found["spearman"],
        found.get("expected"),
        falls=falls(told(found, "excess")),
    )


def _section(key: str, result: Result, scorers: list[Result], wishes: Mapping[str, str]) -> RuleSection:
    cuts = _cuts(key, result, wishes)
    # Near pairs are held against the same statistic of all pairs.
    whole = "all_pairs" if RULES[key].unit == "pair" else "spearman"
    rows = []
    for scorer in scorers:
        found = {_name(subset): subset for subset in scorer["subsets"] if subset["rule"] == key}
        rows.append(SubsetRow(scorer, told(scorer, whole), [(found[cut.parameter], cut) for cut in cuts]))
    at = next(n for n, cut in enumerate(cuts) if cut.chosen)
    return RuleSection(key, RULES[key], cuts, at, rows, wished=key in wishes)


def _cuts(key: str, result: Result, wishes: Mapping[str, str]) -> list[Cut]:
    """The rule's cuts; without a wish, the plot shows the narrowest subset that is not mere noise."""
    found = {_name(subset): subset for subset in result["subsets"] if subset["rule"] == key}
    wish = wishes.get(key, "")
    chosen = wish if wish in found else _plottable(key, result, found)
    # A rule's subsets lie one inside the other, so that those of one size are the same.
    alike: dict[tuple[int, int], list[str]] = {}
    for name, subset in found.items():
        alike.setdefault((subset["n"], subset["boundary_ties"]), []).append(name)
    return [
        Cut(
            parameter=names[0],
            query=urlencode({**wishes, key: names[0]}),
            words=" to ".join(
                RULES[key].cut(found[name]["parameter"]) for name in dict.fromkeys((names[0], names[-1]))
            ),
            n=n,
            boundary_ties=ties,
            chosen=chosen in names,
        )
        for (n, ties), names in alike.items()
    ]


def _plottable(key: str, result: Result, found: Mapping[str, Any]) -> str:
    defined = {
        _name(subset)
        for scorer in result["scorers"]
        for subset in scorer["subsets"]
        if subset["rule"] == key and subset["spearman"]["value"] is not None
    }
    sizes = {name: subset["n"] for name, subset in found.items()}
    # A subset that leaves nothing out tells nothing.
    cut = [name for name, n in sizes.items() if name in defined and n < result["items"]]
    cut = [*sizes] if RULES[key].unit == "pair" or not cut else cut
    enough = [name for name in cut if name in defined and sizes[name] >= ITEMS_FOR_A_PLOT]
    return min(enough, key=sizes.__getitem__, default=max(cut, key=sizes.__getitem__))


def _name(subset: Found) -> str:
    return f"{subset['parameter']:g}"
