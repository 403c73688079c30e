"""The job of runs that embed: responses become vectors, each once for an encoder."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import groupby, islice
from operator import itemgetter, or_
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Max, OuterRef, Q
from django.db.models.functions import Length

from generation.encoders import EncoderError, Keeper, encoder_for, store_of
from generation.files import counted
from generation.models import AbstractCall, Call, Encoder, Query, Response, Run
from generation.recipes.encoding import EncodingRecipe
from generation.recipes.recipe import RecipeError, Subject
from generation.runs import clock
from generation.runs.asking import check_size
from generation.runs.errors import RunError
from generation.runs.of_queries import OfQueries

# Characters that one call sends at most: far below what servers read in one request.
CHARACTERS = 250_000
QUERIES_AT_ONCE, CALLS_AT_ONCE, RANGES_AT_ONCE = 10, 500, 50
MOST_REMARKS = 5


class Chunk(NamedTuple):
    """Responses of one query that one call is about: those of these keys, or all that the part names."""

    query: int
    part: str
    keys: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Vectors:
    """Which responses have a vector of the recipe's encoder; None where there is no such encoder yet."""

    encoder: Encoder | None

    def without(self, query: int, keys: Iterable[int]) -> list[int]:
        """The keys of the query's responses that have none."""
        held = list(keys)
        if self.encoder is None or not held:
            return held
        there = set(store_of(self.encoder).keys(query).tolist())
        return [key for key in held if key not in there]


class EmbedJob(OfQueries):
    """Embeds the responses to a collection's queries that the encoder has no vector of.

    A call is about some of a query's responses; its part names the first and the last of them. It asks for
    those that have no vector when it is made, so that what a killed process kept is not asked for again.
    """

    def recipe(self, run: Run) -> EncodingRecipe:
        """With where its vectors are kept, once its encoder is there."""
        try:
            recipe = EncodingRecipe.from_dict(run.recipe)
        except RecipeError as error:
            raise RunError(f"The recipe of {run.name} cannot be read: {error}") from None
        encoder = _encoder(recipe)
        return recipe if encoder is None else replace(recipe, keep=Keeper(encoder))

    def queries(self, run: Run, recipe: Any) -> Any:
        answered = Exists(Response.objects.filter(query=OuterRef("pk")))
        return super().queries(run, recipe).filter(answered)

    def count(self, run: Run, recipe: Any) -> int:
        """The queries with calls, or with responses that have no vector."""
        return sum(1 for _ in groupby(self._chunks(run, recipe), key=itemgetter(0)))

    def asked(self, recipe: Any, calls: int) -> int:
        """A query has a call or several: at most so many."""
        return calls

    def size(self, run: Run, recipe: Any) -> int:
        """As if none had a vector: counted by the database, while nobody else writes into SQLite."""
        responses = Response.objects.filter(query__collections=run.collection_id)
        numbers = responses.order_by().values_list("query").annotate(number=Count("pk"))
        return sum(-(-number // recipe.batch) for _, number in numbers)

    def check(self, run: Run, recipe: Any) -> None:
        """Have the encoder there. Raises RunError for want of responses, and where the name is another's."""
        if not self.queries(run, recipe).exists():
            raise RunError(f"There is no response to embed in {run.collection}: sample or import some.")
        try:
            encoder_for(recipe)
        except EncoderError as error:
            raise RunError(str(error)) from None
        check_size(self.size(run, recipe))

    def every(self, run: Run, recipe: Any) -> Iterator[tuple[int, str, Subject]]:
        for page in _pages(self._chunks(run, recipe), RANGES_AT_ONCE):
            queries, texts = _queries(page), _texts(page)
            for chunk in page:
                held = {
                    key: text for key, text in texts[chunk].items() if not chunk.keys or key in chunk.keys
                }
                yield chunk.query, chunk.part, _subject(chunk, queries, held)

    def subjects(self, run: Run, recipe: Any, keys: Sequence[int]) -> Mapping[int, Subject]:
        """Only of responses that have no vector by now."""
        vectors, found = _Vectors(_encoder(recipe)), dict[int, Subject]()
        calls = run.calls.filter(pk__in=keys).order_by().values_list("pk", "query", "part")
        for page in _pages(iter(calls), RANGES_AT_ONCE):
            chunks = {key: Chunk(query, part) for key, query, part in page}
            queries, texts = _queries(chunks.values()), _texts(chunks.values())
            for key, chunk in chunks.items():
                left = vectors.without(chunk.query, texts[chunk])
                found[key] = _subject(chunk, queries, {response: texts[chunk][response] for response in left})
        return found

    def prepare(self, run: Run, recipe: Any, *, targets: int | None, after: int) -> int | None:
        page = self.keys(run, recipe, after=after, most=QUERIES_AT_ONCE)
        had = set(run.calls.order_by().values_list("query", flat=True).distinct())
        left = None if targets is None else max(0, targets - len(had))
        known = run.calls.aggregate(last=Max("number"))["last"]
        number, now, calls = 0 if known is None else known + 1, clock.now(), []
        new = groupby(self._new(run, recipe, page), key=itemgetter(0))
        for _, chunks in islice(((query, list(of)) for query, of in new), left):
            for chunk in chunks:
                calls.append(
                    Call(run=run, number=number, part=chunk.part, not_before=now, query_id=chunk.query)
                )
                number += 1
        Call.objects.bulk_create(calls, batch_size=CALLS_AT_ONCE)
        done = left is not None and len({call.query_id for call in calls}) >= left
        return page[-1] if page and not done else None

    def collect(self, run: Run, *, after: int) -> None:
        """The vectors are kept already: how many dimensions they have is written down."""
        encoder = _encoder(EncodingRecipe.from_dict(run.recipe))
        if encoder and encoder.dimensions is None:
            encoder.dimensions = store_of(encoder).dimensions()
            encoder.save(update_fields=["dimensions"])

    def chosen(self, recipe: Any) -> Mapping[str, Any]:
        return {
            "encoder": recipe.name,
            "model": recipe.model,
            "dimensions": recipe.dimensions or "the model’s own",
            "kept as": recipe.dtype,
            "responses a request, at most": recipe.batch,
        } | ({"device": recipe.device} if recipe.local else {})

    def remarks(self, run: Run) -> list[str]:
        """What came of the responses, beyond what came of the calls."""
        total, cut, without = 0, 0, dict[str, str]()
        results = run.calls.filter(outcome=AbstractCall.Outcome.ANSWERED).values_list("result", flat=True)
        for result in filter(None, results.iterator()):
            total += result["vectors"]
            cut += result.get("cut", 0)
            without |= result.get("without", {})
        if not total and not without:
            return []
        lines = [f"{counted(total, 'responses')} embedded."]
        if cut:
            lines.append(f"Of {counted(cut, 'responses')} the encoder read only the beginning.")
        if without:
            lines.append(f"{counted(len(without), 'responses')} got no vector:")
            lines += [f"response {key}: {line}" for key, line in islice(without.items(), MOST_REMARKS)]
        return lines

    def _chunks(self, run: Run, recipe: EncodingRecipe) -> Iterator[Chunk]:
        """What the run's calls are about, and then what it has no calls about yet, query by query."""
        after = -1
        while page := self.keys(run, recipe, after=after, most=QUERIES_AT_ONCE):
            made = [Chunk(query, part) for query, part in _calls(run, page)]
            yield from sorted([*made, *self._new(run, recipe, page)], key=itemgetter(0))
            after = page[-1]

    def _new(self, run: Run, recipe: EncodingRecipe, page: Sequence[int]) -> Iterator[Chunk]:
        """Responses to these queries that have no vector, and that no call to be made is about."""
        vectors, taken, asked = _Vectors(_encoder(recipe)), defaultdict(list), set()
        for query, part, outcome in _calls(run, page, "outcome"):
            asked.add((query, part))
            if outcome in ("", AbstractCall.Outcome.FAILED):
                taken[query].append(_ends(part))
        rows = Response.objects.filter(query__in=page).order_by("query", "pk")
        lengths = rows.values_list("query", "pk", Length("text")).iterator()
        for query, of in groupby(lengths, key=itemgetter(0)):
            length = {key: size for _, key, size in of}
            free = [key for key in length if not any(low <= key <= high for low, high in taken[query])]
            for keys in _batches(vectors.without(query, free), length, recipe.batch):
                chunk = Chunk(query, f"{keys[0]}-{keys[-1]}", keys)
                if (query, chunk.part) not in asked:
                    yield chunk


def _encoder(recipe: EncodingRecipe) -> Encoder | None:
    """The recipe's own, where it was made."""
    found = Encoder.objects.filter(name=recipe.name).first()
    return found if found and found.recipe == recipe.identity() else None


def _calls(run: Run, page: Sequence[int], *columns: str) -> Iterator[Any]:
    """Query and part of the run's calls about these queries; none of a run that is not saved yet."""
    if run.pk is None:
        return iter(())
    rows = run.calls.filter(query__in=page).order_by("number")
    return rows.values_list("query", "part", *columns).iterator()


def _ends(part: str) -> tuple[int, int]:
    first, last = part.split("-")
    return int(first), int(last)


def _batches(keys: Iterable[int], lengths: Mapping[int, int], most: int) -> Iterator[tuple[int, ...]]:
    """The keys, up to so many together, and not too long."""
    batch: list[int] = []
    characters = 0
    for key in keys:
        if batch and (len(batch) == most or characters + lengths[key] > CHARACTERS):
            yield tuple(batch)
            batch, characters = [], 0
        batch.append(key)
        characters += lengths[key]
    if batch:
        yield tuple(batch)


def _texts(chunks: Iterable[Chunk]) -> dict[Chunk, dict[int, str]]:
    """The responses from each chunk's first to its last, in their order: their texts by their keys."""
    spans = {chunk: _ends(chunk.part) for chunk in chunks}
    if not spans:
        return {}
    wanted = reduce(or_, (Q(query=chunk.query, pk__range=ends) for chunk, ends in spans.items()))
    found = defaultdict[int, list[tuple[int, str]]](list)
    for query, key, text in Response.objects.filter(wanted).order_by("pk").values_list("query", "pk", "text"):
        found[query].append((key, text))
    return {
        chunk: {key: text for key, text in found[chunk.query] if low <= key <= high}
        for chunk, (low, high) in spans.items()
    }


def _queries(chunks: Iterable[Chunk]) -> dict[int, str]:
    keys = {chunk.query for chunk in chunks}
    return dict(Query.objects.filter(pk__in=keys).values_list("pk", "text"))


def _subject(chunk: Chunk, queries: Mapping[int, str], texts: Mapping[int, str]) -> Subject:
    return Subject(queries[chunk.query], tuple(texts.values()), tuple(texts), chunk.query)


def _pages(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while page := list(islice(rows, size)):
        yield page
