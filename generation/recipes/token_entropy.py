"""The entropy of what a model could have said at each token of a reply, averaged over the reply."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

# The exponential of less is 0 too; a server's number may be too large for a float.
LEAST = -1000.0
# How far above 1 rounding may lift the sum of what is shown.
ROUNDED = 1e-3


class Kept(NamedTuple):
    """What is kept of a reply: the mean in nats a token, its tokens, whether it is a lower bound."""

    mean: float
    tokens: int
    lower: bool


def entropy(probabilities: Sequence[float]) -> float:
    """-sum p ln p in nats; a probability of 0 adds nothing."""
    return math.fsum(-one * math.log(one) for one in probabilities if one > 0) + 0.0


def exact(entropies: Sequence[float]) -> dict[str, Any]:
    """What is kept of a reply whose tokens have these entropies in nats; there is at least one."""
    return _kept(entropies, "exact")


def lower_bound(logprobs: Any) -> dict[str, Any] | None:
    """A bound of a chat completion's `logprobs`, or None where they do not give one.

    Parameters
    ----------
    logprobs : JSON
        As OpenAI's API has it: for each token the likeliest ones in its place. It may hold anything.

    Returns
    -------
    dict or None
        The mean over tokens of the entropy in nats in which everything that is not shown counts as one token:
        it is at most the entropy over all, since any way of sharing that probability out adds to it. None
        where a token comes without others in its place, or with what is no probability.

    Notes
    -----
    It bounds the entropy of the distribution that the server tells, which with some servers is the one after
    temperature and top-p.
    """
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not isinstance(content, list) or not content:
        return None
    try:
        return _kept([_least(list(_shown(entry))) for entry in content], "lower")
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _least(shown: Sequence[float]) -> float:
    rest = 1.0 - math.fsum(shown)
    if rest < -ROUNDED:
        raise ValueError("more than all")
    return entropy([*shown, rest])


def _shown(entry: Any) -> Iterator[float]:
    """The probabilities of the likeliest tokens, and of the chosen one where it is not among them."""
    top = entry["top_logprobs"]
    if not top:
        raise ValueError("no other tokens")
    yield from (_probability(one["logprob"]) for one in top)
    if entry["token"] not in {one["token"] for one in top}:
        yield _probability(entry["logprob"])


def _probability(logprob: Any) -> float:
    if isinstance(logprob, bool) or not isinstance(logprob, int | float) or math.isnan(logprob):
        raise ValueError("no number")
    return math.exp(min(max(logprob, LEAST), 0.0))


def kept(said: Any) -> Kept | None:
    """Read what `exact` and `lower_bound` wrote, or a file says like them; None for what says nothing."""
    if not isinstance(said, Mapping):
        return None
    mean, tokens = said.get("mean"), said.get("tokens", 1)
    if not isinstance(mean, int | float) or not isinstance(tokens, int | float):
        return None
    if not (math.isfinite(mean) and mean >= 0 and math.isfinite(tokens) and tokens >= 1):
        return None
    return Kept(float(mean), int(tokens), said.get("bound") == "lower")


def _kept(entropies: Sequence[float], bound: str) -> dict[str, Any]:
    return {"mean": math.fsum(entropies) / len(entropies), "tokens": len(entropies), "bound": bound}
