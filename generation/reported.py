"""What a page says of a report of diversity: its key figures, its tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generation.diversity.report.lines import nearest_row
from generation.templatetags.numbers import end, fixed, percent

Json = Mapping[str, Any]

WORDS = {
    "distinct_1": "distinct-1",
    "distinct_2": "distinct-2",
    "distinct_3": "distinct-3",
    "rarefied_2": "distinct of 500 pairs",
    "self_bleu": "self-BLEU",
    "compression": "compression",
    "self_repetition": "self-repetition",
    "words": "words an answer",
}
MEANINGS = {
    "distinct-1, -2, -3": (
        "The share of different ones among all runs of one, two, three words. Falls with more text."
    ),
    "distinct of 500 pairs": "The same of 500 pairs of words drawn at random: does not fall with more text.",
    "self-BLEU": "How much of an answer’s wording stands in the others: 1 is all. More is less diverse.",
    "compression": "How many times smaller the answers become together. More is less diverse.",
    "self-repetition": "How often an answer’s runs of four words stand in others. More is less diverse.",
    "Vendi": (
        "The effective number of different answers: 1 if all are the same, their number if none is alike."
    ),
    "classes": "How many different ideas, by the classes that were given; entropy in nats.",
}


@dataclass(frozen=True)
class KeyFigure:
    value: str
    label: str
    note: str


def headline(found: Json) -> str:
    """The answer in a sentence or two; empty where only words were measured."""
    if not (within := found.get("within")) or within["average"]["similarity"]["value"] is None:
        return ""
    average, between = within["average"], (found.get("between") or {}).get("average")
    gap = average["gap"]
    above = "" if gap["value"] is None else f", {_with_ends(gap)} above answers to different queries"
    said = f"One model’s answers to a query are {_with_ends(average['similarity'])} alike{above}."
    if between and between["similarity"]["value"] is not None:
        said += f" Those of two models are {_with_ends(between['similarity'])} alike."
    return said


def _with_ends(estimate: Json) -> str:
    ends = "" if estimate["low"] is None else f" ({end(estimate['low'])} to {end(estimate['high'])})"
    return f"{fixed(estimate['value'])}{ends}"


def key_figures(found: Json) -> list[KeyFigure]:
    """The main findings, each with its interval and what it is held against."""
    figures = []
    if within := found.get("within"):
        average = within["average"]
        floor = found["floor"]["similarity"]
        figures += [
            key_figure(average["similarity"], "similarity within a model"),
            key_figure(floor, "the encoder’s floor: answers to different queries"),
            key_figure(average["gap"], "above the floor"),
            key_figure(average["centred_gap"], "centred gap, comparable between encoders"),
            key_figure(average["cells_above"], "of model-query cells above .8", share=True),
            key_figure(average["pairs_above"], "of pairs within a model above .8", share=True),
        ]
    if between := found.get("between"):
        figures.append(key_figure(between["average"]["similarity"], "similarity between models"))
    if found.get("neighbours"):
        row = nearest_row(found)
        chance = f"{fixed(row['expected'], 1)} if models did not matter"
        label = f"models among the {row['nearest']} nearest answers; {chance}"
        figures.append(key_figure(row["sources"], label, places=1))
    verbatim = found.get("verbatim")
    if verbatim and verbatim["shared_runs"]:
        shared = verbatim["shared_runs"]["average"]
        figures.append(
            key_figure(shared, "of answers share 8 words in a row with another model’s", share=True)
        )
    return figures


def words_table(found: Json) -> dict[str, Any]:
    """Rows of sources, columns of measures of words, Vendi and classes; empty without any."""
    if not found.get("words"):
        return {}
    columns = dict(WORDS)
    rows = {row["source"]: dict(row) for row in found["words"]["sources"]}
    for section, named in (
        ("spectrum", {"vendi": "Vendi"}),
        ("classes", {"distinct_k": "classes", "semantic_entropy": "entropy"}),
    ):
        if found.get(section):
            columns |= named
            for row in found[section]["sources"]:
                rows[row["source"]] |= row
    cells = [(name, [row[key] for key in columns], row["words"]["n"]) for name, row in rows.items()]
    return {"headings": list(columns.values()), "rows": cells, "meanings": MEANINGS}


def queries_of(found: Json, order: str) -> list[Json]:
    """The queries, most alike first; "different" turns that round."""
    key = "similarity"
    rows: list[Json] = list(found["queries_detail"])
    known = [row for row in rows if row[key] is not None]
    known.sort(key=lambda row: row[key] if order == "different" else -row[key])
    return known + [row for row in rows if row[key] is None]


def key_figure(estimate: Json, label: str, *, share: bool = False, places: int = 2) -> KeyFigure:
    """An estimate with its interval and n, or why it is undefined."""
    if estimate["value"] is None:
        return KeyFigure("undefined", label, estimate["reason"])
    value, low, high = (
        percent(number) if share else fixed(number, places)
        for number in (estimate["value"], estimate["low"] or 0, estimate["high"] or 0)
    )
    without = f"{estimate['reason']}, " if estimate.get("reason") else ""
    ends = without if estimate["low"] is None else f"{low} to {high}, "
    return KeyFigure(value, label, f"{ends}n = {estimate['n']:,}")
