"""The job of runs that classify: a model says the categories of a collection's queries."""

from bisect import bisect
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from generation.collections import drawn
from generation.models import Classification, Collection, Query, Run
from generation.recipes.classifying import ClassifyRecipe, key_of
from generation.recipes.recipe import RecipeError
from generation.runs.errors import RunError
from generation.runs.of_queries import OfQueries
from generation.taxonomy.categories import New, propose

CALLS_AT_ONCE = 250
# Queries with what a model said of them.
Page = list[tuple[int, Mapping[str, Any]]]


class ClassifyJob(OfQueries):
    """Queries of a collection, all of them or a sample; replies become classifications and proposals."""

    def recipe(self, run: Run) -> ClassifyRecipe:
        try:
            return ClassifyRecipe.from_dict(run.recipe)
        except (RecipeError, TypeError) as error:
            raise RunError(str(error)) from None

    def queries(self, run: Run, recipe: ClassifyRecipe) -> QuerySet[Query]:
        found = super().queries(run, recipe)
        return found.filter(openness=Query.Openness.OPEN) if recipe.only_open else found

    def keys(self, run: Run, recipe: ClassifyRecipe, *, after: int, most: int) -> list[int]:
        if recipe.sample is None:
            return super().keys(run, recipe, after=after, most=most)
        sample = drawn(self.queries(run, recipe), recipe.sample, recipe.seed or 0)
        first = bisect(sample, after)
        return sample[first : first + most]

    def count(self, run: Run, recipe: ClassifyRecipe) -> int:
        every = super().count(run, recipe)
        return every if recipe.sample is None else min(every, recipe.sample)

    def collect(self, run: Run, *, after: int) -> int | None:
        """Store which categories the answers name, in place of what the run gave before.

        What a model proposes is found by its name, also where a person renamed, merged or dropped it, and is
        made a proposal where it is new.
        """
        calls = list(self.answered(run, after=after, most=CALLS_AT_ONCE))
        page = [(call.query_id, call.result) for call in calls]
        Classification.objects.filter(run=run, query__in=[query for query, _ in page]).delete()
        known = propose(_named(page))
        Classification.objects.bulk_create(_rows(run, page, known))
        return calls[-1].number if calls else None


def usual_name(collection: Collection, recipe: ClassifyRecipe) -> str:
    """What a run is called that has no name: after the model and what it is asked about."""
    name = f"{collection}: categories by {recipe.model}"
    name += ", open-ended only" if recipe.only_open else ""
    return name + (f", {recipe.sample} by seed {recipe.seed or 0}" if recipe.sample else "")


def _said(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each category that an answer names, with its definition, "" of one that was offered, and why."""
    for one in result["categories"]:
        yield one["name"], "", one["justification"]
    for one in result["proposals"]:
        yield one["name"], one["definition"], one["justification"]


def _named(page: Page) -> list[New]:
    return [New(name, definition) for _, result in page for name, definition, _ in _said(result)]


def _rows(run: Run, page: Page, known: Mapping[str, int]) -> Iterator[Classification]:
    for query, result in page:
        seen: dict[int, str] = {}
        for name, _, why in _said(result):
            seen.setdefault(known[key_of(name)], why)
        for category, why in seen.items():
            yield Classification(run=run, query_id=query, category_id=category, justification=why)
