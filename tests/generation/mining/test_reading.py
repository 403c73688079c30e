import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from generation.files import FileError
from generation.mining.gates import Limits
from generation.mining.reading import read_log
from generation.models import Candidate, Collection, Mining
from tests.generation.mining import planted
from tests.server import ROOT, database_url

pytestmark = pytest.mark.django_db
# Reads, and is killed as the second batch is written.
KILLED_HALFWAY = """
import os, signal, sys, django
from pathlib import Path
django.setup()
from django.db import connection
from generation.mining import reading
from generation.mining.gates import Limits
reading.AT_ONCE = 2
batches = 0
def watch(execute, sql, params, many, context):
    global batches
    batches += sql.startswith("INSERT") and "generation_candidate" in sql
    if batches == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)
with connection.execute_wrapper(watch):
    reading.read_log(path=Path(sys.argv[1]), limits=Limits())
"""


def counts(mining: Mining) -> list[tuple[str, int, int]]:
    return [(gate["gate"], gate["left"], gate["dropped"]) for gate in mining.funnel]


def gate(mining: Mining, name: str) -> dict[str, Any]:
    return next(gate for gate in mining.funnel if gate["gate"] == name)


def kept(mining: Mining) -> list[int]:
    return list(mining.candidates.values_list("line", flat=True))


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "json"])
def test_each_gate_of_a_wildchat_log_drops_what_it_is_for(tmp_path: Path, kind: str) -> None:
    write = {"jsonl": planted.as_jsonl, "parquet": planted.as_parquet, "json": planted.as_array}[kind]
    mining = read_log(path=write(tmp_path / f"Wild chat.{kind}", planted.wildchat()), limits=Limits())
    assert counts(mining) == planted.FUNNEL
    assert kept(mining) == planted.CANDIDATES
    assert (mining.name, mining.specification["schema"]) == ("wild-chat", "wildchat")
    assert mining.collection == Collection.objects.get(name="wild-chat")
    assert (gate(mining, "language")["guessed"], gate(mining, "not toxic")["not_said"]) == (0, 0)
    first, near = mining.candidates.get(line=1), mining.candidates.get(line=4)
    assert near.near == first
    assert not mining.candidates.exclude(line=4).exclude(near=None).exists()
    assert first.metadata == {"model": "gpt-4-0314", "conversation": "c1"}
    assert first.text == planted.TALKS[0][0]


@pytest.mark.parametrize("rows", [planted.sharegpt, planted.openai])
def test_a_log_without_flags_says_so_and_its_languages_are_guessed(tmp_path: Path, rows: Any) -> None:
    mining = read_log(path=planted.as_jsonl(tmp_path / "chats.jsonl", rows()), limits=Limits())
    language = gate(mining, "language")
    # The German one, and "Hi there", which may be anything.
    assert (language["guessed"], language["dropped"]) == (11, 2)
    # What WildChat's flags drop stays here.
    assert (gate(mining, "not toxic")["not_said"], gate(mining, "not toxic")["dropped"]) == (9, 0)
    assert kept(mining) == sorted([*planted.CANDIDATES, 6, 7])


def test_the_papers_limits_are_options(tmp_path: Path) -> None:
    path = planted.as_parquet(tmp_path / "chats.parquet", planted.wildchat())
    mining = read_log(path=path, limits=Limits(single_turn=True, model_contains="GPT-4"))
    assert (gate(mining, "single turn")["dropped"], gate(mining, "model")["dropped"]) == (1, 1)
    assert kept(mining) == [1, 2, 4]
    early = read_log(path=path, limits=Limits(limit=2, language="english"), name="early")
    assert (kept(early), early.specification["language"]) == ([1, 2], "en")
    german = read_log(path=path, limits=Limits(language="de"), name="german")
    assert kept(german) == [5]


def test_bad_lines_are_a_gate_of_their_own_and_the_first_are_named(tmp_path: Path) -> None:
    good = [json.dumps(row).encode() for row in planted.wildchat()]
    bad = [b"{", b'{"conversation": "none"}', b"[1]", b'{"a": "\xff"}', b'{"conversation": [{"role": NaN}]}']
    path = tmp_path / "chats.jsonl"
    path.write_bytes(b"\n".join([*good[:6], *bad, b"", *good[6:], *[b"no"] * 30]))
    mining = read_log(path=path, limits=Limits())
    readable = gate(mining, "readable")
    assert (gate(mining, "rows")["left"], readable["dropped"], readable["left"]) == (48, 35, 13)
    named = readable["examples"]
    assert named[0].startswith("line 7: not one whole JSON object (")
    assert named[1:4] == [
        'line 8: no list of turns "conversation"',
        "line 9: not a JSON object: a row is written {...}",
        "line 10: not in UTF-8",
    ]
    assert len(named) == 20
    assert mining.candidates.count() == len(planted.CANDIDATES)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("chats.txt", b"x", "ends in .jsonl, .json, .parquet"),
        ("chats.jsonl", b"", "is empty"),
        ("chats.jsonl", b'{"query": "a"}\n', "none of its first 1 rows has a list of turns"),
        (
            "chats.jsonl",
            b'{"messages": [\n',
            "no row can be read, the first since line 1 is not one whole JSON",
        ),
        ("chats.jsonl", '{"messages": ["é"]}'.encode("latin-1"), "the first since line 1 is not in UTF-8"),
        ("chats.json", '[{"messages": ["é"]}]'.encode("latin-1"), "chats.json is not in UTF-8"),
        ("chats.json", b'[{"messages": [{"role": "user", "content": "Why?"}]}, {"mess', "row 2 is broken"),
        ("chats.parquet", b"PAR1 no", "not a readable parquet file"),
    ],
)
def test_what_is_no_chat_log_is_refused_in_one_line_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=says):
        read_log(path=tmp_path / name, limits=Limits())
    assert not Mining.objects.exists()
    assert not Collection.objects.exists()


def test_the_same_log_again_is_found_and_another_under_its_name_refused(tmp_path: Path) -> None:
    path = planted.as_jsonl(tmp_path / "chats.jsonl", planted.wildchat())
    mining = read_log(path=path, limits=Limits())
    assert read_log(path=path, limits=Limits()) == mining
    with pytest.raises(FileError, match=r"chats is mined from .* with other limits"):
        read_log(path=path, limits=Limits(least=20))
    planted.as_jsonl(path, planted.wildchat()[1:])
    with pytest.raises(FileError, match="from another file"):
        read_log(path=path, limits=Limits())
    Collection.objects.create(name="taken")
    with pytest.raises(FileError, match="There is a collection taken already"):
        read_log(path=path, limits=Limits(), name="taken")
    assert Candidate.objects.count() == len(planted.CANDIDATES)


@pytest.mark.django_db(transaction=True)
def test_a_reading_killed_half_way_is_unread_and_goes_on_without_doubling(tmp_path: Path) -> None:
    path = planted.as_parquet(tmp_path / "chats.parquet", planted.wildchat())
    done = subprocess.run(
        [sys.executable, "-c", KILLED_HALFWAY, str(path)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"},
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL
    half = Mining.objects.get()
    assert (half.funnel, 0 < half.candidates.count() < len(planted.CANDIDATES)) == ([], True)
    before = set(half.candidates.values_list("pk", flat=True))
    mining = read_log(path=path, limits=Limits())
    assert (mining, counts(mining), kept(mining)) == (half, planted.FUNNEL, planted.CANDIDATES)
    assert before < set(mining.candidates.values_list("pk", flat=True))


def test_a_log_is_read_by_pages_and_of_a_table_only_the_columns_that_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = planted.wildchat([(f"Write a line about the number {n}, please.", {}) for n in range(600)])
    path = planted.as_parquet(tmp_path / "chats.parquet", rows, group=100)
    asked: list[set[str]] = []
    ahead: list[int] = []
    batches = parquet.ParquetFile.iter_batches

    def watched(file: Any, **options: Any) -> Any:
        asked.append(set(options["columns"]))
        for batch in batches(file, **options):
            ahead.append(batch.num_rows)
            yield batch

    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", watched)
    read_log(path=path, limits=Limits(limit=300, near=1))
    # A look at the schema takes a page, three hundred rows two, and the rest of the file none.
    assert max(ahead) <= 256
    assert sum(ahead) <= 3 * 256
    leaves = {"role", "content", "language", "toxic", "redacted"}
    wanted = {f"conversation.list.element.{leaf}" for leaf in leaves}
    wanted |= {"openai_moderation.list.element.flagged", "model", "language", "toxic", "redacted"}
    assert asked == [wanted | {"conversation_hash"}] * 2


def test_an_array_larger_than_a_page_is_read_to_its_end(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("generation.mining.sources.CHUNK", 64)
    path = planted.as_array(tmp_path / "chats.json", planted.sharegpt())
    assert read_log(path=path, limits=Limits()).funnel[0]["left"] == len(planted.TALKS)
