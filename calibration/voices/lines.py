"""A comparison of voices for a terminal: the answer first, then a table a budget."""

from collections.abc import Mapping
from typing import Any

from calibration.voices.answer import BUDGETS, answer, counted_by, measure_of, size_of
from calibration.voices.cautions import cautions
from calibration.voices.names import short_names
from calibration.voices.reported import HEADINGS, calls_table
from generation.written import aligned, counted, ends_text, p_text, value_text

Json = Mapping[str, Any]

# Names stand whole beside a few numbers.
LONGEST = 90
SHOWN = (
    "good_classes",
    "classes",
    "answers",
    "gap",
    "vendi",
    "quality",
    "utility",
    "calls",
    "tokens",
    "money",
)


def report_lines(found: Json) -> list[str]:
    """Short lines, aligned; what is undefined says why."""
    lines = [*answer(found), "", _title(found)]
    for budget in BUDGETS:
        if more := _budget(found, budget):
            lines += ["", *more]
    lines += ["", *_calls(found)]
    asked = found["specification"]
    return [
        *lines,
        "",
        *cautions(found),
        f"95 % intervals: {counted(asked['replicates'], 'replicate')} of "
        f"{counted(found['queries'], 'query', 'queries')}, {counted(asked['draws'], 'draw')} of calls each, "
        f"seed {asked['seed']}.",
        f"Data {found['data_hash']}, version {found['version']}",
    ]


def _title(found: Json) -> str:
    left = found["without_vectors"]
    without = f"; {left:,} without a vector left out" if left else ""
    return (
        f"{counted(found['responses'], 'answer')} of {counted(len(found['arms']), 'way')} to ask "
        f"{counted(found['queries'], 'query', 'queries')}, encoder {found['encoder']}{without}"
    )


def _budget(found: Json, budget: str) -> list[str]:
    if found["budgets"][budget] is None:
        reason = found["reasons"].get(f"budgets.{budget}", "it is undefined")
        return [f"Equal {budget}: undefined, {reason}."]
    arms = found["budgets"][budget]["arms"]
    first, *more = [key for key in SHOWN if any(row[key]["value"] is not None for row in arms)]
    headings = [HEADINGS[first][0], "interval", *(HEADINGS[key][0] for key in more), "n"]
    rows, names = [[f"At {size_of(found, budget)}", *headings]], short_names(found)
    for row in arms:
        cells = [value_text(row[first]), ends_text(row[first]), *(value_text(row[key]) for key in more)]
        rows.append([names[row["arm"]], *cells, f"{row[first]['n']:,}"])
    return [*aligned(rows), "", *_differences(found, budget)]


def _differences(found: Json, budget: str) -> list[str]:
    names = short_names(found)
    rows = [[f"Difference of {counted_by(found)}", "difference", "interval", "adjusted p", "n"]]
    for row in found["budgets"][budget]["differences"]:
        if row["measure"] == measure_of(found):
            estimate = row["difference"]
            cells = [value_text(estimate, sign=True), ends_text(estimate), p_text(row["p_adjusted"])]
            rows.append([f"{names[row['arm']]} less {names[row['reference']]}", *cells, f"{estimate['n']:,}"])
    if len(rows) == 1:
        return ["Nothing stands beside it to be compared with."]
    return aligned(rows, longest=LONGEST)


def _calls(found: Json) -> list[str]:
    table = calls_table(found)
    return aligned([table.headings, *table.rows], longest=LONGEST)
