"""A scorer against each group's mean labels, beside what it would be were people dealt to the groups anew."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.clusters import IntArray, cluster_index
from annotation.statistics.counts import FloatArray, over
from annotation.statistics.intervals import Estimate, cluster_estimate
from annotation.statistics.shuffling import TIE, Shuffled, held_against
from calibration.metrics.correlation.intervals import complete, spearman_interval
from calibration.metrics.correlation.ranks import spearman_statistic

PERMUTATIONS = 199
# Labels dealt at once: 2 MB a column.
CHUNK = 250_000
FEWEST_ITEMS = 3


@dataclass(frozen=True)
class GroupCorrelation:
    """A scorer beside one group.

    Attributes
    ----------
    people : int
    spearman : Estimate
        With the group's mean labels; `n` counts items, and the interval is over clusters of them.
    expected : float or None
        The mean of what it is when people are dealt to the groups anew.
    difference : Shuffled
        spearman - expected, and what chance makes of it.
    """

    people: int
    spearman: Estimate
    expected: float | None
    difference: Shuffled

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        chance = self.difference
        return {
            "people": self.people,
            "n": self.spearman.n,
            "spearman": self.spearman.as_dict(),
            "expected": {
                "value": self.expected,
                "low": _moved(chance.low, self.expected),
                "high": _moved(chance.high, self.expected),
            },
            "difference": {"value": chance.value, "p": chance.p, "adjusted_p": chance.adjusted},
        }


@dataclass(frozen=True, eq=False)
class GroupRanks:
    """Ranks of each group's mean labels, as the groups are and as they are when people are dealt anew.

    Attributes
    ----------
    means : ndarray of float, shape (groups, items)
        NaN where the group has no label, or the item does not count.
    ranks : ndarray of float32, shape (1 + permutations, groups, items)
        Less their mean, over the root of the sum of their squares; 0 where there is no mean.
    there : ndarray of bool, shape (1 + permutations, groups, items)
    people : ndarray of int, shape (groups,)
    """

    means: FloatArray
    ranks: npt.NDArray[np.float32] = field(repr=False)
    there: npt.NDArray[np.bool_] = field(repr=False)
    people: IntArray

    @classmethod
    def of(
        cls,
        person: npt.ArrayLike,
        item: npt.ArrayLike,
        value: npt.ArrayLike,
        group: npt.ArrayLike,
        *,
        items: int,
        scored: npt.ArrayLike | None = None,
        permutations: int = PERMUTATIONS,
        rng: np.random.Generator,
    ) -> "GroupRanks":
        """Average each group's labels of every item, and again with people dealt to the groups anew.

        Parameters
        ----------
        person, item : array_like of int, shape (labels,)
            The places of the label's person and item, from 0.
        value : array_like of float, shape (labels,)
        group : array_like of int, shape (people,)
            The group of each person, from 0; -1 leaves the person out.
        items : int
        scored : array_like of bool, shape (items,), optional
            The items that count; by default all.
        permutations : int
        rng : numpy.random.Generator

        Raises
        ------
        ValueError
            If the arrays do not fit each other.

        Examples
        --------
        >>> person, item = np.divmod(np.arange(24), 6)
        >>> found = GroupRanks.of(person, item, item + person, [0, 0, 1, 1], items=6,
        ...                       rng=np.random.default_rng(0))
        >>> found.means.tolist()[1], found.people.tolist()
        ([2.5, 3.5, 4.5, 5.5, 6.5, 7.5], [2, 2])
        """
        who, what = np.asarray(person, dtype=np.intp), np.asarray(item, dtype=np.intp)
        given, groups = np.asarray(value, dtype=np.float64), np.asarray(group, dtype=np.intp)
        if who.ndim != 1 or not who.shape == what.shape == given.shape:
            raise ValueError("person, item and value need one entry a label")
        if len(what) and not (
            what.min() >= 0 and what.max() < items and 0 <= who.min() <= who.max() < len(groups)
        ):
            raise ValueError(f"person and item are places from 0, of {len(groups)} people and {items} items")
        counts = np.ones(items, dtype=bool) if scored is None else np.asarray(scored, dtype=bool)
        rows = (groups[who] >= 0) & counts[what]
        who, what, given = who[rows], what[rows], given[rows]
        means = _means(who, what, given, _dealt(groups, who, permutations, rng), items)
        ranks, there = _ranked(means)
        there_of = np.unique(who)
        return cls(means[0], ranks, there, np.bincount(groups[there_of], minlength=means.shape[1]))

    def correlations(self, scores: FloatArray) -> FloatArray:
        """Spearman's with each group's mean labels, shape (1 + permutations, groups); NaN where undefined."""
        order = np.argsort(scores, kind="stable")
        _, starts, group = np.unique(scores[order], return_index=True, return_inverse=True)
        rows = self.there.reshape(-1, len(scores))[:, order]
        sizes = np.add.reduceat(rows, starts, axis=1, dtype=np.float64) if len(starts) < len(order) else rows
        middle = np.cumsum(sizes, axis=1, dtype=np.float64) - (sizes - 1.0) / 2
        n = rows.sum(axis=1)
        centred = np.where(rows, middle[:, group] - (n[:, None] + 1) / 2, 0)
        found = over(
            np.einsum("ri,ri->r", centred, self.ranks.reshape(rows.shape)[:, order].astype(np.float64)),
            np.sqrt(np.einsum("ri,ri->r", centred, centred)),
        )
        return np.where(n >= FEWEST_ITEMS, found, np.nan).reshape(self.there.shape[:2])


def spearman_by_group(
    ranks: GroupRanks, scores: npt.ArrayLike, *, clusters: npt.ArrayLike | None = None
) -> tuple[tuple[GroupCorrelation, ...], float | None]:
    """Correlate a scorer with each group's mean labels, and hold the groups against groups dealt by chance.

    Parameters
    ----------
    ranks : GroupRanks
        Of the items that the scorer scored: made once, for all scorers of those items.
    scores : array_like of float, shape (items,)
        NaN where there is no score.
    clusters : array_like of shape (items,), optional
        The query, or the form, of each item: the jackknife leaves out one at a time, which holds the people
        fixed. By default each item is its own.

    Returns
    -------
    groups : tuple of GroupCorrelation
    p : float or None
        Whether groups differ at all: the share of dealings that are as far from what is expected, by the sum
        over groups of squared differences in their standard deviations.

    Raises
    ------
    ValueError
        If lengths differ, or an item whose labels were ranked has no score.

    Notes
    -----
    The mean of few people's labels is noisier than that of many, so a small group's correlation is lower
    without any fault of the scorer. Each is held against what as many people drawn from all groups would
    have. Dealing keeps who labelled what, and takes for granted that, were groups to mean nothing, anybody
    might have been in any. p-values of the groups are adjusted by Holm.

    References
    ----------
    Anderson & Legendre (1999), Journal of Statistical Computation and Simulation 62, 271-303.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> person, item = np.divmod(np.arange(24 * 60), 60)
    >>> truth, group = rng.normal(size=60), np.arange(24) % 2
    >>> heard = np.where(group[person] == 0, truth[item], -truth[item]) + rng.normal(size=len(item))
    >>> ranks = GroupRanks.of(person, item, heard, group, items=60, permutations=99, rng=rng)
    >>> (first, second), p = spearman_by_group(ranks, truth)
    >>> round(first.spearman.value, 1), round(second.spearman.value, 1), p
    (0.9, -0.9, 0.01)
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != ranks.means.shape[1:]:
        raise ValueError(f"scores must have shape {ranks.means.shape[1:]}, not {values.shape}")
    if np.isnan(values[ranks.there.any(axis=(0, 1))]).any():
        raise ValueError("an item whose labels were ranked has no score")
    found = ranks.correlations(values)
    dealt = found[1:]
    defined = np.isfinite(dealt).sum(axis=0)
    expected = over(np.where(np.isfinite(dealt), dealt, 0).sum(axis=0), defined.astype(np.float64))
    held = held_against(found[0] - expected, dealt - expected)
    groups = tuple(
        GroupCorrelation(people, _spearman(values, means, clusters), _known(mean), difference)
        for people, means, mean, difference in zip(
            ranks.people.tolist(), ranks.means, expected.tolist(), held, strict=True
        )
    )
    return groups, _at_all(found - expected)


def _spearman(values: FloatArray, means: FloatArray, clusters: npt.ArrayLike | None) -> Estimate:
    plain = spearman_interval(values, means, replicates=0)
    if plain.value is None:
        return plain
    a, b, kept = complete(values, means)
    index, number = cluster_index(clusters, len(kept), kept=kept)
    return cluster_estimate(
        plain.value,
        spearman_statistic(a, b, index),
        n=plain.n,
        clusters=number,
        replicates=0,
        rng=None,
        method="jackknife",
        width=len(a),
        bounds=(-1.0, 1.0),
    )


def _at_all(far: FloatArray) -> float | None:
    """Whether the differences of all groups together are farther out than those of groups dealt by chance."""
    known: npt.NDArray[np.bool_] = np.asarray(np.isfinite(far).all(axis=1))
    if not known[0] or 2 * known[1:].sum() < len(far) - 1 or len(far) < 2:
        return None
    square = np.square(over(far[known], far[1:][known[1:]].std(axis=0)))
    total = np.nansum(square, axis=1)
    return float((1 + np.count_nonzero(total[1:] >= total[0] - TIE)) / len(total))


def _dealt(groups: IntArray, who: IntArray, permutations: int, rng: np.random.Generator) -> IntArray:
    """The group of each person, as it is and dealt anew, shape (1 + permutations, people)."""
    dealt = np.tile(groups, (1 + permutations, 1))
    people = np.unique(who)
    dealt[1:, people] = rng.permuted(dealt[1:, people], axis=1)
    return dealt


def _means(who: IntArray, what: IntArray, given: FloatArray, dealt: IntArray, items: int) -> FloatArray:
    """Mean label of each group and item in each dealing; NaN where there is none."""
    groups = int(dealt[0].max(initial=-1)) + 1
    size, step = groups * items, max(1, CHUNK // max(1, len(who)))
    means = np.empty((len(dealt), groups, items))
    for start in range(0, len(dealt), step):
        part = dealt[start : start + step]
        cells = (part[:, who] * items + what + np.arange(len(part))[:, None] * size).ravel()
        n = np.bincount(cells, minlength=len(part) * size)
        total = np.bincount(cells, np.tile(given, len(part)), minlength=len(part) * size).astype(np.float64)
        means[start : start + step] = over(total, n.astype(np.float64)).reshape(-1, groups, items)
    return means


def _ranked(means: FloatArray) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Mid-ranks of each row less their mean, in units of length 1; 0 where there is none."""
    rows = np.round(means.reshape(-1, means.shape[-1]), 9)  # equal means tie, whatever sums they came by
    there = np.isfinite(rows)
    order = np.argsort(rows, axis=1)  # NaN last
    ordered = np.take_along_axis(rows, order, axis=1)
    first = np.ones(rows.shape, dtype=bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    tie = np.cumsum(first.ravel()) - 1
    sizes = np.bincount(tie)
    place = np.tile(np.arange(rows.shape[1]), len(rows))
    middle = np.asarray(np.bincount(tie, place) / sizes)[tie].reshape(rows.shape)
    ranks = np.empty(rows.shape)
    np.put_along_axis(ranks, order, middle, axis=1)
    centred = np.where(there, ranks - (there.sum(axis=1, keepdims=True) - 1) / 2, 0)
    length = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
    unit = over(centred, length)
    return unit.reshape(means.shape).astype(np.float32), there.reshape(means.shape)


def _known(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _moved(number: float | None, by: float | None) -> float | None:
    return None if number is None or by is None else number + by
