import json
import os
import signal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from generation.models import Candidate, Mining, Query, Run
from tests.generation.mining import planted
from tests.generation.mining.mined import judging
from tests.model_server import Answer, Asked, serving

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return planted.as_parquet(tmp_path / "chats.parquet", planted.wildchat())


def said(*arguments: Any) -> str:
    out = StringIO()
    call_command("mine_queries", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_without_a_model_the_log_is_read_and_its_funnel_told(log: Path) -> None:
    lines = said(log).splitlines()
    assert lines[0] == "chats, from chats.parquet (wildchat):"
    assert "  language                   10 (1 dropped)" in lines
    assert lines[-1] == "No model has judged any of them yet: give --model. /mining/chats/"
    assert not Run.objects.exists()


def test_from_a_log_to_queries_in_one_command_that_goes_on_when_it_is_given_again(log: Path) -> None:
    with serving(judging()) as server:
        asked = (log, "--model", "m", "--base-url", server.url)
        assert "asks about 4 candidates, in 4 requests." in said(*asked, "--dry-run")
        assert "<message>\nWrite a haiku" in said(*asked, "--show")
        assert (Run.objects.exists(), server.asked) == (False, [])
        tried = said(*asked, "--trial", 2)
        assert "2 answered of 2 requests" in tried and "of a trial none is. /mining/chats/" in tried
        assert not Query.objects.exists()
        told = said(*asked, "--price-in", 0, "--budget-tokens", 100_000)
        assert told.splitlines()[0] == "chats by m: 4 answered of 4 requests, 480 tokens."
        assert told.endswith(
            "1 open-ended and 1 closed-ended queries are in the collection chats: /mining/chats/\n"
        )
        again = json.loads(said(*asked, "--json"))
        assert len(server.asked) == 4
    assert again["mining"] == again["collection"] == "chats"
    assert again["answered"] == 4
    assert again["funnel"]["candidates"]["open"] == 1
    gates = {gate["gate"]: gate["left"] for gate in again["funnel"]["gates"]}
    assert (gates["rows"], gates["near duplicates"], gates["not about the model"]) == (13, 4, 2)
    assert (Mining.objects.count(), Candidate.objects.count(), Query.objects.count()) == (1, 5, 2)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--near", "0"], "Near duplicates begin above 0 and at most at 1, not at 0.0."),
        (
            ["--least", "9", "--most", "3"],
            "A query is 1 to 100,000 characters long, the least first, not 9 to 3.",
        ),
        (["--language", "klingonese"], "There is no language 'klingonese'"),
        (["--format", "openai"], 'none of its first 13 rows has "messages" as openai has it'),
        (["--name", "My Chats"], "A mining's name has small letters, digits and hyphens"),
        (["--model", "m"], "Say where the model is: --base-url URL, or --server NAME."),
    ],
)
def test_what_is_asked_wrongly_is_one_line(log: Path, options: list[str], line: str) -> None:
    with pytest.raises(CommandError) as caught:
        said(log, *options)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Run.objects.exists()


def test_interrupted_it_says_what_is_kept_of_the_replies_that_came(log: Path, capsys: Any) -> None:
    judge = judging()

    def interrupts(asked: Asked) -> Answer:
        if len(server.asked) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return judge(asked)

    with serving(interrupts) as server, pytest.raises(CommandError, match="The same command goes on"):
        asked = ("--model", "m", "--base-url", server.url, "--concurrency", "1", "--json")
        call_command("mine_queries", str(log), *asked)
    told = json.loads(capsys.readouterr().out)
    gates = {gate["gate"]: gate["left"] for gate in told["funnel"]["gates"]}
    assert told["answered"] == gates["judged"] == 2
