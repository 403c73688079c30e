"""Pages of encoders: what there is, how more is made, and who may delete it."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generation.encoders import encoder_of, store_of
from generation.models import Encoder, Run
from generation.recipes.encoding import EncodingRecipe
from generation.servers import command_line_server
from tests.generation.collected import make_collection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path) -> None:
    settings.MANYMINDS_DATA = tmp_path


def test_the_list_says_of_each_encoder_how_much_there_is(console: Client) -> None:
    said = console.get(reverse("encoders")).content.decode()
    assert "There are no vectors so far" in said and "embed_responses COLLECTION" in said
    encoder = encoder_of(name="tiny", recipe=EncodingRecipe("m", name="tiny").identity())
    store_of(encoder).write(1, [1, 2], [[1.0, 0.0], [0.0, 1.0]])
    encoder_of(name="theirs", recipe={"kind": "imported"}, dtype="float16")
    page = console.get(reverse("encoders"))
    assert [(one.encoder.name, one.vectors, one.dimensions) for one in page.context["encoders"]] == [
        ("theirs", 0, None),
        ("tiny", 2, 2),
    ]
    said = page.content.decode()
    assert "not known yet" in said and "from files" in said and "float16" in said


def test_the_form_makes_a_draft_and_the_same_again_finds_it(console: Client) -> None:
    collection = make_collection()
    server = command_line_server(base_url="http://localhost:1/v1")
    server.shared = True
    server.save()
    address = reverse("embedding-new")
    page = console.get(address, {"collection": collection.name})
    assert '<option value="asked" selected>' in page.content.decode()
    given = {"collection": "asked", "where": server.pk, "model": "m", "currency": "USD", "workers": 1}
    for _ in range(2):
        answer = console.post(address, given)
        run = Run.objects.get()
        assert answer.headers["Location"] == reverse("asking-run", args=[run.pk])
    assert (run.kind, run.state, run.server, run.collection) == ("embed", "draft", server, collection)
    assert EncodingRecipe.from_dict(run.recipe) == EncodingRecipe("m")
    draft = console.get(answer.headers["Location"]).content.decode()
    assert "model-a says 0.0" in draft
    wrong = console.post(address, given | {"half": "on", "name": "m"})
    assert wrong.status_code == 400
    assert "m is the name of another recipe" in wrong.content.decode()
    assert console.post(address, given | {"collection": "nowhere"}).status_code == 400


def test_only_a_superuser_deletes_an_encoder(console: Client, client: Client) -> None:
    encoder = encoder_of(name="tiny", recipe={"kind": "imported"})
    address = reverse("encoder-delete", args=[encoder.pk])
    other = Client()
    other.force_login(User.objects.create_user("other"))
    assert "Delete" not in other.get(reverse("encoders")).content.decode()
    assert other.post(address).status_code == 403
    assert console.post(address, follow=True).status_code == 200
    assert not Encoder.objects.exists()
