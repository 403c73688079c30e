"""What runs say of a collection's queries, by the categories that stand now."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Count, Exists, OuterRef, QuerySet

from generation.diversity.intervals import Estimate
from generation.models import Call, Category, Classification, Collection, Run
from generation.recipes.classifying import key_of
from generation.taxonomy.agreement import Agreement, agreement
from generation.taxonomy.categories import STANDARD, STANDING, roots
from generation.taxonomy.shares import Shares, shares
from generation.taxonomy.standard import PUBLISHED

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Standing:
    """The categories that count, each top category before those under it, the standard ones first.

    Attributes
    ----------
    categories : tuple of Category
    parents : tuple of int
        The place of the category that each stands under, -1 for none.
    places : dict
        The place of what each category of the database counts as, by its key; -1 where that does not count.
    """

    categories: tuple[Category, ...]
    parents: tuple[int, ...]
    places: dict[int, int]

    @classmethod
    def now(cls) -> "Standing":
        rows = {row.pk: row for row in Category.objects.order_by("pk")}
        counting = [row for row in rows.values() if row.state in STANDING]
        counting.sort(key=lambda row: (row.state != STANDARD, row.pk))
        tops = [row for row in counting if row.parent_id is None]
        ordered = [
            row for top in tops for row in (top, *(one for one in counting if one.parent_id == top.pk))
        ]
        place = {row.pk: number for number, row in enumerate(ordered)}
        parents = tuple(-1 if row.parent_id is None else place[row.parent_id] for row in ordered)
        return cls(
            tuple(ordered), parents, {key: place.get(end, -1) for key, end in roots(rows.values()).items()}
        )

    def under(self, place: int) -> list[int]:
        """The keys of all categories that count as this one, or as one under it."""
        within = {place, *(child for child, parent in enumerate(self.parents) if parent == place)}
        return [key for key, at in self.places.items() if at in within]


@dataclass(frozen=True)
class Row:
    """A category's share, and the published one.

    Attributes
    ----------
    share : Estimate
        Of the queries that were answered about.
    offered : bool
        Whether the model could choose it, or one under it; others only count where it was proposed.
    """

    category: Category
    top: bool
    count: int
    share: Estimate
    published: float | None
    offered: bool


@dataclass(frozen=True)
class Counted:
    """A run's answers, counted.

    Attributes
    ----------
    outcomes : dict
        Calls by their outcome, "" for those not made yet.
    none : int
        Queries without any category that counts; `waiting` of them have one that waits or was dropped.
    outside : int
        Answers that name a category which was not offered, besides others.
    """

    rows: tuple[Row, ...]
    outcomes: dict[str, int]
    none: int
    waiting: int
    outside: int

    @property
    def queries(self) -> int:
        """Those that were answered about: what the shares are of."""
        return self.outcomes.get(Call.Outcome.ANSWERED, 0)

    @cached_property
    def _asked(self) -> int:
        return sum(self.outcomes.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "queries": self.queries,
            "asked": self._asked,
            "outcomes": {outcome or "open": number for outcome, number in self.outcomes.items()},
            "without_category": self.none,
            "waiting_only": self.waiting,
            "outside": self.outside,
            "categories": [
                {
                    "name": row.category.name,
                    "parent": row.category.parent and row.category.parent.name,
                    "queries": row.count,
                    "share": row.share.as_dict(),
                    "published": row.published,
                    "offered": row.offered,
                }
                for row in self.rows
            ],
        }


def collected(collection: Collection) -> QuerySet[Run]:
    """The collection's runs whose replies are classifications, the newest first."""
    runs = Run.objects.filter(kind=Run.Kind.CLASSIFY, collection=collection, finished_at__isnull=False)
    return runs.filter(Exists(Call.objects.filter(run=OuterRef("pk"), outcome=Call.Outcome.ANSWERED)))


def counted(run: Run, standing: Standing) -> Counted:
    """Shares of the run's queries by category, and what else became of them."""
    calls = run.calls.order_by()
    outcomes = dict(calls.values_list("outcome").annotate(number=Count("pk")))
    queries, places = _memberships(run, standing)
    counts = places >= 0
    answered = outcomes.get(Call.Outcome.ANSWERED, 0)
    found = shares(queries[counts], places[counts], standing.parents, queries=answered)
    with_any, with_standing = len(np.unique(queries)), len(np.unique(queries[counts]))
    return Counted(
        _rows(run, standing, found),
        outcomes,
        found.none,
        with_any - with_standing,
        calls.filter(outcome=Call.Outcome.ANSWERED).exclude(result__outside=[]).count(),
    )


def agreed(first: Run, second: Run, standing: Standing) -> Agreement:
    """How far two runs agree on the queries that both answered about, by the categories that they named."""
    answered = [
        set(run.calls.filter(outcome=Call.Outcome.ANSWERED).values_list("query", flat=True))
        for run in (first, second)
    ]
    keys = np.array(sorted(answered[0] & answered[1]), dtype=np.int64)
    return agreement(*(_matrix(run, standing, keys) for run in (first, second)))


def _rows(run: Run, standing: Standing, found: Shares) -> tuple[Row, ...]:
    offered = {key_of(one["name"]) for one in run.recipe["categories"]}
    chosen = {place for place, row in enumerate(standing.categories) if key_of(row.name) in offered}
    chosen |= {standing.parents[place] for place in chosen}
    return tuple(
        Row(row, row.parent_id is None, count, share, PUBLISHED.get(row.name), place in chosen)
        for place, (row, count, share) in enumerate(
            zip(standing.categories, found.counts, found.of, strict=True)
        )
    )


def _memberships(run: Run, standing: Standing) -> tuple[npt.NDArray[np.int64], Indices]:
    """The queries and the places of their categories, a pair each; -1 where a category does not count."""
    pairs = Classification.objects.filter(run=run).values_list("query", "category")
    rows: Sequence[tuple[int, int]] = [(query, standing.places[category]) for query, category in pairs]
    both = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1].astype(np.intp)


def _matrix(run: Run, standing: Standing, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of the queries, in the order of their keys, has which category."""
    has = np.zeros((len(keys), len(standing.categories)), dtype=bool)
    queries, places = _memberships(run, standing)
    kept = (places >= 0) & np.isin(queries, keys)
    rows, columns = np.searchsorted(keys, queries[kept]), places[kept]
    has[rows, columns] = True
    return has
