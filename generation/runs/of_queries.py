"""Runs that ask about each query of a collection: what such jobs have in common."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Max, QuerySet

from generation.models import Call, Query, Run
from generation.recipes.recipe import Recipe, Subject
from generation.runs import clock
from generation.runs.asking import check_size
from generation.runs.errors import RunError

QUERIES_AT_ONCE = 2_000
CALLS_AT_ONCE = 500


class OfQueries:
    """A job about the queries of the run's collection, by their keys, each with all parts of the recipe.

    Another one may be about other rows that have a text: `about` is the field of calls that names them.
    """

    about: ClassVar[str] = "query"

    def queries(self, run: Run, recipe: Any) -> QuerySet[Any]:
        """Those that it may ask about."""
        return Query.objects.filter(collections=run.collection_id)

    def keys(self, run: Run, recipe: Any, *, after: int, most: int) -> list[int]:
        """The next queries that it asks about, after one of them."""
        later = self.queries(run, recipe).filter(pk__gt=after).order_by("pk")
        return list(later.values_list("pk", flat=True)[:most])

    def count(self, run: Run, recipe: Any) -> int:
        return self.queries(run, recipe).count()

    def column(self, recipe: Recipe) -> str:
        return self.about

    def asked(self, recipe: Recipe, calls: int) -> int:
        return calls // len(recipe.parts())

    def size(self, run: Run, recipe: Recipe) -> int:
        return self.count(run, recipe) * len(recipe.parts())

    def check(self, run: Run, recipe: Recipe) -> None:
        """Raises RunError where there is nothing to ask about, or too much."""
        size = self.size(run, recipe)
        if not size:
            raise RunError(f"There is no {self.about} to ask about in {run.collection or run.mining}.")
        check_size(size)

    def every(self, run: Run, recipe: Recipe) -> Iterator[tuple[int, str, Subject]]:
        parts, after, rows = recipe.parts(), -1, self.queries(run, recipe).model._default_manager
        while page := self.keys(run, recipe, after=after, most=QUERIES_AT_ONCE):
            texts = dict(rows.filter(pk__in=page).values_list("pk", "text"))
            for key in page:
                subject = Subject(texts[key])
                for part in parts:
                    yield key, part, subject
            after = page[-1]

    def subjects(self, run: Run, recipe: Recipe, keys: Sequence[int]) -> Mapping[int, Subject]:
        texts = run.calls.filter(pk__in=keys).values_list("pk", f"{self.about}__text")
        return {key: Subject(text) for key, text in texts}

    def prepare(self, run: Run, recipe: Recipe, *, targets: int | None, after: int) -> int | None:
        parts, now = recipe.parts(), clock.now()
        page = self.keys(run, recipe, after=after, most=max(1, CALLS_AT_ONCE // len(parts)))
        had = set(run.calls.filter(**{f"{self.about}__in": page}).values_list(self.about, flat=True))
        left = None if targets is None else max(0, targets - run.calls.filter(part=parts[0]).count())
        new = [key for key in page if key not in had][:left]
        known = run.calls.aggregate(last=Max("number"))["last"]
        first = 0 if known is None else known + 1
        Call.objects.bulk_create(
            Call(run=run, number=number, part=part, not_before=now, **{f"{self.about}_id": key})
            for number, (key, part) in enumerate(((key, part) for key in new for part in parts), first)
        )
        return page[-1] if page and (left is None or len(new) < left) else None

    def answered(self, run: Run, *, after: int, most: int) -> QuerySet[Any]:
        """A page of the calls that were answered."""
        return run.calls.filter(outcome=Call.Outcome.ANSWERED, number__gt=after).order_by("number")[:most]

    def chosen(self, recipe: Any) -> Mapping[str, Any]:
        given: Mapping[str, Any] = recipe.as_dict()
        return given

    def remarks(self, run: Run) -> Sequence[str]:
        return ()

    def record(self, run: Run, what: str, by: Any) -> None:
        """Nothing: queries have no log."""
