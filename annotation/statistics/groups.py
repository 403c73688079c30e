"""How far groups of people agree within themselves and with each other, and how their labels differ."""

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray, as_counts, as_values, over
from annotation.statistics.cross_replication import (
    SAME,
    Level,
    alpha_of,
    between_columns,
    difference_columns,
    difference_of,
    distances,
    kappa_of,
    moments_of,
    within_columns,
)
from annotation.statistics.intervals import Estimate
from annotation.statistics.leave_one_out import Statistic, leave_one_out

TO_ONE = (-inf, 1.0)
NO_BOTH = "no item has labels of both groups"


@dataclass(frozen=True)
class Group:
    """One group beside the rest, who are all people of the other groups.

    Attributes
    ----------
    labels, items : int
        What the group gave, and the items that have a label of it.
    mean : Estimate
        Of all its labels.
    difference : Estimate
        Of its mean from the rest's on the same items, in the units of the scale.
    within : Estimate
        Krippendorff's alpha of the group alone.
    with_rest : Estimate
        kappa_x of the group with the rest.
    association : Estimate
        The group association index, within / with_rest: above 1 where the group agrees more with itself.
    """

    labels: int
    items: int
    mean: Estimate
    difference: Estimate
    within: Estimate
    with_rest: Estimate
    association: Estimate


@dataclass(frozen=True)
class GroupAgreement:
    """The groups in the order of the counts, and kappa_x of each pair: `between[g][h]`, with g < h."""

    groups: tuple[Group, ...]
    between: dict[tuple[int, int], Estimate]


def group_agreement(
    counts: npt.ArrayLike,
    *,
    values: npt.ArrayLike,
    level: Level = "ordinal",
    clusters: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> GroupAgreement:
    """Agreement within and between groups, their means and their differences.

    Parameters
    ----------
    counts : array_like of int, shape (G, items, V)
        Labels of each value by the people of each group; G is 2 or more.
    values : array_like of float, shape (V,)
        The scale, rising.
    level : {"ordinal", "interval"}
        Of alpha and kappa_x. Ordinal distances are of the mid-ranks of everybody's labels, the same for all
        groups and held fixed where clusters are left out.
    clusters : array_like of shape (items,), optional
        The query, or the form, of each item: jackknife intervals leave out one at a time.
    confidence : float

    Returns
    -------
    GroupAgreement

    Raises
    ------
    ValueError
        If the counts, the values or the level are not as above.

    Notes
    -----
    A difference weighs each item by n m / (n + m) of its n labels by the group and m by the rest, as least
    squares with one constant an item does. Its interval, as every one here, is over items and **holds the
    people fixed**: whether other people of the group would differ as much is the question of
    `explained.explained_share`, which shuffles people.

    References
    ----------
    Wong, Paritosh & Aroyo (2021), Cross-replication Reliability; Prabhakaran et al. (2024), GRASP, NAACL:
    the group association index, with alpha and kappa_x for cohesion.

    Examples
    --------
    >>> young = [[4, 0, 0], [0, 4, 0], [0, 0, 4]]
    >>> old = [[2, 0, 0], [0, 2, 0], [1, 0, 1]]
    >>> found = group_agreement([young, old], values=[1, 2, 3])
    >>> [round(group.within.value, 2) for group in found.groups], round(found.between[0, 1].value, 2)
    ([1.0, 0.03], 0.51)
    """
    every = np.asarray(counts, dtype=np.float64)
    if every.ndim != 3 or len(every) < 2:
        raise ValueError(f"counts must have shape (groups, items, values), two groups or more: {every.shape}")
    scale = as_values(values, as_counts(every.reshape(-1, every.shape[2])))
    estimates = _Estimates(clusters, confidence)
    labels = moments_of(every, scale)
    ranked = moments_of(every, distances(every, scale, level))
    others, rest = (moments.sum(axis=1, keepdims=True) - moments for moments in (labels, ranked))
    groups = range(len(every))
    return GroupAgreement(
        tuple(estimates.group(labels[:, g], others[:, g], ranked[:, g], rest[:, g]) for g in groups),
        {(g, h): estimates.between(ranked[:, g], ranked[:, h]) for g in groups for h in groups if g < h},
    )


@dataclass(frozen=True)
class _Estimates:
    """What all estimates share: the clusters of the items, and the confidence of the intervals."""

    clusters: npt.ArrayLike | None
    confidence: float

    def group(self, labels: FloatArray, others: FloatArray, ranked: FloatArray, rest: FloatArray) -> Group:
        some, several, both = labels[0] > 0, labels[0] > 1, (labels[0] > 0) & (others[0] > 0)
        within, between = within_columns(ranked), between_columns(ranked, rest)
        no_pair = "no item has two labels of the group"
        return Group(
            labels=int(labels[0].sum()),
            items=int(np.count_nonzero(some)),
            mean=self._of(labels[:2], some, _mean, none="the group gave no labels"),
            difference=self._of(difference_columns(labels, others), both, difference_of, none=NO_BOTH),
            within=self._of(within, several, alpha_of, bounds=TO_ONE, none=no_pair, undefined=SAME),
            with_rest=self.between(ranked, rest),
            association=self._of(
                np.concatenate([within, between]),
                several | both,
                _association,
                none=no_pair,
                undefined="the group agrees with the rest no more than chance would make it",
            ),
        )

    def between(self, first: FloatArray, second: FloatArray) -> Estimate:
        both = (first[0] > 0) & (second[0] > 0)
        columns = between_columns(first, second)
        return self._of(columns, both, kappa_of, bounds=TO_ONE, none=NO_BOTH, undefined=SAME)

    def _of(
        self, columns: FloatArray, used: npt.NDArray[np.bool_], statistic: Statistic, **words: Any
    ) -> Estimate:
        return leave_one_out(
            columns, statistic, kept=used, clusters=self.clusters, confidence=self.confidence, **words
        )


def _mean(sums: FloatArray) -> FloatArray:
    return over(sums[1], sums[0])


def _association(sums: FloatArray) -> FloatArray:
    return over(alpha_of(sums[:4]), kappa_of(sums[4:]))
