"""The form of a judge's reply: how it is asked for, and which ways of asking a server takes."""

import json
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, NamedTuple

from calibration.scorers.judges.rubrics import Rubric

# From the one that keeps a reply in form to the one that every server takes.
FORMATS = ("json_schema", "json_object", "none")
FORMAT_WORDS = ("response_format", "json_schema", "json_object", "schema", "grammar", "guided", "structured")
# The most that OpenAI's API and vLLM give unless told otherwise, and the most that others give.
MANY_ALTERNATIVES, FEW_ALTERNATIVES = 20, 5


def instruction(rubric: Rubric, *, stated: bool) -> str:
    """What a judge is told of its reply, after everything else."""
    names = [criterion.name for criterion in rubric.criteria]
    if stated:
        shares = ", ".join(f'"{name}": <p>' for name in rubric.spelled)
        inner = f'{{"probabilities": {{{shares}}}, "reason": "..."}}'
        says = (
            "People would not all say the same. For each possible score give the probability, from 0 to 1, "
            f"that one of them gives it; the {len(rubric.values)} probabilities add up to 1. "
        )
    else:
        inner = '{"score": <score>, "reason": "..."}'
        says = ""
    form = ", ".join(f'"{name}": {inner}' for name in names)
    return (
        f"Reply with JSON alone, in this form:\n{{{form}}}\nA score is {_scale(rubric)}. {says}"
        "A reason is one short sentence."
    )


def _scale(rubric: Rubric) -> str:
    if rubric.labels:
        return f"one of {', '.join(json.dumps(label) for label in rubric.spelled)}"
    side = ", above 0 where the first response is better" if rubric.pairwise else ""
    return f"a whole number from {rubric.low} to {rubric.high}{side}"


def schema(rubric: Rubric, *, stated: bool) -> dict[str, Any]:
    """The reply's JSON schema, in the subset that strict structured outputs take."""
    if stated:
        shares = _object({name: {"type": "number"} for name in rubric.spelled})
        said = _object({"probabilities": shares, "reason": {"type": "string"}})
    else:
        score: dict[str, Any] = (
            {"type": "string", "enum": list(rubric.spelled)}
            if rubric.labels
            else {"type": "integer", "enum": list(rubric.values)}
        )
        said = _object({"score": score, "reason": {"type": "string"}})
    return _object({criterion.name: said for criterion in rubric.criteria})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@dataclass(frozen=True)
class Way:
    """How a server is asked: the format, the limit's name, how many alternatives, whether with a seed."""

    format: str
    limit: str = "max_tokens"
    alternatives: int = MANY_ALTERNATIVES
    seed: bool = True


class Asking(NamedTuple):
    """Who is asked for what: an address, a model, and the strictest format to ask for."""

    base_url: str
    model: str
    format: str


# What each server takes of each model, learned as it is asked; those in `_proven` have answered.
_ways: dict[Asking, Way] = {}
_proven: set[Asking] = set()
_lock = Lock()


def way_of(key: Asking) -> Way:
    """The way that the server took last, of those not tried yet the strictest."""
    with _lock:
        return _ways.get(key, Way(key.format))


def answered(key: Asking, way: Way) -> None:
    """Keep the way that a server took, once it has."""
    with _lock:
        if _ways.setdefault(key, way) == way:
            _proven.add(key)


def rejected(key: Asking, way: Way, line: str, *, named: bool = False) -> bool:
    """Learn from a request that the server would not take; whether another way is left to try.

    A server that names no reason may mean the format, until one was answered: then it means the request.
    With `named`, only what it names is tried otherwise: llama-cpp-python fails (500) at a format.
    """
    with _lock:
        known = _ways.get(key, Way(key.format))
        if known != way:
            return True
        sure = named or key in _proven
        other = _other_way(way, line.casefold(), sure=sure)
        # A request that no way helps says nothing about the ways.
        _ways[key] = other or (way if sure else replace(way, format=key.format))
        return other is not None


def _other_way(way: Way, line: str, *, sure: bool) -> Way | None:
    if "max_completion_tokens" in line and "too large" not in line and way.limit == "max_tokens":
        return replace(way, limit="max_completion_tokens")
    if "top_logprobs" in line and way.alternatives > FEW_ALTERNATIVES:
        return replace(way, alternatives=FEW_ALTERNATIVES)
    if "seed" in line and way.seed:
        return replace(way, seed=False)
    if any(word in line for word in ("temperature", "top_p", "logprobs", "context length")):
        return None
    if way.format == FORMATS[-1] or (sure and not any(word in line for word in FORMAT_WORDS)):
        return None
    return replace(way, format=FORMATS[FORMATS.index(way.format) + 1])
