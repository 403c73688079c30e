"""The plots of a report of diversity that compare: conditions of a model, several models with one."""

from collections.abc import Mapping, Sequence
from typing import Any

from generation.charts.intervals import Interval, interval_rows
from generation.figures.figure import Cell, Figure, Table
from generation.templatetags.numbers import signed

Json = Mapping[str, Any]


def conditions(found: Json) -> Figure | None:
    """What another prompting strategy or decoding changes, of similarity within a model."""
    compared = found.get("compared") or {}
    known = {row["source"]: row for row in found["sources"]}
    rows = [
        {"name": f"{_less(row['a'], row['b'])}, over {row['models']} models", **row}
        for row in compared.get("conditions_over_models", [])
    ] + [
        {
            "name": f"{known[row['a']]['model']}: "
            f"{_less(known[row['a']]['condition'], known[row['b']]['condition'])}",
            **row,
        }
        for row in compared.get("conditions", [])
    ]
    rows = [row for row in rows if row["measure"] == "similarity"]
    if not rows:
        return None
    return _differences(
        rows,
        name="conditions",
        title="Does another decoding or prompting strategy help?",
        says=(
            "The mean similarity within a model under the first condition less that under the second, paired "
            "by query. Below 0 the first is more diverse. p is of a sign-flip test over queries."
        ),
    )


def ensembles(found: Json) -> Figure | None:
    """What several models in place of one change, at as many answers."""
    together = (found.get("compared") or {}).get("ensembles", [])
    named = len(together) > 1
    rows = [
        {
            "a": f"{row['models']} models" + (f" · {row['condition']}" if row["condition"] else ""),
            "b": against,
            "name": f"{row['models']} models less {against}" + (f", {row['condition']}" if named else ""),
            **row[key],
        }
        for row in together
        for key, against in (
            ("one_model", "one model"),
            ("most_diverse_model", row["most_diverse_model"]["source"]),
        )
    ]
    if not rows:
        return None
    return _differences(
        rows,
        name="ensembles",
        title="Do several models give more diverse answers than one?",
        says=(
            "The expected similarity of as many answers as one model gave, shared out evenly over all "
            "models, less that of one model alone, and of the most diverse one, which the same data chose. "
            "Below 0 the ensemble is more diverse; near 0 it says what one model says."
        ),
    )


def _differences(rows: Sequence[Json], *, name: str, title: str, says: str) -> Figure:
    drawn = [
        Interval(
            name=row["name"],
            words=f"{row['name']}: {signed(row['difference']['value'], 3)}",
            value=row["difference"]["value"],
            low=row["difference"]["low"],
            high=row["difference"]["high"],
        )
        for row in rows
    ]
    return Figure(
        name=name,
        title=title,
        template="generation/_intervals.html",
        plot=interval_rows(drawn, onward="difference of mean similarity"),
        says=says,
        table=Table(
            columns={
                "a": "First",
                "b": "less second",
                "difference": "Difference",
                "low": "From",
                "high": "To",
                "p": "p",
                "p_adjusted": "p adjusted",
                "queries": "Queries",
            },
            rows=[
                [
                    row["a"],
                    row["b"],
                    *three(row["difference"]),
                    row["p"],
                    row.get("p_adjusted"),
                    row["difference"]["n"],
                ]
                for row in rows
            ],
        ),
        places=3,
    )


def _less(a: str, b: str) -> str:
    return f"{a or 'no condition'} less {b or 'no condition'}"


def three(estimate: Json) -> list[Cell]:
    """An estimate and the ends of its interval."""
    return [estimate["value"], estimate["low"], estimate["high"]]
