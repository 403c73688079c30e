"""What a page says of a report of formats: its key figures, its tables, and the format it ends on."""

from collections.abc import Mapping
from typing import Any

from generation.formats.lines import leader_text, measure_name, steps_text
from generation.reported import KeyFigure, key_figure
from generation.templatetags.numbers import percent
from generation.written import p_text

Json = Mapping[str, Any]
# In so many resamples something leads that is said to lead without more ado.
SURE = 0.95
# Changes that stand above the figures, in this order.
MAIN = ("entropy", "accuracy", "pass_gain", "similarity", "token_entropy")


def key_figures(found: Json) -> list[KeyFigure]:
    """The main findings, each with its interval and n."""
    last = found["steps"][-1]
    leads = last["dominant"]
    figures = []
    if leads["format"] is not None:
        said = f"of answers are {leads['format']} at step {last['step']:,}, its commonest format"
        figures.append(key_figure(leads["share"], said, share=True))
        first = next(row for row in found["first_steps"] if row["format"] == leads["format"])
        figures.append(_first(first, found["specification"]["threshold"]))
    changes = found["changes"]
    span = f"from step {changes['first']:,} to {changes['last']:,}"
    rows = {row["measure"]: row for row in changes["rows"]}
    figures += [
        key_figure(rows[name]["change"], f"change of {measure_name(rows[name], found['k'])}, {span}")
        for name in MAIN
        if name in rows
    ]
    return figures


def first_rows(found: Json) -> list[Json]:
    """When formats first lay above the threshold, with the interval in words; only those that may have."""
    return [
        dict(row)
        | {
            "interval": f"passes in {percent(row['passed'][-1])} of resamples"
            if row["step"] is None
            else steps_text(row)
        }
        for row in found["first_steps"]
        if not _never(row)
    ]


def never_above(found: Json) -> list[str]:
    """The formats that lay above the threshold at no step, in no resample."""
    return [row["format"] for row in found["first_steps"] if _never(row)]


def _never(row: Json) -> bool:
    return row["step"] is None and not any(row["passed"])


def change_rows(found: Json) -> list[Json]:
    """Each change with what it is of, in words."""
    return [
        dict(row)
        | {"name": measure_name(row, found["k"])}
        | {f"{key}_words": p_text(row[key]) for key in ("p", "p_adjusted")}
        for row in found["changes"]["rows"]
    ]


def outcome_rows(found: Json) -> list[tuple[str, str]]:
    """Which format leads at each end, and how surely."""
    outcome = found["outcome"]
    first, last = (f"step {found['steps'][end]['step']:,}" for end in (0, -1))
    return [
        (f"Commonest at {first}", leader_text(outcome["commonest_first"])),
        (f"Commonest at {last}", leader_text(outcome["commonest_last"])),
        (f"Most accurate at {first}", leader_text(outcome["best_first"])),
        (f"Most accurate at {last}", leader_text(outcome["best_last"])),
    ]


def outcome_sentence(found: Json) -> str:
    """What became of the format that training ends on; "" where none leads alone."""
    outcome = found["outcome"]
    name = outcome["commonest_last"]["format"]
    if name is None:
        return ""
    said = [
        f"{verb}{'' if outcome[key]['format'] == name else ' not'} the {words}{_unsure(outcome[key])}"
        for key, verb, words in (
            ("commonest_first", "was", "commonest at the beginning"),
            ("best_first", "was", "most accurate at the beginning"),
            ("best_last", "is", "most accurate at the end"),
        )
        if outcome[key]["format"] is not None
    ]
    if not said:
        return ""
    joined = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return f"The commonest format at the end, {name}, {joined}."


def _unsure(one: Json) -> str:
    """What to know of a leader that many resamples do not have."""
    if one["resamples"] >= SURE:
        return ""
    return f" (where {one['format']} leads, but in {percent(one['resamples'])} of resamples only)"


def _first(row: Json, threshold: float) -> KeyFigure:
    label = f"the first measured step at which more than {percent(threshold)} are {row['format']}"
    if row["step"] is None:
        return KeyFigure("undefined", label, row["reason"])
    value = f"{row['step']:,}" if row["after"] is not None else f"by {row['step']:,}"
    return KeyFigure(value, label, f"{steps_text(row)}, n = {row['n']:,}")
