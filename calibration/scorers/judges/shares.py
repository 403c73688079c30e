"""A judge's distribution over the scale, from the probabilities of the tokens of its score."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# What may stand before a score in its token, and what ends it.
BEFORE = " \t\n\r\"'`*:+Ġ▁"
ENDS = re.compile(r"[\s,}\]\"'`*:/)<]|\.(?!\d)")
# The exponential of less is 0 too; a server's number may be too large for a float.
LEAST = -1000.0
# How much of the probability may be of beginnings that were not followed: "-" of -1 and -2.
MOST_OPEN = 0.01


class Undefined(Exception):
    """Why the probabilities make no distribution, in a few words."""


class NoProbabilities(Undefined):
    """The server gives none, of no reply."""


@dataclass(frozen=True)
class Shares:
    """Shares of the values, from the lowest, that add up to 1; `outside` is the probability of all else."""

    values: tuple[float, ...]
    outside: float


@dataclass(frozen=True)
class Token:
    """One token of a reply, as the server spells it, and its printable ASCII.

    `likely` has the probability of each text that could stand there; empty where the server does not say.
    """

    spelled: str
    text: str
    likely: dict[str, float]


@dataclass
class _Tally:
    """The probability of each spelling that was found, and of beginnings that were not followed.

    `singles` are spellings that are tokens of their own: no model writes those in two.
    """

    spellings: frozenset[str]
    singles: frozenset[str]
    found: dict[str, float] = field(default_factory=dict)
    open: float = 0.0


def tokens_of(logprobs: Any) -> list[Token]:
    """The tokens of a chat completion's `logprobs`. Raises Undefined where there are none, or no numbers."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(content, list) or not content:
        raise NoProbabilities("the server gave no token probabilities: choose votes or stated")
    return [_token(entry) for entry in content]


def _token(entry: Any) -> Token:
    if not isinstance(entry, dict):
        raise NoProbabilities("the server's token probabilities are of no known form")
    top = entry.get("top_logprobs")
    likely: dict[str, float] = {}
    # The token that was chosen is among the most likely ones again.
    for one in [*top, entry] if isinstance(top, list) and top else []:
        if isinstance(one, dict) and isinstance(one.get("token"), str):
            likely[one["token"]] = _probability(one.get("logprob"))
    known = not any(math.isnan(probability) for probability in likely.values())
    return Token(str(entry.get("token")), _ascii(_bytes(entry)), likely if known else {})


def _probability(logprob: Any) -> float:
    """NaN of what is no number."""
    if isinstance(logprob, bool) or not isinstance(logprob, int | float):
        return math.nan
    return math.exp(min(max(logprob, LEAST), 0.0))


def _bytes(entry: dict[str, Any]) -> bytes:
    """A token's bytes: half a character has no text of its own."""
    given = entry.get("bytes")
    if isinstance(given, list) and all(isinstance(one, int) and 0 <= one < 256 for one in given):
        return bytes(given)
    return str(entry.get("token") or "").encode("utf-8", "ignore")


def _ascii(text: bytes | str) -> str:
    """Its printable ASCII: scores are written in it, and servers spell the rest in ways of their own."""
    given = text.encode("utf-8", "ignore") if isinstance(text, str) else text
    return bytes(one for one in given if 32 <= one < 127).decode()


def shares_of(tokens: Sequence[Token], text: str, start: int, spelled: Sequence[str]) -> Shares:
    """The distribution over a scale where a reply states one score.

    Parameters
    ----------
    tokens : sequence of Token
        Of the whole reply.
    text : str
        The reply.
    start : int
        Where the score stands in it.
    spelled : sequence of str
        What each value of the scale is called, from the lowest; upper and lower case are one.

    Returns
    -------
    Shares
        Of a score of one token (" 4", "4", with what is glued to it) the probabilities of all spellings of a
        value among the most likely tokens, added up. Of one of several tokens ("-" and "1") they are chained
        along those that were chosen. Renormalised over the scale.

    Raises
    ------
    Undefined
        Where the tokens are not those of the reply, none of the scale is among them, or more than .01 lies on
        beginnings that several values share and the reply did not take.
    """
    names = [name.casefold() for name in spelled]
    spellings = frozenset(names)
    place = _place(tokens, text, start)
    tally = _Tally(spellings, spellings & {_core(likely)[0] for likely in tokens[place].likely})
    _follow(tokens, place, "", 1.0, tally)
    values = [tally.found.get(name, 0.0) for name in names]
    total = math.fsum(values)
    if tally.open > MOST_OPEN:
        raise Undefined("the tokens shown do not tell the values apart: choose votes, or a scale of letters")
    if not total > 0:
        raise Undefined("no value of the scale is among the most likely tokens")
    return Shares(tuple(value / total for value in values), max(0.0, 1.0 - total))


def _place(tokens: Sequence[Token], text: str, start: int) -> int:
    """Which token the score begins in."""
    reply = _ascii(text)
    # What a model thinks aloud may come first, and is not always in the reply.
    offset = "".join(token.text for token in tokens).rfind(reply.strip())
    at = offset + len(_ascii(text[:start])) - (len(reply) - len(reply.lstrip()))
    for place, token in enumerate(tokens):
        if 0 <= at < len(token.text) and offset >= 0:
            if token.text[:at].strip(BEFORE):
                raise Undefined("the score's token begins with something else")
            return place
        at -= len(token.text)
    raise Undefined("the server's tokens are not those of the reply")


def _core(text: str) -> tuple[str, bool]:
    """A score's spelling at the beginning of a text, and whether it ends there."""
    text = text.lstrip(BEFORE)
    ends = ENDS.search(text)
    return (text[: ends.start()] if ends else text).casefold(), ends is not None


def _follow(tokens: Sequence[Token], place: int, typed: str, before: float, tally: _Tally) -> None:
    """Add up what may stand at a place after what was typed; go on where the reply itself went on."""
    if not tokens[place].likely:
        raise NoProbabilities("the server gave no other tokens than its own: choose votes or stated")
    for text, probability in tokens[place].likely.items():
        core, ended = _core(typed + text)
        if not core:
            # A space or a quote, after which a score may come, is counted as outside.
            continue
        longer = any(name != core and name.startswith(core) for name in tally.spellings - tally.singles)
        if core in tally.spellings and (ended or not longer):
            tally.found[core] = tally.found.get(core, 0.0) + before * probability
        elif longer and not ended:
            # Of all beginnings, only the one that was chosen is followed by anything known.
            if text == tokens[place].spelled and place + 1 < len(tokens) and len(core) > len(typed):
                _follow(tokens, place + 1, core, before * probability, tally)
            else:
                tally.open += before * probability
