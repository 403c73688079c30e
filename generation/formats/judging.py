"""The job of runs that sort responses: a judge says of which format each is."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from django.db.models import CharField, Count, Exists, Max, OuterRef, QuerySet
from django.db.models.functions import Cast

from generation.files import counted
from generation.formats.kinds import RulesError
from generation.formats.rules import digest_of
from generation.formats.sorting import keep_rules, said_correct
from generation.models import Call, FormatRules, Query, Response, ResponseFormat, Run
from generation.recipes.recipe import RecipeError, Subject
from generation.recipes.sorting import SortingRecipe
from generation.runs import clock
from generation.runs.asking import check_size
from generation.runs.errors import RunError
from generation.runs.of_queries import OfQueries

QUERIES_AT_ONCE, CALLS_AT_ONCE = 10, 250


class FormatJob(OfQueries):
    """The responses to a collection's queries that have no format by the judge; its labels become theirs.

    A call is about one response of a query: its part is the response's key.
    """

    def recipe(self, run: Run) -> SortingRecipe:
        try:
            return SortingRecipe.from_dict(run.recipe)
        except (RecipeError, TypeError) as error:
            raise RunError(str(error)) from None

    def queries(self, run: Run, recipe: Any) -> QuerySet[Query]:
        """With responses that it asks about, or has asked about."""
        return super().queries(run, recipe).filter(Exists(_asked(run, recipe).filter(query=OuterRef("pk"))))

    def asked(self, recipe: Any, calls: int) -> int:
        """A query has a call or many: at most so many."""
        return calls

    def size(self, run: Run, recipe: Any) -> int:
        return _asked(run, recipe).filter(query__collections=run.collection_id).count()

    def check(self, run: Run, recipe: Any) -> None:
        """Have the judge's rules there. Raises RunError for want of responses, and for another's name."""
        size = self.size(run, recipe)
        if not Response.objects.filter(query__collections=run.collection_id).exists():
            raise RunError(f"There is no response to sort in {run.collection}: sample or import some.")
        if not size:
            raise RunError(f"Every response in {run.collection} has its format by {recipe.name}.")
        check_size(size)
        try:
            keep_rules(name=recipe.name, rules=recipe.as_dict())
        except RulesError as error:
            raise RunError(str(error)) from None

    def every(self, run: Run, recipe: Any) -> Iterator[tuple[int, str, Subject]]:
        after = -1
        while page := self.keys(run, recipe, after=after, most=QUERIES_AT_ONCE):
            rows = _asked(run, recipe).filter(query__in=page).order_by("query", "pk")
            for query, text, key, response in rows.values_list("query", "query__text", "pk", "text"):
                yield query, str(key), Subject(text, (response,), (key,), query)
            after = page[-1]

    def subjects(self, run: Run, recipe: Any, keys: Sequence[int]) -> Mapping[int, Subject]:
        calls = run.calls.filter(pk__in=keys).values_list("pk", "part", "query_id", "query__text")
        found = [(key, int(part), query, text) for key, part, query, text in calls]
        responses = Response.objects.filter(pk__in=[one for _, one, _, _ in found])
        texts = dict(responses.values_list("pk", "text"))
        return {key: Subject(text, (texts.get(one, ""),), (one,), query) for key, one, query, text in found}

    def prepare(self, run: Run, recipe: Any, *, targets: int | None, after: int) -> int | None:
        page = self.keys(run, recipe, after=after, most=QUERIES_AT_ONCE)
        left = None if targets is None else max(0, targets - _targets(run))
        known = run.calls.aggregate(last=Max("number"))["last"]
        new = Response.objects.filter(~_has_format(recipe), ~Exists(_calls(run)), query__in=page)
        groups = groupby(new.order_by("query", "pk").values_list("query", "pk"), key=itemgetter(0))
        chosen = [row for _, rows in islice(((key, list(of)) for key, of in groups), left) for row in rows]
        now, first = clock.now(), 0 if known is None else known + 1
        Call.objects.bulk_create(
            Call(run=run, number=number, part=str(key), not_before=now, query_id=query)
            for number, (query, key) in enumerate(chosen, first)
        )
        done = left is not None and len({query for query, _ in chosen}) >= left
        return page[-1] if page and not done else None

    def collect(self, run: Run, *, after: int) -> int | None:
        """Keep the labels; what has one already by the same judge keeps it."""
        rules = _rules(self.recipe(run)).first()
        if rules is None:
            raise RunError("What it sorts by was deleted: make a new run.")
        calls = list(self.answered(run, after=after, most=CALLS_AT_ONCE))
        labels = {int(call.part): call.result["label"] for call in calls}
        said = dict(Response.objects.filter(pk__in=labels).values_list("pk", "metadata"))
        rows = [
            ResponseFormat(response_id=key, rules=rules, format=label, correct=said_correct(said[key]))
            for key, label in labels.items()
            if key in said
        ]
        ResponseFormat.objects.bulk_create(rows, ignore_conflicts=True)
        return calls[-1].number if calls else None

    def chosen(self, recipe: SortingRecipe) -> Mapping[str, Any]:
        names = ", ".join(one.name for one in recipe.formats)
        given = {name: value for name, value in recipe.as_dict().items() if name != "name"}
        return {"labels kept as": recipe.name, "formats to choose from": names[:200], **given}

    def remarks(self, run: Run) -> list[str]:
        """How many responses got which label."""
        calls = run.calls.filter(outcome=Call.Outcome.ANSWERED)
        numbers = dict(calls.order_by().values_list("result__label").annotate(number=Count("pk")))
        if not numbers:
            return []
        names = [one.name for one in self.recipe(run).formats if one.name in numbers]
        said = ", ".join(f"{name} {numbers[name]:,}" for name in names)
        return [f"Labels of {counted(sum(numbers.values()), 'responses')}: {said}."]


def usual_name(collection: object, recipe: SortingRecipe) -> str:
    """What a run is called that nobody names."""
    return f"{collection}: {recipe.name}"[:150]


def _rules(recipe: SortingRecipe) -> QuerySet[FormatRules]:
    """The judge's own, where they are kept."""
    return FormatRules.objects.filter(digest=digest_of(recipe.as_dict()))


def _calls(run: Run) -> QuerySet[Call]:
    """The run's calls about a response; of one that is not saved yet, none."""
    part = Cast(OuterRef("pk"), CharField(max_length=40))
    return Call.objects.filter(run=run.pk or 0, query=OuterRef("query"), part=part)


def _targets(run: Run) -> int:
    """How many queries the run has calls about."""
    return run.calls.order_by().values("query").distinct().count()


def _has_format(recipe: SortingRecipe) -> Exists:
    """Whether a response has one by the judge."""
    return Exists(ResponseFormat.objects.filter(response=OuterRef("pk"), rules__in=_rules(recipe)))


def _asked(run: Run, recipe: SortingRecipe) -> QuerySet[Response]:
    """What has no format by the judge, and what the run has asked about."""
    return Response.objects.filter(~_has_format(recipe) | Exists(_calls(run)))
