"""The plots of a report of diversity, each with its question, its sentence and its table."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor
from typing import Any

from generation.charts.curves import Line, curves_of
from generation.charts.heat import Shaded, heat_table
from generation.charts.names import shortened
from generation.figures.compared import conditions, ensembles, three
from generation.figures.figure import Cell, Figure, Table
from generation.templatetags.numbers import fixed, percent, signed

Json = Mapping[str, Any]

BINS = [f".{n}–{f'.{n + 1}' if n < 9 else '1'}" for n in range(10)]
# Most alike first: as published, and where a narrow screen begins.
DOWNWARDS = range(9, -1, -1)


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
    shaded = [[_share(row["bins"]["shares"][n], name, n) for n in DOWNWARDS] for name, row in rows]
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
    different = found["floor"]["similarity"]["value"]
    return Figure(
        name="within",
        title="How alike are one model’s answers to the same query?",
        template="generation/_heat_drawn.html",
        plot=heat_table([name for name, _ in rows], [BINS[n] for n in DOWNWARDS], shaded, beside=beside),
        says=(
            f"Each row: the share of queries whose answers of that model have a mean similarity in the bin. "
            f"On average {percent(above)} of such cells lie above .8; that is no share of pairs of answers. "
            f"Answers to different queries are at {fixed(different)} with this encoder, its floor: read a "
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
    low, high = _range([row["similarity"]["value"] for row in found["between"]["pairs"]])
    shaded = [[_alike(pairs[a, b], low, high) for b in names[:n]] for n, a in enumerate(names)]
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
            f"{percent(average['pairs_above']['value'])} of pairs above .8. The encoder’s floor is "
            f"{fixed(found['floor']['similarity']['value'])}. Shades run from {fixed(low)} to {fixed(high)}."
        ),
        table=Table(
            columns={
                "a": "Model",
                "b": "and",
                "similarity": "Mean",
                "low": "From",
                "high": "To",
                "centred_gap": "Centred gap",
                "pairs_above": "Pairs above .8",
                "queries": "Queries",
            },
            rows=[
                [
                    row["a"],
                    row["b"],
                    *three(row["similarity"]),
                    row.get("centred_gap", {}).get("value"),
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
        Line("if models kept apart", [1.0 for _ in rows]),
    ]
    return Figure(
        name="neighbours",
        title="Whose are the answers that are nearest to an answer?",
        template="generation/_curves.html",
        plot=curves_of([row["nearest"] for row in rows], lines, onward="nearest answers", upward="models"),
        says=(
            "For every answer, of how many models its nearest answers to the same query are. Near the dashed "
            "line, who wrote an answer says little of what it says; near 1, each model keeps to "
            "itself, as long as it has answers left."
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


def thresholds(found: Json) -> Figure | None:
    """How well a similarity tells answers of one given class from others."""
    curve = found.get("thresholds")
    if not curve:
        return None
    rows, keys = curve["rows"], {"precision": "Precision", "recall": "Recall", "f1": "F1"}
    best = curve["best"]
    return Figure(
        name="thresholds",
        title="From which similarity on are two answers the same idea?",
        template="generation/_curves.html",
        plot=curves_of(
            [row["threshold"] for row in rows],
            [
                Line(
                    name.lower() if key != "f1" else name,
                    [row[key]["value"] for row in rows],
                    [_or(row[key]["low"], row[key]["value"]) for row in rows],
                    [_or(row[key]["high"], row[key]["value"]) for row in rows],
                )
                for key, name in keys.items()
            ],
            onward="similarity at least",
        ),
        says=(
            "Against the classes that were given: of pairs at least so similar, how many are of one class "
            "(precision), and of those of one class, how many are so similar (recall). "
            f"{curve['same']:,} of {curve['pairs']:,} pairs are of one class."
            + ("" if best is None else f" F1 is greatest at {fixed(best)}.")
        ),
        table=Table(
            columns={"threshold": "Similarity at least"}
            | {
                column: heading
                for key, name in [*keys.items(), ("share", "Share of pairs")]
                for column, heading in ((key, name), (f"{key}_low", "From"), (f"{key}_high", "To"))
            },
            rows=[
                [row["threshold"], *(cell for key in [*keys, "share"] for cell in three(row[key]))]
                for row in rows
            ],
        ),
    )


MAKERS: dict[str, Callable[[Json], Figure | None]] = {
    "within": within,
    "between": between,
    "neighbours": neighbours,
    "thresholds": thresholds,
    "conditions": conditions,
    "ensembles": ensembles,
}


def _share(share: float | None, name: str, place: int) -> Shaded:
    text = "" if not share else f"{100 * share:.0f}" if share >= 0.005 else "<1"
    return Shaded(share, text, f"{name}: {percent(share)} of queries at {BINS[place]}")


def _alike(row: Json, low: float, high: float) -> Shaded:
    value = row["similarity"]["value"]
    shade = None if value is None else (value - low) / (high - low)
    text = "–" if value is None else fixed(value).lstrip("0") if value < 1 else "1"
    return Shaded(shade, text, f"{shortened(row['a'])} and {shortened(row['b'])}: {fixed(value, 3)}")


def _range(values: Sequence[float | None]) -> tuple[float, float]:
    """Twentieths around all values that are defined, so that shades tell these apart."""
    known = [value for value in values if value is not None] or [0.0]
    low = floor(20 * min(known) + 1e-9)
    return low / 20, max(low + 1, ceil(20 * max(known) - 1e-9)) / 20


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
