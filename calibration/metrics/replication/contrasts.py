"""Contrasts between two groups of items, or of people, and their effects in whatever answers there are."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from calibration.metrics.replication.answers import Answers, IntArray
from calibration.metrics.replication.effects import (
    Effect,
    Variance,
    crossed,
    effect_of,
    pooled_sd,
    rests_on,
    welch,
)
from calibration.metrics.replication.severity import Severities, severities

FEWEST = 2
PAIRED = 0.5


class Contrast(Protocol):
    """Two groups, whose difference in answers can be told."""

    def effect(self, answers: Answers) -> Effect: ...


@dataclass(frozen=True, eq=False)
class ItemContrast:
    """Two groups of items.

    Attributes
    ----------
    group : int array, shape (items,)
        0 for group a, 1 for group b, -1 for neither.
    unit : int array, shape (items,)
        The independent unit of each item, from 0.
    units : {"queries in pairs", "queries", "items"}

    Notes
    -----
    Answers about one query are alike, so queries are the units. Where those that have items of both groups
    hold at least half of the items of each, they are compared within themselves, and other queries are left
    out; else each query is one mean of its group and Welch's test is between queries. Items are units only
    where all are of one query. What people who answer several items have in common is added by `crossed`.

    Examples
    --------
    >>> answers = Answers(np.arange(4), np.arange(4), np.array([1.0, 3.0, 2.0, 5.0]), 4, 4)
    >>> contrast = ItemContrast.between(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
    >>> contrast.units, contrast.effect(answers).difference
    ('queries in pairs', -2.5)
    """

    group: IntArray
    unit: IntArray
    units: str

    @classmethod
    def between(cls, group: IntArray, queries: IntArray) -> "ItemContrast":
        """The design that the two groups have over the queries, each of shape (items,)."""
        cells = _cells(queries, group, int(queries.max(initial=-1)) + 1)
        both = (cells > 0).all(axis=1)
        if (cells.sum(axis=1) > 0).sum() == 1:
            return cls(group, np.arange(len(group), dtype=np.int64), "items")
        paired = both.sum() >= FEWEST and (cells[both].sum(axis=0) >= PAIRED * cells.sum(axis=0)).all()
        return cls(group, queries, "queries in pairs" if paired else "queries")

    def effect(self, answers: Answers) -> Effect:
        """The effect in these answers; undefined with its reason."""
        rests = (self.group >= 0) & (answers.number > 0)
        group, unit = np.where(rests, self.group, -1), self.unit
        cells = _cells(unit, group, int(unit.max(initial=-1)) + 1)
        if self.units == "queries in pairs":
            cells *= (cells > 0).all(axis=1, keepdims=True)
            rests &= cells[unit].all(axis=1)
        n_a, n_b = (int(number) for number in (cells > 0).sum(axis=0))
        weight = np.zeros(len(group))
        weight[rests] = 1 / (cells[unit[rests], group[rests]] * np.where(group[rests] == 0, n_a, -n_b))
        kept = rests[answers.item]
        about = rests_on(answers, kept, self.units, n_a, n_b)
        if min(n_a, n_b) < FEWEST:
            return Effect(**about, reason=f"fewer than {FEWEST} {self.units} in a group")
        means = np.where(rests, answers.means, 0.0)
        total = np.zeros(cells.shape)
        np.add.at(total, (unit[rests], group[rests]), means[rests])
        own = self._variance(total, cells)
        parts = (weight[answers.item] / answers.number[answers.item] * answers.residuals)[kept]
        return effect_of(
            float(weight @ means),
            own,
            crossed(parts, answers.person[kept]),
            sd=pooled_sd(
                answers.value[kept],
                group[answers.item[kept]],
                None if answers.within is None else answers.within[kept],
            ),
            size=float(np.abs(means).max(initial=0.0)),
            rests=about,
        )

    def _variance(self, total: np.ndarray, cells: IntArray) -> Variance:
        if self.units != "queries in pairs":
            first, second = (total[cells[:, g] > 0, g] / cells[cells[:, g] > 0, g] for g in (0, 1))
            return welch(first, second)
        both = cells[:, 0] > 0
        means = total[both] / cells[both]
        n = int(both.sum())
        return Variance(float((means[:, 0] - means[:, 1]).var(ddof=1)) / n, n - 1.0)


@dataclass(frozen=True, eq=False)
class PeopleContrast:
    """Two groups of people.

    Attributes
    ----------
    group : int array, shape (people,)
        0 for group a, 1 for group b, -1 for neither.
    queries : int array, shape (items,)
        Numbered from 0.

    Notes
    -----
    A person's unit is what they answer beyond what is usual for the items they had, see `severities`; so it
    does not matter who answered which items. The difference of the groups' means has Welch's variance. Where
    people fall into components that share no item, as in a study of fixed forms, groups are compared within
    components and the variance is the least-squares one of White with the correction called HC2, which in
    one component is Welch's. What answers about a query have in common is added by `crossed`.

    References
    ----------
    MacKinnon & White (1985), Journal of Econometrics 29, 305-325.

    Examples
    --------
    >>> person, item = np.indices((4, 3)).reshape(2, -1)
    >>> answers = Answers(item, person, item + np.array([0.0, 1.0, 3.0, 4.0])[person], 3, 4)
    >>> round(PeopleContrast(np.array([0, 0, 1, 1]), np.arange(3)).effect(answers).difference, 6)
    -3.0
    """

    group: IntArray
    queries: IntArray

    def effect(self, answers: Answers) -> Effect:
        """The effect in these answers; undefined with its reason."""
        return self.effect_beyond(severities(answers), answers)

    def effect_beyond(self, fit: Severities, answers: Answers) -> Effect:
        """The same, of severities that several contrasts share."""
        component, taken = fit.component, (self.group >= 0) & ~np.isnan(fit.of_people)
        cells = _cells(component, np.where(taken, self.group, -1), int(component.max(initial=-1)) + 1)
        cells *= (cells > 0).all(axis=1, keepdims=True)
        taken &= cells[component].any(axis=1)
        n_a, n_b = (int(number) for number in cells.sum(axis=0))
        kept = taken[answers.person]
        about = rests_on(answers, kept, "people", n_a, n_b)
        if min(n_a, n_b) < FEWEST:
            return Effect(
                **about, reason=f"fewer than {FEWEST} people in a group who share items with the other"
            )
        places = np.flatnonzero(taken)
        group, part = self.group[places], np.unique(component[places], return_inverse=True)[1]
        number = np.bincount(part)
        first = _centred((group == 0).astype(float), part, number)
        beyond = _centred(fit.of_people[places], part, number)
        scale = float(first @ first)
        difference = float(first @ beyond) / scale
        free = 1 - 1 / number[part] - first**2 / scale
        error = (first * (beyond - difference * first)) ** 2 / np.maximum(free, 1e-9) / scale**2
        weight = np.zeros(answers.people)
        weight[places] = first / scale
        each = np.bincount(answers.person, minlength=answers.people)
        parts = (weight[answers.person] / np.maximum(1, each)[answers.person] * fit.residuals)[kept]
        return effect_of(
            difference,
            _by_groups(error, group, lost=(len(number) - 1) / len(places)),
            crossed(parts, self.queries[answers.item[kept]]),
            sd=pooled_sd(
                fit.around_items[kept],
                self.group[answers.person[kept]],
                None if answers.within is None else answers.within[kept],
            ),
            size=float(np.abs(answers.value).max(initial=0.0)),
            rests=about,
        )


def _by_groups(error: np.ndarray, group: IntArray, *, lost: float) -> Variance:
    """The groups' variances together; components take `lost` degrees of freedom a person."""
    value = np.bincount(group, weights=error, minlength=2)
    number = np.bincount(group, minlength=2)
    free = np.maximum(number * (1 - lost) - 1, 0.5)
    below = float((value**2 / free).sum())
    return Variance(float(value.sum()), float(value.sum()) ** 2 / below if below > 0 else np.inf)


def _cells(unit: IntArray, group: IntArray, units: int) -> IntArray:
    """How many there are of each unit and group, shape (units, 2)."""
    known = group >= 0
    return np.bincount(2 * unit[known] + group[known], minlength=2 * units).reshape(units, 2)


def _centred(values: np.ndarray, part: IntArray, number: IntArray) -> np.ndarray:
    """Less the mean of their component."""
    return np.asarray(values - (np.bincount(part, weights=values) / number)[part])
