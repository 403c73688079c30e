"""A report of formats for a terminal: the steps, what changed, and when a format took over."""

from collections.abc import Mapping, Sequence
from typing import Any

from generation.written import aligned, counted, ends_text, number_text, p_text, short, value_text

Json = Mapping[str, Any]
MOST_FORMATS, MOST_ACCURACIES = 6, 4
SPREAD = {"entropy": "entropy", "pairs_differ": "pairs differ", "token_entropy": "token entropy"}
ALIKE = {"similarity": "similarity", "above_floor": "above the floor"}
MEASURES = {
    "entropy": "entropy of the shares, bits",
    "share": "share of",
    "pairs_differ": "pairs of a query’s answers in two formats",
    "accuracy": "accuracy",
    "pass_gain": "pass@k less pass@1",
    "similarity": "similarity within a checkpoint",
    "token_entropy": "entropy of tokens, nats",
}
NO_CAUSE = (
    "One training is one case: what changes together in it does not show what causes what. What lies between "
    "measured steps is not known."
)


def report_lines(found: Json) -> list[str]:
    """Short lines, aligned; what is undefined says why."""
    lines = [_title(found)]
    for section in (_steps, _measures, _accuracies, _first, _outcome, _changes):
        if more := section(found):
            lines += ["", *more]
    return [*lines, "", *_foot(found)]


def measure_name(row: Json, k: int | None) -> str:
    """What a change is of, in words."""
    if row["measure"] == "share":
        return f"{MEASURES['share']} {row['format']}"
    return MEASURES[row["measure"]].replace("@k", f"@{k}")


def _title(found: Json) -> str:
    asked = found["specification"]
    condition = f" under {found['condition']}" if found["condition"] else ""
    unsorted = f"; {found['unsorted']:,} not sorted and left out" if found["unsorted"] else ""
    return (
        f"{found['responses']:,} responses of {len(found['steps'])} checkpoints of {asked['family']}"
        f"{condition} to {counted(found['queries'], 'query', 'queries')}, by the rules "
        f"{found['rules']['name']}{unsorted}"
    )


def _steps(found: Json) -> list[str]:
    """Shares by step, of the commonest formats."""
    names = found["formats"][:MOST_FORMATS]
    rows = [["Share at step", *(short(name, 20) for name in names), "leads", "interval", "n"]]
    for row in found["steps"]:
        shares = {one["format"]: one["share"] for one in row["shares"]}
        leads = row["dominant"]
        cells = [value_text(shares[name]) for name in names]
        cells.append(short(leads["format"] or "none alone", 20))
        cells.append(ends_text(leads["share"]) if leads["share"] else "")
        rows.append([f"{row['step']:,}", *cells, f"{row['queries']:,}"])
    return aligned(rows)


def _measures(found: Json) -> list[str]:
    """What there is of the other measures by step, a few beside each other."""
    lines: list[str] = []
    for heads in (SPREAD, {"accuracy": "accuracy", "pass_gain": f"pass@{found['k']} - pass@1"}, ALIKE):
        columns = {
            head: [row[key] for row in found["steps"]]
            for key, head in heads.items()
            if any(_has(row[key]) for row in found["steps"])
        }
        lines += ["", *_by_step(found, "Step", columns)] if columns else []
    return lines[1:]


def _accuracies(found: Json) -> list[str]:
    if "accuracy" in found["reasons"]:
        return [f"Accuracy: undefined, {found['reasons']['accuracy']}."]
    columns = {
        short(name, 20): [
            next(one["accuracy"] for one in row["accuracies"] if one["format"] == name)
            for row in found["steps"]
        ]
        for name in found["formats"][:MOST_ACCURACIES]
    }
    return _by_step(found, "Accuracy at step", columns)


def _by_step(found: Json, heading: str, columns: Mapping[str, Sequence[Json | None]]) -> list[str]:
    rows = [[heading, *(cell for name in columns for cell in (name, "interval"))]]
    for n, row in enumerate(found["steps"]):
        cells = [cell for estimates in columns.values() for cell in _pair(estimates[n])]
        rows.append([f"{row['step']:,}", *cells])
    return aligned(rows)


def _first(found: Json) -> list[str]:
    threshold = found["specification"]["threshold"]
    rows = [[f"First above a share of {threshold:g}", "step", "interval", "n"]]
    for row in found["first_steps"]:
        if row["step"] is not None:
            by = f"by {row['step']:,}" if row["after"] is None else f"{row['step']:,}"
            rows.append([row["format"], by, steps_text(row), f"{row['n']:,}"])
    if len(rows) == 1:
        return [f"No format has a share above {threshold:g} at a measured step."]
    return aligned(rows)


def steps_text(row: Json) -> str:
    """The interval of a first step; what it lacks in words."""
    if row["low"] is None:
        return str(row.get("reason", ""))
    return f"{row['low']:,} to {'never' if row['high'] is None else format(row['high'], ',')}"


def _outcome(found: Json) -> list[str]:
    outcome = found["outcome"]
    rows = [
        ("Commonest at the first step", outcome["commonest_first"]),
        ("Commonest at the last step", outcome["commonest_last"]),
        ("Most accurate at the first step", outcome["best_first"]),
        ("Most accurate at the last step", outcome["best_last"]),
    ]
    return [f"{name:<32} {leader_text(one)}" for name, one in rows]


def leader_text(one: Json) -> str:
    """Which format leads, and how often it does in resamples."""
    if one["format"] is None:
        return f"undefined: {one['reason']}"
    return f"{one['format']}, in {100 * one['resamples']:.0f} % of resamples"


def _changes(found: Json) -> list[str]:
    changes = found["changes"]
    heading = f"Step {changes['last']:,} less step {changes['first']:,}"
    rows = [[heading, "difference", "interval", "p", "adjusted p", "n"]]
    for row in changes["rows"]:
        change = row["change"]
        cells = [
            value_text(change, sign=True),
            ends_text(change),
            p_text(row["p"]),
            p_text(row["p_adjusted"]),
        ]
        rows.append([measure_name(row, found["k"]), *cells, f"{change['n']:,}"])
    return aligned(rows)


def _foot(found: Json) -> list[str]:
    asked = found["specification"]
    said = [
        f"{name}: undefined, {found['reasons'][key]}."
        for key, name in (("pass_gain", "pass@k"), ("token_entropy", "Entropy of tokens"))
        if key in found["reasons"]
    ]
    left = (
        [f"Of {', '.join(found['without_step'])} no step is known: left out."]
        if found["without_step"]
        else []
    )
    cautions = [
        f"{one[:1].upper()}{one[1:]}."
        for one in (found["caution"], found["unbalanced"], found["partial"])
        if one
    ]
    floor = found["floor"]
    floors = [f"Floor of the encoder {found['encoder']}: {number_text(floor['value'])}."] if floor else []
    return [
        *said,
        *floors,
        *left,
        *cautions,
        NO_CAUSE,
        f"Intervals of 95 % by queries, {asked['replicates']:,} replicates, seed {asked['seed']}; "
        f"data {found['data_hash'][:16]}, version {found['version']}",
    ]


def _has(estimate: Json | None) -> bool:
    return estimate is not None and estimate["value"] is not None


def _pair(estimate: Json | None) -> Sequence[str]:
    if not _has(estimate):
        return ("undefined", "")
    assert estimate is not None
    return (value_text(estimate), ends_text(estimate))
