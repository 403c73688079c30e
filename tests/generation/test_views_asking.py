"""The pages of runs about queries: who sees, starts, stops and deletes them, and what they say."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generation.models import Collection, Query, Response, Run
from generation.recipes.sampling import SampleRecipe
from generation.runs.asking import create_run
from generation.runs.work import work
from tests.calibration.runs.running import make_server
from tests.model_server import Answer, Asked, chat, serving

pytestmark = pytest.mark.django_db

TEXTS = ("Name a metaphor for time.", "Write a haiku about rain.", "اكتب قصيدة عن البحر", "Why is it so?")


def says(asked: Asked) -> Answer:
    return chat(f"Time is a river, say those who ask {len(asked.body['messages'][-1]['content'])} times.")


def make_sampling(by: User, url: str = "http://127.0.0.1:9/v1", samples: int = 2) -> Run:
    collection = Collection.objects.create(name="some")
    for text in TEXTS:
        collection.queries.add(Query.objects.create(text=text, digest=Query.digest_of(text)))
    recipe = SampleRecipe(model="small", samples=samples)
    return create_run(
        kind="sample", name="small of some", recipe=recipe, collection=collection, server=make_server(url),
        created_by=by,
    )  # fmt: skip


def test_a_draft_shows_what_is_sent_and_costs_is_tried_started_and_its_replies_become_responses(
    admin_client: Client, admin_user: User
) -> None:
    with serving(says) as server:
        run = make_sampling(admin_user, server.url)
        page = admin_client.get(reverse("asking-run", args=[run.pk])).content.decode()
        assert TEXTS[0] in page
        assert "Ask about all 4" in page
        admin_client.post(reverse("asking-run-start", args=[run.pk]), {"trial": "1"})
        work(run=run)
        page = admin_client.get(reverse("asking-run", args=[run.pk])).content.decode()
        assert "What the replies were" in page
        assert "Ask about the other 1" in page
        assert not Response.objects.exists(), "a trial makes none"
        admin_client.post(reverse("asking-run-start", args=[run.pk]))
        run.refresh_from_db()
        work(run=run)
    page = admin_client.get(reverse("asking-run", args=[run.pk])).content.decode()
    assert "<b>8</b><span>answered, of 8 calls</span>" in page
    assert Response.objects.count() == 8
    lines = b"".join(admin_client.get(reverse("asking-run-replies", args=[run.pk])).streaming_content)  # type: ignore[attr-defined]
    replies = [json.loads(line) for line in lines.splitlines()]
    assert [reply["query"] for reply in replies[::2]] == list(TEXTS)
    assert {reply["outcome"] for reply in replies} == {"answered"}


def test_only_who_made_a_run_or_a_superuser_is_offered_what_changes_it(
    client: Client, admin_user: User
) -> None:
    run = make_sampling(User.objects.create(username="maker"))
    reader = User.objects.create(username="reader")
    client.force_login(reader)
    page = client.get(reverse("asking-run", args=[run.pk])).content.decode()
    assert "Only who made it, or a superuser, can start it." in page
    assert reverse("asking-run-delete", args=[run.pk]) not in page
    client.force_login(admin_user)
    page = client.get(reverse("asking-run", args=[run.pk])).content.decode()
    assert reverse("asking-run-delete", args=[run.pk]) in page


def test_a_run_under_way_is_stopped_and_deleted_and_its_responses_stay(
    admin_client: Client, admin_user: User
) -> None:
    with serving(says) as server:
        run = make_sampling(admin_user, server.url)
        admin_client.post(reverse("asking-run-start", args=[run.pk]))
        page = admin_client.get(reverse("asking-run", args=[run.pk]))
        assert "waits for a worker" in page.content.decode()
        state = admin_client.get(
            reverse("asking-run", args=[run.pk]), headers={"HX-Request": "true", "HX-Target": "state"}
        )
        assert b"<h1>" not in state.content
        run.refresh_from_db()
        work(run=run)
        assert Response.objects.count() == 8
    admin_client.post(reverse("asking-run-delete", args=[run.pk]))
    assert not Run.objects.exists()
    assert Response.objects.count() == 8


def test_a_run_that_this_version_cannot_read_says_so(admin_client: Client, admin_user: User) -> None:
    run = make_sampling(admin_user)
    Run.objects.update(recipe={"kind": "sample", "colour": "red"})
    assert (
        b"This version cannot read the run" in admin_client.get(reverse("asking-run", args=[run.pk])).content
    )
    assert admin_client.get(reverse("asking-run-replies", args=[run.pk])).status_code == 302


def test_the_list_takes_as_many_queries_however_many_runs_there_are(
    admin_client: Client, admin_user: User, django_assert_max_num_queries: Any
) -> None:
    assert b"Nothing was asked so far" in admin_client.get(reverse("asking")).content
    run = make_sampling(admin_user)
    for n in range(20):
        run.pk, run.name = None, f"run {n}"
        run.save()
    with django_assert_max_num_queries(8):
        page = admin_client.get(reverse("asking")).content.decode()
    assert page.count("nothing asked yet") == 21
    assert b"No run of this kind" in admin_client.get(reverse("asking"), {"kind": "embed"}).content
