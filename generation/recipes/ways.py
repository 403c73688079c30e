"""Which ways of asking a server takes: learned as it is asked."""

from dataclasses import dataclass, replace
from threading import Lock
from typing import NamedTuple

# From the one that keeps a reply in form to the one that every server takes.
FORMATS = ("json_schema", "json_object", "none")
FORMAT_WORDS = ("response_format", "json_schema", "json_object", "schema", "grammar", "guided", "structured")
# The most that OpenAI's API and vLLM give unless told otherwise, and the most that others give.
MANY_ALTERNATIVES, FEW_ALTERNATIVES = 20, 5


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
