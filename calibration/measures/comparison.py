"""Two scorers, of one audit or of two, on the items that both were audited on: paired differences."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from annotation.statistics.cautions import caution
from annotation.statistics.clusters import IntArray, cluster_index, cluster_sums, multinomial_weights
from annotation.statistics.counts import BoolArray, FloatArray, over
from calibration.frames import ScoreColumn
from calibration.measures.people import People
from calibration.measures.scored import Scored
from calibration.metrics.correlation.cluster_ranks import difference_against, spearman_against
from calibration.metrics.correlation.intervals import pearson, spearman
from calibration.metrics.correlation.moments import pearson_statistic
from calibration.metrics.correlation.paired import PairedDifference, paired_difference
from calibration.metrics.correlation.within_query import spearman_by_query
from calibration.metrics.distribution.distances import distances
from calibration.metrics.multiple import benjamini_hochberg
from calibration.metrics.subsets import Subset, differences, pair_spearman

Found = dict[str, Any]
# A statistic, and the same in each resample.
Resampled = tuple[float, FloatArray]

# Of which a lower value is better; the others are correlations.
DISTANCES = ("wasserstein_1", "corrected")
NOTHING = "no item has labels and scores in both"
KINDS = "the one audit is of ratings, the other of comparisons or pairs: their items are not the same"


@dataclass(frozen=True, eq=False)
class Side:
    """A scorer beside what people said when it was audited."""

    people: People
    column: ScoreColumn

    @cached_property
    def known(self) -> BoolArray:
        """The items that have labels and a score."""
        return self.people.labelled & ~np.isnan(self.column.values)


def compared(first: Side, second: Side) -> Found:
    """The first less the second on common items, each against its own audit's labels of these.

    Items are the same where their ids are. Both are resampled together, by the clusters, the seed and the
    replicates of the first one's audit. p-values are adjusted over all differences that are told; those of
    cuts that keep the same items are one.
    """
    places = _common(first, second)
    found: Found = {"items": len(places[0]), "differences": []}
    if first.people.frame.kind != second.people.frame.kind:
        return found | {"items": 0, "reason": KINDS}
    if not len(places[0]):
        return found | {"reason": NOTHING}
    both = _Both(_Half(first, places[0]), _Half(second, places[1]))
    rows = [*_correlations(both), *_subsets(both), *_distances(both)]
    # The same items give the same numbers to the last digit.
    tests = [(row["measure"], row["n"], row["first"], row["second"], row["p"]) for row in rows]
    known = {test: test[-1] for test in tests if test[-1] is not None}
    adjusted = dict(zip(known, benjamini_hochberg(list(known.values())).tolist(), strict=True))
    for row, test in zip(rows, tests, strict=True):
        row["adjusted_p"] = adjusted.get(test)
    clusters = {"unit": first.people.frame.cluster_unit, "n": both.number}
    if words := caution(both.number):
        clusters["caution"] = words
    return found | {
        "same_labels": both.same_labels,
        "clusters": clusters,
        "replicates": len(both.weights),
        "seed": first.people.asked.seed,
        "differences": rows,
    }


class _Half:
    """One side on the common items, in their order."""

    def __init__(self, side: Side, places: IntArray) -> None:
        self.side = side
        self.places = places
        self.scores = side.column.values[places]
        self.means = side.people.means[places]

    @cached_property
    def losses(self) -> dict[str, FloatArray]:
        """Distances of each item between people's labels and the scorer's distribution."""
        scored, at = self.scored, self.places
        votes = None if scored.votes is None else scored.votes[at]
        found = distances(scored.distributions[at], self.side.people.frame.counts[at], votes=votes)
        return {name: getattr(found, name) for name in DISTANCES}

    @cached_property
    def scored(self) -> Scored:
        return Scored(self.side.people, self.side.column, self.side.people.asked)

    def pulls(self, measure: str, items: BoolArray) -> FloatArray:
        """What each of these common items adds to the sum of a distance over them by way of the fit."""
        among = np.zeros(len(self.side.people.labelled), dtype=bool)
        among[self.places[items]] = True
        return self.scored.pulls(measure, self.side.people.frame.counts, among)[self.places[items]]

    @cached_property
    def subsets(self) -> dict[tuple[str, float], Subset]:
        return {(subset.rule, subset.parameter): subset for subset in self.side.people.subsets}

    def mask(self, subset: Subset) -> BoolArray:
        return subset.mask[self.places]

    def pairs(self, subset: Subset) -> set[tuple[int, int]]:
        """The pairs of common items, by their places among these."""
        place = np.full(len(subset.mask), -1)
        place[self.places] = np.arange(len(self.places))
        listed = np.sort(
            place[np.zeros((0, 2), dtype=np.intp) if subset.pairs is None else subset.pairs], axis=1
        )
        return set(map(tuple, listed[(listed >= 0).all(axis=1)].tolist()))


class _Both:
    """Both sides, and the resamples of the common items' clusters that they share."""

    def __init__(self, first: _Half, second: _Half) -> None:
        self.halves = first, second
        people = first.side.people
        self.index, self.number = cluster_index(people.frame.clusters[first.places], len(first.places))
        self.query, self.queries = cluster_index(people.frame.queries[first.places], len(first.places))
        asked = people.asked
        self.weights = multinomial_weights(self.number, replicates=asked.replicates, rng=asked.rng("compare"))

    @property
    def same_labels(self) -> bool:
        first, second = (half.side.people.frame.counts[half.places] for half in self.halves)
        return bool(np.array_equal(first, second))

    @cached_property
    def by_query(self) -> tuple[IntArray, FloatArray]:
        """A cluster for each query, and weights: of the clusters where queries lie whole in them."""
        places = np.unique(np.stack([self.query, self.index]), axis=1)
        if places.shape[1] == self.queries:
            return places[1], self.weights
        asked = self.halves[0].side.people.asked
        own = multinomial_weights(
            self.queries, replicates=asked.replicates, rng=asked.rng("compare", "queries")
        )
        return np.arange(self.queries), own

    def drawn(self, items: BoolArray) -> tuple[IntArray, FloatArray]:
        """The clusters of some items numbered from 0, and their weights."""
        there, index = np.unique(self.index[items], return_inverse=True)
        return index.astype(np.intp, copy=False), self.weights[:, there]

    def row(
        self, measure: str, pair: tuple[Resampled, Resampled], *, n: int, clusters: int, **more: Any
    ) -> Found:
        """A difference as the JSON has it; `n` and `clusters` are what it rests on."""
        (one, drawn_one), (two, drawn_two) = pair
        found = paired_difference((one, two), (drawn_one, drawn_two), n=n, clusters=clusters)
        return _told(measure, one, two, found, **more)


def _told(measure: str, one: float, two: float, found: PairedDifference, **more: Any) -> Found:
    return {
        "measure": measure,
        **more,
        "lower_is_better": measure in DISTANCES,
        "n": found.difference.n,
        "first": one if np.isfinite(one) else None,
        "second": two if np.isfinite(two) else None,
        "difference": found.difference.as_dict(),
        "p": found.p,
    }


def _common(first: Side, second: Side) -> tuple[IntArray, IntArray]:
    """The places in both frames of the items known to both, in the order of the first."""
    there = {name: n for n, name in enumerate(second.people.frame.item_ids) if second.known[n]}
    names = enumerate(first.people.frame.item_ids)
    places = [(n, there[name]) for n, name in names if first.known[n] and name in there]
    found = np.array(places, dtype=np.intp).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _correlations(both: _Both) -> Iterator[Found]:
    every = np.ones(len(both.index), dtype=bool)
    yield _rank_row(both, every, "spearman")
    yield both.row(
        "pearson",
        _of_each(both, lambda half: _pearson(half, both)),
        n=len(every),
        clusters=both.number,
    )
    yield _within_row(both)


def _of_each(both: _Both, measure: Any) -> tuple[Resampled, Resampled]:
    first, second = (measure(half) for half in both.halves)
    return first, second


def _rank_row(both: _Both, items: BoolArray, measure: str, **more: Any) -> Found:
    index, weights = both.drawn(items)

    def rho(half: _Half) -> Resampled:
        scores, means = half.scores[items], half.means[items]
        value = spearman(scores, means)
        return value, spearman_against(means, index, weights)(scores) if np.isfinite(value) else _none(
            weights
        )

    n = int(items.sum())
    return both.row(measure, _of_each(both, rho), n=n, clusters=weights.shape[1], **more)


def _pearson(half: _Half, both: _Both) -> Resampled:
    value = pearson(half.scores, half.means)
    if not np.isfinite(value):
        return value, _none(both.weights)
    return value, pearson_statistic(half.scores, half.means, both.index)(both.weights)


def _within_row(both: _Both) -> Found:
    """Mean over the queries in which both are defined."""
    each = [spearman_by_query(half.scores, half.means, both.query, both.queries) for half in both.halves]
    used = np.isfinite(each[0] + each[1])
    cluster, weights = both.by_query
    of_queries = weights[:, cluster[used]]
    number = of_queries.sum(axis=1)

    def mean(values: FloatArray) -> Resampled:
        return float(values[used].mean()) if used.any() else float("nan"), over(
            of_queries @ values[used], number
        )

    n, clusters = int(used.sum()), len(np.unique(cluster[used]))
    return both.row("within_query", (mean(each[0]), mean(each[1])), n=n, clusters=clusters)


def _subsets(both: _Both) -> Iterator[Found]:
    """Rho on the items, or over the pairs, that both audits have in a subset of the same rule."""
    first, second = both.halves
    for key, subset in first.subsets.items():
        other = second.subsets.get(key)
        if other is None or subset.unlisted or other.unlisted:
            continue
        named = {"rule": subset.rule, "parameter": subset.parameter}
        if subset.pairs is None:
            yield _rank_row(both, first.mask(subset) & second.mask(other), "spearman", **named)
        else:
            yield _pair_row(both, sorted(first.pairs(subset) & second.pairs(other)), **named)


def _pair_row(both: _Both, listed: list[tuple[int, int]], **named: Any) -> Found:
    pairs = np.array(listed, dtype=np.intp).reshape(-1, 2)
    cluster, weights = both.by_query
    there, index = np.unique(cluster[both.query[pairs[:, 0]]], return_inverse=True)
    drawn = weights[:, there]

    def rho(half: _Half) -> Resampled:
        value = pair_spearman(half.scores, half.means, pairs, replicates=0).value
        if value is None:
            return float("nan"), _none(drawn)
        against = difference_against(differences(half.means, pairs), index.astype(np.intp), drawn)
        return value, against(differences(half.scores, pairs))

    return both.row("spearman", _of_each(both, rho), n=len(pairs), clusters=len(there), **named)


def _distances(both: _Both) -> Iterator[Found]:
    """Means over the items of which both have the distance."""
    for name in DISTANCES:
        losses = [half.losses[name] for half in both.halves]
        items = np.isfinite(losses[0] + losses[1])
        index, weights = both.drawn(items)
        learned = [
            loss[items] + half.pulls(name, items) for loss, half in zip(losses, both.halves, strict=True)
        ]
        rows = np.stack([*learned, np.ones(int(items.sum()))], axis=1)
        sums = weights @ cluster_sums(rows, index, weights.shape[1]) if items.any() else np.zeros((1, 3))
        first, second = (
            (float(loss[items].mean()) if items.any() else float("nan"), over(sums[:, side], sums[:, 2]))
            for side, loss in enumerate(losses)
        )
        yield both.row(name, (first, second), n=int(items.sum()), clusters=weights.shape[1])


def _none(weights: FloatArray) -> FloatArray:
    return np.full(len(weights), np.nan)
