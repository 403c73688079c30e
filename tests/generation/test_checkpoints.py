"""Which training a model is of, and at which step: from files, from commands, and back into files."""

import json
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from generation.checkpoints import Checkpoint, CheckpointError, Checkpoints, stored
from generation.files import FileError
from generation.forms.sampling import SampleForm
from generation.importers import import_responses
from generation.models import LanguageModel, Response, Run
from tests.generation.collected import make_collection
from tests.model_server import chat, serving

pytestmark = pytest.mark.django_db


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps({"query": "Why?", "response": "So.", **row}) + "\n" for row in rows))
    return path


def places() -> dict[str, tuple[str, int | None]]:
    return {model.name: (model.family, model.step) for model in LanguageModel.objects.all()}


def test_a_files_models_are_at_their_steps_and_a_file_of_them_says_so_again(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        {"model": "base", "family": "tiny", "kl": 0.01},
        {"model": "early", "family": "tiny", "step": "1000.0"},
        {"model": "late", "family": "tiny", "step": 2**40},
        {"model": "late"},
        {"model": "other"},
        {"model": "late", "family": "tiny", "response": "Thus."},
    )
    import_responses(path=path, collection="asked")
    expected = {"base": ("tiny", None), "early": ("tiny", 1000), "late": ("tiny", 2**40), "other": ("", None)}
    assert places() == expected
    assert Response.objects.get(model__name="base").metadata == {"kl": 0.01}
    call_command("export_responses", "asked", output=str(tmp_path / "b.jsonl"), stdout=StringIO())
    rows = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    assert {(row["model"], row.get("family"), row.get("step")) for row in rows} == {
        ("base", "tiny", None),
        ("early", "tiny", 1000),
        ("late", "tiny", 2**40),
        ("other", None, None),
    }
    Response.objects.all().delete()
    LanguageModel.objects.all().delete()
    import_responses(path=tmp_path / "b.jsonl")
    assert places() == expected
    import_responses(path=write(tmp_path / "c.jsonl", {"model": "base", "family": "tiny", "step": 0}))
    assert places()["base"] == ("tiny", 0)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"model": "known", "family": "small"}, "known is of the family tiny, not of small"),
        ({"model": "known", "family": "tiny", "step": 8}, "known is step 7 of tiny, not step 8"),
        ({"model": "new", "family": "tiny", "step": 7}, "step 7 of tiny is known: new is another step of it"),
        ({"model": "new", "family": "tiny", "step": 1}, "step 1 of tiny is first: new is another step of it"),
        ({"model": "new", "step": 1}, "step 1 of no family: name the family that was trained"),
        ({"family": "tiny", "step": 1}, "the family tiny without a model: name the model"),
        ({"model": "new", "family": "tiny", "step": "many"}, "step 'many' is not a whole number"),
        ({"model": "new", "family": "tiny", "step": -1}, "step -1 is no number of steps"),
        ({"model": "new", "family": "tiny", "step": 2**63}, "is no number of steps"),
        ({"model": "new", "family": "x" * 201, "step": 1}, "is longer than 200 characters"),
    ],
)
def test_a_row_that_contradicts_what_is_known_of_its_model_is_rejected_by_line(
    row: dict[str, Any], why: str, tmp_path: Path
) -> None:
    LanguageModel.objects.create(name="known", family="tiny", step=7)
    path = write(tmp_path / "a.jsonl", {"model": "first", "family": "tiny", "step": 1}, row)
    with pytest.raises(FileError, match=r"line 2: ") as raised:
        import_responses(path=path)
    assert why in str(raised.value) and "Nothing was imported" in str(raised.value)
    assert places() == {"known": ("tiny", 7)}
    assert import_responses(path=path, skip_bad_rows=True).created == {"responses": 1}
    assert places() == {"known": ("tiny", 7), "first": ("tiny", 1)}


def sample(url: str, *options: str) -> None:
    given = ["asked", "--model", "m", "--base-url", url, "-n", "1", *options]
    call_command("sample_responses", *given, stdout=StringIO())


def test_a_sampled_model_is_at_the_step_that_it_is_said_to_be() -> None:
    make_collection(queries=1, responses=1)
    with serving(lambda asked: chat("So.")) as server:
        sample(server.url, "--as", "m at 5", "--family", "tiny", "--step", "5")
        assert places()["m at 5"] == ("tiny", 5)
        sample(server.url, "--as", "m at 5", "--family", "tiny", "--step", "5")
        assert len(server.asked) == 1, "the same command again asks nothing"
        for options, why in (
            (["--family", "tiny", "--step", "5"], "step 5 of tiny is m at 5: m is another step of it"),
            (["--step", "5"], "A step is one of a family"),
            (
                ["--as", "m at 5", "--family", "small", "--name", "x"],
                "is of the family tiny, not of small",
            ),
            (["--model", "n", "--family", "tiny", "--step", "6"], "--step are of one model"),
        ):
            with pytest.raises(CommandError, match=why):
                sample(server.url, *options)
        sample(server.url)
        assert len(server.asked) == 2 and places()["m"] == ("", None)
    assert "family" not in Run.objects.get(name__startswith="m ·").recipe


def test_two_models_that_become_one_step_at_once_are_told_apart() -> None:
    assert stored("a", Checkpoint("tiny", 1)).step == 1
    assert stored("a", Checkpoint()).family == "tiny"
    with pytest.raises(CheckpointError, match="step 1 of tiny is a: b is another step of it"):
        stored("b", Checkpoint("tiny", 1))


def test_what_somebody_else_said_of_a_model_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = write(tmp_path / "r.jsonl", {"model": "a", "family": "tiny", "step": 1})

    def meanwhile(rows: Iterable[Any]) -> Iterator[Any]:
        yield from rows
        stored("a", Checkpoint("tiny", 2))

    with pytest.raises(FileError, match="a became another checkpoint just now"):
        import_responses(path=file, progress=meanwhile)
    assert places() == {"a": ("tiny", 2)} and not Response.objects.exists()
    before = Checkpoints.known()
    before.add("b", Checkpoint("tiny"))
    stored("b", Checkpoint("tiny", 3))
    before.store()
    assert places()["b"] == ("tiny", 3), "they agree"


def test_the_form_takes_the_step_of_one_model(admin_user: User, settings: Any) -> None:
    about = make_collection()
    settings.LOCAL_MODELS = {"small": "/models/small"}
    given = {
        "collection": about.name, "where": "here:small", "samples": 2, "strategy": "plain",
        "decoding": "top-p", "max_tokens": 10, "retries": 0, "workers": 1, "currency": "USD",
        "family": "tiny", "step": 0,
    }  # fmt: skip
    form = SampleForm(given, user=admin_user)
    assert form.is_valid(), form.errors
    (run,) = form.save()
    assert (run.recipe["family"], run.recipe["step"]) == ("tiny", 0)
