"""Tables and numbers for a terminal: what is undefined says why."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
# Of a longer name the middle is left out: names of models differ at their ends.
LONGEST_NAME = 44


def aligned(rows: Sequence[Sequence[str]], *, longest: int = LONGEST_NAME) -> list[str]:
    """Columns under each other: names on the left, numbers on the right."""
    cut = [[short(row[0], longest), *row[1:]] for row in rows]
    widths = [max(len(row[n]) for row in cut) for n in range(len(cut[0]))]
    return ["  ".join([row[0].ljust(widths[0]), *_right(row[1:], widths[1:])]).rstrip() for row in cut]


def _right(cells: Iterable[str], widths: Iterable[int]) -> list[str]:
    return [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]


def estimate_text(estimate: Json, *, sign: bool = False) -> str:
    """ "0.500 (0.400 to 0.600), n = 60", or why it is undefined."""
    if estimate["value"] is None:
        return f"undefined: {estimate['reason']}"
    ends = ends_text(estimate) or estimate.get("reason", "")
    return f"{value_text(estimate, sign=sign)} ({ends}), n = {estimate['n']:,}"


def value_text(estimate: Json, *, sign: bool = False) -> str:
    """The value alone."""
    return number_text(estimate["value"], sign=sign)


def number_text(value: float | None, *, sign: bool = False) -> str:
    """Three places, with the sign where it is a difference."""
    return "undefined" if value is None else f"{value:{'+' if sign else ''}z.3f}"


def p_text(value: float | None) -> str:
    """A p-value, of which no more than three places are told."""
    return "<0.001" if value is not None and value < 0.001 else number_text(value)


def ends_text(estimate: Json) -> str:
    """The ends of the interval; empty where there is none."""
    if estimate["low"] is None:
        return ""
    return f"{estimate['low']:z.3f} to {estimate['high']:z.3f}"


def short(name: str, most: int = LONGEST_NAME) -> str:
    """On one line, its middle left out where it is long."""
    name = " ".join(name.split())
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-(most - most // 2 - 1) :]}"


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 query", "2 queries": the noun in its number."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
