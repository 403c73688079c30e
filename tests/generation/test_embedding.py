"""Runs that embed: each response once, only what is new, and nothing twice though processes are killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from numpy.testing import assert_allclose

from generation.diversity.responses import unit
from generation.encoders import (
    EncoderError,
    delete_encoder,
    encoder_for,
    encoder_named,
    encoder_of,
    held,
    merge,
    store_of,
)
from generation.models import Call, Caller, Collection, Encoder, Query, Response, Run
from generation.recipes import embeddings
from generation.recipes.encoding import EncodingRecipe
from generation.runs.asking import create_run, start_run
from generation.runs.errors import RunError
from generation.runs.preview import preview
from generation.runs.pricing import price_of
from generation.runs.work import work
from generation.servers import command_line_server
from tests import model_server
from tests.factory import make_response
from tests.generation.collected import make_collection
from tests.model_server import Answer, Asked, ModelServer, serving
from tests.server import SECRET_KEY, database_url

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(embeddings, "_ways", {})
    settings.MANYMINDS_DATA = tmp_path
    return tmp_path


def vector(text: str) -> list[float]:
    return [1.0, len(text), float(sum(map(ord, text)) % 97)]


def answer(asked: Asked) -> Answer:
    texts = asked.body["input"]
    return model_server.embeddings([vector(text) for text in texts], as_base64=True, tokens=len(texts))


@contextmanager
def embedding(
    collection: Collection, by: Callable[[Asked], Answer] = answer, **recipe: Any
) -> Iterator[tuple[Run, ModelServer]]:
    with serving(by) as server:
        known = command_line_server(base_url=server.url)
        made = EncodingRecipe("m", **recipe)
        yield (
            create_run(kind="embed", name="embed", recipe=made, collection=collection, server=known),
            server,
        )


def finish(run: Run, *, trial: int | None = None) -> Run:
    return work(run=start_run(run=run, trial=trial))


def texts_asked(server: ModelServer) -> list[str]:
    return [text for one in server.asked for text in one.body["input"]]


def check_all_kept(name: str = "m") -> None:
    """Each response has its own text's vector, and no other."""
    store = store_of(encoder_named(name))
    for query in Query.objects.all():
        rows = dict(query.responses.values_list("pk", "text"))
        assert store.keys(query.pk).tolist() == sorted(rows)
        _, read = store.read(query.pk, list(rows))
        assert_allclose(read, unit([vector(text) for text in rows.values()]), atol=1e-6)


def test_every_response_is_embedded_once_and_later_only_what_is_new() -> None:
    collection = make_collection(queries=3, responses=5)
    with embedding(collection, batch=2) as (run, server):
        price = price_of(run)
        assert (price.targets, price.calls) == (3, 9)
        shown = preview(run, 1)
        assert (shown.targets, len(shown.calls)) == (3, 3)
        assert [said.text for said in shown.calls[2].messages] == ["model-a says 1.4"]
        finish(run)
        assert sorted(texts_asked(server)) == sorted(Response.objects.values_list("text", flat=True))
        assert max(len(one.body["input"]) for one in server.asked) == 2
        check_all_kept()
        assert encoder_named("m").dimensions == 3
        assert run.job.remarks(run) == ["15 responses embedded."]
        assert list(run.calls.values_list("tokens_in", flat=True)) == [2, 2, 1] * 3
        with pytest.raises(RunError, match="nothing left to ask"):
            start_run(run=run)
        server.asked.clear()
        new = [make_response("Query 1", "new", sample=9), make_response("Query 3", "of a new query")]
        collection.queries.add(new[1].query)
        finish(run)
        assert sorted(texts_asked(server)) == ["new", "of a new query"]
        check_all_kept()


def test_a_trial_asks_about_as_many_queries_and_what_it_kept_is_not_asked_for_again() -> None:
    with embedding(make_collection(queries=4, responses=3), batch=2) as (run, server):
        run = finish(run, trial=2)
        assert (run.state, len(texts_asked(server))) == (Run.State.DRAFT, 6)
        price = price_of(run)
        assert (price.targets, price.calls, price.n) == (2, 4, 4)
        finish(run)
        assert len(texts_asked(server)) == len(set(texts_asked(server))) == 12
        check_all_kept()


def test_vectors_of_an_encoder_do_for_every_run_and_another_half_the_size_has_its_own() -> None:
    collection = make_collection()
    with embedding(collection) as (run, server):
        finish(run)
        again = create_run(
            kind="embed",
            name="again",
            recipe=EncodingRecipe("m", batch=1),
            collection=collection,
            server=run.server,
        )
        with pytest.raises(RunError, match="nothing left"):
            start_run(run=again)
        server.asked.clear()
        halves = EncodingRecipe("m", half=True)
        other = create_run(kind="embed", name="half", recipe=halves, collection=collection, server=run.server)
        finish(other)
        assert len(texts_asked(server)) == 6
    kept = {one.encoder.name: one for one in held()}
    assert [(one.vectors, one.dimensions) for one in kept.values()] == [(6, 3), (6, 3)]
    assert store_of(kept["m-half"].encoder).dtype == "float16"
    query = Query.objects.first()
    assert query is not None
    keys = list(query.responses.values_list("pk", flat=True))
    one, half = (store_of(encoder_named(name)).read(query.pk, keys)[1] for name in ("m", "m-half"))
    assert_allclose(half, one, atol=1e-3)


def test_vectors_of_other_dimensions_are_not_mixed_in() -> None:
    collection = make_collection(queries=1, responses=4)
    store_of(encoder_for(EncodingRecipe("m"))).write(10**6, [1], [[1.0, 2.0]])
    with embedding(collection) as (run, _):
        run = finish(run)
    (call,) = run.calls.all()
    assert call.outcome == "unparsable"
    assert call.error == ("The vectors cannot be read: They have 3 dimensions, and those there already 2.")


def test_a_name_is_never_silently_another_recipes() -> None:
    collection = make_collection()
    encoder_for(EncodingRecipe("m", name="mine"))
    assert encoder_for(EncodingRecipe("m", name="mine", batch=3)).name == "mine"
    for other in (EncodingRecipe("other", name="mine"), EncodingRecipe("m", name="mine", half=True)):
        with pytest.raises(RunError, match="mine is the name of another recipe's vectors already"):
            create_run(
                kind="embed",
                name="x",
                recipe=other,
                collection=collection,
                server=command_line_server(base_url="http://localhost:1/v1"),
            )
    with pytest.raises(EncoderError, match="mine is the name of"):
        encoder_of(name="mine", recipe={"kind": "imported"})
    assert Encoder.objects.count() == 1


def test_nothing_to_embed_is_said_and_long_responses_go_in_calls_of_their_own() -> None:
    empty = Collection.objects.create(name="empty")
    with pytest.raises(RunError, match="There is no response to embed in empty"), embedding(empty):
        pass
    collection = make_collection("long", queries=1, responses=2)
    Response.objects.update(text="x" * 200_000)
    with embedding(collection) as (run, server):
        finish(run)
        assert [len(one.body["input"]) for one in server.asked] == [1, 1]


def test_what_a_server_never_takes_is_named_and_does_not_hold_up_the_rest() -> None:
    collection = make_collection(queries=1, responses=3)
    odd = make_response("Query 0", "refuse this")

    def picky(asked: Asked) -> Answer:
        if "refuse this" in asked.body["input"]:
            return Answer({"error": {"message": "too long"}}, 400)
        return answer(asked)

    with embedding(collection, picky) as (run, _):
        run = finish(run)
        assert run.state == Run.State.FINISHED
        assert run.job.remarks(run) == [
            "3 responses embedded.",
            "1 response got no vector:",
            f"response {odd.pk}: The model server rejects the request (400): too long.",
        ]


def test_an_encoder_is_deleted_with_its_vectors_but_not_while_they_are_made(
    django_capture_on_commit_callbacks: Any, data: Path
) -> None:
    with embedding(make_collection()) as (run, _):
        run = start_run(run=run)
        with pytest.raises(EncoderError, match="in use by the run embed"):
            delete_encoder(encoder=encoder_named("m"))
        work(run=run)
    with django_capture_on_commit_callbacks(execute=True):
        delete_encoder(encoder=encoder_named("m"))
    assert not list((data / "embeddings").iterdir())
    assert not Encoder.objects.exists()


# The process ends when the third file is there, before anybody hears of it.
KILLED = """
import os, signal, django
django.setup()
from generation.models import Run
from generation.runs.work import work
from generation.vectors import Store
write, written = Store.write, []
def last(self, *what):
    write(self, *what)
    written.append(what)
    if len(written) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
Store.write = last
work(run=Run.objects.get())
"""


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_process_kept_is_neither_lost_nor_asked_for_again(data: Path) -> None:
    with embedding(make_collection(queries=4, responses=4), batch=4) as (run, server):
        run = start_run(run=run)
        server_of_run = run.server
        assert server_of_run is not None
        server_of_run.concurrency = 1
        server_of_run.save()
        connection.close()
        environment = os.environ | {
            "DATABASE_URL": database_url(),
            "SECRET_KEY": SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "MANYMINDS_DATA": str(data),
        }
        done = subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, env=environment, check=False)
        assert done.returncode == -signal.SIGKILL
        assert len(server.asked) == 3
        assert Call.objects.filter(outcome="answered").count() == 2
        Caller.objects.update(heard_at=timezone.now() - timedelta(hours=1))
        run = work(run=run)
        assert run.state == Run.State.FINISHED
        assert len(server.asked) == 4
        check_all_kept()
        assert sorted(call.result["vectors"] for call in Call.objects.all()) == [0, 4, 4, 4]


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("embed_responses", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_embeds_says_what_came_of_it_and_again_embeds_only_what_is_new() -> None:
    collection = make_collection()
    with serving(answer) as server:
        asked = ("asked", "--encoder", "tiny", "--base-url", server.url, "--batch", "2")
        said = command(*asked, "--dry-run")
        assert "asks about 2 queries, in 4 requests" in said
        assert not Run.objects.exists() and not Encoder.objects.exists() and not server.asked
        said = command(*asked)
        assert "4 answered of 4 requests" in said
        assert "6 responses embedded.\ntiny: 3 dimensions." in said
        make_response("Query 0", "new")
        said = command(*asked)
        assert "5 answered of 5 requests" in said
        assert texts_asked(server)[-1:] == ["new"]
        before = len(server.asked)
        assert "7 responses embedded." in command(*asked)
        assert len(server.asked) == before
        # One file a query is left.
        store = store_of(encoder_named("tiny"))
        assert [store.files(query) for query in store.queries()] == [1, 1]
        assert list(merge(encoder_named("tiny"), [])) == []
        with pytest.raises(CommandError, match="was asked for otherwise"):
            command("asked", "--encoder", "tiny", "--base-url", server.url, "--batch", "3")
    for wrong, says in (
        (("nowhere", "--encoder", "tiny"), "no collection nowhere"),
        (("asked", "--encoder", "text-embedding-3-small"), "Say where that encoder is"),
        (("asked", "--encoder", "tiny"), "Say where the model is"),
        (("asked", "--encoder", "/no/such/encoder"), "not installed|no model at"),
        (("asked", "--encoder", "e", "--base-url", "http://localhost:1/v1", "--batch", "0"), '"batch" is'),
    ):
        with pytest.raises(CommandError, match=says):
            command(*wrong)
    encoder_of(name="files", recipe={"kind": "imported"})
    with pytest.raises(CommandError, match="are from files"):
        command("asked", "--encoder", "files")
    assert collection.runs.count() == 1
    assert np.isfinite(store.size()).all()
