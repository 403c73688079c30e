"""A perplexity of its tokens' log-likelihoods, or why there is none."""

import math
from collections.abc import Sequence
from typing import Any

RESPONSE, CHAT = "response", "chat"
# What each definition's scores are called where there are both.
HEADS = {RESPONSE: "response given query", CHAT: "whole chat"}
DEFINITIONS = (RESPONSE, CHAT, "both")

# Rounding may lift a certain token's a little above 0.
SLACK = 1e-3
# vLLM writes -9999 for minus infinity.
IMPOSSIBLE = -9999.0


class Undefined(Exception):
    """Why a text has no perplexity, in one line."""


def wanted(definition: str) -> tuple[str, ...]:
    """The definitions that are measured."""
    return tuple(HEADS) if definition == "both" else (definition,)


def measured(log_likelihoods: Sequence[float]) -> dict[str, Any]:
    """{"perplexity", "tokens"} of the natural logarithms of tokens' probabilities. Raises Undefined."""
    if not log_likelihoods:
        raise Undefined("The response has no tokens, so it has no perplexity.")
    if any(math.isnan(value) or value > SLACK for value in log_likelihoods):
        raise Undefined("A log-probability is no number or above 0.")
    if min(log_likelihoods) <= IMPOSSIBLE:
        raise Undefined("A token has probability 0, so the perplexity is infinite.")
    surprise = -math.fsum(log_likelihoods) / len(log_likelihoods)
    try:
        return {"perplexity": math.exp(max(surprise, 0.0)), "tokens": len(log_likelihoods)}
    except OverflowError:
        raise Undefined("The perplexity is too large to be a number.") from None
