"""The commands, some of them as processes with exit statuses over the test's own database."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.core.management import CommandError, call_command
from pyarrow import parquet

from annotation.models import Item, Label, Study
from calibration.models import Score
from generation.models import Query, Response
from tests.server import ROOT, database_url

in_processes = pytest.mark.django_db(transaction=True)
in_this_one = pytest.mark.django_db

# Imports, and is killed as the second thousand begins: the labels of the first have gone to the database.
KILLED_HALFWAY = """
import os, signal, sys, django
django.setup()
from django.db import connection
from annotation.importers import import_labels
items = False
def watch(execute, sql, params, many, context):
    global items
    if items and "generation_query" in sql:
        os.kill(os.getpid(), signal.SIGKILL)
    items = items or sql.startswith("INSERT INTO") and "annotation_item" in sql
    return execute(sql, params, many, context)
with connection.execute_wrapper(watch):
    import_labels(path=sys.argv[1], slug="killed")
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def call(command: str, *arguments: object) -> list[str]:
    """What the command said, by lines; raises CommandError."""
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue().splitlines()


def refusal(command: str, *arguments: object) -> list[str]:
    """What the command that was refused said, by lines."""
    with pytest.raises(CommandError) as caught:
        call(command, *arguments)
    assert caught.value.returncode == 1
    return str(caught.value).splitlines()


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def nothing_written() -> bool:
    return not any(model.objects.exists() for model in (Study, Item, Label, Response, Query, Score))


def ratings(count: int) -> list[dict[str, Any]]:
    return [
        {"item_id": f"i{n}", "query": f"q{n % 3}", "response": f"a{n}", "human_labels": [1 + n % 5, 5]}
        for n in range(count)
    ]


@in_processes
def test_a_file_goes_in_and_out_by_commands(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", ratings(4))
    result = run("manage.py", "import_labels", path, "--study", "s", "--scale", "1..6")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "Imported 4 items and 8 labels into s.\n"
    output = tmp_path / "out.csv"
    result = run("manage.py", "export_labels", "s", "--format", "csv", "--output", output)
    assert (result.returncode, result.stdout) == (0, f"Exported 8 rows of s to {output}.\n")
    assert len(output.read_text().splitlines()) == 9


@in_processes
def test_a_refused_file_is_one_clear_line_and_exit_status_1(tmp_path: Path) -> None:
    path = write(
        tmp_path / "file.jsonl", [*ratings(2), {"query": "q", "response": "a", "human_labels": [1, 99]}]
    )
    result = run("manage.py", "import_labels", path, "--study", "s", "--scale", "1..5")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "CommandError: file.jsonl, line 3: label 2 is 99, outside the scale 1..5. Nothing was imported.\n"
    )
    assert nothing_written()


@in_processes
def test_an_import_killed_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", ratings(3000))
    assert run("-c", KILLED_HALFWAY, path).returncode == -9
    assert nothing_written()
    call("import_labels", path, "--study", "killed")
    assert Label.objects.count() == 6000


@in_this_one
def test_items_can_be_opened_and_scored_by_commands(tmp_path: Path) -> None:
    path = write(tmp_path / "items.jsonl", ratings(4))
    said = call("import_items", path, "--study", "t", "--labels-per-item", 2, "--open")
    unread = "Its human_labels were kept beside the items, not read as labels"
    assert (
        said[0] == f"Imported 4 items into t. {unread}: import the file as labels (import_labels) for that."
    )
    assert said[1:] == ["The study is open at /s/t/"]
    assert Study.objects.get().slots.count() == 8
    scores = write(tmp_path / "scores.jsonl", [{"item_id": f"i{n}", "score": n} for n in range(4)])
    said = call("import_scores", scores, "--study", "t", "--scorer", "rm", "--family", "reward_model")
    assert said == ["Imported 4 scores and 1 scorer into t."]


@in_this_one
def test_a_scale_below_zero_is_read_as_a_value_and_not_as_an_option(tmp_path: Path) -> None:
    row = {"query": "q", "response_1": "a", "response_2": "b", "human_labels": [-1, 1]}
    path = write(tmp_path / "pairs.jsonl", [row])
    call("import_labels", path, "--study", "s", "--scale", "-1..1")
    assert Study.objects.get().values == [-1, 0, 1]
    said = refusal("import_labels", path, "--study", "t", "--scale", "five")
    assert "'five' is not a scale such as 1..5 or -2..2" in said[0]


@in_this_one
@pytest.mark.parametrize(
    ("command", "content", "says"),
    [
        (
            "import_items",
            '{"query": "q", "response": "a"}\n{"query": "q"\n',
            "line 2: not one whole JSON object",
        ),
        (
            "import_labels",
            '{"query": "q", "response": "a", "human_labels": [1, 99]}\n',
            "line 1: label 99 is outside",
        ),
        ("import_labels", "", "is empty"),
        ("import_responses", '{"query": "q"}\n', "line 1: no response"),
        ("import_scores", '{"item_id": "none", "score": 1, "scorer": "x"}\n', "There is no study s"),
    ],
)
def test_every_command_refuses_in_one_line_and_writes_nothing(
    tmp_path: Path, command: str, content: str, says: str
) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(content)
    said = refusal(command, path, *(() if command == "import_responses" else ("--study", "s")))
    assert len(said) == 1
    assert says in said[0]
    assert nothing_written()


@in_this_one
def test_of_many_wrong_rows_the_first_twenty_are_listed_and_the_rest_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "file.jsonl", [{"query": "q", "response": ""}] * 50)
    listed = refusal("import_items", path, "--study", "s", "--kind", "rating")
    assert "line 1: no response. 49 more rows are wrong. Nothing was imported." in listed[0]
    assert (len(listed), listed[-1].strip()) == (22, "and 30 more")


@in_this_one
def test_skipped_rows_are_all_named(tmp_path: Path) -> None:
    path = write(
        tmp_path / "file.jsonl", [{"query": "q", "response": "a"}, *[{"query": "q", "response": ""}] * 50]
    )
    said = call("import_items", path, "--study", "s", "--skip-bad-rows")
    assert said[0] == "Imported 1 item into s. Skipped 50 rows."
    assert said[1:] == [f"  line {number}: no response" for number in range(2, 52)]


def published(tmp_path: Path) -> tuple[Path, Path]:
    """Files of the published data set's schema."""
    absolute, pairwise = tmp_path / "absolute.parquet", tmp_path / "pairwise.parquet"
    parquet.write_table(
        pa.table({"user_query": ["q"] * 2, "response": ["a", "b"], "human_labels": [[1, 5, 3], [2, 2, 4]]}),
        absolute,
    )
    parquet.write_table(
        pa.table(
            {"user_query": ["q"], "response_1": ["a"], "response_2": ["b"], "human_labels": [[-2, 0, 1]]}
        ),
        pairwise,
    )
    return absolute, pairwise


@in_this_one
def test_the_published_data_set_is_loaded_from_local_files(tmp_path: Path) -> None:
    absolute, pairwise = published(tmp_path)
    assert call("load_infinity_chat", "--ratings", absolute, "--comparisons", pairwise) == [
        "Imported 2 items and 6 labels into infinity-chat-ratings.",
        "Imported 1 item and 3 labels into infinity-chat-comparisons.",
    ]
    assert set(Study.objects.values_list("slug", "kind", "state")) == {
        ("infinity-chat-ratings", "rating", "closed"), ("infinity-chat-comparisons", "comparison", "closed")
    }  # fmt: skip
    assert "infinity-chat-ratings is closed" in refusal("load_infinity_chat", "--ratings", absolute)[0]


@in_this_one
def test_the_published_data_set_is_loaded_whole_or_not_at_all(tmp_path: Path) -> None:
    absolute, _ = published(tmp_path)
    said = refusal("load_infinity_chat", "--ratings", absolute, "--comparisons", absolute)
    assert "absolute.parquet has no column response_1" in said[0]
    assert not Study.objects.exists()
    for source in (tmp_path / "missing.parquet", "nobody-at-all/no-such-data-set"):
        assert len(refusal("load_infinity_chat", "--ratings", source)) == 1
    assert not Study.objects.exists()


@in_this_one
def test_an_export_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    options = ("--format", "csv", "--output", tmp_path / "no" / "out.csv")
    assert refusal("export_labels", "none", *options) == ["There is no study none."]
    call("import_labels", write(tmp_path / "labels.jsonl", ratings(1)), "--study", "s")
    assert (
        "out.csv cannot be written: No such file or directory." in refusal("export_labels", "s", *options)[0]
    )
