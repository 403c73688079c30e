"""The recipe of sampling against a model server: what is sent, and what becomes of what comes back."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from generation.clients import Client, ServerRefuses
from generation.decoding import PRESETS, Decoding
from generation.recipes.recipe import Asked, RecipeError, Reply, Subject
from generation.recipes.sampling import SampleRecipe
from generation.strategies import SHIPPED, strategy_named
from tests import model_server
from tests.model_server import Answer, chat, serving

QUERY = Subject("What is time?")


def recipe(**fields: Any) -> SampleRecipe:
    usual: dict[str, Any] = {"model": "m", "samples": 10, "seed": 5}
    return SampleRecipe(**(usual | fields))


def replies(
    given: SampleRecipe, answer: Callable[[model_server.Asked], Answer], *asked: Asked
) -> tuple[list[Reply], list[Any]]:
    """The replies, and the bodies that were sent."""
    with serving(answer) as server:
        client = Client(server.url, anywhere=True)
        found = [reply for _, reply in given.ask(asked or (Asked(1, QUERY, "1"),), client)]
        client.close()
        return found, [one.body for one in server.asked]


def says(text: str, **how: Any) -> Callable[[model_server.Asked], Answer]:
    return lambda asked: chat(text, **how)


@pytest.mark.parametrize(
    ("decoding", "sent"),
    [
        ("top-p", {"max_tokens": 2048, "temperature": 1.0, "top_p": 0.9}),
        ("min-p", {"max_tokens": 2048, "temperature": 2.0, "top_p": 1.0, "min_p": 0.1}),
        ({"top_k": 40, "max_tokens": 64}, {"max_tokens": 64, "top_k": 40}),
    ],
)
def test_a_decoding_is_sent_as_it_is_and_nothing_that_it_leaves_open(
    decoding: Any, sent: dict[str, Any]
) -> None:
    given = SampleRecipe.from_dict({"model": "m", "decoding": decoding, "samples": 1, "seed": 5})
    [reply], [body] = replies(given, says("The sea."))
    assert body.pop("seed") == given.seed_of(Asked(1, QUERY, "1"))
    assert body == {"model": "m", "messages": [{"role": "user", "content": "What is time?"}], **sent}
    assert reply.result == {
        "texts": ["The sea."],
        "finish_reason": "stop",
        "seed": given.seed_of(Asked(1, QUERY, "1")),
        "tokens_in": 10,
        "tokens_out": 5,
    }


@pytest.mark.parametrize("name", ["plain", "persona", "personas", "several"])
def test_each_strategy_sends_what_its_preview_shows(name: str) -> None:
    given = recipe(strategy=SHIPPED[name], retries=0)
    _, [body] = replies(given, says("x"))
    shown = given.shown(QUERY, "1")
    assert body["messages"] == [{"role": one.role, "content": one.text} for one in shown]
    assert any(QUERY.query in one.text for one in shown)
    assert len(given.parts()) == 10 // given.strategy.answers


def test_seeds_are_the_same_again_and_differ_with_the_seed_the_query_the_sample_and_the_try() -> None:
    asked = [
        Asked(key, Subject(query), part, attempt)
        for key, (query, part, attempt) in enumerate(
            (query, part, attempt) for query in "ab" for part in recipe().parts() for attempt in range(3)
        )
    ]
    drawn = [recipe(seed=seed).seed_of(one) for seed in (1, 2) for one in asked]
    assert len(set(drawn)) == len(drawn) and all(0 <= seed < 2**31 for seed in drawn)
    assert drawn[: len(asked)] == [recipe(seed=1).seed_of(one) for one in asked]


def test_an_empty_response_is_recorded_as_such_and_not_asked_for_again() -> None:
    [empty, cut, thought], bodies = replies(
        recipe(),
        lambda asked: {
            "1": chat(" \n"),
            "2": chat("", finish="length"),
            "3": chat("<think>Hm.", finish="length"),
        }[asked.body["messages"][0]["content"][-1]],
        *(Asked(key, Subject(f"Query {key}"), "1") for key in (1, 2, 3)),
    )
    assert [one.outcome for one in (empty, cut, thought)] == ["unparsable"] * 3
    assert empty.error == "The response is empty."
    assert cut.error == "The response is empty (it was cut off at max_tokens)."
    assert "it thinks and gives no answer" in thought.error and len(bodies) == 3


def test_a_response_that_was_cut_off_is_kept_and_says_so() -> None:
    [reply], _ = replies(recipe(), says("The se", finish="length"))
    assert reply.result is not None
    assert (reply.result["texts"], reply.result["finish_reason"]) == (["The se"], "length")


def test_what_the_server_keeps_back_is_refused_and_what_a_model_declines_in_words_is_its_response() -> None:
    [filtered], _ = replies(recipe(), says("The s", finish="content_filter"))
    [declined], _ = replies(recipe(), says("", refusal="No."))
    [said], _ = replies(recipe(), says("I'm sorry, I can't help with that."))
    assert (filtered.outcome, declined.outcome, said.outcome) == ("refused", "refused", "answered")


def test_a_reply_without_its_answers_is_asked_for_with_another_seed_as_often_as_it_says() -> None:
    given = recipe(strategy=SHIPPED["several"], retries=2)
    found, bodies = replies(given, says("no list"), *(Asked(1, QUERY, "1", attempt) for attempt in range(3)))
    assert [one.outcome for one in found] == ["later", "later", "unparsable"]
    assert len({body["seed"] for body in bodies}) == 3
    [read], _ = replies(given, says(json.dumps(list("abcde"))))
    assert read.result is not None and read.result["texts"] == list("abcde")


@pytest.mark.parametrize("name", ["min_p", "top_k", "temperature", "top_p"])
def test_a_server_that_takes_no_such_decoding_ends_the_run_in_one_line(name: str) -> None:
    def refuses(asked: model_server.Asked) -> Answer:
        line = f"Unrecognized request argument supplied: {name}"
        return Answer({"error": {"message": line}}, 400) if name in asked.body else chat("The sea.")

    decoding = Decoding(**{name: 1})
    with pytest.raises(ServerRefuses, match=f"{name}: choose another decoding") as refused:
        replies(recipe(decoding=decoding), refuses)
    assert "\n" not in str(refused.value)
    other = Decoding(top_p=0.5) if name != "top_p" else Decoding()
    assert replies(recipe(decoding=other), refuses)[0][0].outcome == "answered"


def test_without_a_seed_of_ones_own_a_server_need_not_take_seeds_and_none_is_recorded_then() -> None:
    def refuses(asked: model_server.Asked) -> Answer:
        return (
            Answer({"error": {"message": "Extra inputs: seed"}}, 422)
            if "seed" in asked.body
            else chat("The sea.")
        )

    again, asked = recipe(seed=None), Asked(1, QUERY, "1")
    [first, second], bodies = replies(again, refuses, asked, asked)
    assert (first.outcome, first.wait, second.outcome) == ("later", 0.0, "answered")
    assert second.result is not None and second.result["seed"] is None
    assert ["seed" in body for body in bodies] == [True, False]
    with pytest.raises(ServerRefuses, match="Leave the seed empty"):
        replies(recipe(), refuses)


def test_the_token_entropy_is_asked_for_with_as_many_alternatives_as_the_server_gives() -> None:
    likely = [{"The": math.log(0.5), "A": math.log(0.25)}, {" sea": 0.0}]

    def few(asked: model_server.Asked) -> Answer:
        line = "top_logprobs must be at most 5"
        many = asked.body["top_logprobs"] > 5
        return Answer({"error": {"message": line}}, 400) if many else chat("The sea", logprobs=likely)

    asked = Asked(1, QUERY, "1")
    [first, second], bodies = replies(recipe(token_entropy=True), few, asked, asked)
    assert (first.outcome, first.wait) == ("later", 0.0)
    assert [(body["logprobs"], body["top_logprobs"]) for body in bodies] == [(True, 20), (True, 5)]
    assert second.result is not None
    # Of the first token 1.5 bits, of the second none.
    entropy = {"mean": pytest.approx(0.75 * math.log(2)), "tokens": 2, "bound": "lower"}
    assert second.result["token_entropy"] == entropy
    [without], _ = replies(recipe(token_entropy=True), says("The sea"))
    assert without.result is not None and "token_entropy" not in without.result
    [unasked], [body] = replies(recipe(), says("The sea", logprobs=likely))
    assert unasked.result is not None and "token_entropy" not in unasked.result and "logprobs" not in body


def test_a_server_that_refuses_token_probabilities_ends_the_run_in_one_line() -> None:
    line = "'logprobs' is not supported with this model"
    with pytest.raises(ServerRefuses, match="leave the token entropy out") as refused:
        replies(recipe(token_entropy=True), lambda asked: Answer({"error": {"message": line}}, 400))
    assert line in str(refused.value) and "\n" not in str(refused.value)


def test_a_recipe_without_the_token_entropy_is_written_as_those_were_that_knew_of_none() -> None:
    assert "token_entropy" not in recipe().as_dict()
    assert SampleRecipe.from_dict(recipe(token_entropy=True).as_dict()) == recipe(token_entropy=True)


def test_a_recipe_is_read_again_as_it_was_written() -> None:
    given = recipe(
        named="mine",
        strategy=strategy_named("several", answers=2),
        decoding=PRESETS["min-p"],
        device="cpu",
        seed=None,
    )
    assert SampleRecipe.from_dict(json.loads(json.dumps(given.as_dict()))) == given
    assert given.local and not recipe().local and given.source == "mine"


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"model": " "}, "Name the model"),
        ({"samples": 0}, "samples"),
        ({"samples": 12, "strategy": SHIPPED["several"]}, "a multiple of them"),
        ({"seed": -1}, "seed"),
        ({"token_entropy": "yes"}, "token_entropy"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(fields: dict[str, Any], line: str) -> None:
    with pytest.raises(RecipeError, match=line):
        recipe(**fields)
