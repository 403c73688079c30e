"""The league table: every scorer in a line, by rho."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from calibration.charts.dots import Axis, Mark, Tick
from calibration.report.cells import Cells, Grid, Head, Line
from calibration.report.found import Found, Result, falls, reason_of, told
from calibration.report.subsets import RuleSection
from generation.templatetags.numbers import percent

# Above the marks, which are narrow.
MOST_TICKS = 5

HEADS = (
    Head("rho"),
    Head("within queries"),
    Head("behind the highest", "adjusted p"),
    Head("excess", "adjusted p"),
    Head("Wasserstein", "distance"),
    Head("skill"),
    Head("alt test", "people it beats"),
)
CORRELATIONS = {
    "spearman": "rho",
    "within_query": "within queries",
    "kendall": "tau-b",
    "pearson": "Pearson’s r",
}


@dataclass(frozen=True)
class League:
    """The table, a mark of rho beside each of its rows, and the subset that its excess is of."""

    grid: Grid
    marks: list[Mark | None]
    ticks: list[Tick]
    focus: RuleSection | None
    correlations: Grid

    @property
    def rows(self) -> list[tuple[Line, Mark | None]]:
        return list(zip(self.grid.rows, self.marks, strict=True))


def league_of(result: Result, scorers: list[Result], focus: RuleSection | None) -> League:
    """`focus` is the rule whose chosen subset the excess is shown of."""
    cells = Cells()
    excess = focus.excess if focus else {}
    axis = Axis.around(scorer["spearman"] for scorer in scorers)
    rows = [
        Line(
            name=scorer["name"],
            beneath=_who(scorer),
            cells=[
                cells.estimate(scorer["spearman"]),
                cells.estimate(told(scorer, "within_query")),
                _behind(cells, result, scorer["name"]),
                cells.tested(excess.get(scorer["name"]) or told({}, "excess")),
                *_distances(cells, scorer),
                _alt_test(cells, scorer),
            ],
            marked=falls(excess.get(scorer["name"], {})),
        )
        for scorer in scorers
    ]
    return League(
        grid=cells.grid("Scorers by rho", HEADS, rows),
        marks=[axis.mark(scorer["spearman"]) for scorer in scorers],
        ticks=_some(axis.ticks()),
        focus=focus,
        correlations=_correlations(scorers),
    )


def _some(ticks: list[Tick]) -> list[Tick]:
    """Every second where they are many, zero among them."""
    zero = next(place for place, tick in enumerate(ticks) if tick.zero)
    return ticks if len(ticks) <= MOST_TICKS else ticks[zero % 2 :: 2]


def _who(scorer: Found) -> str:
    scored = f", {percent(scorer['coverage'])} scored" if scorer["coverage"] < 1 else ""
    return f"{scorer['family']}, n = {scorer['n']:,}{scored}"


def _behind(cells: Cells, result: Result, name: str) -> SafeString:
    differences = result.get("differences") or []
    if differences and differences[0]["first"] == name:
        return SafeString("highest")
    found = next((row for row in differences if row["second"] == name), None)
    if found is None and len(result["scorers"]) == 1:
        return cells.undefined("no other scorer")
    if found is None:
        measured = result.get("differences") is not None
        return cells.undefined("no scorer has a rho" if measured else reason_of(result, "differences"))
    return cells.tested(found["spearman"] | {"p": found["p"], "adjusted_p": found["adjusted_p"]})


def _distances(cells: Cells, scorer: Found) -> list[SafeString]:
    found = scorer.get("distribution")
    if not found:
        return [cells.undefined(reason_of(scorer, "distribution"))] * 2
    skill = (found.get("skill") or {}).get("wasserstein_1") or {"value": None}
    return [cells.estimate(told(found, "wasserstein_1")), cells.estimate(skill)]


def _alt_test(cells: Cells, scorer: Found) -> SafeString:
    found = scorer.get("alt_test")
    if not found or found.get("winning_rate") is None:
        return cells.undefined((found or {}).get("reason") or reason_of(scorer, "alt_test"))
    said = "passes" if found["passed"] else "does not pass" if found["adequate"] else "too thin to tell"
    share = f"{percent(found['winning_rate'])} of {found['annotators']:,}"
    return SafeString(f"{said}<small>{share}</small>")


def _correlations(scorers: list[Result]) -> Grid:
    """Every correlation on all items, and what it rests on."""
    cells = Cells()
    rows = [
        Line(
            scorer["name"],
            scorer["family"],
            [
                SafeString(f"{scorer['n']:,}"),
                SafeString(percent(scorer["coverage"])),
                *(cells.estimate(told(scorer, key)) for key in CORRELATIONS),
                _queries(cells, told(scorer, "within_query")),
            ],
        )
        for scorer in scorers
    ]
    heads = [Head("n"), Head("scored"), *map(Head, CORRELATIONS.values()), Head("queries with a rho")]
    return cells.grid("Every correlation on all items", heads, rows)


def _queries(cells: Cells, within: Found) -> SafeString:
    """Of how many queries the mean within queries is one."""
    if not within.get("queries"):
        return cells.undefined(within.get("reason"))
    return SafeString(f"{within['n']:,} of {within['queries']:,}")
