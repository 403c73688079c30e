"""The tables of an audit as CSV files: what the result holds, flattened, in numbers that are not rounded."""

from collections.abc import Callable, Iterator, Mapping

from calibration.report.found import Found, Result, reason_of
from generation.figures.figure import Cell
from generation.figures.files import lines_of

Row = dict[str, Cell]

OF_ALL_ITEMS = (
    *("name", "family", "kind", "n", "coverage"),
    *("spearman", "kendall", "pearson", "within_query", "all_pairs"),
)

# Columns that tell rows apart stand first, the others by their names: PostgreSQL does not keep keys' order.
FIRST = (
    *("scorer", "name", "family", "kind", "first", "second", "of", "rule", "parameter", "question"),
    *("item_id", "low", "high", "n", "coverage"),
)


# Which of them name scorers.
OF_SCORERS = ("scorer", "name", "first", "second")


def table_as_csv(result: Result, name: str) -> str:
    """A table by its name, each row with its study and whose labels and votes they are. Raises KeyError.

    An estimate's columns are its value under its own name, and its other numbers behind it.
    """
    rows = [flat(row) for row in TABLES[name](result)]
    marks = {"simulated": result["simulated"], "with_excluded": result.get("with_excluded", False)}
    made_up = {scorer["name"] for scorer in result["scorers"] if scorer.get("simulated")}
    own = sorted({column for row in rows for column in row}, key=_place)
    written = (
        [
            result["study"],
            *(row.get(column) for column in own),
            *map(_mark, marks.values()),
            _mark(any(row.get(column) in made_up for column in OF_SCORERS)),
        ]
        for row in rows
    )
    return lines_of(["study", *own, *marks, "simulated_people"], written)


def flat(found: Found, before: str = "") -> Row:
    """Nested numbers as columns: `{"rho": {"value": 1, "low": 0}}` is `{"rho": 1, "rho_low": 0}`."""
    row: Row = {}
    for key, value in found.items():
        name = before if key == "value" and before else f"{before}_{key}" if before else key
        if isinstance(value, Mapping):
            row |= flat(value, name)
        elif isinstance(value, list):
            row[name] = " ".join(map(str, value))
        else:
            row[name] = _mark(value) if isinstance(value, bool) else value
    return row


def _place(column: str) -> tuple[int, str]:
    return (FIRST.index(column) if column in FIRST else len(FIRST), column)


def _mark(value: bool) -> str:
    return str(value).lower()


def _without(found: Found, *keys: str) -> Found:
    return {key: value for key, value in found.items() if key not in (*keys, "reasons")}


def _league(result: Result) -> Iterator[Found]:
    for scorer in result["scorers"]:
        yield {key: scorer[key] for key in OF_ALL_ITEMS if key in scorer}


def _differences(result: Result) -> Iterator[Found]:
    yield from result.get("differences") or []


def _design(result: Result) -> Iterator[Found]:
    yield from result.get("design") or []


def _subsets(result: Result) -> Iterator[Found]:
    for scorer in result["scorers"]:
        for subset in scorer["subsets"]:
            yield {"scorer": scorer["name"], **_without(subset)}


def _part(key: str, *without: str) -> Callable[[Result], Iterator[Found]]:
    """A row a scorer: one of its parts, or why it has none."""

    def rows(result: Result) -> Iterator[Found]:
        for scorer in result["scorers"]:
            found = scorer.get(key) or {"reason": reason_of(scorer, key)}
            yield {"scorer": scorer["name"], **_without(found, *without)}

    return rows


def _rows_of(key: str) -> Callable[[Result], Iterator[Found]]:
    """A row for each row that a scorer's part has."""

    def rows(result: Result) -> Iterator[Found]:
        for scorer in result["scorers"]:
            for row in scorer.get(key) or []:
                yield {"scorer": scorer["name"], **_without(row)}

    return rows


def _reliability(result: Result) -> Iterator[Found]:
    for scorer in result["scorers"]:
        for of in ("distribution", "pairwise"):
            curve = (scorer.get(of) or {}).get("reliability_curve") or {}
            for one in curve.get("bins") or []:
                yield {"scorer": scorer["name"], "of": of, **one}


def _groups(result: Result) -> Iterator[Found]:
    for scorer in result["scorers"]:
        for question in scorer.get("groups") or []:
            for group in question["groups"]:
                yield {"scorer": scorer["name"], "question": question["question"], **group}


TABLES: Mapping[str, Callable[[Result], Iterator[Found]]] = {
    "design": _design,
    "league": _league,
    "differences": _differences,
    "subsets": _subsets,
    "distribution": _part("distribution", "reliability_curve"),
    "by_disagreement": _rows_of("by_disagreement"),
    "reliability": _reliability,
    "pairwise": _part("pairwise", "reliability_curve"),
    "alt_test": _part("alt_test"),
    "annotators": _part("annotators", "bins"),
    "groups": _groups,
    "examples": _rows_of("examples"),
}
