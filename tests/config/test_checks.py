import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import override_settings

from config.checks import (
    check_data_folder,
    check_database_url,
    check_hosts,
    check_models,
    check_prolific,
    check_secrets,
)

ROOT = Path(__file__).resolve().parent.parent.parent
GUNICORN = ["-m", "gunicorn", "--config", "config/gunicorn.py", "config.wsgi:application"]


def without_key(*arguments: str, data: Path, **given: str) -> tuple[int, str]:
    """The exit status and the complaint of a Python process without DEBUG and SECRET_KEY."""
    unset = ("DEBUG", "SECRET_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    kept |= {"ALLOWED_HOSTS": "localhost", "MANYMINDS_DATA": str(data), "PORT": "0"} | given
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=kept, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stderr


def ids(messages: list) -> list[str]:  # type: ignore[type-arg]
    return [message.id for message in messages]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (
            {"DEBUG": False, "SECRET_KEY": "unsafe-development-key", "ALLOWED_HOSTS": ["x"]},
            ["manyminds.E001"],
        ),
        ({"DEBUG": False, "SECRET_KEY": "k" * 50, "ALLOWED_HOSTS": ["localhost"]}, ["manyminds.E002"]),
        ({"DEBUG": True, "HTTPS": True}, ["manyminds.W003"]),
        ({"DEBUG": True, "HTTPS": False}, []),
    ],
)
def test_each_missing_or_unsafe_setting_has_an_id(changed: dict[str, object], found: list[str]) -> None:
    with override_settings(**changed):
        assert (
            ids([*check_secrets(None), *(check_hosts(None) if "ALLOWED_HOSTS" in changed else [])]) == found
        )


def test_another_database_than_sqlite_and_postgresql_is_refused() -> None:
    with override_settings(DATABASE_URL="mysql://localhost/x"):
        assert ids(check_database_url(None)) == ["manyminds.E004"]


@pytest.mark.parametrize(
    ("servers", "models", "found"),
    [
        (("gpu.example:8000", "[::1]"), {"judge": "org/judge"}, []),
        (("http://gpu.example/v1", "gpu.example"), {}, ["manyminds.E007"]),
        ((), {"org/judge": ""}, ["manyminds.E008"]),
    ],
)
def test_model_servers_and_local_models_that_name_none_are_said(
    servers: tuple[str, ...], models: dict[str, str], found: list[str]
) -> None:
    with override_settings(MODEL_SERVERS=servers, LOCAL_MODELS=models):
        assert ids(check_models(None)) == found


def test_settings_of_models_that_cannot_be_read_are_lines_not_tracebacks(tmp_path: Path) -> None:
    status, complaint = without_key(
        "manage.py",
        "check",
        data=tmp_path,
        DEBUG="on",
        MANYMINDS_MODEL_SERVERS="gpu.example, http://gpu.example/v1,",
        MANYMINDS_LOCAL_MODELS="judge=org/judge, org/other",
    )
    assert status == 1
    assert "'http://gpu.example/v1', which is no host" in complaint
    assert "manyminds.E008" in complaint
    assert "Traceback" not in complaint


@pytest.mark.parametrize(
    ("token", "address", "found"),
    [
        ("", "http://api.example/", []),
        ("t", "https://api.example/api/v1/", []),
        ("t", "http://127.0.0.1:9/api/v1/", []),
        ("t", "http://api.example/api/v1/", ["manyminds.E006"]),
        ("t", "file:///etc/hosts", ["manyminds.E006"]),
    ],
)
def test_a_recruiters_token_goes_nowhere_in_the_clear(token: str, address: str, found: list[str]) -> None:
    with override_settings(PROLIFIC_TOKEN=token, PROLIFIC_API=address):
        assert ids(check_prolific(None)) == found


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with override_settings(MANYMINDS_DATA=in_the_way / "data"):
        (message,) = check_data_folder(None)
    assert message.id == "manyminds.E005" and str(in_the_way) in message.msg
    with override_settings(MANYMINDS_DATA=tmp_path / "not" / "yet"):
        assert check_data_folder(None) == []


@pytest.mark.parametrize("server", [GUNICORN, ["-c", "import config.wsgi"]])
@pytest.mark.parametrize("given", [{}, {"SECRET_KEY": ""}])
def test_nothing_is_served_with_the_key_that_everybody_knows(
    tmp_path: Path, server: list[str], given: dict[str, str]
) -> None:
    status, complaint = without_key(*server, data=tmp_path, **given)
    assert status != 0
    (line,) = complaint.splitlines()
    assert "SECRET_KEY is not set" in line and "manyminds.E001" in line


def test_commands_use_the_key_that_the_first_command_keeps_with_the_data(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("a key of this folder's own, long enough to be one\n")
    status, complaint = without_key("manage.py", "check", data=tmp_path)
    assert status == 0, complaint


@pytest.mark.parametrize(
    ("url", "mend"),
    [
        ("sqlite:///{}/none.sqlite3", "manage.py migrate"),
        ("postgres://u:p@127.0.0.1:9/none", "DATABASE_URL names it"),
    ],
)
def test_a_database_that_does_not_answer_is_one_line_and_says_what_to_do(
    tmp_path: Path, url: str, mend: str
) -> None:
    command = ("manage.py", "make_collection", "few", "--from", "starter")
    status, complaint = without_key(*command, data=tmp_path, DEBUG="on", DATABASE_URL=url.format(tmp_path))
    (line,) = complaint.splitlines()
    assert status == 1 and line.startswith("The database does not answer: ") and mend in line


def test_files_alone_are_measured_without_a_key_or_a_database(tmp_path: Path) -> None:
    rows = [{"query": f"q{n % 2}", "response": f"a river {n}"} for n in range(4)]
    (tmp_path / "said.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    data = tmp_path / "data"
    command = ("manage.py", "diversity", "--responses", str(tmp_path / "said.jsonl"))
    status, complaint = without_key(*command, data=data, DATABASE_URL=f"sqlite:///{data}/none.sqlite3")
    assert (status, complaint) == (0, "") and not list(data.iterdir())


def test_without_a_key_the_check_says_so_and_static_files_are_collected(tmp_path: Path) -> None:
    status, complaint = without_key("manage.py", "check", data=tmp_path)
    assert status != 0 and "(manyminds.E001) SECRET_KEY is not set" in complaint
    status, complaint = without_key("manage.py", "collectstatic", "--noinput", data=tmp_path)
    assert status == 0, complaint
