"""The plots of a report of formats, each with its question, its sentence and its table."""

from collections.abc import Callable, Mapping, Sequence
from math import log2
from typing import Any

from generation.charts.curves import MOST_LINES, Line
from generation.charts.over_steps import MOST_WITH_INTERVALS, WITH_INTERVALS, over_steps
from generation.figures.compared import three
from generation.figures.figure import Cell, Figure, Table
from generation.formats.changes import LEAST_RANKED
from generation.templatetags.numbers import fixed

Json = Mapping[str, Any]
UNDRAWN: Json = {"value": None, "low": None, "high": None}
# Of a plot with more lines than have intervals.
FIRST = f" Intervals are drawn of the first {WITH_INTERVALS} lines; the table has all."
MEASURED = "Rings are the measured steps, with intervals of 95 %; the lines between them only join them."


def figures_of(found: Json) -> dict[str, Figure]:
    """By name, those that the report has something to draw for."""
    made = {name: maker(found) for name, maker in MAKERS.items()}
    return {name: figure for name, figure in made.items() if figure is not None}


def shares(found: Json) -> Figure:
    """The share of each format at each step."""
    threshold = found["specification"]["threshold"]
    by_format = {
        name: [_of(row["shares"], name, "share") for row in found["steps"]] for name in found["formats"]
    }
    return Figure(
        name="shares",
        title="Which formats do answers have?",
        template="generation/_over_steps.html",
        plot=_drawn(found, _some(by_format), upward="share of answers", cut=threshold, top=1.0),
        says=(
            f"{MEASURED} Each query counts equally. Dashed across: the threshold of {fixed(threshold)}."
            f"{_left_out(by_format)}{_bare(len(_some(by_format)))}"
        ),
        table=_by_format(found, by_format, "share"),
    )


def entropy(found: Json) -> Figure:
    """How even the shares are."""
    columns = {"entropy": "Entropy, bits", "pairs_differ": "Pairs of one query that differ"}
    return Figure(
        name="entropy",
        title="Do formats become fewer?",
        template="generation/_over_steps.html",
        plot=_drawn(
            found, {"entropy of the shares": [row["entropy"] for row in found["steps"]]}, upward="bits"
        ),
        says=(
            f"{MEASURED} The entropy of the shares over all queries: 0 if there is one format, and at most "
            f"{fixed(log2(len(found['formats'])))} bits. It is high also where each query has a format of "
            "its own; the share of pairs of one query’s answers that differ in format, in the table, is not."
        ),
        table=_by_measure(found, columns),
    )


def accuracy(found: Json) -> Figure | None:
    """How many answers are right, within each format and in all."""
    if "accuracy" in found["reasons"]:
        return None
    by_format = {
        name: [_of(row["accuracies"], name, "accuracy") for row in found["steps"]]
        for name in found["formats"]
    }
    drawn = {
        name: [
            one if known >= LEAST_RANKED else UNDRAWN for one, known in zip(estimates, numbers, strict=True)
        ]
        for (name, estimates), numbers in zip(by_format.items(), _known(found), strict=True)
    }
    every = {"all answers": [row["accuracy"] for row in found["steps"]]}
    lines = _some(drawn, MOST_LINES - 1) | every
    return Figure(
        name="accuracy",
        title="Which format is right most often?",
        template="generation/_over_steps.html",
        plot=_drawn(found, lines, upward="share correct", top=1.0),
        says=(
            f"{MEASURED} Formats are drawn where {LEAST_RANKED} answers are known to be right or wrong. "
            "Within a format each query counts by how much it uses the format, so easy queries "
            "may be of one format and hard ones of another: that one is right more often does not say that "
            f"it makes answers right.{_left_out(by_format, MOST_LINES - 1)}{_bare(len(lines))}"
        ),
        table=_by_format(found, by_format | every, "accuracy"),
    )


def passes(found: Json) -> Figure | None:
    """What more samples gain."""
    if "pass_gain" in found["reasons"]:
        return None
    k = found["k"]
    columns = {"pass_k": f"pass@{k}", "pass_gain": f"pass@{k} less pass@1"}
    lines = {name: [row[key] for row in found["steps"]] for key, name in columns.items()}
    return Figure(
        name="passes",
        title="Do more samples still help?",
        template="generation/_over_steps.html",
        plot=_drawn(found, lines, upward="chance, and what it gains", top=1.0),
        says=(
            f"{MEASURED} pass@{k}: the chance that one of {k} samples is correct, estimated without bias. "
            "What it gains on one sample falls where samples become alike, and also where one sample is "
            "nearly always right: read it beside the accuracy."
        ),
        table=_by_measure(found, columns),
    )


def similarity(found: Json) -> Figure | None:
    """How alike a checkpoint's answers to one query are."""
    if "similarity" in found["reasons"]:
        return None
    floor = found["floor"]
    lines = {"within a checkpoint": [row["similarity"] for row in found["steps"]]}
    if floor["value"] is not None:
        lines["floor: answers to different queries"] = [floor | {"low": None, "high": None}] * len(
            found["steps"]
        )
    columns = {"similarity": "Similarity", "above_floor": "Above the floor"}
    return Figure(
        name="similarity",
        title="Do answers to one query become alike?",
        template="generation/_over_steps.html",
        plot=_drawn(found, lines, upward="mean similarity"),
        says=(
            f"{MEASURED} By the vectors of {found['encoder']}. The floor is of all checkpoints together: a "
            "format that all answers share may raise it too, and lies in the similarity."
        ),
        table=_by_measure(found, columns),
    )


def tokens(found: Json) -> Figure | None:
    """How uncertain the next token is."""
    if "token_entropy" in found["reasons"]:
        return None
    bound = any(row["token_entropy_bound"] == "lower" for row in found["steps"])
    more = " Some are lower bounds: their server told the likeliest tokens alone." if bound else ""
    lines = {"entropy of tokens": [row["token_entropy"] for row in found["steps"]]}
    return Figure(
        name="tokens",
        title="Do models choose their words more surely?",
        template="generation/_over_steps.html",
        plot=_drawn(found, lines, upward="nats a token"),
        says=f"{MEASURED} The mean over the tokens of a query’s answers, then over queries.{more}",
        table=_by_measure(found, {"token_entropy": "Nats a token"}),
    )


MAKERS: dict[str, Callable[[Json], Figure | None]] = {
    "shares": shares,
    "entropy": entropy,
    "accuracy": accuracy,
    "passes": passes,
    "similarity": similarity,
    "tokens": tokens,
}


def _drawn(
    found: Json,
    lines: Mapping[str, Sequence[Json]],
    *,
    upward: str,
    cut: float | None = None,
    top: float = 0.0,
) -> Any:
    return over_steps(
        [row["step"] for row in found["steps"]],
        [
            Line(name, *([one[key] for one in estimates] for key in ("value", "low", "high")))
            for name, estimates in lines.items()
        ],
        upward=upward,
        cut=cut,
        top=top,
    )


def _of(rows: Sequence[Json], name: str, key: str) -> Json:
    found: Json = next(row[key] for row in rows if row["format"] == name)
    return found


def _known(found: Json) -> list[list[int]]:
    """Of each format and step, how many responses are known to be correct or wrong."""
    rows = [[one["known"] for one in row["accuracies"]] for row in found["steps"]]
    return [list(numbers) for numbers in zip(*rows, strict=True)]


def _some(by_format: Mapping[str, Sequence[Json]], most: int = MOST_LINES) -> dict[str, Sequence[Json]]:
    """The commonest formats, as many as have marks of their own."""
    return dict(list(by_format.items())[:most])


def _left_out(by_format: Mapping[str, Sequence[Json]], most: int = MOST_LINES) -> str:
    return f" Of {len(by_format)} formats the commonest are drawn." if len(by_format) > most else ""


def _bare(lines: int) -> str:
    return FIRST if lines > MOST_WITH_INTERVALS else ""


def _by_format(found: Json, by_format: Mapping[str, Sequence[Json]], key: str) -> Table:
    """A row a step and format."""
    rows: list[list[Cell]] = [
        [row["step"], name, *three(by_format[name][n]), by_format[name][n]["n"]]
        for n, row in enumerate(found["steps"])
        for name in by_format
    ]
    columns = {"step": "Step", "format": "Format", key: key.capitalize(), "low": "From", "high": "To"}
    return Table(columns=columns | {"queries": "Queries"}, rows=rows)


def _by_measure(found: Json, columns: Mapping[str, str]) -> Table:
    """A row a step, of each measure the estimate and its ends."""
    heads = {"step": "Step", "model": "Checkpoint"}
    for key, name in columns.items():
        heads |= {key: name, f"{key}_low": "From", f"{key}_high": "To", f"{key}_queries": "Queries"}
    rows: list[list[Cell]] = [
        [
            row["step"],
            row["model"],
            *(cell for key in columns for cell in (*three(row[key]), row[key]["n"])),
        ]
        for row in found["steps"]
    ]
    return Table(columns=heads, rows=rows)
