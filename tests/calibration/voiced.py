"""Ways to ask of known worth, planted: answers with their calls, tokens, vectors and scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotation.models import Study
from calibration.models import Score, Scorer
from generation.diversity.responses import unit
from generation.encoders import encoder_of, store_of
from generation.models import Collection, Condition, LanguageModel, Query, Response, digest
from tests.factory import make_study

NAME, ENCODER, SCORER = "ways-to-ask", "sentence-encoder", "helpfulness judge"
DIMENSIONS = 24
SUBJECTS = (
    "a quiet harbour", "an old map", "bread", "silence", "a lost letter", "the moon",
    "rain", "time", "a market", "winter", "a bridge", "the sea",
)  # fmt: skip
IDEAS = (
    "is a river that carries us all towards the same sea",
    "is a weaver at the loom, and each of us a thread",
    "is a thief who takes nothing that you notice",
    "is a gardener who does not hurry the seed",
    "is a mirror that forgets every face it saw",
    "is a ledger in which nobody has written yet",
    "is a door that was painted on the wall",
    "is a neighbour who borrows and never asks",
    "is the last stop of a bus without a driver",
    "is a song of which one word was lost",
)


# So many of the ideas are good; and a score that no answer of these falls short of.
GOOD, GOOD_FROM = len(IDEAS) // 2, 5.75


@dataclass(frozen=True)
class Way:
    """A model under a condition: of how many ideas it draws, and what a call gives and takes."""

    model: str
    condition: str
    ideas: int
    answers: int = 1
    tokens: int = 60
    strategy: str = "plain"


WAYS = (
    Way("ash-8b", "plain", 2),
    Way("ash-8b", "persona", 4, tokens=90, strategy="persona"),
    Way("ash-8b", "personas in one call", 3, tokens=620, strategy="personas"),
    Way("ash-8b", "five at once", 8, answers=5, tokens=140, strategy="several"),
    Way("birch-32b", "plain", 2),
    Way("cedar-70b", "plain", 3),
)


def planted(
    name: str = NAME,
    ways: Sequence[Way] = WAYS,
    *,
    queries: int = 8,
    calls: int = 10,
    scored: bool = True,
    seed: int = 0,
) -> Collection:
    """Queries that were asked in these ways; the first ideas of each query are the good ones."""
    rng = np.random.default_rng(seed)
    collection = Collection.objects.create(name=name)
    encoder = encoder_of(name=ENCODER, recipe={"kind": "imported"})
    shared = rng.normal(size=DIMENSIONS)
    for subject in SUBJECTS[:queries]:
        text = f"Find a metaphor for {subject}."
        query, _ = Query.objects.get_or_create(digest=Query.digest_of(text), defaults={"text": text})
        collection.queries.add(query)
        rows, ideas = _answers(query, subject, ways, calls, rng)
        of_idea = shared + rng.normal(size=(len(IDEAS), DIMENSIONS)) * 2
        vectors = of_idea[ideas] + 0.25 * rng.normal(size=(len(ideas), DIMENSIONS))
        keys = [row.pk for row in Response.objects.bulk_create(rows)]
        store_of(encoder).write(query.pk, keys, unit(vectors.astype(np.float32)))
        if scored:
            _score(keys, ideas, rng)
    encoder.dimensions = DIMENSIONS
    encoder.save()
    return collection


def _answers(
    query: Query, subject: str, ways: Sequence[Way], calls: int, rng: np.random.Generator
) -> tuple[list[Response], list[int]]:
    rows, ideas = [], []
    for way in ways:
        model, _ = LanguageModel.objects.get_or_create(name=way.model)
        condition = _condition(way)
        for sample in range(calls * way.answers):
            call, idea = sample // way.answers, int(rng.integers(way.ideas))
            text = f"{subject.capitalize()} {IDEAS[idea]}."
            of = {"query": query.text, "model": way.model, "condition": way.condition, "external_id": ""}
            rows.append(
                Response(
                    query=query,
                    model=model,
                    condition=condition,
                    sample=sample,
                    text=text,
                    digest=Response.digest_of(**of, sample=sample, text=text),
                    metadata={
                        "call": f"{way.model}/{way.condition}/{call}",
                        "tokens_in": 20,
                        "tokens_out": way.tokens,
                    },
                )
            )
            ideas.append(idea)
    return rows, ideas


def _condition(way: Way) -> Condition:
    told = digest("planted", way.condition)
    content = {"strategy": way.strategy, "version": "1", "template": {}, "decoding": {}}
    return Condition.objects.get_or_create(digest=told, defaults={"name": way.condition, **content})[0]


def _score(keys: Sequence[int], ideas: Sequence[int], rng: np.random.Generator) -> None:
    """Higher for the first half of the ideas, with noise, in a study of its own."""
    study = Study.objects.filter(slug="scored-answers").first() or make_study("scored-answers")
    scorer, _ = Scorer.objects.get_or_create(name=SCORER, defaults={"family": "lm_judge"})
    values = np.where(np.asarray(ideas) < GOOD, 7.5, 4) + rng.uniform(-1, 1, size=len(ideas))
    Score.objects.bulk_create(
        Score(study=study, scorer=scorer, response_id=key, value=round(float(value), 2))
        for key, value in zip(keys, np.clip(values, 1, 10), strict=True)
    )
