"""A study of a collection: diverse responses, pairs by a rule, queries alone, chosen by a seed."""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from annotation.models import Item, Study
from calibration.models import Score, Scorer
from generation.diversity.responses import unit
from generation.encoders import encoder_of, store_of
from generation.models import Call, Category, Classification, Collection, Response, Run
from tests.generation.collected import make_collection

pytestmark = pytest.mark.django_db
IDEAS = 4


@pytest.fixture
def collection(settings: Any, tmp_path: Path) -> Collection:
    """Six queries; each of two models says twelve things, of four ideas. The idea stands in the metadata."""
    settings.MANYMINDS_DATA = tmp_path
    for model in ("model-a", "model-b"):
        found = make_collection(queries=6, responses=12, model=model)
    encoder = encoder_of(name="tiny", recipe={"kind": "imported"})
    rng = np.random.default_rng(0)
    for query in found.queries.all():
        rows = list(query.responses.order_by("pk"))
        ideas = [row.sample % IDEAS for row in rows]
        vectors = unit(np.eye(IDEAS, 8)[ideas] + 0.1 * rng.normal(size=(len(rows), 8)))
        store_of(encoder).write(query.pk, [row.pk for row in rows], vectors)
    encoder.dimensions = 8
    encoder.save()
    return found


def make(slug: str, **options: Any) -> Study:
    call_command("make_study", "asked", study=slug, **options)
    return Study.objects.get(slug=slug)


def shown(study: Study) -> list[tuple[str, ...]]:
    columns = ("query__text", "response__text", "response_1__text", "response_2__text", "claim")
    return list(study.items.values_list(*columns))


def test_fifteen_diverse_responses_become_four_one_of_each_idea_and_the_study_says_how(
    collection: Collection,
) -> None:
    study = make("rated", kind="rating", queries=3, responses=IDEAS, seed=7, open=True)
    by_query: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for item in study.items.select_related("response"):
        assert item.response
        by_query[item.query_id][item.response.sample % IDEAS] += 1
    assert len(by_query) == 3 and {tuple(sorted(ideas)) for ideas in by_query.values()} == {(0, 1, 2, 3)}
    assert (study.state, study.labels_per_item, study.slots.count()) == ("open", 25, 12 * 25)
    told = study.metadata["selection"]
    assert told == {
        "collection": "asked", "kind": "rating", "seed": 7, "queries": 3, "query_ids": [], "models": [],
        "conditions": [], "encoder": "tiny", "responses": IDEAS, "pick": "random", "chosen_queries": 3,
        "chosen_items": 12, "short_queries": 0,
    }  # fmt: skip
    assert shown(study) == shown(make("again", kind="rating", queries=3, responses=IDEAS, seed=7))
    other = make("other", kind="rating", queries=3, responses=IDEAS, seed=8)
    assert set(shown(study)) != set(shown(other))
    one = make("one", kind="rating", all_queries=True, responses=2, models=["model-b"])
    assert set(one.items.values_list("response__model__name", flat=True)) == {"model-b"}
    assert one.items.values("query").distinct().count() == 6


def test_near_pairs_keep_their_similarity_and_weights_stand_for_every_pair_above_the_threshold(
    collection: Collection,
) -> None:
    study = make("near", kind="pair", pairs="near", threshold=0.8, pairs_per_query=9, queries=4, below=5)
    items = list(study.items.select_related("response_1", "response_2"))
    assert study.values == [0, 1] and len(items) == 4 * 14
    weights: Counter[int] = Counter()
    for item in items:
        assert item.response_1 and item.response_2
        alike = item.response_1.sample % IDEAS == item.response_2.sample % IDEAS
        assert (item.metadata["similarity"] >= 0.8) <= alike
        weights[item.query_id] += item.metadata["weight"]
    # Of 24 different texts.
    assert all(weight == pytest.approx(24 * 23 / 2) for weight in weights.values())


def test_pairs_of_one_cluster_or_two_are_of_one_idea_or_two(collection: Collection) -> None:
    asked = {"kind": "comparison", "responses": IDEAS, "pairs_per_query": 5, "queries": 2}
    for rule, alike in (("same-cluster", True), ("different-cluster", False)):
        pairs = make(rule, **asked, pairs=rule).items.values_list("response_1__sample", "response_2__sample")
        assert {a % IDEAS == b % IDEAS for a, b in pairs} == {alike} and len(pairs) == 10


def test_pairs_of_similar_quality_take_a_scorers_numbers_and_need_no_vectors(collection: Collection) -> None:
    Collection.objects.get().queries.first()
    study = make("before", kind="comparison", queries=1, seed=1, pairs_per_query=3)
    query = study.items.all()[0].query
    scorer = Scorer.objects.create(name="quality", family="perplexity")
    rows = list(Response.objects.filter(query=query).order_by("pk"))
    Score.objects.bulk_create(
        Score(study=study, scorer=scorer, response=row, value=float(n + 1)) for n, row in enumerate(rows)
    )
    made = make(
        "quality", kind="comparison", pairs="similar-quality", scorer="quality", queries=6, pairs_per_query=23
    )
    pairs = list(made.items.values_list("response_1_id", "response_2_id", "metadata"))
    place = {row.pk: n for n, row in enumerate(rows)}
    assert len(pairs) == 23 and {abs(place[a] - place[b]) for a, b, _ in pairs} == {1}
    assert all(told["scores"] == [-1.0 - place[a], -1.0 - place[b]] for a, b, told in pairs)
    assert made.metadata["selection"]["scorer"] == "quality"
    # The five queries without scores are named, not hidden.
    assert made.metadata["selection"]["short_queries"] == 5


def test_queries_alone_are_asked_about_by_three_people_each(collection: Collection) -> None:
    study = make("open", kind="query", queries=4, asks="answers")
    assert (study.kind, study.labels_per_item, study.items.count(), study.values) == (
        "query",
        3,
        4,
        [0, 1, 2, 3],
    )
    assert study.metadata["asks"] == "answers" and "How many" in study.question
    run = Run.objects.create(
        kind="classify", name="sorted", recipe={}, collection=collection, finished_at=timezone.now()
    )
    asked = collection.queries.all()[0]
    Call.objects.create(
        run=run, number=0, query=asked, outcome="answered", result={}, answered_at=timezone.now()
    )
    poem = Category.objects.create(name="Poem", definition="It asks for a poem.")
    for query in collection.queries.all():
        Classification.objects.create(run=run, query=query, category=poem)
    checked = make("checked", kind="query", asks="category", claims=5)
    assert checked.items.count() == 5
    assert set(checked.items.values_list("claim", flat=True)) == {"Poem: It asks for a poem."}
    assert {item.metadata["category"] for item in checked.items.all()} == {"Poem"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "rating", "responses": 50}, "“Query .” has 24 responses"),
    ({"kind": "rating", "encoder": "none"}, "There is no encoder none"),
    ({"kind": "rating", "models": ["nobody"]}, "“Query .” has 0 responses"),
    ({"kind": "rating", "query_ids": ["q-9"]}, "has no query q-9"),
    ({"kind": "pair", "pairs": "near", "threshold": 1.5}, "threshold of similarity"),
    ({"kind": "pair", "pairs": "near", "threshold": 0.9999}, "has 0 such pairs"),
    ({"kind": "pair", "pairs": "similar-quality"}, "take a scorer"),
    ({"kind": "pair", "pairs": "similar-quality", "scorer": "none"}, "no scorer none"),
    ({"kind": "query", "asks": "category"}, "No model has classified"),
    ({"kind": "rating", "owner": "nobody"}, "no user nobody"),
    ({"kind": "rating", "responses": IDEAS, "labels_per_item": 0}, "at least one label"),
]


def test_what_cannot_be_chosen_is_refused_in_one_line_and_nothing_is_made(collection: Collection) -> None:
    for options, words in REFUSED:
        with pytest.raises(CommandError, match=words) as refused:
            make("refused", **options)
        assert "\n" not in str(refused.value)
    assert not Study.objects.exists() and not Item.objects.exists()


def test_a_dry_run_says_what_would_be_chosen_and_makes_nothing(
    collection: Collection, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"kind": "rating", "responses": IDEAS, "dry_run": True}
    call_command("make_study", "asked", study="dry", **options)
    assert "Would choose 24 items of 6 queries. Nothing was made." in capsys.readouterr().out
    call_command("make_study", "asked", study="dry", json=True, **options)
    told = json.loads(capsys.readouterr().out)
    assert (told["study"], told["chosen_items"], told["encoder"]) == (None, 24, "tiny")
    assert not Study.objects.exists()
    with pytest.raises(CommandError, match="There is no collection nothing"):
        call_command("make_study", "nothing", study="dry", kind="query")


def test_the_page_previews_what_it_would_make_and_makes_just_that(collection: Collection) -> None:
    client = Client()
    client.force_login(User.objects.create(username="ada"))
    address = "/collections/asked/study/"
    form = client.get(address).content.decode()
    assert "tiny" in form and "model-b" in form and "Two of one cluster" in form
    given = {
        "name": "Near ones", "kind": "pair", "queries": 3, "seed": 4, "responses": IDEAS, "pick": "random",
        "pairs": "near", "pairs_per_query": 6, "threshold": 0.8, "below": 0, "asks": "openness", "claims": 9,
        "labels_per_item": 5, "session_size": 9, "time_limit_minutes": 30, "design": "random",
    }  # fmt: skip
    page = client.post(address, given | {"preview": "1"}).content.decode()
    assert "18 items of 3 queries." in page and "similarity 0.9" in page and not Study.objects.exists()
    made = client.post(address, given | {"make": "1"})
    study = Study.objects.get(slug="near-ones")
    assert made["Location"] == "/studies/near-ones/" and study.items.count() == 18
    assert list(study.memberships.values_list("user__username", "role")) == [("ada", "owner")]
    assert shown(study) == shown(
        make("by-command", kind="pair", queries=3, seed=4, pairs="near", pairs_per_query=6)
    )
    refused = client.post(address, given | {"make": "1", "threshold": 0.99999, "name": "None"})
    assert refused.status_code == 400 and "0 such pairs" in refused.content.decode()
    assert client.get("/collections/nothing/study/").status_code == 404


def test_the_same_command_again_finds_its_study_there_opens_it_if_asked_and_never_makes_another_of_it(
    collection: Collection, capsys: Any
) -> None:
    asked = {"kind": "rating", "queries": 3, "responses": IDEAS, "seed": 7, "labels_per_item": 4}
    before = shown(make("rated", **asked))
    Response.objects.filter(model__name="model-a").update(metadata={"more": "was said since"})
    capsys.readouterr()
    assert shown(make("rated", **asked)) == before and make("rated", **asked, open=True).state == "open"
    assert "rated is there already: 12 items of 3 queries." in capsys.readouterr().out
    make("rated", **asked, json=True)
    assert json.loads(capsys.readouterr().out)["chosen_items"] == 12 == Item.objects.count()
    for other, what in (
        ({"seed": 8}, "seed"),
        ({"labels_per_item": 5}, "labels per item"),
        ({"kind": "query"}, "kind"),
    ):
        with pytest.raises(CommandError, match=rf"a study rated, asked for otherwise \({what}\): choose"):
            make("rated", **asked | other)
