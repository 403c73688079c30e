"""Responses as the calls that brought them: the only border between the database and `diversity.voices`."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from django.db.models import QuerySet

from annotation.moment import one_moment
from annotation.studies import StudyError
from calibration.models import Scorer
from calibration.selecting import scores_of
from calibration.voices.paid import Paid, Runs, told
from generation.diversity.responses import Indices, Source, UnusableResponses, Vectors
from generation.diversity.voices.calls import QueryCalls, ScoredBy, Voices
from generation.diversity.voices.specification import Specification
from generation.encoders import store_of
from generation.frames import chosen_responses, source_of
from generation.models import Collection, Condition, Encoder, Response
from generation.vectors import Store

# The id of a response of a run: the run, the call, its place in the reply.
ROWS_AT_ONCE = 2_000
OF_A_RUN = re.compile(r"(run-\d+-\d{14}/\d+)/(\d+)")
UNCLASSED = -1


class _Row(NamedTuple):
    query: int
    pk: int
    model: str | None
    condition: str | None
    external_id: str
    sample: int
    text: str
    metadata: dict[str, Any]

    @property
    def call(self) -> str:
        """Which call it came of: that of a run, or what its metadata say, else one of its own."""
        if found := OF_A_RUN.fullmatch(self.external_id):
            return found[1]
        named = self.metadata.get("call")
        return f"response {self.pk}" if named in (None, "") else f"call {named}"

    @property
    def place(self) -> tuple[int, str]:
        found = OF_A_RUN.fullmatch(self.external_id)
        return (int(found[2]) if found else self.sample), self.text


@dataclass(frozen=True)
class _Call:
    """A call with its responses, and the digest of all that is read of it."""

    source: int
    paid: Paid
    rows: Sequence[_Row]
    digest: bytes


@dataclass(frozen=True)
class _Query:
    """One query's calls, its key, those of its responses, how many have a vector, and a digest of all."""

    calls: QueryCalls
    pk: int
    keys: Sequence[int]
    held: int
    digest: bytes


class _Reader:
    """Reads queries one at a time, and keeps numbers of them."""

    def __init__(
        self, sources: Sequence[Source], runs: Runs, store: Store, scores: Mapping[str, float], classes: str
    ) -> None:
        self.codes = {source: code for code, source in enumerate(sources)}
        self.runs, self.store, self.scores, self.classes = runs, store, scores, classes
        self.queries: list[_Query] = []
        self.elsewhere: set[int] = set()

    def read(self, rows: QuerySet[Response], texts: Mapping[int, str]) -> None:
        """Read every query that was asked, and put them in the order of their texts."""
        columns = ("query_id", "pk", "model__name", "condition__name", "external_id", "sample", "text")
        found = rows.order_by("query_id", "pk").values_list(*columns, "metadata").iterator(ROWS_AT_ONCE)
        for pk, own in groupby((_Row(*row) for row in found), key=attrgetter("query")):
            self.queries.append(self._query(pk, texts[pk], list(own)))
        answered = {query.pk for query in self.queries}
        in_vain = (self._query(pk, texts[pk], []) for pk in self.runs.in_vain if pk not in answered)
        self.queries += [query for query in in_vain if len(query.calls.source)]
        self.queries.sort(key=lambda query: query.calls.text)

    def _query(self, pk: int, text: str, rows: Sequence[_Row]) -> _Query:
        vectors = self._vectors(pk, rows)
        labels = {row.pk: _label(row.metadata, self.classes) for row in rows}
        calls = sorted(self._calls(pk, rows, labels, vectors), key=attrgetter("source", "digest"))
        numbers = {label: n for n, label in enumerate(sorted({*labels.values()} - {""}))}
        said = [row for call in calls for row in call.rows]
        return _Query(
            QueryCalls(
                text=text,
                source=np.array([call.source for call in calls], dtype=np.intp),
                answers=np.array([len(call.rows) for call in calls], dtype=np.intp),
                tokens_in=np.array([call.paid.tokens_in for call in calls], dtype=np.float64),
                tokens_out=np.array([call.paid.tokens_out for call in calls], dtype=np.float64),
                money=np.array([call.paid.money for call in calls], dtype=np.float64),
                score=np.array([self.scores.get(str(row.pk), np.nan) for row in said], dtype=np.float64),
                classes=np.array([numbers.get(labels[row.pk], UNCLASSED) for row in said], dtype=np.intp),
            ),
            pk,
            [row.pk for row in said],
            len(vectors),
            _digest([text.encode(errors="surrogatepass"), *(call.digest for call in calls)]),
        )

    def vectors(self, n: int) -> tuple[Indices, Vectors]:
        """Of the n-th query. Raises UnusableResponses where vectors came or went meanwhile."""
        query = self.queries[n]
        rows, vectors = self.store.read(query.pk, query.keys)
        if len(rows) != query.held:
            raise UnusableResponses("vectors were written or deleted meanwhile: try again")
        return rows, vectors

    def texts(self, n: int) -> list[str]:
        keys = self.queries[n].keys
        found = dict(Response.objects.filter(pk__in=keys).values_list("pk", "text"))
        return [found.get(key, "") for key in keys]

    def _vectors(self, pk: int, rows: Sequence[_Row]) -> dict[int, bytes]:
        keys = [row.pk for row in rows]
        there, vectors = self.store.read(pk, keys)
        return {
            keys[row]: np.ascontiguousarray(vector, dtype="<f4").tobytes()
            for row, vector in zip(there.tolist(), vectors, strict=True)
        }

    def _calls(
        self, pk: int, rows: Sequence[_Row], labels: Mapping[int, str], vectors: Mapping[int, bytes]
    ) -> Iterator[_Call]:
        of_calls: dict[tuple[Source, str], list[_Row]] = defaultdict(list)
        for row in rows:
            of_calls[source_of(row.model, row.condition), row.call].append(row)
        for (source, key), own in of_calls.items():
            paid, code = self.runs.calls.get(key), self.codes[source]
            if paid is None:
                self.elsewhere.add(code)
                paid = told([row.metadata for row in own])
            own.sort(key=attrgetter("place"))
            read = [
                _digest(
                    [
                        row.text.encode(errors="surrogatepass"),
                        labels[row.pk].encode(errors="surrogatepass"),
                        repr(self.scores.get(str(row.pk))).encode(),
                        vectors.get(row.pk, b""),
                    ]
                )
                for row in own
            ]
            yield _Call(code, paid, own, _digest([repr((source, paid)).encode(), *read]))
        for source, paid in self.runs.in_vain.get(pk, ()):
            if source in self.codes:
                yield _Call(self.codes[source], paid, (), _digest([repr((source, paid)).encode()]))


def read_voices(*, collection: Collection, encoder: Encoder, asked: Specification) -> tuple[Voices, str]:
    """The calls about a collection's queries, and the digest of all that was read.

    Parameters
    ----------
    collection : Collection
    encoder : Encoder
        Whose vectors the responses have; those without are counted.
    asked : Specification
        Its models, conditions, scorer with the studies whose scores may be read, and classes.

    Returns
    -------
    voices : Voices
        In an order that does not depend on that of the rows, nor on their keys.
    digest : str
        Hex SHA-256.

    Raises
    ------
    UnusableResponses
        Where there is nothing to compare.
    """
    with one_moment():
        rows, answered = chosen_responses(collection, asked.models or None, asked.conditions or None)
        runs = Runs.of(collection)
        sources = tuple(sorted({*answered, *(one for one in runs.asked_in_vain if _chosen(one, asked))}))
        if len(sources) < 2:
            raise UnusableResponses(
                f"all responses are of {sources[0].label}: a comparison takes two conditions, or two models"
            )
        scorer, scores = _scores(collection, asked)
        reader = _Reader(sources, runs, store_of(encoder), scores, asked.classes)
        reader.read(rows, dict(collection.queries.order_by().values_list("pk", "text")))
        named = Condition.objects.filter(name__in={source.condition for source in sources})
        strategies = dict(named.values_list("name", "strategy"))
    if not any(query.held for query in reader.queries):
        raise UnusableResponses(f"no vectors by {encoder} of the responses in {collection}: embed them")
    if asked.classes and all((query.calls.classes < 0).all() for query in reader.queries):
        raise UnusableResponses(f"no response says its class as {asked.classes}: choose another column")
    about = [repr((encoder.name, sources, sorted(strategies.items()), scorer)).encode()]
    return Voices(
        sources=sources,
        queries=[query.calls for query in reader.queries],
        vectors=reader.vectors,
        texts=reader.texts,
        encoder=encoder.name,
        strategies=strategies,
        elsewhere=frozenset(reader.elsewhere),
        currency=reader.runs.currency,
        scorer=scorer,
    ), _digest([*about, *(query.digest for query in reader.queries)]).hex()


def _chosen(source: Source, asked: Specification) -> bool:
    return (not asked.models or source.model in asked.models) and (
        not asked.conditions or source.condition in asked.conditions
    )


def _scores(collection: Collection, asked: Specification) -> tuple[ScoredBy | None, dict[str, float]]:
    """Of the studies that are named: whoever asked may see those."""
    if not asked.scorer:
        return None, {}
    try:
        scores = scores_of(asked.scorer, collection, asked.studies)
    except StudyError as error:
        raise UnusableResponses(str(error)) from None
    scorer = Scorer.objects.get(name=asked.scorer)
    return ScoredBy(scorer.name, scorer.family, scorer.simulated), scores


def _label(metadata: Mapping[str, Any], column: str) -> str:
    """The given class as text, whatever the database makes of numbers; "" where there is none."""
    given = metadata.get(column) if column else None
    return "" if given is None else str(given)


def _digest(parts: Iterable[bytes]) -> bytes:
    """SHA-256 of parts, none of which runs into the next."""
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()
