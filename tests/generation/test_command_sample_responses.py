"""The command `sample_responses`: what it asks, what it says, and that it goes on."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from generation.models import Condition, Response, Run
from generation.servers import command_line_server
from tests.generation.sampled import collection, says_its_seed
from tests.model_server import Answer, Asked, chat, serving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked_about() -> None:
    collection()


def sample(*arguments: str, **options: Any) -> None:
    call_command("sample_responses", "asked", *arguments, **options)


def test_several_models_are_several_runs_each_at_its_server_and_one_that_fails_keeps_no_other(
    capsys: Any,
) -> None:
    def refuses(asked: Asked) -> Answer:
        return Answer({"error": {"message": "no such model"}}, 404)

    with serving(says_its_seed) as good, serving(refuses) as bad:
        for name, url in (("good", good.url), ("bad", bad.url)):
            server = command_line_server(base_url=url)
            server.name = name
            server.save()
        with pytest.raises(CommandError, match="Not finished: b@bad"):
            sample("--model", "b@bad", "--model", "a@good", "--model", "c@good", "-n", "2", "--seed", "1")
    assert sorted(Run.objects.values_list("recipe__model", "state")) == [
        ("a", "finished"),
        ("b", "failed"),
        ("c", "finished"),
    ]
    assert Response.objects.count() == 12
    said = capsys.readouterr()
    assert "6 responses are stored." in said.out and "no such model" in said.err


def test_the_same_command_asks_nothing_twice_and_more_samples_are_another_run(capsys: Any) -> None:
    with serving(says_its_seed) as server:
        for _ in range(2):
            sample("--model", "m", "--base-url", server.url, "-n", "2", "--json")
            assert json.loads(capsys.readouterr().out)["responses"] == 6
        assert len(server.asked) == 6
        with pytest.raises(CommandError, match="was asked for otherwise: choose another --name"):
            sample("--model", "m", "--base-url", server.url, "-n", "3")
        sample("--model", "m", "--base-url", server.url, "-n", "3", "--name", "more", "--seed", "4")
    assert Response.objects.count() == 15 and Condition.objects.count() == 1


def test_looking_asks_nobody_and_leaves_nothing(capsys: Any) -> None:
    with serving(says_its_seed) as server:
        base = ("--model", "m", "--base-url", server.url)
        sample(*base, "-n", "10", "--dry-run")
        assert "asks about 3 queries, in 30 requests." in capsys.readouterr().out
        sample(*base, "-n", "2", "--strategy", "persona", "--show")
        assert "You are this person" in capsys.readouterr().out
        assert not server.asked
    assert not Run.objects.exists() and not Condition.objects.exists()


def test_templates_personas_and_decodings_of_ones_own_are_sent(tmp_path: Path) -> None:
    (tmp_path / "haiku.txt").write_text("As {persona}, a haiku: {query}")
    (tmp_path / "people.txt").write_text("Ann\nBob\n")
    with serving(lambda asked: chat("The sea.")) as server:
        files = {"strategy": str(tmp_path / "haiku.txt"), "personas": str(tmp_path / "people.txt")}
        sample("--model", "m", "--base-url", server.url, "-n", "2", "--temperature", "0.5", **files)
        bodies = [asked.body for asked in server.asked]
    assert {body["messages"][0]["content"][:13] for body in bodies} == {"As Ann, a hai", "As Bob, a hai"}
    assert all(body["temperature"] == 0.5 and "top_p" not in body for body in bodies)
    assert Condition.objects.get().name == "haiku · T .5"


def test_a_reply_without_its_responses_is_asked_for_again_as_often_as_the_command_says() -> None:
    for retries in (0, 1):
        with serving(lambda asked: chat("no list")) as server:
            how = ("--strategy", "several", "-n", "5", "--retries", str(retries), "--name", f"{retries}")
            sample("--model", "m", "--base-url", server.url, *how)
            assert len(server.asked) == 3 * (1 + retries)


def test_cut_off_responses_are_told(capsys: Any) -> None:
    with serving(lambda asked: chat("The se", finish="length")) as server:
        sample(
            "--model", "m", "--base-url", server.url, "-n", "1", "--decoding", "min-p", "--max-tokens", "9"
        )
    assert capsys.readouterr().out.count("3 of 3 replies were cut off at 9 tokens.") == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--model", "m"], "Say where the model is"),
        (["--model", "m", "--model", "m", "--local"], "named twice"),
        (
            ["--model", "m", "--model", "n", "--local", "--as", "x"],
            "--step are of one model",
        ),
        (["--model", "m", "--local", "--strategy", "nothing"], "no strategy and no file nothing"),
        (["--model", "m", "--local", "--answers", "3"], "--answers goes with"),
        (["--model", "m", "--local", "--personas", "nowhere.txt"], "nowhere.txt"),
        (["--model", "m", "--local", "--server", "x"], "leave the server out"),
        (["--model", "m", "--local", "-n", "0"], '"samples" is a whole number'),
    ],
)
def test_what_makes_no_sense_is_one_line(arguments: list[str], line: str) -> None:
    with pytest.raises(CommandError, match=line) as error:
        sample(*arguments)
    assert "\n" not in str(error.value) and not Run.objects.exists()
