"""Whose answers replicate people's: votes of personas, votes of nobody named, distributions, or numbers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from annotation.statistics.counts import FloatArray
from calibration.metrics.replication.answers import Answers, IntArray


class Panel(Protocol):
    """What a scorer gave for a study's items."""

    @property
    def own(self) -> Answers:
        """All that it gave."""

    def dealt(self, places: Answers, rng: np.random.Generator, among: IntArray | None = None) -> Answers:
        """Answers in the places of people's: as many, by as many, about the same items.

        `among` has the group of each of the people, for a panel whose personas have groups too.
        """


@dataclass(frozen=True, eq=False)
class Personas:
    """Votes of personas.

    Attributes
    ----------
    votes : ndarray of float, shape (personas, items)
        NaN where a persona was not asked; the mean where they voted more than once.
    group : int array, shape (personas,), or None
        Of each persona, for a contrast of people.
    spread : ndarray of float, shape (personas, items), or None
        Standard deviation of a persona's own votes on an item, 0 of one vote; None where nobody voted twice.

    Notes
    -----
    Each person's place is taken by a persona of the same group, none twice. Where there are more people than
    personas, places stay empty: answers of one persona counted as those of several would make chance look
    sure (17 % of p below .05 for 20 personas in the places of 60 people, simulated, where 8 % are due).
    Who saw both orders of a comparison voted twice, a person once: the mean of the two is less noisy than any
    answer of a person's. So it stands for the variance of single votes, and one of the two is dealt.
    """

    votes: FloatArray
    group: IntArray | None = None
    spread: FloatArray | None = None

    @cached_property
    def own(self) -> Answers:
        person, item = np.nonzero(~np.isnan(self.votes))
        within = None if self.spread is None else self.spread[person, item] ** 2
        size = self.votes.shape
        return Answers(item, person, self.votes[person, item], size[1], size[0], within)

    def grouped(self, group: IntArray) -> "Personas":
        """The same votes, held once, by personas in these groups."""
        found = Personas(self.votes, group, self.spread)
        found.__dict__["own"] = self.own
        return found

    def dealt(self, places: Answers, rng: np.random.Generator, among: IntArray | None = None) -> Answers:
        groups = np.zeros(places.people, dtype=np.int64) if among is None or self.group is None else among
        own = np.zeros(len(self.votes), dtype=np.int64) if among is None or self.group is None else self.group
        taken = np.full(places.people, -1, dtype=np.int64)
        for g in np.unique(groups):
            seats = np.flatnonzero(groups == g)
            drawn = rng.permutation(np.flatnonzero(own == g))[: len(seats)]
            taken[rng.permutation(seats)[: len(drawn)]] = drawn
        sits = taken[places.person]
        value = np.where(sits >= 0, self.votes[sits, places.item], np.nan)
        if self.spread is not None:
            value += rng.choice([-1.0, 1.0], size=len(value)) * self.spread[sits, places.item]
        kept = ~np.isnan(value)
        return Answers(places.item[kept], places.person[kept], value[kept], places.items, places.people)


@dataclass(frozen=True, eq=False)
class Votes:
    """How many votes of nobody named each value got.

    Attributes
    ----------
    counts : int array, shape (items, V)
    scale : ndarray of float, shape (V,)

    Notes
    -----
    Dealt in random order, none twice: an item with fewer votes than labels keeps empty places.
    """

    counts: IntArray
    scale: FloatArray

    @cached_property
    def own(self) -> Answers:
        each = self.counts.sum(axis=1)
        value = np.repeat(np.tile(self.scale, len(self.counts)), self.counts.ravel())
        item = np.repeat(np.arange(len(each)), each)
        return Answers(item, np.arange(len(item)), value, len(each), len(item))

    def dealt(self, places: Answers, rng: np.random.Generator, among: IntArray | None = None) -> Answers:
        own = self.own
        shuffled = own.value[np.lexsort((rng.random(len(own.item)), own.item))]
        start, rank = np.cumsum(own.number) - own.number, _rank(places.item)
        has = rank < own.number[places.item]
        value = shuffled[(start[places.item] + rank)[has]]
        return Answers(places.item[has], places.person[has], value, places.items, places.people)


@dataclass(frozen=True, eq=False)
class Distributions:
    """Shares of people at each value, as the scorer states them.

    Attributes
    ----------
    shares : ndarray of float, shape (items, V)
        Rows that add up to 1; NaN where none was given.
    scale : ndarray of float, shape (V,)

    Notes
    -----
    Its own answers are the means, each with the spread that it states; dealt ones are drawn.
    """

    shares: FloatArray
    scale: FloatArray

    @cached_property
    def own(self) -> Answers:
        item = np.flatnonzero(~np.isnan(self.shares).any(axis=1))
        mean = self.shares[item] @ self.scale
        within = self.shares[item] @ self.scale**2 - mean**2
        return Answers(item, np.arange(len(item)), mean, len(self.shares), len(item), within)

    def dealt(self, places: Answers, rng: np.random.Generator, among: IntArray | None = None) -> Answers:
        given = self.shares[places.item]
        has = ~np.isnan(given).any(axis=1)
        reached = np.cumsum(given[has], axis=1)
        column = (rng.random((int(has.sum()), 1)) >= reached).sum(axis=1)
        value = self.scale[np.minimum(column, len(self.scale) - 1)]
        return Answers(places.item[has], places.person[has], value, places.items, places.people)


@dataclass(frozen=True, eq=False)
class Numbers:
    """A number an item, the same however many people there are; NaN where there is none."""

    values: FloatArray

    @cached_property
    def own(self) -> Answers:
        item = np.flatnonzero(~np.isnan(self.values))
        return Answers(item, np.arange(len(item)), self.values[item], len(self.values), len(item))

    def dealt(self, places: Answers, rng: np.random.Generator, among: IntArray | None = None) -> Answers:
        value = self.values[places.item]
        has = ~np.isnan(value)
        return Answers(places.item[has], places.person[has], value[has], places.items, places.people)


def shuffled(answers: Answers, rng: np.random.Generator) -> Answers:
    """The same answers without signal: each may be anybody's, about anything."""
    value = rng.permutation(answers.value)
    return Answers(answers.item, answers.person, value, answers.items, answers.people)


def _rank(item: IntArray) -> IntArray:
    """The number of each answer among those of its item, from 0."""
    order = np.argsort(item, kind="stable")
    ordered = item[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]] if len(item) else np.zeros(0, dtype=bool)
    starts = np.flatnonzero(first)
    rank = np.empty(len(item), dtype=np.int64)
    rank[order] = np.arange(len(item)) - np.repeat(starts, np.diff(np.r_[starts, len(item)]))
    return rank
