"""The documented examples of the four questions, as a person runs them, made small."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.local_models


def run(folder: Path, *scripts: str, **small: str) -> str:
    """What the last of the scripts says, in a place of its own."""
    environment = os.environ | {
        "DEBUG": "on",
        "MANYMINDS_DATA": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/questions.sqlite3",
        "PYTHON": sys.executable,
        **small,
    }
    said = ""
    for command in ([sys.executable, "manage.py", "migrate", "-v0"], *([script] for script in scripts)):
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said = done.stdout
    return said


def free_port() -> str:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return str(listening.getsockname()[1])


def test_scripted_people_and_a_scripted_panel_give_effects_that_are_known_beforehand(tmp_path: Path) -> None:
    small = {"SIZE": "4", "PORT": free_port()}
    said = run(tmp_path, "docs/questions/panel.sh", **small)
    assert "long less short" in said
    assert said.endswith(run(tmp_path, "docs/questions/panel.sh", **small))
