import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from calibration.scorers.panels.panel import PanelRecipe
from calibration.scorers.panels.personas import (
    MOST_PERSONAS,
    Persona,
    PersonaError,
    checked,
    composed,
    digest_of,
    personas_from,
    read_personas,
)
from calibration.scorers.panels.question import question_rubric
from calibration.scorers.reading import read_recipe
from calibration.scorers.recipe import Value
from generation.clients import Client
from generation.files import FileError
from generation.recipes.recipe import Asked, RecipeError, Subject
from tests import model_server
from tests.model_server import Answer, chat, serving

ONE = Subject("Write a line about time.", ("Time is a river.",))
TWO = Subject("Write a line about time.", ("Time is a river.", "Time is a weaver."))
WORDS = ["very poor", "poor", "fair", "good", "excellent"]
RATED = question_rubric(question="How good is this?", low=1, high=5, words=WORDS)
COMPARED = question_rubric(question="Which is better?", low=-2, high=2, pairwise=True)


def people(number: int) -> tuple[Persona, ...]:
    return tuple(Persona(f"id{n}", f"Likes the number {n}.", {"likes": str(n)}) for n in range(number))


def panel(number: int = 5, **fields: Any) -> PanelRecipe:
    given: dict[str, Any] = {"model": "m", "panel": "five", "personas": people(number), "rubric": RATED}
    return PanelRecipe(**given | fields)


def said(value: Any) -> Answer:
    return chat(json.dumps({"choice": {"score": value, "reason": "so"}}))


def liked(request: model_server.Asked) -> int:
    """Which persona the request is to be answered for."""
    found = re.search(
        r"<person>\nLikes the number (\d+)\.\n</person>", request.body["messages"][0]["content"]
    )
    assert found is not None
    return int(found[1])


def asked(recipe: PanelRecipe, answer: Any, subject: Subject) -> tuple[Value, dict[str, str], list[Any]]:
    """The scorer's value, each call's outcome, and the requests."""
    with serving(answer) as server:
        client = Client(server.url, anywhere=True)
        replies = list(recipe.ask([Asked(1, subject, part) for part in recipe.parts()], client))
        results = {one.part: reply.result for one, reply in replies if reply.result}
        outcomes = {one.part: reply.outcome for one, reply in replies}
        return recipe.values(results)[""], outcomes, list(server.asked)


def test_each_persona_is_asked_the_studys_own_question_once_and_votes_stand_by_their_ids() -> None:
    """Whoever likes 0 refuses, and whoever likes 3 says nothing that can be read: nobody votes for them."""

    def answer(request: model_server.Asked) -> Answer:
        number = liked(request)
        if number == 0:
            return chat("", refusal="I would rather not.")
        return chat("Well.") if number == 3 else said(number + 1)

    recipe = panel(retries=0, instructions="Read {query} first.")
    value, outcomes, requests = asked(recipe, answer, ONE)
    assert (value.votes, value.metadata["personas"]) == ((2, 3, 5), ["id1", "id2", "id4"])
    assert value.metadata["votes_missing"] == 2
    assert Counter(outcomes.values()) == {"answered": 3, "refused": 1, "unparsable": 1}
    system, user = (message["content"] for message in requests[0].body["messages"])
    assert "<instructions>\nRead {query} first.\n</instructions>" in system
    assert "How good is this?\n  5: excellent\n  4: good\n" in user and "from 1 to 5" in user
    assert "<response>\nTime is a river.\n</response>" in user
    assert requests[0].body["temperature"] == 1.0


def test_nobody_who_answered_is_no_score_with_its_reason() -> None:
    with pytest.raises(RecipeError, match=r"None of its 5 personas answered\."):
        panel().values({})


@pytest.mark.parametrize("seed", [None, 7])
def test_the_order_of_two_responses_is_balanced_over_personas_and_turned_back(seed: int | None) -> None:
    """Who likes an even number prefers the weaver; the others what is shown first."""

    def answer(request: model_server.Asked) -> Answer:
        weaver_first = "<response_1>\nTime is a weaver." in request.body["messages"][1]["content"]
        even = liked(request) % 2 == 0
        return said(1 if not even or weaver_first else -1)

    recipe = panel(9, rubric=COMPARED, seed=seed)
    orders = {part: part.startswith("second first") for part in recipe.parts()}
    assert (len(orders), sum(orders.values())) == (9, 4)
    value, _, _ = asked(recipe, answer, TWO)
    votes = dict(zip(value.metadata["personas"], value.votes or (), strict=True))
    turned = {f"id{int(part.split()[-1]) - 1}": is_turned for part, is_turned in orders.items()}
    assert votes == {
        name: -1 if int(name[2:]) % 2 == 0 or turned[name] else 1 for name in (f"id{n}" for n in range(9))
    }
    assert recipe.parts() == panel(9, rubric=COMPARED, seed=seed).parts()


def test_both_orders_give_each_persona_two_votes_or_none() -> None:
    def answer(request: model_server.Asked) -> Answer:
        first = "<response_1>\nTime is a river." in request.body["messages"][1]["content"]
        return chat("Well.") if liked(request) == 1 and first else said(1 if first else -2)

    recipe = panel(3, rubric=COMPARED, both_orders=True, retries=0)
    value, outcomes, _ = asked(recipe, answer, TWO)
    assert len(outcomes) == 6
    assert (value.votes, value.metadata["personas"]) == ((1, 1, 2, 2), ["id0", "id2", "id0", "id2"])
    assert value.metadata["votes_missing"] == 1
    with pytest.raises(RecipeError, match="leave both orders out"):
        panel(both_orders=True)


def test_a_recipe_holds_everybody_and_is_read_again_as_it_was() -> None:
    recipe = panel(rubric=COMPARED, both_orders=True, instructions="Read both.")
    stored = json.loads(json.dumps(recipe.as_dict()))
    assert (read_recipe(stored), stored) == (recipe, recipe.as_dict())
    with pytest.raises(PersonaError, match="Two personas have the id id0"):
        read_recipe(stored | {"personas": [stored["personas"][0]] * 2})
    with pytest.raises(PersonaError, match="1 to 1,000 personas, not 0"):
        read_recipe(stored | {"personas": []})


def test_a_question_that_holds_what_passes_for_a_placeholder_is_asked_as_it_is() -> None:
    rubric = question_rubric(question="Is {response} or {nothing} good?", low=0, high=1, words=["no", "yes"])
    assert (
        "Is {response} or {nothing} good?\n  1: yes\n  0: no"
        in panel(rubric=rubric).shown(ONE, "person 1")[1].text
    )


def test_a_files_personas_are_described_by_words_or_by_their_attributes(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("persona,home_country,age\nA retired teacher.,Peru,71\n,Chile,34\n")
    first, second = read_personas(file)
    assert first == Persona("p1", "A retired teacher.", {"home_country": "Peru", "age": "71"})
    assert second == Persona("p2", "Home country: Chile. Age: 34.", {"home_country": "Chile", "age": "34"})
    file = tmp_path / "people.jsonl"
    file.write_text('{"persona_id": "anna", "persona": "Anna.", "age": 34.0, "reads": true, "none": null}\n')
    assert read_personas(file) == (Persona("anna", "Anna.", {"age": "34", "reads": "yes"}),)
    assert digest_of(personas_from([{"id": "a", "description": "b"}])) != digest_of([Persona("a", "c")])
    assert composed({"q1_": " yes. "}) == "Q1: yes."


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"persona": "  "}, "line 2: nobody is described: give persona, or columns such as age and country"),
        ({"persona": "x" * 4_001}, "line 2: A persona’s description has 1 to 4,000 characters, not 4,001"),
        ({"persona": "x", "persona_id": "anna"}, "line 2: line 1 has the id anna too"),
        ({"persona": "x", "age": [1]}, "line 2: age is [1], not a text or a number"),
        ({"persona": 7}, "line 2: persona is 7, not text"),
        ({"persona": "x", "a\0ge": "34"}, "line 2: a column’s name holds a NUL character"),
    ],
)
def test_bad_personas_are_refused_by_line(tmp_path: Path, bad: dict[str, Any], says: str) -> None:
    file = tmp_path / "people.jsonl"
    rows = [{"persona": "Anna.", "persona_id": "anna"}, bad]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(FileError) as caught:
        read_personas(file)
    assert f"people.jsonl, {says}. Nothing was imported." in str(caught.value)


def test_a_panel_has_no_more_personas_than_fit_a_recipe(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("age\n" + "34\n" * (MOST_PERSONAS + 1))
    with pytest.raises(FileError, match="1,000 personas at most"):
        read_personas(file)
    assert len(checked(people(MOST_PERSONAS))) == MOST_PERSONAS
