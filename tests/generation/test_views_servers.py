"""The pages of model servers."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generation.models import ModelServer
from generation.servers import client_of, make_server
from tests.model_server import Answer, serving

pytestmark = pytest.mark.django_db
KEY = "sk-very-secret-0123456789"
GIVEN = {"name": "ours", "base_url": "https://models.invalid/v1", "concurrency": 8, "timeout": 60}


@pytest.fixture
def person(client: Client) -> Client:
    """Somebody with an account and nothing else."""
    client.force_login(User.objects.create(username="ada"))
    return client


def test_a_key_that_was_entered_is_kept_sealed_and_never_shown_again(person: Client) -> None:
    answer = person.post(reverse("servers"), GIVEN | {"key": KEY})
    assert (answer.status_code, answer["Location"]) == (302, reverse("servers"))
    server = ModelServer.objects.get()
    assert client_of(server).key == KEY
    seen = [person.get(reverse("servers")), person.get(reverse("server", args=[server.pk]))]
    seen += [person.post(reverse("servers"), GIVEN | {"key": KEY}), person.get("/api/v1/schema/")]
    seen.append(person.post(reverse("server", args=[server.pk]), GIVEN | {"key": KEY, "timeout": 0}))
    assert [page.status_code for page in seen] == [200, 200, 400, 200, 400]
    for page in seen:
        assert KEY not in page.content.decode() and server.sealed_key not in page.content.decode()

    person.post(reverse("server", args=[server.pk]), GIVEN | {"timeout": 9})
    server.refresh_from_db()
    assert (server.timeout, client_of(server).key) == (9, KEY)
    person.post(reverse("server", args=[server.pk]), GIVEN | {"without_key": "on"})
    server.refresh_from_db()
    assert client_of(server).key == ""


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000/v1", "http://10.0.0.7/v1", "http://localhost/v1"])
def test_a_private_address_is_refused_in_one_line_that_names_the_setting(
    person: Client, address: str, settings: object
) -> None:
    answer = person.post(reverse("servers"), GIVEN | {"base_url": address})
    assert answer.status_code == 400
    assert "MANYMINDS_MODEL_SERVERS" in answer.content.decode()
    assert not ModelServer.objects.exists()
    settings.MODEL_SERVERS = ["127.0.0.1:8000", "10.0.0.7", "localhost"]  # type: ignore[attr-defined]
    assert person.post(reverse("servers"), GIVEN | {"base_url": address}).status_code == 302


def test_servers_of_others_are_neither_seen_nor_changed_and_of_shared_ones_the_name_alone_is_told(
    person: Client,
) -> None:
    bob = User.objects.create(username="bob")
    private = make_server(name="Bob's own", base_url="https://private.invalid/v1", owner=bob)
    shared = make_server(name="For all", base_url="https://shared.invalid/v1", owner=bob, shared=True)
    text = person.get(reverse("servers")).content.decode()
    assert "For all" in text and "Bob&#x27;s own" not in text
    assert "shared.invalid" not in text and "private.invalid" not in text
    for server in (private, shared):
        url = reverse("server", args=[server.pk])
        assert person.get(url).status_code == person.post(url, GIVEN).status_code == 404
        for act in ("server-delete", "server-try"):
            assert person.post(reverse(act, args=[server.pk])).status_code == 404
    assert ModelServer.objects.count() == 2


def test_after_a_server_was_added_one_goes_on_where_it_was_needed_and_nowhere_else(person: Client) -> None:
    url = reverse("servers")
    assert person.post(f"{url}?next=/studies/x/score/judge/", GIVEN)["Location"] == "/studies/x/score/judge/"
    for number, evil in enumerate(("https://evil.invalid/", "//evil.invalid", "javascript:alert(1)")):
        answer = person.post(url, GIVEN | {"name": f"n{number}"}, query_params={"next": evil})
        assert answer["Location"] == url


def test_a_server_is_tried_and_deleted(person: Client, settings: object) -> None:
    with serving(lambda asked: Answer({"data": [{"id": "model-a"}]})) as fake:
        settings.MODEL_SERVERS = [fake.url.split("/")[2]]  # type: ignore[attr-defined]
        person.post(reverse("servers"), GIVEN | {"base_url": fake.url, "key": KEY})
        pk = ModelServer.objects.get().pk
        tried = person.post(reverse("server-try", args=[pk]), follow=True).content.decode()
    assert "It has model-a." in tried and KEY not in tried
    gone = person.post(reverse("server-try", args=[pk]), follow=True).content.decode()
    assert 'class="message error"' in gone and KEY not in gone
    assert person.post(reverse("server-delete", args=[pk]))["Location"] == reverse("servers")
    assert not ModelServer.objects.exists()


def test_the_list_takes_as_many_queries_whatever_the_servers(person: Client) -> None:
    numbers = []
    for wave in range(2):
        for number in range(4):
            owner = User.objects.create(username=f"owner {wave} {number}")
            name = f"server {wave} {number}"
            make_server(name=name, base_url="https://models.invalid/v1", owner=owner, shared=True)
        with CaptureQueriesContext(connection) as queries:
            assert person.get(reverse("servers")).status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]
