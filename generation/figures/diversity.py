"""The plots of a report of diversity, each with its question, its sentence and its table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from generation.charts.curves import Line, curves_of
from generation.charts.heat import Shaded, heat_table
from generation.charts.names import shortened
from generation.figures.compared import conditions, ensembles, three
from generation.figures.figure import Cell, Figure, Table
from generation.templatetags.numbers import fixed, percent, signed

Json = Mapping[str, Any]

BINS = [f".{n}–{f'.{n + 1}' if n < 9 else '1'}" for n in range(10)]


def figures_of(found: Json) -> dict[str, Figure]:
    """By name, those that the report has something to draw for."""
    made = {name: maker(found) for name, maker in MAKERS.items()}
    return {name: figure for name, figure in made.items() if figure is not None}


def within(found: Json) -> Figure | None:
    """The heat map: sources by ten bins of their queries' mean similarity."""
    if not found.get("within"):
        return None
    average, sources = found["within"]["average"], found["within"]["sources"]
    rows = [("Average", average), *((row["source"], row) for row in _most_first(sources, "similarity"))]
    shaded = [[_share(share, name, n) for n, share in enumerate(row["bins"]["shares"])] for name, row in rows]
    beside = [
        [
            fixed(row["similarity"]["value"]),
            _ends(row["similarity"]),
            signed(row["gap"]["value"]),
            signed(row["centred_gap"]["value"]),
            percent(row["cells_above"]["value"]),
            percent(row["pairs_above"]["value"]),
            f"{row['similarity']['n']:,}",
        ]
        for _, row in rows
    ]
    above = average["cells_above"]["value"]
    floor = found["floor"]["similarity"]["value"]
    return Figure(
        name="within",
        title="How alike are one model’s answers to the same query?",
        template="generation/_heat_drawn.html",
        plot=heat_table([name for name, _ in rows], BINS, shaded, beside=beside),
        says=(
            f"Each row: the share of queries whose answers of that model have a mean similarity in the bin. "
            f"On average {percent(above)} of such cells lie above .8; that is no share of pairs of answers. "
            f"Answers to different queries are at {fixed(floor)} with this encoder, its floor: read a "
            "similarity by the gap above it."
        ),
        table=Table(
            columns={
                "model": "Model",
                "similarity": "Mean",
                "low": "From",
                "high": "To",
                "gap": "Above the floor",
                "centred_gap": "Centred gap",
                "cells_above": "Cells above .8",
                "pairs_above": "Pairs above .8",
                "queries": "Queries",
                **{f"bin_{n}": BINS[n] for n in range(10)},
            },
            rows=[_within_row(name, row) for name, row in rows],
        ),
    )


def between(found: Json) -> Figure | None:
    """The lower triangle of the similarities of every two sources."""
    if not found.get("between"):
        return None
    names = [row["source"] for row in found["sources"]]
    pairs = {(row["a"], row["b"]): row for row in found["between"]["pairs"]}
    average = found["between"]["average"]
    floor = found["floor"]["similarity"]["value"] or 0.0
    shaded = [[_alike(pairs[a, b], floor) for b in names[:n]] for n, a in enumerate(names)]
    return Figure(
        name="between",
        title="How alike are the answers of different models?",
        template="generation/_heat_drawn.html",
        plot=heat_table(
            [f"{n}. {name}" for n, name in enumerate(names, start=1)],
            [str(n + 1) for n in range(len(names) - 1)],
            shaded,
        ),
        says=(
            "The mean similarity of an answer of one model to one of another, over all pairs and queries; on "
            f"average {fixed(average['similarity']['value'])}, and "
            f"{percent(average['pairs_above']['value'])} of pairs above .8. White is the "
            f"encoder’s floor, {fixed(floor)}."
        ),
        table=Table(
            columns={
                "a": "Model",
                "b": "and",
                "similarity": "Mean",
                "low": "From",
                "high": "To",
                "centred": "Centred",
                "pairs_above": "Pairs above .8",
                "queries": "Queries",
            },
            rows=[
                [
                    row["a"],
                    row["b"],
                    *three(row["similarity"]),
                    row["centred"]["value"],
                    row["pairs_above"]["value"],
                    row["similarity"]["n"],
                ]
                for row in _most_first(found["between"]["pairs"], "similarity")
            ],
        ),
    )


def neighbours(found: Json) -> Figure | None:
    """How many sources the nearest answers come from, beside what chance would give."""
    rows = found.get("neighbours")
    if not rows:
        return None
    observed = [row["sources"] for row in rows]
    lines = [
        Line(
            "models among the nearest answers",
            [one["value"] for one in observed],
            [_or(one["low"], one["value"]) for one in observed],
            [_or(one["high"], one["value"]) for one in observed],
        ),
        Line("if models did not matter", [row["expected"] for row in rows]),
        Line("if models kept apart, until their own answers are used up", [1.0 for _ in rows]),
    ]
    return Figure(
        name="neighbours",
        title="Whose are the answers that are nearest to an answer?",
        template="generation/_curves.html",
        plot=curves_of([row["nearest"] for row in rows], lines, onward="nearest answers", upward="models"),
        says=(
            "For every answer, of how many models its nearest answers to the same query are. Near the dashed "
            "line, who wrote an answer says little of what it says; near 1, each model keeps to itself."
        ),
        table=Table(
            columns={
                "nearest": "Nearest",
                "models": "Models",
                "low": "From",
                "high": "To",
                "expected": "If models did not matter",
                "queries": "Queries",
            },
            rows=[
                [row["nearest"], *three(row["sources"]), row["expected"], row["sources"]["n"]] for row in rows
            ],
        ),
    )


MAKERS: dict[str, Callable[[Json], Figure | None]] = {
    "within": within,
    "between": between,
    "neighbours": neighbours,
    "conditions": conditions,
    "ensembles": ensembles,
}


def _share(share: float | None, name: str, place: int) -> Shaded:
    text = "" if not share else f"{100 * share:.0f}" if share >= 0.005 else "<1"
    return Shaded(share, text, f"{name}: {percent(share)} of queries at {BINS[place]}")


def _alike(row: Json, floor: float) -> Shaded:
    value = row["similarity"]["value"]
    shade = None if value is None else max(0.0, (value - floor) / max(1e-9, 1 - floor))
    text = "–" if value is None else fixed(value).lstrip("0") if value < 1 else "1"
    return Shaded(shade, text, f"{shortened(row['a'])} and {shortened(row['b'])}: {fixed(value, 3)}")


def _within_row(name: str, row: Json) -> list[Cell]:
    return [
        name,
        *three(row["similarity"]),
        row["gap"]["value"],
        row["centred_gap"]["value"],
        row["cells_above"]["value"],
        row["pairs_above"]["value"],
        row["similarity"]["n"],
        *row["bins"]["shares"],
    ]


def _most_first(rows: Sequence[Json], key: str) -> list[Json]:
    return sorted(rows, key=lambda row: -_or(row[key]["value"], -2.0))


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _ends(estimate: Json) -> str:
    return "" if estimate["low"] is None else f"{fixed(estimate['low'])} to {fixed(estimate['high'])}"
