from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from generation.models import ModelServer
from generation.servers import client_of, make_server

pytestmark = pytest.mark.django_db

URL = "http://10.0.0.5:8000/v1"
KEY = "sk-4f9d2c7be1a05386"


def model_server(*given: str) -> str:
    out = StringIO()
    call_command("model_server", *given, stdout=out)
    return out.getvalue()


def test_the_command_line_sets_up_a_server_anywhere_whose_key_is_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GPU_KEY", KEY)
    limits = ("--concurrency", "32", "--requests-a-minute", "600", "--timeout", "120")
    said = model_server("gpu", URL, "--key-variable", "GPU_KEY", "--shared", *limits)
    server = ModelServer.objects.get()
    assert (server.base_url, server.anywhere, server.owner, server.shared) == (URL, True, None, True)
    assert (server.concurrency, server.requests_a_minute, server.timeout) == (32, 600, 120)
    assert client_of(server).key == KEY
    assert said.startswith("Made gpu: http://10.0.0.5:8000/v1, key in GPU_KEY, 32 at a time, 600 a minute")
    assert KEY not in said + model_server()


def test_a_server_is_changed_by_what_is_named_and_keeps_the_rest() -> None:
    model_server("gpu", URL, "--shared", "--concurrency", "4", "--key-variable", "GPU_KEY")
    model_server("gpu", "--timeout", "9", "--not-shared")
    server = ModelServer.objects.get()
    assert (server.base_url, server.anywhere, server.key_variable) == (URL, True, "GPU_KEY")
    assert (server.shared, server.concurrency, server.timeout) == (False, 4, 9)
    model_server("gpu", "http://10.0.0.6:8000/v1")
    server.refresh_from_db()
    assert (server.base_url, server.anywhere, server.key_variable) == ("http://10.0.0.6:8000/v1", True, "")


def test_without_arguments_the_servers_are_listed_without_their_keys() -> None:
    make_server(
        name="ada's", base_url="https://api.example.org/v1", owner=User.objects.create_user("ada"), key=KEY
    )
    model_server("gpu", URL)
    assert model_server().splitlines() == [
        "ada's: https://api.example.org/v1, a key, 8 at a time, 60 s, ada's",
        f"gpu: {URL}, no key, 8 at a time, 60 s, the command line's",
    ]


def test_a_server_is_deleted() -> None:
    model_server("gpu", URL)
    assert model_server("gpu", "--delete") == "Deleted gpu.\n"
    assert model_server() == ""


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (("gpu",), "name its URL"),
        (("gpu", "--delete"), "There is no model server gpu"),
        (("gpu", "gpu:8000"), "must look like https://HOST/v1"),
        (("gpu", f"{URL}?key=x"), "no query"),
        (("gpu", URL, "--concurrency", "0"), "between 1 and 512"),
        (("gpu", URL, "--key-variable", "no such"), "not the name of an environment variable"),
        (("ada's", URL), "is ada's: choose another name"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line_and_changes_nothing(given: tuple[str, ...], line: str) -> None:
    ada = User.objects.create_user("ada")
    make_server(name="ada's", base_url="https://api.example.org/v1", owner=ada)
    with pytest.raises(CommandError, match=line):
        model_server(*given)
    assert ModelServer.objects.get().base_url == "https://api.example.org/v1"
