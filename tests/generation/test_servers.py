from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse

from calibration.models import Run
from generation.clients import ServerRefuses
from generation.models import ModelServer
from generation.servers import (
    ServerError,
    change_server,
    client_of,
    command_line_server,
    delete_server,
    make_server,
    server_named,
    servers_for,
    try_server,
)
from tests.factory import make_study
from tests.model_server import Answer, chat, serving

pytestmark = pytest.mark.django_db

KEY = "sk-4f9d2c7be1a05386"
URL = "https://api.example.org/v1"


@pytest.fixture
def person() -> User:
    return User.objects.create_user("person")


def test_a_key_is_sealed_and_goes_to_the_server_alone(settings: Any, person: User) -> None:
    settings.MODEL_SERVERS = ("127.0.0.1",)
    with serving(lambda asked: chat("four")) as fake:
        server = make_server(name="mine", base_url=f" {fake.url}/ ", owner=person, key=f" {KEY}\n")
        assert client_of(server).chat({})["choices"]
        assert client_of(server).base_url == fake.url
        assert fake.asked[0].headers["authorization"] == f"Bearer {KEY}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM generation_modelserver")
        assert KEY not in str(cursor.fetchall())
    assert KEY not in repr(client_of(server)) + repr(server) + str(server.__dict__)


def test_a_key_goes_to_the_address_that_it_was_entered_for_and_to_no_other(person: User) -> None:
    server = make_server(name="mine", base_url=URL, owner=person, key=KEY)
    server = change_server(server=server, name="renamed", base_url=f"{URL}/", concurrency=3)
    assert (server.name, server.concurrency, client_of(server).key) == ("renamed", 3, KEY)
    moved = change_server(server=server, base_url="https://evil.example.org/v1")
    assert client_of(moved).key == ""
    again = change_server(server=moved, base_url=URL, key="sk-another-key-of-it")
    assert client_of(again).key == "sk-another-key-of-it"
    assert client_of(change_server(server=again, key="")).key == ""


def test_another_address_of_the_command_line_s_server_forgets_its_variable_and_its_freedom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GPU_KEY", KEY)
    server = make_server(name="gpu", base_url="http://10.0.0.5/v1", anywhere=True, key_variable="GPU_KEY")
    assert client_of(server).key == KEY
    assert client_of(change_server(server=server, timeout=5)).key == KEY
    moved = change_server(server=server, base_url="https://evil.example.org/v1")
    assert (moved.key_variable, moved.anywhere, client_of(moved).key) == ("", False, "")
    with pytest.raises(ServerError, match="MANYMINDS_MODEL_SERVERS"):
        change_server(server=server, base_url="http://10.0.0.6/v1")


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPU_KEY", raising=False)
    server = make_server(name="gpu", base_url=URL, anywhere=True, key_variable="GPU_KEY")
    with pytest.raises(ServerError, match="set the environment variable GPU_KEY"):
        client_of(server)


def test_a_key_is_read_while_the_secret_that_sealed_it_is_known(settings: Any, person: User) -> None:
    settings.SECRET_KEY, settings.RECRUITMENT_KEY = "the first secret of this test", ""
    server = make_server(name="mine", base_url=URL, owner=person, key=KEY)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the second", ["the first secret of this test"]
    assert client_of(server).key == KEY
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(ServerError, match="enter it again"):
        client_of(server)


@pytest.mark.parametrize("given", [{"anywhere": True}, {"key_variable": "SECRET_KEY"}])
def test_a_person_goes_nowhere_private_and_reads_no_environment(person: User, given: dict[str, Any]) -> None:
    with pytest.raises(ServerError, match="Only the command line"):
        make_server(name="mine", base_url=URL, owner=person, **given)
    server = make_server(name="mine", base_url=URL, owner=person)
    with pytest.raises(ServerError, match="Only the command line"):
        change_server(server=server, **given)
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelServer.objects.filter(pk=server.pk).update(**given)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:8000/v1",
        "http://localhost:8000/v1",
        "http://[::1]/v1",
        "http://2130706433/v1",
        "http://169.254.169.254/latest/meta-data",
        "http://metadata.google.internal/",
        "https://10.0.0.5/v1",
        "https://db/v1",
        "https://api.example.org:22/v1",
    ],
)
def test_addresses_within_the_network_are_refused_at_once_unless_they_are_allowed(
    base_url: str, person: User, settings: Any
) -> None:
    with pytest.raises(ServerError, match="MANYMINDS_MODEL_SERVERS"):
        make_server(name="mine", base_url=base_url, owner=person)
    assert not ModelServer.objects.exists()
    settings.MODEL_SERVERS = (base_url.split("/")[2],)
    assert make_server(name="mine", base_url=base_url, owner=person, key=KEY).pk


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"base_url": "api.example.org"}, "https://HOST/v1"),
        ({"base_url": "https://api.example.org/v1/chat/completions/"}, "ends before /chat/completions"),
        ({"base_url": "https://x:y@api.example.org"}, "no user name"),
        ({"base_url": f"{URL}?key=abc"}, "no query"),
        ({"base_url": f"https://api.example.org/{KEY}/v1", "key": KEY}, "must not hold the key"),
        ({"base_url": "http://api.example.org/v1", "key": KEY}, "plain http"),
        ({"base_url": "https://" + "a" * 600 + ".org"}, "500 characters"),
        ({"key": "two words"}, "characters that no key has"),
        ({"key_variable": "A B", "anywhere": True}, "not the name of an environment variable"),
        ({"key_variable": "VAR", "key": KEY, "anywhere": True}, "not both"),
        ({"concurrency": 0}, "between 1 and 512"),
        ({"requests_a_minute": 0}, "between 1 and 1,000,000"),
        ({"timeout": 3601}, "between 1 and 3,600"),
        ({"name": ""}, "name"),
        ({"name": "taken"}, "already a server taken"),
    ],
)
def test_what_makes_no_server_is_said_in_a_line_and_leaves_nothing(given: dict[str, Any], line: str) -> None:
    make_server(name="taken", base_url=URL)
    with pytest.raises(ServerError, match=line) as caught:
        make_server(**{"name": "mine", "base_url": URL, **given})
    assert KEY not in str(caught.value)
    assert ModelServer.objects.count() == 1


def test_a_change_that_is_refused_changes_nothing(person: User) -> None:
    server = make_server(name="mine", base_url=URL, owner=person, key=KEY)
    with pytest.raises(ServerError):
        change_server(server=server, name="renamed", base_url="http://api.example.org/v1", key=KEY)
    kept = ModelServer.objects.get()
    assert (kept.name, kept.base_url, client_of(kept).key) == ("mine", URL, KEY)


def test_everybody_uses_their_own_servers_and_shared_ones(person: User, researcher: User) -> None:
    own = make_server(name="a", base_url=URL, owner=person)
    shared = make_server(name="b", base_url=URL, owner=researcher, shared=True)
    other = make_server(name="c", base_url=URL, owner=researcher)
    command_line = make_server(name="d", base_url="http://10.0.0.5", anywhere=True)
    assert list(servers_for(person)) == [own, shared]
    assert list(servers_for(researcher)) == [own, shared, other, command_line]
    assert list(servers_for(AnonymousUser())) == []


def test_a_server_that_runs_use_stays() -> None:
    server = make_server(name="gpu", base_url=URL)
    run = Run.objects.create(study=make_study(), scorer="judge", recipe={}, server=server)
    with pytest.raises(ServerError, match="a run uses it"):
        delete_server(server=server)
    run.delete()
    delete_server(server=server)
    with pytest.raises(ServerError, match="deleted meanwhile"):
        change_server(server=server, name="other")
    with pytest.raises(ServerError, match="none yet"):
        server_named("gpu")


def test_the_command_line_finds_its_server_again(person: User) -> None:
    make_server(name="gpu.example:8000", base_url="https://gpu.example:8000", owner=person)
    made = command_line_server(base_url="http://gpu.example:8000/v1", concurrency=4)
    assert (made.name, made.anywhere, made.owner, made.concurrency) == ("gpu.example:8000 2", True, None, 4)
    again = command_line_server(base_url="http://gpu.example:8000/v1/", timeout=9)
    assert (again.pk, again.concurrency, again.timeout) == (made.pk, 4, 9)
    for wrong in ("http://[::1", "gpu", "http://u:secret@gpu"):
        with pytest.raises(ServerError) as caught:
            command_line_server(base_url=wrong)
        assert "secret" not in str(caught.value)
    keyed = command_line_server(base_url="http://gpu.example:8000/v1", key_variable="GPU_KEY")
    assert keyed.name == "gpu.example:8000 3"
    assert server_named(keyed.name) == keyed


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (Answer({"data": [{"id": "judge-1"}, {"id": "judge-2"}]}), "It has judge-1, judge-2."),
        (Answer({"data": [{"id": f"m{number}"} for number in range(10)]}), "m7 and 2 more."),
        (Answer({"detail": "Not Found"}, 404), "does not say which models"),
    ],
)
def test_a_server_is_tried_by_asking_for_its_models(answer: Answer, line: str) -> None:
    with serving(lambda asked: answer) as fake:
        assert line in try_server(server=make_server(name="gpu", base_url=fake.url, anywhere=True))
    assert [(asked.path, asked.body) for asked in fake.asked] == [("/v1/models", None)]


def test_a_server_that_does_not_answer_well_says_why() -> None:
    with serving(lambda asked: Answer({"error": {"message": "bad key"}}, 401)) as fake:
        server = make_server(name="gpu", base_url=fake.url, anywhere=True, key=KEY)
        with pytest.raises(ServerError, match="refuses the key") as caught:
            try_server(server=server)
    assert KEY not in str(caught.value)


def test_what_is_allowed_no_longer_is_reached_no_longer(settings: Any, person: User) -> None:
    with serving(lambda asked: chat("four")) as fake:
        settings.MODEL_SERVERS = (f"127.0.0.1:{fake.port}",)
        server = make_server(name="mine", base_url=fake.url, owner=person)
        settings.MODEL_SERVERS = ()
        with pytest.raises(ServerRefuses, match="MANYMINDS_MODEL_SERVERS"):
            client_of(server).chat({})
        assert fake.connected == 0


def test_the_admin_shows_neither_key_nor_seal(console: Browser, person: User) -> None:
    server = make_server(name="mine", base_url=URL, owner=person, key=KEY)
    for address in (
        reverse("admin:generation_modelserver_changelist"),
        reverse("admin:generation_modelserver_change", args=[server.pk]),
    ):
        page = console.get(address).content.decode()
        assert "api.example.org" in page
        assert KEY not in page
        assert server.sealed_key not in page
    posted = console.post(reverse("admin:generation_modelserver_change", args=[server.pk]), {"base_url": "x"})
    assert posted.status_code == 403
