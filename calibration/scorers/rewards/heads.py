"""The numbers of a reward model by its heads."""

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from generation.recipes.members import SHOWN, Unreadable, described, number

FEW = 5


def by_place(values: Any, heads: Sequence[str]) -> dict[str, float]:
    """A list's numbers by head, in the order of the recipe's heads; of no heads, the one number by "".

    Raises Unreadable.
    """
    if not isinstance(values, list):
        raise Unreadable(f"The scores are {described(values)}, not a list.")
    names = heads or [""]
    if len(values) != len(names):
        raise Unreadable(f"The reply has {counted(len(values))}, the recipe expects {expected(heads)}.")
    return {name: number(value, _score(name)) for name, value in zip(names, values, strict=True)}


def by_name(scores: Any, heads: Sequence[str]) -> dict[str, float]:
    """An object's numbers by head, whatever their order; of no heads, the only one by "".

    Raises Unreadable.
    """
    if not isinstance(scores, dict):
        raise Unreadable(f"The scores are {described(scores)}, not an object.")
    if not heads and len(scores) == 1:
        return by_place(list(scores.values()), heads)
    if not heads or set(scores) != set(heads):
        found = f" ({listed(scores)})" if scores else ""
        raise Unreadable(
            f"The reply has {counted(len(scores))}{found}, the recipe expects {expected(heads)}."
        )
    return {head: number(scores[head], _score(head)) for head in heads}


def counted(scores: int) -> str:
    return f"{scores} score" if scores == 1 else f"{scores} scores"


def expected(heads: Sequence[str]) -> str:
    """What a recipe with these heads waits for."""
    return f"{len(heads)} ({listed(heads)})" if heads else "one, since it names no heads"


def listed(names: Iterable[str]) -> str:
    """Names in an error, a few of them, as plain ASCII."""
    shown = [json.dumps(name)[1:-1][:SHOWN] for name in islice(names, FEW + 1)]
    return ", ".join(shown[:FEW]) + (", ..." if len(shown) > FEW else "")


def _score(head: str) -> str:
    return f"The score {head}" if head else "The score"
