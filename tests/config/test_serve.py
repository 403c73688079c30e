"""The first command, as a newcomer runs it, with the requirements already installed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from annotation.importers import import_items
from calibration.importers import import_scores
from calibration.models import Score

ROOT = Path(__file__).resolve().parent.parent.parent
STARTER = Path("generation", "starter")
# Simulated people label all responses of the starter study: of 450, so many keep the test short.
RESPONSES = 45


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project as a newcomer has it, with a part of its starter study."""
    copy = tmp_path / "manyminds"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "var", "docs", "tests"))
    (copy / ".venv").symlink_to(ROOT / ".venv")
    for name, rows in (("responses.jsonl", RESPONSES), ("perplexities.jsonl", 2 * RESPONSES)):
        lines = (ROOT / STARTER / name).read_text().splitlines(keepends=True)
        (copy / STARTER / name).write_text("".join(lines[:rows]))
    return copy


def serve(root: Path, port: int) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("DEBUG", "DATABASE_URL")}
    return subprocess.Popen(
        ["bin/serve"],
        cwd=root,
        env={**environment, "PORT": str(port), "MANYMINDS_DATA": str(root / "var")},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(address: str, process: subprocess.Popen[str]) -> None:
    for _ in range(1800):
        try:
            urllib.request.urlopen(address, timeout=5)
            return
        except OSError:
            assert process.poll() is None, "bin/serve ended"
            time.sleep(0.1)
    raise AssertionError("bin/serve did not answer")


def interrupt(process: subprocess.Popen[str]) -> str:
    """Ctrl-C: the terminal sends SIGINT to the whole group. Returns what it had printed."""
    os.killpg(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    with pytest.raises(ProcessLookupError):
        for _ in range(100):
            os.killpg(process.pid, 0)
            time.sleep(0.1)
    return printed


def sign_in(address: str, password: str) -> str:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = browser.open(f"{address}/account/sign-in/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "username": "admin", "password": password}
    request = urllib.request.Request(
        f"{address}/account/sign-in/", urlencode(form).encode(), {"Referer": address, "Origin": address}
    )
    return str(browser.open(request).read().decode())


def test_one_command_serves_the_starter_study_and_the_second_time_keeps_the_data(root: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    first = serve(root, port)
    wait_for(f"{address}/healthz", first)
    assert "Starter" in urllib.request.urlopen(f"{address}/s/starter/").read().decode()
    printed = interrupt(first)
    assert address in printed
    password = re.search(r"password +(\S+)", printed)
    assert password

    again = serve(root, port)
    wait_for(f"{address}/healthz", again)
    studies = sign_in(address, password[1])
    assert "Starter: short answers" in studies and "simulated" in studies
    assert "password" not in interrupt(again)


@pytest.mark.django_db
def test_all_of_the_starter_study_goes_in() -> None:
    import_items(path=ROOT / STARTER / "responses.jsonl", slug="starter", open_study=True)
    import_scores(path=ROOT / STARTER / "perplexities.jsonl", slug="starter")
    assert Score.objects.filter(study__slug="starter").count() == 2 * 450
