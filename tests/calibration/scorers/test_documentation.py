"""What docs/scorers.md and the README say of scorers is what there is."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, load_command_class

from calibration.scorers.judges.rubrics import Rubric
from calibration.scorers.reading import read_recipe
from tests.model_server import Answer, Asked, chat, serving

ROOT = Path(__file__).parents[3]
PAGES = ("docs/scorers.md", "README.md")
COMMANDS = {"score": "calibration", "model_server": "generation"}
SCORES = {"helpful": 5, "harmless": 4, "honest": 3}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


def judged(asked: Asked) -> Answer:
    if "\nTime.\n" in asked.body["messages"][-1]["content"]:
        return chat("", refusal="Say more.")
    return chat(json.dumps({name: {"score": score, "reason": "it is"} for name, score in SCORES.items()}))


def test_the_worked_example_of_a_recipe_holds_without_django() -> None:
    run = "doctest.testfile('docs/scorers.md', module_relative=False, optionflags=doctest.ELLIPSIS)"
    code = (
        f"import doctest, sys; found = {run}; print(found.failed, found.attempted, 'django' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    with serving(judged) as server:
        told = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment | {"SERVER": server.url},
            capture_output=True,
            text=True,
        )
    failed, attempted, django = told.stdout.strip().split("\n")[-1].split()
    assert (failed, django) == ("0", "False"), told.stdout
    assert int(attempted) > 10 and len(server.asked) == 3


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_shown_is_one_that_is_taken(page: str) -> None:
    shown = [
        line for block in blocks(page, "sh") for line in block.splitlines() if line.startswith("manage ")
    ]
    asked = [shlex.split(line, comments=True)[1:] for line in shown]
    asked = [words for words in asked if words[0] in COMMANDS]
    assert asked
    for name, *arguments in asked:
        parser = load_command_class(COMMANDS[name], name).create_parser("manage.py", name)
        assert parser.parse_args(arguments)
    with pytest.raises(CommandError):
        load_command_class("calibration", "score").create_parser("manage.py", "score").parse_args(
            ["x", "what"]
        )


def test_every_rubric_and_recipe_that_is_shown_can_be_read() -> None:
    shown: list[Any] = [json.loads(block) for block in blocks("docs/scorers.md", "json")]
    rubrics = [Rubric.from_dict(one) for one in shown if "criteria" in one]
    recipes = re.findall(r'"recipe": (\{[^{}]*\})', (ROOT / "docs/scorers.md").read_text())
    assert [rubric.name for rubric in rubrics] == ["metaphors"]
    assert [read_recipe(json.loads(recipe)).kind for recipe in recipes] == ["judge"]
