"""Members and numbers of a server's JSON, which may hold anything."""

import json
import math
from typing import Any

from generation.recipes.recipe import Tokens

# What no request can have had, whatever a server says.
MOST_TOKENS = 10_000_000
# How much of what a server wrote is repeated in an error.
SHOWN = 60


class Unreadable(Exception):
    """Why a reply cannot be read, in one line."""


def described(value: Any) -> str:
    """What a value is, in a few words for an error; always plain ASCII."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    written = json.dumps(value)
    return written if len(written) <= SHOWN else written[:SHOWN] + "..."


def member(reply: Any, name: str) -> Any:
    """What the object holds under this name. Raises Unreadable."""
    if not isinstance(reply, dict):
        raise Unreadable(f'The reply is {described(reply)}, not an object with "{name}".')
    if name not in reply:
        raise Unreadable(f'The reply has no "{name}".')
    return reply[name]


def only(values: Any, what: str) -> Any:
    """The one entry of a list. Raises Unreadable."""
    if not isinstance(values, list):
        raise Unreadable(f"{what} is {described(values)}, not a list.")
    if len(values) != 1:
        raise Unreadable(f"{what} has {len(values)} entries in place of one.")
    return values[0]


def number(value: Any, what: str) -> float:
    """A finite number; neither true nor a text that looks like one. Raises Unreadable."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"{what} is {described(value)}, not a number.")
    try:
        read = float(value)
    except OverflowError:
        read = math.inf
    if not math.isfinite(read):
        raise Unreadable(f"{what} is not finite.")
    return read


def paid(answer: Any, expected: Tokens) -> tuple[int, int]:
    """The tokens that went in and came out, as the answer's usage counts them; else as expected."""
    told = answer.get("usage") if isinstance(answer, dict) else None
    usage = told if isinstance(told, dict) else {}
    return (
        _count(usage.get("prompt_tokens"), 1, expected.into),
        _count(usage.get("completion_tokens"), 0, expected.out),
    )


def _count(given: Any, least: int, expected: int) -> int:
    return given if type(given) is int and least <= given <= MOST_TOKENS else expected
