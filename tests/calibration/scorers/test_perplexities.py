"""Perplexities by servers: what is asked, what is read, and what has none."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.scorers.perplexities.measures import Undefined, measured
from calibration.scorers.perplexities.perplexity import PerplexityRecipe
from calibration.scorers.reading import read_recipe
from generation.clients import Client, ServerRefuses
from generation.recipes.recipe import Asked, RecipeError, Reply, Subject
from tests.model_server import Answer, chat, completion, serving
from tests.model_server import Asked as Request

QUERY = "Name a colour."
PROMPT = [1, 20, 21, 2, 1, 30]
CLOSING = [2, 9]


def words(text: str) -> list[str]:
    """Tokens as most tokenizers make them: a space goes with the word after it."""
    return [(" " if place else "") + word for place, word in enumerate(text.split(" "))]


def vllm(likely: Callable[[int], float], prompt: list[int] | None = None) -> Callable[[Request], Answer]:
    """Its template puts PROMPT before a response and CLOSING after it; a word's token: 100 and its length."""

    def answer(asked: Request) -> Answer:
        if asked.path == "/tokenize":
            tokens = prompt or PROMPT
            return Answer({"count": len(tokens), "max_model_len": 8192, "tokens": tokens})
        body = asked.body
        tokens = PROMPT + [100 + len(word) for word in words(body["messages"][1]["content"])]
        tokens += [] if body["continue_final_message"] else CLOSING
        entries: list[Any] = [{str(token): {"logprob": likely(token), "rank": 1}} for token in tokens]
        reply = chat("!", tokens=(len(tokens), 1))
        assert isinstance(reply.body, dict)
        return Answer(reply.body | {"prompt_logprobs": [None, *entries[1:]]})

    return answer


def ask(recipe: PerplexityRecipe, url: str, *responses: str) -> list[dict[str, Reply]]:
    """Every part's reply, a response at a time."""
    client = Client(url, anywhere=True, timeout=5)
    found = []
    for response in responses:
        asked = [Asked(1, Subject(QUERY, (response,)), part) for part in recipe.parts()]
        found.append({one.part: reply for one, reply in recipe.ask(asked, client)})
    return found


def results(replies: dict[str, Reply]) -> dict[str, dict[str, Any]]:
    return {part: reply.result for part, reply in replies.items() if reply.result is not None}


def test_vllm_tells_both_definitions_and_the_query_is_tokenized_once_for_all_its_responses() -> None:
    recipe = PerplexityRecipe("m", "vllm", "both")
    with serving(vllm(lambda token: -token / 100)) as server:
        replies = ask(recipe, server.url, "Deep blue", "Red")
        tokenized = [asked.body for asked in server.asked if asked.path == "/tokenize"]
        bodies = [asked.body for asked in server.asked if asked.path != "/tokenize"]
    values = recipe.values(results(replies[0]))
    response, whole = [1.04, 1.05], [0.2, 0.21, 0.02, 0.01, 0.3, 1.04, 1.05, 0.02, 0.09]
    assert values["response given query"].number == pytest.approx(math.exp(sum(response) / 2))
    assert values["whole chat"].number == pytest.approx(math.exp(sum(whole) / 9))
    assert values["whole chat"].metadata == {"definition": "chat", "tokens": 9}
    assert (replies[0]["chat"].tokens_in, replies[0]["chat"].tokens_out) == (10, 1)
    assert len(tokenized) == 1 and tokenized[0]["add_generation_prompt"]
    assert [body["continue_final_message"] for body in bodies] == [True, False, True, False]
    assert all(body["prompt_logprobs"] == 0 and body["max_tokens"] == 1 for body in bodies)


def test_one_definition_is_the_scorers_own_number_and_takes_one_call() -> None:
    recipe = PerplexityRecipe("m", "vllm", "chat")
    with serving(vllm(lambda token: -1.0)) as server:
        [replies] = ask(recipe, server.url, "Red")
        assert [asked.path for asked in server.asked] == ["/v1/chat/completions"]
    assert recipe.values(results(replies))[""].number == pytest.approx(math.e)


def test_a_server_that_does_not_tell_where_a_response_begins_ends_the_run_with_what_else_to_choose() -> None:
    def answer(asked: Request) -> Answer:
        return Answer({}, status=404) if asked.path == "/tokenize" else vllm(lambda token: -1.0)(asked)

    with serving(answer) as server, pytest.raises(ServerRefuses, match="definition chat") as caught:
        ask(PerplexityRecipe("m", "vllm"), server.url, "Red")
    assert "\n" not in str(caught.value)


def test_a_template_that_rewrites_the_query_for_a_response_leaves_it_without_a_perplexity() -> None:
    with serving(vllm(lambda token: -1.0, prompt=[1, 20, 77])) as server:
        [replies] = ask(PerplexityRecipe("m", "vllm"), server.url, "Red")
    assert replies["response"].outcome == "failed"
    assert "does not keep the response apart" in replies["response"].error


def echoing(
    specials: bool, generated: int = 1, *, cut: tuple[str, ...] = (), left_out: str = ""
) -> Callable[[Request], Answer]:
    """Completions that echo: tokens are the markup, else words; a token in `cut` comes as two halves.

    What is `left_out` is counted and not echoed. With `specials`, as vLLM does, markup is text and half a
    character is one of its own; without, as llama-cpp-python, they are no text at all, but offsets are the
    text's. A token's log-likelihood is its length / -10.
    """

    def answer(asked: Request) -> Answer:
        prompt: str = asked.body["prompt"]
        tokens: list[str] = []
        offsets: list[int] = []
        values: list[float] = []
        at = 0
        for piece in pieces_of(prompt):
            special = piece.startswith("<|")
            if piece == left_out:
                continue
            for half in ["\ufffd", "\ufffd"] if piece in cut else [piece]:
                tokens.append("" if not specials and (special or piece in cut) else half)
                offsets.append(at)
                values.append(-len(half) / 10)
                at += len(tokens[-1]) if specials else 0
            at += 0 if specials or special else len(piece)
        tokens += ["!"] * generated
        offsets += [at] * generated
        values += [-50.0] * generated
        told = {
            "tokens": tokens,
            "text_offset": offsets,
            "token_logprobs": [None, *values[1:]],
            "top_logprobs": None,
        }
        had = len(tokens) - generated + pieces_of(prompt).count(left_out)
        reply = completion(tokens=(had, generated))
        assert isinstance(reply.body, dict)
        choice = reply.body["choices"][0] | {"text": prompt + "!" * generated, "logprobs": told}
        return Answer(reply.body | {"choices": [choice]})

    return answer


def pieces_of(text: str) -> list[str]:
    return re.findall(r"<\|\w+\|>|\n| ?[^\s<]+", text)


@pytest.mark.parametrize("specials", [True, False], ids=["vLLM", "llama-cpp-python"])
@pytest.mark.parametrize("generated", [1, 0])
def test_what_is_echoed_of_the_response_is_told_apart_from_template_and_what_was_generated(
    specials: bool, generated: int
) -> None:
    recipe = PerplexityRecipe("m", "echo", "both", template="chatml")
    with serving(echoing(specials, generated)) as server:
        [replies] = ask(recipe, server.url, "Deep blue")
        prompts = [asked.body["prompt"] for asked in server.asked]
    opened = f"<|im_start|>user\n{QUERY}<|im_end|>\n<|im_start|>assistant\nDeep blue"
    assert prompts == [opened, opened + "<|im_end|>\n"]
    values = recipe.values(results(replies))
    assert values["response given query"].number == pytest.approx(math.exp((0.4 + 0.5) / 2))
    lengths = [len(piece) for piece in pieces_of(prompts[1])][1:]
    assert values["whole chat"].number == pytest.approx(math.exp(sum(lengths) / len(lengths) / 10))


@pytest.mark.parametrize("specials", [True, False], ids=["vLLM", "llama-cpp-python"])
def test_a_character_of_two_tokens_does_not_move_where_the_response_begins(specials: bool) -> None:
    recipe = PerplexityRecipe("m", "echo", template="chatml")
    with serving(echoing(specials, cut=("🙂", " 🙂"))) as server:
        [replies] = ask(recipe, server.url, "🙂 blue 🙂")
    assert replies["response"].result is not None, replies["response"].error
    assert replies["response"].result["response"]["tokens"] == 5


def test_a_whole_chat_of_which_the_server_leaves_tokens_out_has_no_perplexity_and_the_response_has() -> None:
    recipe = PerplexityRecipe("m", "echo", "both", template="chatml")
    with serving(echoing(False, left_out="<|im_start|>")) as server:
        [replies] = ask(recipe, server.url, "Deep blue")
    assert (replies["response"].outcome, replies["chat"].outcome) == ("answered", "failed")
    assert "13 of the 15 tokens" in replies["chat"].error


def test_where_tokens_do_not_tell_where_the_response_begins_it_says_so() -> None:
    recipe = PerplexityRecipe("m", "echo", template="Q: {query}{response}")
    with serving(echoing(True)) as server:
        [replies] = ask(recipe, server.url, "Red")
    assert replies["response"].outcome == "failed"
    assert "do not tell where the response begins" in replies["response"].error


@pytest.mark.parametrize(
    ("recipe", "answer"),
    [
        (PerplexityRecipe("m", "vllm"), chat("Red")),
        (PerplexityRecipe("m", "echo", template="plain"), completion("Red")),
        # Only what was generated has its log-probability.
        (PerplexityRecipe("m", "echo", template="plain"), completion("!", logprobs=[("!", -1.0)])),
    ],
    ids=["vllm", "echo", "generated only"],
)
def test_a_server_without_log_probabilities_of_the_prompt_ends_the_run_with_one_line(
    recipe: PerplexityRecipe, answer: Answer
) -> None:
    with serving(lambda asked: answer) as server, pytest.raises(ServerRefuses, match="prompt") as caught:
        ask(recipe, server.url, "Red")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dialect", ["vllm", "echo", "local"])
def test_an_empty_response_has_no_perplexity_and_nobody_is_asked(dialect: str) -> None:
    recipe = PerplexityRecipe("m", dialect, template="plain" if dialect == "echo" else "")
    asked = [Asked(1, Subject(QUERY, (" \n",)), part) for part in recipe.parts()]
    client = None if recipe.local else Client("http://127.0.0.1:9", anywhere=True)
    if not recipe.local:
        [(_, reply)] = recipe.ask(asked, client)
        assert (reply.outcome, reply.tokens_in) == ("failed", 0)
        assert "empty" in reply.error
    else:
        _, reply = next(iter(recipe.ask(asked, client)))
        assert "empty" in reply.error


@pytest.mark.parametrize(
    ("given", "outcome", "says"),
    [
        (chat("!"), "unparsable", "log-prob"),
        (Answer({"error": {"message": "context length is 4096"}}, status=400), "failed", "4096"),
        (Answer({}, status=503, headers={"Retry-After": "7"}), "later", "503"),
        (Answer("half a", cut=True), "later", ""),
    ],
)
def test_faults_of_a_server_are_outcomes_never_exceptions(given: Answer, outcome: str, says: str) -> None:
    if given.status == 200 and isinstance(given.body, dict):
        given = Answer(given.body | {"prompt_logprobs": [None, {"5": {"logprob": "likely"}}]})
    with serving(lambda asked: given) as server:
        [replies] = ask(PerplexityRecipe("m", "vllm", "chat"), server.url, "Red")
    reply = replies["chat"]
    assert reply.outcome == outcome and says in reply.error
    assert reply.wait == (7.0 if given.status == 503 else None)


def test_impossible_tokens_and_absurd_numbers_make_no_perplexity() -> None:
    for values in [[], [-1.0, -9999.0], [-1.0, -math.inf], [0.5], [math.nan], [-900.0]]:
        with pytest.raises(Undefined):
            measured(values)
    assert measured([0.0005, 0.0]) == {"perplexity": 1.0, "tokens": 2}


@given(st.lists(st.floats(-50, 0), min_size=1, max_size=30))
def test_a_perplexity_lies_between_those_of_its_likeliest_and_its_least_likely_token(
    values: list[float],
) -> None:
    perplexity = measured(values)["perplexity"]
    low, high = math.exp(-max(values)), math.exp(-min(values))
    assert low * (1 - 1e-9) <= perplexity <= high * (1 + 1e-9)
    assert measured(values * 3)["perplexity"] == pytest.approx(perplexity)


def test_where_one_of_both_definitions_failed_the_other_still_has_its_score() -> None:
    recipe = PerplexityRecipe("m", "vllm", "both")
    values = recipe.values({"chat": {"chat": {"perplexity": 3.0, "tokens": 9}}})
    assert {head: value.number for head, value in values.items()} == {"whole chat": 3.0}
    with pytest.raises(RecipeError):
        recipe.values({})


def test_a_recipe_is_read_again_as_it_was_written() -> None:
    for recipe in [
        PerplexityRecipe("m", "echo", "both", template="Q: {query}\nA: {response}\n"),
        PerplexityRecipe("SmolLM2-135M-Instruct", "local", device="cpu"),
    ]:
        assert read_recipe(recipe.as_dict()) == recipe


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": " "},
        {"dialect": "telepathy"},
        {"definition": "median"},
        {"dialect": "echo"},
        {"dialect": "echo", "template": "{response} to {query}"},
        {"dialect": "echo", "template": "{query} {query} {response}"},
        {"template": "chatml"},
        {"device": "cuda"},
        {"device": 3},
        {"temperature": 1},
    ],
)
def test_a_recipe_that_makes_no_sense_is_one_line(wrong: dict[str, Any]) -> None:
    with pytest.raises(RecipeError):
        read_recipe({"kind": "perplexity", "model": "m", "dialect": "vllm"} | wrong)


def test_braces_in_a_query_are_only_text() -> None:
    recipe = PerplexityRecipe("m", "echo", template="plain")
    [message] = recipe.shown(Subject("What is {response}?", ("A {query}.",)), "response")
    assert message.text == "What is {response}?\n\nA {query}."
