"""Who gave which responses: models under conditions, counted in the database."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from generation.models import Collection, Response

NO_MODEL = "no model named"


@dataclass(frozen=True)
class Source:
    """A model under a condition, "" where nobody said how it was asked; `key` names it in an address.

    `cut` of its responses were cut off; None where none says how it ended.
    """

    key: str
    model: str
    condition: str
    responses: int
    queries: int
    cut: int | None


def sources_of(responses: QuerySet[Response]) -> list[Source]:
    """Those of some responses, by name: how many each gave, to how many queries, how many were cut off."""
    rows = (
        responses.order_by()
        .values("model_id", "condition_id")
        .annotate(
            model_name=F("model__name"),
            condition_name=F("condition__name"),
            responses=Count("pk"),
            queries=Count("query", distinct=True),
            told=Count("pk", filter=Q(metadata__sampling__finish_reason__isnull=False)),
            cut=Count("pk", filter=Q(metadata__sampling__finish_reason="length")),
        )
    )
    found = [
        Source(
            f"{row['model_id'] or 0}-{row['condition_id'] or 0}",
            row["model_name"] or NO_MODEL,
            row["condition_name"] or "",
            row["responses"],
            row["queries"],
            row["cut"] if row["told"] else None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda source: (source.model, source.condition))


def of_source(responses: QuerySet[Response], key: str) -> QuerySet[Response]:
    """The responses of the source of this key; all, where it is none's."""
    model, _, condition = key.partition("-")
    if not (model.isdecimal() and condition.isdecimal() and len(key) < 40):
        return responses
    return responses.filter(model=int(model) or None, condition=int(condition) or None)


def numbers_of(queries: Iterable[int]) -> dict[int, list[tuple[str, str, int]]]:
    """Of each query its sources, model and condition, with the number of responses."""
    keys = list(queries)
    rows = (
        Response.objects.filter(query__in=keys)
        .order_by()
        .values_list("query", "model__name", "condition__name")
        .annotate(number=Count("pk"))
    )
    found: defaultdict[int, list[tuple[str, str, int]]] = defaultdict(list)
    for query, model, condition, number in rows:
        found[query].append((model or NO_MODEL, condition or "", number))
    return {key: sorted(found[key]) for key in keys}


@dataclass(frozen=True)
class Held:
    """What a collection holds."""

    queries: int = 0
    open: int = 0
    responses: int = 0
    sources: int = 0


def held(collections: Iterable[Collection]) -> dict[int, Held]:
    """Of each collection by its key, in two queries for all of them."""
    keys = [collection.pk for collection in collections]
    through = Collection.queries.through.objects.filter(collection__in=keys).order_by()
    counts = through.values_list("collection").annotate(
        number=Count("query"), known=Count("query", filter=Q(query__openness="open"))
    )
    queries = {key: (number, known) for key, number, known in counts}
    responses: defaultdict[int, list[int]] = defaultdict(list)
    given = through.filter(query__responses__isnull=False)
    for key, _, _, number in given.values_list(
        "collection", "query__responses__model", "query__responses__condition"
    ).annotate(number=Count("query__responses")):
        responses[key].append(number)
    return {key: Held(*queries.get(key, (0, 0)), sum(responses[key]), len(responses[key])) for key in keys}
