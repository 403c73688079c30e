"""What a report of formats answers, in a sentence or two: whether they become fewer, and what is left."""

from collections.abc import Mapping
from typing import Any

from generation.templatetags.numbers import end, percent, signed
from generation.written import p_text

Json = Mapping[str, Any]
LEVEL = 0.05


def headline(found: Json) -> str:
    """The answer; where it cannot be told, that."""
    return f"{_fewer(found['changes'])} {_left(found)}"


def _fewer(changes: Json) -> str:
    row = next(row for row in changes["rows"] if row["measure"] == "entropy")
    change, p = row["change"], row["p_adjusted"]
    span = f"from step {changes['first']:,} to {changes['last']:,}"
    if change["value"] is None:
        return f"Whether formats become fewer {span} is undefined: {change['reason']}."
    ends = "" if change["low"] is None else f" ({end(change['low'])} to {end(change['high'])})"
    told = "undefined" if p is None else p_text(p)
    moved = f"the entropy of their shares changes by {signed(change['value'])} bits{ends}, adjusted p {told}"
    if not _sure(change, p):
        return f"It cannot be told whether formats become fewer {span}: {moved}."
    return f"Formats become {'fewer' if change['value'] < 0 else 'more'} {span}: {moved}."


def _sure(change: Json, p: float | None) -> bool:
    """Both its interval and its p say so; where queries do not differ there is no interval, and p alone."""
    apart = change["low"] is None or not change["low"] <= 0 <= change["high"]
    return apart and p is not None and p <= LEVEL


def _left(found: Json) -> str:
    leads = found["steps"][-1]["dominant"]
    if leads["format"] is None:
        return "At the end no format leads alone."
    first = next(row for row in found["first_steps"] if row["format"] == leads["format"])
    said = f"At the end {percent(leads['share']['value'])} of answers are {leads['format']}"
    if first["step"] is None or first["after"] is None or not first["stays"]:
        return f"{said}."
    return f"{said}, above {percent(found['specification']['threshold'])} from step {first['step']:,} on."
