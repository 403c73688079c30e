"""Numbers out of a server's JSON, which may hold anything."""

import json
import math
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

# How much of what a server wrote is repeated in an error.
SHOWN = 60
FEW = 5


class Unreadable(Exception):
    """Why a reply makes no score, in one line."""


def described(value: Any) -> str:
    """What a value is, in a few words for an error; always plain ASCII."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    written = json.dumps(value)
    return written if len(written) <= SHOWN else written[:SHOWN] + "..."


def member(reply: Any, name: str) -> Any:
    """What the object holds under this name."""
    if not isinstance(reply, dict):
        raise Unreadable(f'The reply is {described(reply)}, not an object with "{name}".')
    if name not in reply:
        raise Unreadable(f'The reply has no "{name}".')
    return reply[name]


def only(values: Any, what: str) -> Any:
    """The one entry of a list."""
    if not isinstance(values, list):
        raise Unreadable(f"{what} is {described(values)}, not a list.")
    if len(values) != 1:
        raise Unreadable(f"{what} has {len(values)} entries in place of one.")
    return values[0]


def number(value: Any, what: str) -> float:
    """A finite number; neither true nor a text that looks like one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"{what} is {described(value)}, not a number.")
    try:
        read = float(value)
    except OverflowError:
        read = math.inf
    if not math.isfinite(read):
        raise Unreadable(f"{what} is not finite.")
    return read


def by_place(values: Any, heads: Sequence[str]) -> dict[str, float]:
    """A list's numbers by head, in the order of the recipe's heads; of no heads, the one number by ""."""
    if not isinstance(values, list):
        raise Unreadable(f"The scores are {described(values)}, not a list.")
    names = heads or [""]
    if len(values) != len(names):
        raise Unreadable(f"The reply has {len(values)} scores, the recipe expects {expected(heads)}.")
    return {name: number(value, _score(name)) for name, value in zip(names, values, strict=True)}


def by_name(scores: Any, heads: Sequence[str]) -> dict[str, float]:
    """An object's numbers by head, whatever their order; of no heads, the only one by ""."""
    if not isinstance(scores, dict):
        raise Unreadable(f"The scores are {described(scores)}, not an object.")
    if not heads and len(scores) == 1:
        return by_place(list(scores.values()), heads)
    if not heads or set(scores) != set(heads):
        found = f" ({listed(scores)})" if scores else ""
        raise Unreadable(f"The reply has {len(scores)} scores{found}, the recipe expects {expected(heads)}.")
    return {head: number(scores[head], _score(head)) for head in heads}


def expected(heads: Sequence[str]) -> str:
    """What a recipe with these heads waits for."""
    return f"{len(heads)} ({listed(heads)})" if heads else "one, since it names no heads"


def listed(names: Iterable[str]) -> str:
    """Names in an error, a few of them, as plain ASCII."""
    shown = [json.dumps(name)[1:-1][:SHOWN] for name in islice(names, FEW + 1)]
    return ", ".join(shown[:FEW]) + (", ..." if len(shown) > FEW else "")


def _score(head: str) -> str:
    return f"The score {head}" if head else "The score"
