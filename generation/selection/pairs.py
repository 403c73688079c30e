"""Pairs of responses to a query, drawn by a rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from generation.diversity.clusters import balanced
from generation.diversity.responses import Indices, QueryResponses
from generation.selection.responses import TooFew, generator, vectors_of

Rule = Literal["random", "similar-quality", "same-cluster", "different-cluster", "near"]
RULES: tuple[Rule, ...] = get_args(Rule)
# Pairs near each other are drawn evenly from so many bands of similarity.
BANDS = 5

Band = tuple[float, float]


@dataclass(frozen=True)
class PairRule:
    """How pairs of a query's responses are drawn.

    Attributes
    ----------
    name : {"random", "similar-quality", "same-cluster", "different-cluster", "near"}
        Of all pairs; of those next to each other by score; of those in one balanced cluster, or in two; of
        those whose similarity is at least the threshold.
    number : int
        Pairs a query, or all that there are.
    clusters : int
    threshold : float
    below : int
        With "near", pairs a query below the threshold too, so that what it misses can be estimated.
    """

    name: Rule
    number: int
    clusters: int = 15
    threshold: float = 0.8
    below: int = 0


@dataclass(frozen=True)
class Pair:
    """Two responses, in the order in which they are written down, which is drawn.

    Attributes
    ----------
    first, second : int
        Their rows.
    weight : float
        How many pairs of the query it stands for: those that it was drawn from, a pair drawn.
    similarity : float or None
        The cosine; None where there are no vectors.
    band : (float, float) or None
        With "near", from which similarity to which it was drawn.
    scores : (float, float) or None
        With "similar-quality", the first's and the second's.
    """

    first: int
    second: int
    weight: float
    similarity: float | None = None
    band: Band | None = None
    scores: tuple[float, float] | None = None

    def turned(self) -> "Pair":
        """Return the same pair in the other order."""
        scores = self.scores and (self.scores[1], self.scores[0])
        return replace(self, first=self.second, second=self.first, scores=scores)


def pairs(
    query: QueryResponses, rule: PairRule, *, seed: int, scores: Mapping[str, float] | None = None
) -> list[Pair]:
    """Draw pairs of a query's responses by a rule.

    Parameters
    ----------
    query : QueryResponses
        Each text once: see `distinct`. With vectors, unless the rule is "random" or "similar-quality".
    rule : PairRule
    seed : int
    scores : mapping, optional
        A number for each of the responses' keys, for "similar-quality"; those without one are left out.

    Returns
    -------
    list of Pair
        Fewer than asked for where the query has no more.

    Raises
    ------
    TooFew
        If there are no two responses, or fewer than the clusters.
    """
    if len(query) < 2:
        raise TooFew(f"{len(query)} different texts")
    rng = generator(seed, query, rule.name)
    drawn = _DRAWS[rule.name](_Drawing(query, rule, rng, seed, scores or {}))
    turns = rng.random(len(drawn)) < 0.5
    return [pair.turned() if turn else pair for turn, pair in zip(turns.tolist(), drawn, strict=True)]


def banded(
    values: npt.ArrayLike, edges: Sequence[float], number: int, rng: np.random.Generator
) -> list[tuple[int, float, Band]]:
    """Draw places evenly from bands of their values.

    Parameters
    ----------
    values : array_like of float, shape (n,)
    edges : sequence of float
        Rising. A band holds its lower edge; the last one holds both.
    number : int
        Bands take turns, in an order that is drawn, until so many places are drawn or none is left.
    rng : numpy.random.Generator

    Returns
    -------
    list of (place, weight, band)
        The weight is how many values the band holds, a place drawn from it; the band, its two edges.

    Examples
    --------
    >>> drawn = banded([.1, .2, .3, .9], [0, .5, 1], 2, np.random.default_rng(0))
    >>> sorted((weight, band) for _, weight, band in drawn)
    [(1.0, (0.5, 1)), (3.0, (0, 0.5))]
    """
    given = np.asarray(values, dtype=np.float64)
    inside = np.flatnonzero((given >= edges[0]) & (given <= edges[-1]))
    band = np.minimum(np.searchsorted(edges, given[inside], side="right") - 1, len(edges) - 2)
    held = [inside[band == n] for n in range(len(edges) - 1)]
    takes = _even([len(places) for places in held], number, rng)
    return [
        (place, len(places) / take, (edges[n], edges[n + 1]))
        for n, (places, take) in enumerate(zip(held, takes, strict=True))
        for place in _sample(places, take, rng)
    ]


@dataclass(frozen=True, eq=False)
class _Drawing:
    """What pairs are drawn from."""

    query: QueryResponses
    rule: PairRule
    rng: np.random.Generator
    seed: int
    scores: Mapping[str, float]
    ends: tuple[Indices, Indices] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ends", np.triu_indices(len(self.query), 1))

    def pair(self, place: int, weight: float, band: Band | None = None) -> Pair:
        a, b = int(self.ends[0][place]), int(self.ends[1][place])
        return Pair(a, b, weight, self.cosine(a, b), band)

    def cosine(self, a: int, b: int) -> float | None:
        vectors = self.query.vectors
        return None if vectors is None else min(1.0, float(np.dot(vectors[a], vectors[b])))

    def of(self, fits: npt.NDArray[np.bool_]) -> list[Pair]:
        """Of the pairs that fit, each as likely."""
        places = np.flatnonzero(fits)
        take = min(self.rule.number, len(places))
        return [self.pair(place, len(places) / take) for place in _sample(places, take, self.rng)]

    def by_cluster(self, *, same: bool) -> list[Pair]:
        vectors = vectors_of(self.query, least=self.rule.clusters)
        clusters = balanced(vectors, self.rule.clusters, seed=self.seed)
        return self.of((clusters[self.ends[0]] == clusters[self.ends[1]]) == same)


def _random(drawing: _Drawing) -> list[Pair]:
    return drawing.of(np.ones(len(drawing.ends[0]), dtype=bool))


def _similar_quality(drawing: _Drawing) -> list[Pair]:
    """Of the pairs next to each other by score; responses that tie stand in an order that is drawn."""
    query, rng = drawing.query, drawing.rng
    known = [(drawing.scores[key], row) for row, key in enumerate(query.keys) if key in drawing.scores]
    if len(known) < 2:
        raise TooFew(f"{len(known)} different texts with a score")
    ties = rng.permutation(len(known)).tolist()
    ranked = [known[n] for n in sorted(range(len(known)), key=lambda n: (known[n][0], ties[n]))]
    take = min(drawing.rule.number, len(ranked) - 1)
    chosen = _sample(np.arange(len(ranked) - 1), take, rng)
    beside = [(*ranked[n], *ranked[n + 1]) for n in chosen]
    weight = (len(ranked) - 1) / max(1, take)
    return [Pair(a, b, weight, drawing.cosine(a, b), None, (low, high)) for low, a, high, b in beside]


def _near(drawing: _Drawing) -> list[Pair]:
    vectors, rule = vectors_of(drawing.query, least=2), drawing.rule
    similarity = np.clip((vectors @ vectors.T)[drawing.ends].astype(np.float64), -1.0, 1.0)
    lowest, above = float(similarity.min()), similarity >= rule.threshold
    drawn = banded(similarity, _edges(rule.threshold, 1.0), rule.number, drawing.rng)
    if rule.below and lowest < rule.threshold:
        under = np.where(above, np.inf, similarity)
        drawn += banded(under, _edges(lowest, rule.threshold), rule.below, drawing.rng)
    found = [drawing.pair(place, weight, band) for place, weight, band in drawn]
    # What it was drawn by, to the last digit.
    told = (float(similarity[place]) for place, *_ in drawn)
    return [replace(pair, similarity=cosine) for pair, cosine in zip(found, told, strict=True)]


_DRAWS: dict[Rule, Callable[[_Drawing], list[Pair]]] = {
    "random": _random,
    "similar-quality": _similar_quality,
    "same-cluster": lambda drawing: drawing.by_cluster(same=True),
    "different-cluster": lambda drawing: drawing.by_cluster(same=False),
    "near": _near,
}


def _even(held: Sequence[int], number: int, rng: np.random.Generator) -> list[int]:
    """How many to take of each, as even as can be."""
    takes = [0] * len(held)
    turns = rng.permutation(len(held)).tolist()
    number = min(number, sum(held))
    while number:
        for n in turns:
            if number and takes[n] < held[n]:
                takes[n] += 1
                number -= 1
    return takes


def _sample(places: Indices, take: int, rng: np.random.Generator) -> list[int]:
    return sorted(rng.choice(places, size=take, replace=False).tolist()) if take else []


def _edges(low: float, high: float) -> list[float]:
    edges: list[float] = np.linspace(low, high, BANDS + 1).tolist()
    return edges
