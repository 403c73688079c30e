"""Calls and what came of them: what every comparison of ways to ask reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from generation.diversity.responses import FloatArray, Indices, Source, UnusableResponses, Vectors

Unit = Literal["calls", "tokens", "money"]
UNITS: tuple[Unit, ...] = ("calls", "tokens", "money")


@dataclass(frozen=True, eq=False)
class QueryCalls:
    """The calls about one query, with the responses that each gave.

    Attributes
    ----------
    text : str
        The query's, unique in its data set.
    source : ndarray of intp, shape (calls,)
        Who was asked: an index into the data set's sources.
    answers : ndarray of intp, shape (calls,)
        How many responses a call gave; 0 of one that was paid for in vain.
    tokens_in, tokens_out, money : ndarray of float64, shape (calls,)
        Of the whole call; NaN where unknown.
    score : ndarray of float64, shape (responses,)
        Higher is better; NaN where there is none. Responses stand by their calls, in the order of the reply.
    classes : ndarray of intp, shape (responses,)
        Given classes of equivalent ideas, 0 upwards; -1 where none was given.

    Raises
    ------
    UnusableResponses
        If the lengths differ.
    """

    text: str
    source: Indices
    answers: Indices
    tokens_in: FloatArray
    tokens_out: FloatArray
    money: FloatArray
    score: FloatArray
    classes: Indices

    def __post_init__(self) -> None:
        calls, responses = len(self.source), int(self.answers.sum())
        for name, size in {
            "answers": calls,
            "tokens_in": calls,
            "tokens_out": calls,
            "money": calls,
            "score": responses,
            "classes": responses,
        }.items():
            if len(getattr(self, name)) != size:
                raise UnusableResponses(f"{self.text[:60]}: {size} {name} are wanted")

    @cached_property
    def starts(self) -> Indices:
        """Where each call's responses begin."""
        return np.cumsum(self.answers) - self.answers

    def cost(self, unit: Unit) -> FloatArray:
        """What each call costs; NaN where unknown."""
        if unit == "calls":
            return np.ones(len(self.source))
        return self.money if unit == "money" else self.tokens_in + self.tokens_out

    def rows(self, calls: Indices) -> Indices:
        """The responses of some calls, one call after the other.

        Examples
        --------
        >>> known = np.zeros(2)
        >>> two = QueryCalls("Why?", np.array([0, 0]), np.array([2, 1]), known, known, known, np.zeros(3),
        ...                  np.array([0, 0, 1]))
        >>> two.rows(np.array([1, 0])).tolist()
        [2, 0, 1]
        """
        each = self.answers[calls]
        first = np.repeat(self.starts[calls] - (np.cumsum(each) - each), each)
        return first + np.arange(len(first))


@dataclass(frozen=True)
class ScoredBy:
    """Who gave the scores; `simulated` if its votes are of people who were made up."""

    name: str
    family: str
    simulated: bool = False


@dataclass(frozen=True, eq=False)
class Voices:
    """Calls about several queries. All but vectors and texts is in memory.

    Attributes
    ----------
    sources : tuple of Source
    queries : sequence of QueryCalls
    vectors : callable
        Of the n-th query: which of its responses have a vector, ascending, and these, of unit length.
    texts : callable
        Of the n-th query: its responses' texts.
    encoder : str
    strategies : mapping of str
        The strategy of each condition, where somebody said it.
    elsewhere : frozenset of int
        Sources some of whose calls were made where nobody here knows how many failed.
    currency : str or None
        Of all money; None if there is none, or of several.
    scorer : ScoredBy or None
    """

    sources: tuple[Source, ...]
    queries: Sequence[QueryCalls]
    vectors: Callable[[int], tuple[Indices, Vectors]]
    texts: Callable[[int], Sequence[str]]
    encoder: str
    strategies: Mapping[str, str]
    elsewhere: frozenset[int] = frozenset()
    currency: str | None = None
    scorer: ScoredBy | None = None
