"""The pages of collections, of a query with its responses, and of models that answer."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from generation.conditions import condition_of
from generation.decoding import PRESETS
from generation.importers import import_responses
from generation.models import Collection, LanguageModel, Query, Response, Run
from generation.recipes.sampling import SampleRecipe
from generation.servers import make_server
from generation.strategies import SHIPPED
from tests.factory import make_response
from tests.generation.sampled import QUERIES, collection

pytestmark = pytest.mark.django_db


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def respond(query: str, said: str, model: str, number: int = 0, **metadata: Any) -> Response:
    """A response in the paper's first condition."""
    row = make_response(query, said, model, number)
    Response.objects.filter(pk=row.pk).update(
        condition=condition_of(SHIPPED["plain"], PRESETS["top-p"]), metadata=metadata
    )
    return row


@pytest.fixture
def asked() -> Collection:
    return collection()


def test_without_a_collection_the_page_says_what_to_do_and_a_file_makes_the_first(console: Client) -> None:
    assert "There is no collection yet" in text(console.get("/queries/"))
    rows = "".join(json.dumps({"query": one, "openness": "open"}) + "\n" for one in QUERIES)
    upload = SimpleUploadedFile("q.jsonl", rows.encode())
    answer = console.post("/queries/", {"name": "mine", "file": upload}, follow=True)
    assert answer.redirect_chain[0][0] == "/queries/mine/"
    said = text(answer)
    assert "3 queries are new here" in said and "3 queries 3 known to be open-ended 0 responses" in said
    assert "Nobody has answered yet" in said


def test_a_collection_is_drawn_from_another_by_seed(console: Client, asked: Collection) -> None:
    answer = console.post(
        "/queries/", {"name": "few", "source": "asked", "sample": 2, "seed": 4}, follow=True
    )
    assert "Made few: 2 queries." in text(answer) and "Of asked: 2 drawn with seed 4." in text(answer)
    for given, line in (
        ({"name": "few", "source": "asked"}, "already exists"),
        ({"name": "none"}, "choose a collection, a file, or both"),
        ({"name": "a b", "source": "asked"}, "Enter a valid"),
        ({"name": "many", "source": "asked", "sample": 9}, "asked has only 3 such queries"),
        ({"name": "open", "source": "asked", "only_open": "on"}, "asked has only 0 open-ended queries"),
    ):
        wrong = console.post("/queries/", given)
        assert wrong.status_code == 400 and line in text(wrong)
    assert set(Collection.objects.values_list("name", flat=True)) == {"asked", "few"}


def test_a_collection_shows_who_answered_how_often_and_what_was_cut_off(
    console: Client, asked: Collection
) -> None:
    respond(QUERIES[0], "To remember.", "a", sampling={"finish_reason": "length"})
    respond(QUERIES[1], "Blue.", "a", sampling={"finish_reason": "stop"})
    make_response(QUERIES[0], "Why not?", "b")
    said = text(console.get("/queries/asked/"))
    assert "3 responses 2 sources" in said
    assert "a plain · top-p .9 · T 1 2 2 1" in said and "b not known 1 1 not known" in said
    assert "Name a colour. not known a 1 1" in said
    assert "asked 3 0 3 2" in text(console.get("/queries/"))


def test_queries_of_a_collection_are_found_by_text_and_openness(console: Client, asked: Collection) -> None:
    Query.objects.filter(text=QUERIES[0]).update(openness="open")
    headers = {"HX-Request": "true", "HX-Target": "list"}
    part = console.get("/queries/asked/", {"q": "TIME\x00"}, headers=headers)
    assert b"<html" not in part.content and "What is time?" in text(part) and "Why write?" not in text(part)
    assert "Why write?" in text(console.get("/queries/asked/?openness=open", headers=headers))
    assert "No query fits" in text(console.get("/queries/asked/?openness=closed"))


def test_the_pages_queries_do_not_grow(
    console: Client, asked: Collection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(30):
        query = Query.objects.create(text=f"Query {n}", digest=Query.digest_of(f"Query {n}"))
        asked.queries.add(query)
        make_response(query.text, "x", f"model-{n % 3}")
        Collection.objects.create(name=f"other-{n}").queries.add(query)
    with django_assert_num_queries(11):
        console.get("/queries/asked/")
    with django_assert_num_queries(7):
        console.get("/queries/")
    with django_assert_num_queries(7):
        console.get(reverse("query", args=[query.pk]))


def test_a_query_shows_its_responses_of_one_source_and_how_they_came(
    console: Client, asked: Collection
) -> None:
    row = respond(
        QUERIES[0], "<b>Long</b> " * 100, "a", sampling={"finish_reason": "length", "persona": "Ann"}
    )
    make_response(QUERIES[0], "Why not?", "b")
    url = reverse("query", args=[row.query_id])
    said = text(console.get(url))
    assert "2 responses" in said and "as Ann" in said and "cut off" in said and "Why not?" in said
    assert "<b>Long" not in console.get(url).content.decode()
    model, condition = LanguageModel.objects.get(name="b").pk, 0
    only = text(console.get(url, {"source": f"{model}-{condition}"}))
    assert "Why not?" in only and "as Ann" not in only
    assert "No response fits" in text(console.get(url, {"q": "nothing like it"}))
    assert "2 responses" in text(console.get(url, {"source": "nonsense"}))
    other = Query.objects.get(text=QUERIES[2])
    assert "Nobody has answered yet" in text(console.get(reverse("query", args=[other.pk])))


def test_responses_are_downloaded_as_the_import_reads_them(
    console: Client, asked: Collection, tmp_path: Path
) -> None:
    respond(QUERIES[0], "To remember.", "a", 2, sampling={"seed": 3})
    answer = console.get("/queries/asked/responses.jsonl")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert json.loads(content)["condition"] == "plain · top-p .9 · T 1"
    before = Response.objects.values(
        "text", "sample", "metadata", "model__name", "condition__name", "query__text"
    )
    kept = list(before)
    Response.objects.all().delete()
    path = tmp_path / "responses.jsonl"
    path.write_bytes(content)
    import_responses(path=path)
    assert list(before.all()) == kept


def form(**given: Any) -> dict[str, Any]:
    usual = {
        "collection": "asked",
        "samples": 10,
        "strategy": "plain",
        "decoding": "top-p",
        "max_tokens": 2048,
        "retries": 3,
        "currency": "USD",
        "workers": 1,
    }
    return usual | given


def test_models_on_the_form_become_drafts_that_ask_nothing_yet(console: Client, asked: Collection) -> None:
    assert "It needs a server first" in text(console.get("/sampling/new/?collection=asked"))
    server = make_server(name="mine", base_url="https://models.invalid/v1", owner=User.objects.get())
    page = console.get("/sampling/new/?collection=asked")
    assert '<option value="asked" selected>' in page.content.decode()
    given = form(where=server.pk, model="m\n n \n", strategy="several", decoding="min-p", seed=7, price_in=2)
    answer = console.post("/sampling/new/", given, follow=True)
    assert "Made 2 drafts, one a model" in text(answer)
    for run, model in zip(Run.objects.order_by("pk"), "mn", strict=True):
        assert (run.state, run.name) == ("draft", f"{model} · asked · several 5 · min-p .1 · T 2")
        assert SampleRecipe.from_dict(run.recipe) == SampleRecipe(
            model=model, samples=10, seed=7, strategy=SHIPPED["several"], decoding=PRESETS["min-p"]
        )
    one = console.post(
        "/sampling/new/",
        form(where=server.pk, model="m", strategy="own", template="Ah: {query}", token_entropy="on"),
    )
    assert SampleRecipe.from_dict(Run.objects.latest("pk").recipe).token_entropy
    assert one.headers["Location"] == reverse("asking-run", args=[Run.objects.latest("pk").pk])
    shown = text(console.get(one.headers["Location"]))
    assert "Ah: Why write?" in shown


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"model": " \n"}, "This field is required"),
        ({"strategy": "own"}, "Write the template"),
        ({"strategy": "own", "template": "no place"}, "A template holds {query}"),
        ({"temperature": 1}, "Choose your own to draw"),
        ({"strategy": "several", "samples": 7}, "ask for a multiple"),
        ({"model": "a\nb", "named": "x"}, "names of their own"),
        ({"collection": "none"}, "Select a valid choice"),
    ],
)
def test_a_form_that_makes_no_sense_makes_nothing(
    console: Client, asked: Collection, given: dict[str, Any], line: str
) -> None:
    server = make_server(name="mine", base_url="https://models.invalid/v1", owner=User.objects.get())
    answer = console.post("/sampling/new/", form(where=server.pk, **{"model": "m", **given}))
    assert answer.status_code == 400 and line in text(answer)
    assert not Run.objects.exists()
