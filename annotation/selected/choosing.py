"""Chooses queries, responses and pairs of a collection, to be shown to people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from annotation.models import Study
from annotation.selected.wanted import Wanted, check, collection_of, with_encoder
from annotation.studies import StudyError
from generation.collections import drawn
from generation.diversity.responses import QueryResponses, UnusableResponses
from generation.files import counted
from generation.frames import data_set
from generation.models import Collection, Encoder, Query
from generation.selection import PairRule, TooFew, distinct, diverse, pairs
from generation.taxonomy.categories import CategoryError
from generation.taxonomy.claims import sample_claims


@dataclass(frozen=True)
class Chosen:
    """One item to be: its query, its responses by key, and what is known of the choice."""

    query: int
    responses: tuple[int, ...] = ()
    claim: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Selection:
    """What was chosen. `short` says of queries, by text, why nothing or less than asked for was taken."""

    wanted: Wanted
    items: list[Chosen]
    short: dict[str, str]

    @property
    def queries(self) -> int:
        return len({item.query for item in self.items})

    def as_dict(self) -> dict[str, Any]:
        """As the study keeps it."""
        found = {"chosen_queries": self.queries, "chosen_items": len(self.items)}
        return self.wanted.told() | found | {"short_queries": len(self.short)}

    def sentence(self) -> str:
        """ "750 items of 50 queries." and how many queries fell short, and why the first ones did."""
        said = f"{counted(len(self.items), 'items')} of {counted(self.queries, 'queries')}."
        if not self.short:
            return said
        few = [f"“{text[:60]}” ({why})" for text, why in list(self.short.items())[:3]]
        more = f" and {len(self.short) - 3:,} more" if len(self.short) > 3 else ""
        return f"{said} With too few responses: {', '.join(few)}{more}."


def select(wanted: Wanted, *, scores: Mapping[str, float] | None = None) -> Selection:
    """Choose what people are shown. Scores are by the responses' keys. Raises StudyError."""
    check(wanted)
    collection = collection_of(wanted)
    if wanted.kind == Study.Kind.QUERY:
        return _of_queries(wanted, collection)
    wanted = with_encoder(wanted)
    short: dict[str, str] = {}
    items: list[Chosen] = []
    queries = _queries(wanted, collection, short)
    for query in _read(wanted, collection, queries):
        try:
            found = _items(distinct(query, seed=wanted.seed), wanted, scores or {})
        except TooFew as why:
            short[query.text] = str(why)
            continue
        if wanted.kind != Study.Kind.RATING and len(found) < wanted.pairs_per_query:
            short[query.text] = counted(len(found), "such pairs")
        items += found
    if not items:
        what = "enough responses" if wanted.kind == Study.Kind.RATING else "such pairs"
        raise StudyError(f"No query of {wanted.collection} has {what}: {_first(short)}.")
    return Selection(wanted, items, short)


def _of_queries(wanted: Wanted, collection: Collection) -> Selection:
    if wanted.asks != "category":
        keys = _queries(wanted, collection, {})
        return Selection(wanted, [Chosen(key) for key in keys], {})
    try:
        claims = sample_claims(
            collection, number=wanted.claims, seed=wanted.seed, by_category=wanted.by_category
        )
    except CategoryError as error:
        raise StudyError(str(error)) from None
    return Selection(
        wanted,
        [Chosen(one.query, claim=one.text, about={"category": one.category}) for one in claims],
        {},
    )


def _queries(wanted: Wanted, collection: Collection, short: dict[str, str]) -> list[int]:
    """The chosen queries' keys, rising; those with too few responses are named."""
    found = collection.queries.all()
    if wanted.query_ids:
        found = _named(found, wanted.query_ids)
    if wanted.kind != Study.Kind.QUERY:
        found = found.annotate(given=Count("responses", filter=_of_sources(wanted)))
        for text, given in (
            found.filter(given__lt=wanted.least).order_by("digest").values_list("text", "given")
        ):
            short[text] = counted(given, "responses")
        found = found.filter(given__gte=wanted.least)
    if wanted.query_ids or wanted.queries is None:
        keys = sorted(found.order_by().values_list("pk", flat=True))
    else:
        keys = drawn(found, wanted.queries, wanted.seed)
    if not keys:
        why = f": {_first(short)}" if short else ""
        least = (
            f" with {counted(wanted.least, 'responses')} or more" if wanted.kind != Study.Kind.QUERY else ""
        )
        raise StudyError(f"{wanted.collection} has no such queries{least}{why}.")
    return keys


def _of_sources(wanted: Wanted) -> Q:
    unnamed = Q(responses__condition=None) if "" in wanted.conditions else Q()
    models = Q(responses__model__name__in=wanted.models) if wanted.models else Q()
    conditions = Q(responses__condition__name__in=wanted.conditions) if wanted.conditions else Q()
    return models & (conditions | unnamed)


def _named(queries: QuerySet[Query], ids: tuple[str, ...]) -> QuerySet[Query]:
    """By the queries' own ids, or as exports name those without one: query-7. Raises StudyError."""
    numbers = [int(each[6:]) for each in ids if each.startswith("query-") and each[6:].isdecimal()]
    known = {
        name
        for pk, external_id in queries.values_list("pk", "external_id")
        for name in (external_id, f"query-{pk}")
    }
    if missing := [each for each in ids if each not in known]:
        raise StudyError(f"The collection has no query {missing[0]}.")
    return queries.filter(Q(external_id__in=ids) | Q(pk__in=numbers))


def _read(wanted: Wanted, collection: Collection, queries: list[int]) -> Iterator[QueryResponses]:
    encoder = Encoder.objects.filter(name=wanted.encoder).first()
    try:
        yield from data_set(
            collection=collection,
            encoder=encoder,
            models=wanted.models or None,
            conditions=wanted.conditions or None,
            queries=queries,
        ).load()
    except UnusableResponses as error:
        line = str(error)
        raise StudyError(f"{line[0].upper()}{line[1:]}") from None


def _items(query: QueryResponses, wanted: Wanted, scores: Mapping[str, float]) -> list[Chosen]:
    """Raises TooFew."""
    key = int(query.key)
    if wanted.kind == Study.Kind.RATING:
        picked = diverse(query, wanted.responses, seed=wanted.seed, pick=wanted.pick)
        return [
            Chosen(key, (int(query.keys[one.row]),), about={"cluster": one.cluster + 1}) for one in picked
        ]
    rule = PairRule(wanted.pairs, wanted.pairs_per_query, wanted.responses, wanted.threshold, wanted.below)
    return [
        Chosen(
            key,
            (int(query.keys[pair.first]), int(query.keys[pair.second])),
            about={
                name: value
                for name in ("weight", "similarity", "band", "scores")
                if (value := getattr(pair, name)) is not None
            },
        )
        for pair in pairs(query, rule, seed=wanted.seed, scores=scores)
    ]


def _first(short: Mapping[str, str]) -> str:
    return next((f"“{text[:60]}” has {why}" for text, why in short.items()), "there are none")
