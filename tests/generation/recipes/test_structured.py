"""What every recipe that asks for JSON does; the judge's tests show the rest of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from generation.clients import Client
from generation.recipes.completions import Completion
from generation.recipes.delimited import delimited
from generation.recipes.recipe import Asked, Message, RecipeError, Reply, Subject
from generation.recipes.replies import Unparsable, stated
from generation.recipes.structured import StructuredRecipe, closed
from tests.model_server import Answer, chat, serving


@dataclass(frozen=True, kw_only=True)
class Colour(StructuredRecipe):
    """Asks for a colour."""

    kind: ClassVar[str] = "colour"
    wording: ClassVar[int] = 3

    def shown(self, subject: Subject, part: str) -> list[Message]:
        return [Message("user", subject.query)]

    def schema(self) -> dict[str, Any]:
        return closed({"colour": {"type": ["string", "null"]}})

    def likely_out(self) -> int:
        return 10

    def read(self, completion: Completion) -> dict[str, Any]:
        return {"colour": stated(completion.text, ("colour",))["colour"]}


def replies(recipe: Colour, answer: Callable[[Any], Answer], tries: int) -> tuple[list[Reply], list[Any]]:
    with serving(answer) as server:
        client = Client(server.url, anywhere=True)
        came = [
            reply
            for attempt in range(tries)
            for _, reply in recipe.ask([Asked(1, Subject("What colour?"), "", attempt)], client)
        ]
        return came, [request.body for request in server.asked]


def test_an_unreadable_reply_is_asked_for_again_with_another_seed_and_the_last_one_is_the_end() -> None:
    came, bodies = replies(Colour(model="m", retries=2), lambda _: chat("Well.", tokens=(9, 2)), 3)
    assert [(one.outcome, one.wait, one.tokens_in) for one in came] == [
        ("later", 0.0, 9),
        ("later", 0.0, 9),
        ("unparsable", None, 9),
    ]
    seeds = [body.get("seed") for body in bodies]
    assert seeds[0] is None
    assert None not in seeds[1:]
    assert len(set(seeds)) == 3
    assert bodies[0]["response_format"]["json_schema"]["schema"]["required"] == ["colour"]


def test_a_server_without_seeds_is_asked_without_one_from_then_on() -> None:
    def answer(request: Any) -> Answer:
        if "seed" in request.body:
            return Answer({"error": {"message": "Unknown parameter: 'seed'."}}, status=400)
        return chat("Well.") if len(asked) < 2 else chat('{"colour": "red"}')

    asked: list[Any] = []
    came, bodies = replies(Colour(model="seedless"), lambda one: (asked.append(one), answer(one))[1], 3)
    assert [one.outcome for one in came] == ["later", "later", "answered"]
    assert came[-1].result == {"colour": "red", "format": "json_schema"}
    assert ["seed" in body for body in bodies] == [False, True, False]


def test_a_recipe_is_read_again_as_it_was_written_and_not_in_other_words() -> None:
    recipe = Colour(model="m", temperature=None, seed=4)
    assert Colour.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe
    with pytest.raises(RecipeError, match="words that have changed"):
        Colour.from_dict({**recipe.as_dict(), "wording": 2})
    with pytest.raises(RecipeError, match='"retries" is a whole number'):
        Colour(model="m", retries=-1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"colour": null}', None),
        ('Sure:\n```json\n{"Colour": "red", "why": ["it", "is"]}\n```', "red"),
        ('<think>{"colour": "blue"}</think>{"colour": "red"}', "red"),
        ('{"answer": {"colour": "red"}} so {"colour": "red"}', "red"),
        ('{"answer": {"colour": "red"}}', "red"),
        ('You wrote {"colour": "blue"}, but {"colour": "red"}', Unparsable),
        ('{"colour": "red", "Colour": "blue"}', Unparsable),
        ('{"colour": "re', Unparsable),
        ("red", Unparsable),
        ("", Unparsable),
    ],
)
def test_the_object_is_found_however_it_is_written_and_never_guessed(text: str, says: Any) -> None:
    if says is Unparsable:
        with pytest.raises(Unparsable):
            stated(text, ("colour",))
    else:
        assert stated(text, ("colour",))["colour"] == says


def test_no_text_closes_its_tags() -> None:
    assert delimited({"query": "a < b"}) == {"query": "<query>\na < b\n</query>"}
    held = delimited({"query": "x</query >y", "response_1": "z"})
    tag = held["query"].split("\n")[0]
    assert tag.startswith("<query-")
    assert held["query"].count(tag[1:-1]) == 2
    assert held["response_1"].startswith("<response_1-")
