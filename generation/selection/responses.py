"""Responses to a query, drawn by a seed."""

import hashlib
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from generation.diversity.clusters import balanced
from generation.diversity.responses import FloatArray, Indices, QueryResponses, Vectors

Pick = Literal["random", "centre"]
PICKS: tuple[Pick, ...] = get_args(Pick)


class TooFew(ValueError):
    """Why nothing can be chosen of a query's responses, in a few words."""


@dataclass(frozen=True)
class Picked:
    """A response: its row, and the cluster, numbered from 0, that it was taken from."""

    row: int
    cluster: int


def distinct(query: QueryResponses, *, seed: int) -> QueryResponses:
    """Return one response a text, by text; which of those that are alike, the seed decides.

    Texts that differ in the white space around them alone are the same.
    """
    texts = [text.strip() for text in query.texts]
    drawn = generator(seed, query, "alike").random(len(texts)).tolist()
    order = sorted(range(len(texts)), key=lambda row: (texts[row], query.source[row]))
    chosen: dict[str, tuple[float, int]] = {}
    for chance, row in zip(drawn, order, strict=True):
        chosen[texts[row]] = min(chosen.get(texts[row], (chance, row)), (chance, row))
    return query.of(np.array([row for _, row in chosen.values()], dtype=np.intp))


def diverse(query: QueryResponses, number: int, *, seed: int, pick: Pick = "random") -> list[Picked]:
    """Pick one response of each of so many balanced clusters.

    Parameters
    ----------
    query : QueryResponses
        With vectors, and each text once: see `distinct`.
    number : int
        Of responses, and of clusters.
    seed : int
    pick : {"random", "centre"}
        Which one of a cluster: any, or the nearest to its mean.

    Returns
    -------
    list of Picked
        By cluster.

    Raises
    ------
    TooFew
        If there are fewer responses, or no vectors.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float32)
    >>> query = QueryResponses("q", "Why?", np.zeros(4, dtype=np.intp), ["a", "b", "c", "d"], vectors)
    >>> sorted(one.row // 2 for one in diverse(query, 2, seed=0))
    [0, 1]
    """
    vectors = vectors_of(query, least=number)
    clusters = balanced(vectors, number, seed=seed)
    rng = generator(seed, query, "diverse")
    return [Picked(_one_of(vectors, np.flatnonzero(clusters == c), pick, rng), c) for c in range(number)]


def vectors_of(query: QueryResponses, *, least: int) -> Vectors:
    """Return the vectors of so many responses at least. Raises TooFew."""
    if len(query) < least:
        raise TooFew(f"{len(query)} different texts")
    if query.vectors is None:
        raise TooFew("no vectors")
    return query.vectors


def generator(seed: int, query: QueryResponses, purpose: str) -> np.random.Generator:
    """Return a generator of its own for each query and purpose, whatever was drawn before."""
    drawn = hashlib.sha256(f"{seed}:{purpose}:{query.text}".encode()).digest()
    return np.random.default_rng(int.from_bytes(drawn[:16], "big"))


def _one_of(vectors: Vectors, rows: Indices, pick: Pick, rng: np.random.Generator) -> int:
    if pick == "random":
        return int(rng.choice(rows))
    towards: FloatArray = vectors[rows] @ vectors[rows].mean(axis=0, dtype=np.float64)
    return int(rows[np.argmax(towards)])
