"""A judge that sorts responses: asked once about each, its labels kept, its run resumable."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from generation.formats.sorting import names_of, rules_for, sort_responses, standing
from generation.models import FormatRules, Response, ResponseFormat, Run
from generation.recipes.completions import Completion
from generation.recipes.recipe import RecipeError, Subject
from generation.recipes.replies import Unparsable
from generation.recipes.sorting import Format, SortingRecipe, formats_of
from generation.runs.preview import preview
from generation.runs.pricing import price_of
from generation.runs.standing import standing as run_standing
from tests.factory import make_response
from tests.generation.collected import make_collection
from tests.model_server import Answer, Asked, ModelServer, chat, serving

FORMATS = [{"name": "A story", "description": "Somebody does something."}, "list"]
RECIPE = SortingRecipe(model="m", name="by m", formats=formats_of(FORMATS))


def response_of(asked: Asked) -> str:
    found = re.search(r"<response>\n(.*)\n</response>", asked.body["messages"][-1]["content"], re.DOTALL)
    assert found is not None
    return found[1]


def answer(asked: Asked) -> Answer:
    """Of the second query lists, of its last response nothing that can be read."""
    text = response_of(asked)
    label = "poem" if text.endswith("1.2") else "List" if " 1." in text else "a story"
    return chat(json.dumps({"reason": "It is so.", "format": label}))


@pytest.fixture
def formats(tmp_path: Path) -> Path:
    path = tmp_path / "ways.json"
    path.write_text(json.dumps({"formats": FORMATS}))
    return path


def said(server: ModelServer, path: Path, *options: str) -> str:
    out = StringIO()
    given = ["asked", "--formats", str(path), "--model", "m", "--retries", "0", "--base-url", server.url]
    call_command("sort_responses", *given, *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_a_judge_is_asked_once_about_each_response_and_later_about_what_is_new(
    formats: Path, admin_client: Client
) -> None:
    collection = make_collection()
    Response.objects.filter(text="model-a says 0.0").update(metadata={"correct": True})
    with serving(answer) as server:
        assert "asks about 2 queries, in 6 requests" in said(server, formats, "--dry-run")
        assert "<response>\nmodel-a says 0.0\n</response>" in said(server, formats, "--show")
        assert not server.asked and not FormatRules.objects.exists()
        lines = said(server, formats).splitlines()
        assert len(server.asked) == 6 and lines[-2:] == [
            "By now: A story 3, list 2.",
            "1 of 6 responses have no format.",
        ]
        rules = rules_for("ways by m")
        assert (
            names_of(rules) == ("A story", "list") and sort_responses(collection=collection, rules=rules) == 0
        )
        kept = ResponseFormat.objects.filter(rules=rules).values_list("response__text", "format", "correct")
        assert set(kept) == {
            ("model-a says 0.0", "A story", True),
            ("model-a says 0.1", "A story", None),
            ("model-a says 0.2", "A story", None),
            ("model-a says 1.0", "list", None),
            ("model-a says 1.1", "list", None),
        }
        make_response("Query 0", "a new one", sample=9)
        found = json.loads(said(server, formats, "--json"))
        assert [response_of(asked) for asked in server.asked[6:]] == ["a new one"]
        assert (found["answered"], found["formats"], found["unsorted"]) == (6, {"A story": 4, "list": 2}, 1)
        run = Run.objects.get()
        assert run.job.remarks(run) == ["Labels of 6 responses: A story 4, list 2."]
        assert (run_standing(run).unparsable, standing(collection, rules).unsorted) == (1, 1)
        page = admin_client.get(reverse("asking-run", args=[run.pk])).content.decode()
        for shown in (
            "sorting responses into formats",
            "Labels of 6 responses: A story 4, list 2.",
            "no format poem",
        ):
            assert shown in page
        assert "A story, list" in page and "ways by m" in page
        replies = admin_client.get(reverse("asking-run-replies", args=[run.pk]))
        assert json.loads(replies.getvalue().splitlines()[0])["result"]["label"] == "A story"


@pytest.mark.django_db
def test_a_trial_is_of_so_many_queries_and_the_rest_is_priced_by_it(formats: Path) -> None:
    make_collection(queries=3)
    with serving(answer) as server:
        said(server, formats, "--trial", "1")
        run = Run.objects.get()
        price = price_of(run)
        assert (run.state, len(server.asked), price.targets, price.calls, price.n) == ("draft", 3, 2, 6, 3)
        shown = preview(run, 1)
        assert (shown.targets, len(shown.calls)) == (3, 3) and not ResponseFormat.objects.exists()
        said(server, formats)
        assert len({response_of(asked) for asked in server.asked}) == len(server.asked) == 9
        assert ResponseFormat.objects.count() == 8


@pytest.mark.django_db
def test_what_cannot_be_judged_is_one_line_and_another_name_another_judge(
    formats: Path, tmp_path: Path
) -> None:
    collection = make_collection()
    with serving(answer) as server:
        said(server, formats)
        for options, why in (
            (["--temperature", "1"], "asked for otherwise: choose another --name"),
            (
                ["--temperature", "1", "--name", "two"],
                "other rules called ways by m: give these another name",
            ),
            (["--name", "two"], "Every response in asked has its format by ways by m"),
        ):
            ResponseFormat.objects.update_or_create(
                rules=rules_for("ways by m"),
                response=Response.objects.get(text="model-a says 1.2"),
                defaults={"format": "list"},
            )
            with pytest.raises(CommandError, match=why):
                said(server, formats, *options)
        said(server, formats, "--temperature", "1", "--as", "warmer", "--name", "two")
        assert standing(collection, rules_for("warmer")).formats == {"A story": 3, "list": 2}
        with pytest.raises(CommandError, match="A judge sorts by warmer: give its --formats FILE"):
            call_command("sort_responses", "asked", "--rules", "warmer")
        formats.write_text('["only one"]')
        with pytest.raises(CommandError, match="Give 2 to 100 formats"):
            said(server, formats, "--name", "three")


def test_the_recipe_is_read_as_it_was_written_and_texts_stand_between_tags() -> None:
    assert SortingRecipe.from_dict(json.loads(json.dumps(RECIPE.as_dict()))) == RECIPE
    told, texts = RECIPE.shown(Subject("Why?", ("It </response> is.",)), "7")
    assert "- A story: Somebody does something.\n- list\n" in told.text
    assert "</response>\n" not in texts.text.replace("It </response> is.", "")
    assert RECIPE.schema()["properties"]["format"]["enum"] == ["A story", "list"]


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ('{"reason": "r", "format": "LIST"}', "list"),
        ('Well: {"format": "a_story"}', "A story"),
        ('{"format": null}', None),
        ('{"format": "poem"}', None),
        ("list", None),
    ],
)
def test_a_reply_names_one_of_the_formats_or_cannot_be_read(reply: str, label: str | None) -> None:
    completion = Completion.of(chat(reply).body, [])  # type: ignore[arg-type]
    if label is None:
        with pytest.raises(Unparsable):
            RECIPE.read(completion)
    else:
        assert RECIPE.read(completion)["label"] == label


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"formats": formats_of(["list"])}, "Give 2 to 100 formats"),
        ({"formats": formats_of(["A list", "a-list"])}, "Two formats have the same name"),
        ({"name": ""}, "a name of 1 to 150 characters"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_told_so(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(RecipeError, match=why):
        SortingRecipe(**{"model": "m", "name": "by m", "formats": RECIPE.formats, **wrong})
    for given in ("list", [7], [{"label": "list"}], ["x" * 61]):
        with pytest.raises(RecipeError):
            formats_of(given)
    with pytest.raises(RecipeError):
        Format("list", "x" * 2_001)
