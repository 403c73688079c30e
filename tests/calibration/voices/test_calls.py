from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from calibration.models import Score, Scorer
from calibration.voices.calls import read_voices
from generation.diversity.responses import UnusableResponses
from generation.diversity.voices.calls import QueryCalls, Voices
from generation.diversity.voices.report import voices_report
from generation.diversity.voices.specification import Specification
from generation.encoders import encoder_of, store_of
from generation.models import Call, Collection, Condition, Encoder, LanguageModel, Query, Response, Run
from generation.recipes.sampling import SampleRecipe
from generation.sampling import SampleJob
from generation.strategies import SHIPPED, strategy_named
from tests.factory import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_vectors(settings: Any, tmp_path: Path) -> None:
    settings.MANYMINDS_DATA = tmp_path


def asked_about(*texts: str) -> Collection:
    collection = Collection.objects.create(name="asked")
    for text in texts:
        collection.queries.add(Query.objects.create(text=text, digest=Query.digest_of(text)))
    return collection


def encoder() -> Encoder:
    return encoder_of(name="axes", recipe={"kind": "imported"})


def sampled(about: Collection, strategy: str, calls: Sequence[dict[str, Any]], **fields: Any) -> Run:
    """A run whose calls have ended so, each `texts` or an outcome, with its tokens."""
    answers = max((len(call.get("texts", ())) for call in calls), default=1)
    recipe = SampleRecipe(
        model="m",
        strategy=strategy_named(strategy, answers=max(2, answers)),
        samples=len(calls) * (answers if SHIPPED[strategy].answers > 1 else 1),
    )
    run = Run.objects.create(
        kind="sample",
        name=f"{strategy} {Run.objects.count()}",
        recipe=recipe.as_dict(),
        collection=about,
        **fields,
    )
    query = about.queries.get()
    for number, call in enumerate(calls):
        texts, outcome = call.get("texts"), call.get("outcome", "answered")
        into, out = call["tokens"]
        told = {"seed": 1, "finish_reason": "stop", "tokens_in": into, "tokens_out": out}
        Call.objects.create(
            run=run,
            query=query,
            number=number,
            part=str(number + 1),
            outcome=outcome,
            result=None if texts is None else {"texts": texts, **told},
            error="" if outcome in ("answered", "") else "It declines.",
            tokens_in=into + call.get("before", 0),
            tokens_out=out,
            answered_at=timezone.now() if outcome else None,
        )
    SampleJob().collect(run, after=-1)
    return run


def embed(about: Collection, *, shift: int = 0) -> None:
    """Every response a vector on an axis that its first letter says."""
    store = store_of(encoder())
    for query in about.queries.all():
        rows = [*Response.objects.filter(query=query).values_list("pk", "text")]
        axes = np.eye(26, dtype=np.float32)[[ord(text[0]) - ord("a") + shift for _, text in rows]]
        if rows:
            store.write(query.pk, [pk for pk, _ in rows], axes)


def imported(about: Collection, rows: Sequence[tuple[str, str, str, dict[str, Any]]]) -> list[Response]:
    """(query, condition, text, metadata) of one model, as files give them."""
    model, _ = LanguageModel.objects.get_or_create(name="m")
    made = []
    for n, (query, condition, text, metadata) in enumerate(rows):
        under, _ = Condition.objects.get_or_create(
            name=condition,
            defaults={
                "strategy": "imported",
                "version": "",
                "template": {},
                "decoding": {},
                "digest": condition,
            },
        )
        digest = Response.digest_of(query=query, model="m", external_id=f"{n}{text}", sample=0, text=text)
        to = about.queries.get(text=query)
        fields = {"model": model, "condition": under, "text": text, "metadata": metadata, "digest": digest}
        made.append(Response.objects.create(query=to, **fields))
    return made


def read(about: Collection, **asked: Any) -> tuple[Voices, str]:
    return read_voices(collection=about, encoder=encoder(), asked=Specification(**asked))


def called(query: QueryCalls, source: int) -> list[tuple[int, float, float, float]]:
    """Of a source's calls: answers, tokens in and out, money; in order."""
    mine = np.flatnonzero(query.source == source)
    columns = (query.answers, query.tokens_in, query.tokens_out, query.money)
    return sorted(zip(*(column[mine].tolist() for column in columns), strict=True))


def test_a_runs_calls_count_once_with_all_their_attempts_and_those_in_vain_too():
    about = asked_about("why?")
    priced = {"price_in": 100_000, "price_out": 200_000}
    sampled(about, "plain", [{"texts": [text], "tokens": (2, 3)} for text in "ab"], **priced)
    several = [
        {"texts": ["c", "d"], "tokens": (5, 10), "before": 4},
        {"texts": ["e", "f"], "tokens": (5, 12)},
        {"outcome": "refused", "tokens": (5, 1)},
        {"outcome": "failed", "tokens": (0, 0)},
        {"outcome": "", "tokens": (0, 0)},
    ]
    sampled(about, "several", several, **priced)
    embed(about)
    voices, _ = read(about)
    (query,) = voices.queries
    assert [source.condition.split()[0] for source in voices.sources] == ["plain", "several"]
    assert called(query, 0) == [(1, 2, 3, pytest.approx(0.8))] * 2
    assert called(query, 1) == [
        (0, 0, 0, 0),
        (0, 5, 1, pytest.approx(0.7)),
        (2, 5, 12, pytest.approx(2.9)),
        (2, 9, 10, pytest.approx(2.9)),
    ]
    assert (voices.currency, voices.elsewhere) == ("USD", frozenset())
    assert voices.strategies == {voices.sources[0].condition: "plain", voices.sources[1].condition: "several"}
    said = voices.texts(0)
    calls = np.flatnonzero(query.answers == 2)
    assert sorted("".join(said[row] for row in query.rows(calls[[n]])) for n in range(2)) == ["cd", "ef"]
    rows, vectors = voices.vectors(0)
    assert ["abcdefghijklmnopqrstuvwxyz"[axis] for axis in vectors.argmax(axis=1)] == [
        said[row] for row in rows
    ]
    made = voices_report(voices, Specification(draws=1, replicates=20), version="1", data_hash="0" * 64)
    assert [(arm["calls"], arm["failed_calls"], arm["tokens_out"]) for arm in made["arms"]] == [
        (2, 0, 6),
        (4, 2, 23),
    ]


def test_who_was_asked_and_brought_no_answer_stands_in_the_comparison_with_none():
    about = asked_about("why?")
    sampled(about, "plain", [{"texts": [text], "tokens": (2, 3)} for text in "ab"])
    sampled(about, "personas", [{"outcome": "unparsable", "tokens": (9, 90)}] * 2)
    embed(about)
    voices, _ = read(about)
    assert [source.condition.split()[0] for source in voices.sources] == ["personas", "plain"]
    made = voices_report(voices, Specification(draws=1, replicates=20), version="1", data_hash="0" * 64)
    assert [(arm["strategy"], arm["answers"], arm["failed_calls"]) for arm in made["arms"]] == [
        ("personas", 0, 2),
        ("plain", 2, 0),
    ]
    (nothing, _) = made["budgets"]["calls"]["arms"]
    assert (nothing["answers"]["value"], nothing["classes"]["value"]) == (0, 0)


def test_prices_of_two_currencies_and_none_are_no_money():
    about = asked_about("why?")
    sampled(about, "plain", [{"texts": ["a"], "tokens": (2, 3)}], price_in=1)
    sampled(about, "several", [{"texts": ["c", "d"], "tokens": (5, 10)}])
    embed(about)
    (query,) = read(about)[0].queries
    assert np.isnan(query.money).tolist() == [False, True]
    sampled(about, "several", [{"texts": ["e", "f"], "tokens": (5, 10)}], price_in=1, currency="EUR")
    embed(about)
    voices, _ = read(about)
    assert voices.currency is None
    assert np.isnan(voices.queries[0].money).all()


def test_imported_responses_say_their_call_and_its_tokens_or_are_a_call_each():
    about = asked_about("why?")
    rows = [
        ("why?", "plain", "a", {"tokens_in": "3", "tokens_out": "4.0"}),
        ("why?", "plain", "b", {"sampling": {"tokens_in": 1, "tokens_out": 2}, "tokens_in": 9}),
        ("why?", "plain", "c", {"tokens_in": 3}),
        ("why?", "five", "d", {"call": 7, "tokens_in": 2, "tokens_out": 8}),
        ("why?", "five", "e", {"call": "7", "tokens_in": 2, "tokens_out": 8}),
        ("why?", "five", "f", {"call": "8", "tokens_in": 2, "tokens_out": 8}),
        ("why?", "five", "g", {"call": "8", "tokens_in": 2, "tokens_out": 9}),
    ]
    imported(about, rows)
    embed(about)
    voices, _ = read(about)
    assert [source.condition for source in voices.sources] == ["five", "plain"]
    query = voices.queries[0]
    assert [call[:2] for call in called(query, 0)] == [(2, 2), (2, 2)]
    assert sorted(query.tokens_out[query.source == 0].tolist(), key=str) == [
        8,
        pytest.approx(np.nan, nan_ok=True),
    ]
    assert sorted(query.cost("tokens")[query.source == 1].tolist(), key=str)[:2] == [3, 7]
    assert np.isnan(query.cost("tokens")[query.source == 1]).sum() == 1
    made = voices_report(voices, Specification(draws=1, replicates=20), version="1", data_hash="0" * 64)
    assert [arm["failed_calls"] for arm in made["arms"]] == [None, None]


def rows_to_shuffle() -> list[tuple[str, str, str, dict[str, Any]]]:
    rng = np.random.default_rng(5)
    return [
        (f"query {q}", condition, "abcdef"[rng.integers(6)] + f" {n}",
         {"call": f"{condition}{n // 2}", "kind": n % 3, "tokens_in": 1, "tokens_out": 5 + n // 2})
        for q in range(2) for condition in ("plain", "five") for n in range(6)
    ]  # fmt: skip


def test_the_order_of_rows_changes_nothing_and_all_that_is_read_the_digest():
    about = asked_about("query 1", "query 0")
    study, scorer = make_study(), Scorer.objects.create(name="judge")
    rows = rows_to_shuffle()
    asked = {"classes": "kind", "scorer": "judge", "studies": (study.pk,)}

    def made(order: Sequence[int]) -> tuple[Voices, str]:
        Response.objects.all().delete()
        found = imported(about, [rows[n] for n in order])
        scores = [
            Score(study=study, scorer=scorer, response=one, value=len(one.text) + ord(one.text[0]))
            for one in found
        ]
        Score.objects.bulk_create(scores)
        embed(about)
        return read(about, **asked)

    given = Specification(draws=2, replicates=20, calls=2, **asked)
    results = []
    for order in (range(len(rows)), [*reversed(range(len(rows)))]):
        voices, digest = made(order)
        results.append(voices_report(voices, given, version="1", data_hash=digest))
    assert results[0] == results[1]
    assert results[0]["classes"]["unclassed"] == 0
    Score.objects.filter(pk=Score.objects.latest("pk").pk).update(value=0)
    one = read(about, **asked)[1]
    Response.objects.filter(pk=Response.objects.latest("pk").pk).update(metadata={"call": "other", "kind": 1})
    two = read(about, **asked)[1]
    embed(about, shift=1)
    assert len({digest, one, two, read(about, **asked)[1], read(about)[1]}) == 5
    # A study that is not named is not read.
    other = Specification(scorer="judge", studies=(study.pk + 1,))
    with pytest.raises(UnusableResponses, match="scored no response"):
        read_voices(collection=about, encoder=encoder(), asked=other)


def test_what_cannot_be_compared_is_said_in_a_line():
    about = asked_about("why?")
    with pytest.raises(UnusableResponses, match="no responses"):
        read(about)
    imported(about, [("why?", "plain", "a", {})])
    with pytest.raises(UnusableResponses, match="two conditions, or two models"):
        read(about)
    imported(about, [("why?", "five", "b", {})])
    with pytest.raises(UnusableResponses, match="embed them"):
        read(about)
    embed(about)
    with pytest.raises(UnusableResponses, match="kind"):
        read(about, classes="kind")
    with pytest.raises(UnusableResponses, match="no scorer"):
        read(about, scorer="nobody")
    voices, _ = read(about)
    late = imported(about, [("why?", "five", "c", {})])
    assert voices.texts(0) == ["b", "a"]
    Response.objects.filter(pk=late[0].pk).delete()
    store_of(encoder()).delete()
    with pytest.raises(UnusableResponses, match="try again"):
        voices.vectors(0)
