"""Reward models over HTTP: what each kind of server is asked, and what is read from replies, odd ones too."""

import json
import re
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.scorers.reading import read_recipe
from calibration.scorers.rewards.dialects import DIALECTS
from calibration.scorers.rewards.reward import RewardRecipe
from generation.clients import Client, ServerRefuses
from generation.recipes.members import Unreadable
from generation.recipes.recipe import Asked, Message, RecipeError, Reply, Subject
from tests.model_server import Answer, serving
from tests.model_server import Asked as Request

SUBJECT = Subject("What is {response}?", ("A {query} of sorts.",))
CHAT = [
    {"role": "user", "content": "What is {response}?"},
    {"role": "assistant", "content": "A {query} of sorts."},
]
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "scorers.md"
TEMPLATE = "Q: {query} A: {response}"
TEXT = "Q: What is {response}? A: A {query} of sorts."
USAGE = {"prompt_tokens": 17, "total_tokens": 17}


def classify(*scores: Any) -> dict[str, Any]:
    entry = {"index": 0, "label": "LABEL_0", "probs": list(scores), "num_classes": len(scores)}
    return {"object": "list", "model": "rm", "data": [entry], "usage": USAGE}


def pooling(data: Any) -> dict[str, Any]:
    entry = {"index": 0, "object": "pooling", "data": data}
    return {"object": "list", "model": "rm", "data": [entry], "usage": USAGE}


def score(number: Any) -> dict[str, Any]:
    entry = {"index": 0, "object": "score", "score": number}
    return {"object": "list", "model": "rm", "data": [entry], "usage": USAGE}


def predict(**scores: Any) -> list[dict[str, Any]]:
    return [{"score": number, "label": label} for label, number in scores.items()]


def asked(recipe: RewardRecipe, answer: Callable[[Request], Answer]) -> tuple[Reply, Request]:
    """The reply to one call, and what the server was asked."""
    with serving(answer) as server:
        ((one, reply),) = recipe.ask([Asked(3, SUBJECT)], Client(server.url, anywhere=True))
        assert one == Asked(3, SUBJECT)
        return reply, server.asked[0]


def read(recipe: RewardRecipe, body: Any) -> Reply:
    """Of a reply that the server sends as it is, whatever JSON calls it."""
    text = body if isinstance(body, str) else json.dumps(body)
    return asked(recipe, lambda request: Answer(text))[0]


FORMS = [
    (
        "vllm_classify",
        "/classify",
        {"model": "rm", "messages": CHAT, "use_activation": False, "activation": False},
    ),
    (
        "vllm_pooling",
        "/pooling",
        {"model": "rm", "messages": CHAT, "use_activation": False, "softmax": False},
    ),
    (
        "vllm_score",
        "/score",
        {
            "model": "rm",
            "text_1": SUBJECT.query,
            "text_2": SUBJECT.responses[0],
            "use_activation": False,
            "activation": False,
        },
    ),
    (
        "tei",
        "/predict",
        {"inputs": [SUBJECT.query, SUBJECT.responses[0]], "raw_scores": True, "truncate": False},
    ),
    ("json", "/v1", {"model": "rm", "query": SUBJECT.query, "response": SUBJECT.responses[0]}),
]
REPLIES = {
    "vllm_classify": classify(1.5),
    "vllm_pooling": pooling([1.5]),
    "vllm_score": score(1.5),
    "tei": predict(LABEL_0=1.5),
    "json": {"score": 1.5, "usage": USAGE},
}
SEVERAL = {
    "vllm_classify": classify(1.5, -2, 0),
    "vllm_pooling": pooling([1.5, -2, 0]),
    "tei": predict(b=-2, c=0, a=1.5),
    "json": {"scores": {"c": 0, "a": 1.5, "b": -2}},
}


@pytest.mark.parametrize(("dialect", "path", "body"), FORMS)
def test_each_server_is_asked_in_its_own_form(dialect: str, path: str, body: dict[str, Any]):
    recipe = RewardRecipe("rm", dialect)
    reply, request = asked(recipe, lambda request: Answer(REPLIES[dialect]))
    assert (request.path, request.body) == (path, body)
    assert (reply.outcome, reply.error) == ("answered", "")
    assert reply.tokens_in == (recipe.expected(SUBJECT, "").into if dialect == "tei" else 17)
    (value,) = recipe.values({"": reply.result or {}}).values()
    assert value.number == 1.5


def test_a_template_is_filled_once_and_replaces_the_chat():
    for dialect, field in (("vllm_classify", "input"), ("vllm_pooling", "input"), ("tei", "inputs")):
        recipe = RewardRecipe("rm", dialect, template=TEMPLATE, scores="probabilities", path="/v1/rm")
        _, request = asked(recipe, lambda request, dialect=dialect: Answer(REPLIES[dialect]))
        assert request.path == "/v1/rm"
        assert request.body[field] == TEXT and "messages" not in request.body
        assert request.body.get("raw_scores", request.body.get("use_activation")) is (dialect != "tei")
        assert recipe.shown(SUBJECT, "") == [Message("text", TEXT)]


@pytest.mark.parametrize("dialect", SEVERAL)
def test_several_heads_are_told_apart_and_the_main_one_is_the_scorers_own(dialect: str):
    recipe = RewardRecipe("rm", dialect, heads=("a", "b", "c"), main="b")
    reply = read(recipe, SEVERAL[dialect])
    values = recipe.values({"": reply.result or {}})
    assert {head: value.number for head, value in values.items()} == {"a": 1.5, "": -2.0, "c": 0.0}
    apart = RewardRecipe("rm", dialect, heads=("a", "b", "c")).values({"": reply.result or {}})
    assert set(apart) == {"a", "b", "c"}


def test_of_a_score_for_each_token_the_last_counts():
    assert read(RewardRecipe("rm", "vllm_pooling"), pooling([[0.1], [0.2], [0.9]])).result == {
        "scores": {"": 0.9}
    }
    two = RewardRecipe("rm", "vllm_pooling", heads=("a", "b"))
    assert read(two, pooling([[0.1, 1], [0.9, 2]])).result == {"scores": {"a": 0.9, "b": 2.0}}


def test_predictions_of_a_batch_of_one_are_read_too():
    assert read(RewardRecipe("rm", "tei"), [predict(LABEL_0=1.5)]).result == {"scores": {"": 1.5}}


ODD = [
    ("vllm_classify", classify(), "The reply has 0 scores, the recipe expects one, since it names no heads."),
    (
        "vllm_classify",
        classify(1, 2),
        "The reply has 2 scores, the recipe expects one, since it names no heads.",
    ),
    ("vllm_classify", classify(None), "The score is null, not a number."),
    ("vllm_classify", classify("0.5"), 'The score is "0.5", not a number.'),
    ("vllm_classify", classify(True), "The score is true, not a number."),
    ("vllm_classify", classify([0.5]), "The score is a list of 1, not a number."),
    ("vllm_classify", '{"data": [{"probs": [NaN]}]}', "The score is not finite."),
    ("vllm_classify", '{"data": [{"probs": [-Infinity]}]}', "The score is not finite."),
    ("vllm_classify", '{"data": [{"probs": [1e999]}]}', "The score is not finite."),
    ("vllm_classify", '{"data": [{"probs": [1' + "0" * 400 + "]}]}", "The score is not finite."),
    ("vllm_classify", {"data": [{"probs": 0.5}]}, "The scores are 0.5, not a list."),
    ("vllm_classify", {"data": []}, '"data" has 0 entries in place of one.'),
    ("vllm_classify", {"data": [{"probs": [1]}] * 2}, '"data" has 2 entries in place of one.'),
    ("vllm_classify", {"data": {"probs": [1]}}, '"data" is an object, not a list.'),
    ("vllm_classify", {"data": [1]}, 'The reply is 1, not an object with "probs".'),
    ("vllm_classify", {"error": "no"}, 'The reply has no "data".'),
    ("vllm_classify", [], 'The reply is a list of 0, not an object with "data".'),
    ("vllm_pooling", pooling([]), "The reply has 0 scores, the recipe expects one, since it names no heads."),
    (
        "vllm_pooling",
        pooling([[]]),
        "The reply has 0 scores, the recipe expects one, since it names no heads.",
    ),
    (
        "vllm_pooling",
        pooling([[1], None]),
        "The reply has 2 scores, the recipe expects one, since it names no heads.",
    ),
    ("vllm_pooling", pooling("AACAPw=="), 'The scores are "AACAPw==", not a list.'),
    ("vllm_pooling", pooling([[[1]]]), "The score is a list of 1, not a number."),
    ("vllm_score", score(None), "The score is null, not a number."),
    ("vllm_score", {"data": [{"index": 0}]}, 'The reply has no "score".'),
    ("tei", [], "The reply has 0 scores, the recipe expects one, since it names no heads."),
    (
        "tei",
        predict(a=1, b=2),
        "The reply has 2 scores (a, b), the recipe expects one, since it names no heads.",
    ),
    ("tei", {"error": "no"}, "The reply is an object, not a list of labels."),
    ("tei", [{"label": "a"}], 'The reply has no "score".'),
    ("tei", [{"score": 1}], 'The reply has no "label".'),
    ("tei", [{"score": 1, "label": 1}], "The label 1 is no name of its own."),
    ("tei", predict(a=1) * 2, 'The label "a" is no name of its own.'),
    ("tei", [predict(a=1)] * 2, "The reply has 2 entries in place of one."),
    ("json", {}, 'The reply must have either "score" or "scores".'),
    ("json", {"score": 1, "scores": {"a": 1}}, 'The reply must have either "score" or "scores".'),
    ("json", {"score": {}}, '"score" is an object, not a number.'),
    ("json", {"scores": []}, "The scores are a list of 0, not an object."),
    ("json", {"scores": {}}, "The reply has 0 scores, the recipe expects one, since it names no heads."),
    ("json", [1], 'The reply is a list of 1, not an object with "score".'),
]
ODD_HEADS = [
    ("vllm_classify", classify(1, 2, 3), "The reply has 3 scores, the recipe expects 2 (a, b)."),
    ("vllm_pooling", pooling([1]), "The reply has 1 score, the recipe expects 2 (a, b)."),
    ("tei", predict(a=1, c=2), "The reply has 2 scores (a, c), the recipe expects 2 (a, b)."),
    ("tei", predict(a=1, b=2, c=3), "The reply has 3 scores (a, b, c), the recipe expects 2 (a, b)."),
    ("json", {"score": 1}, 'The reply has one "score", the recipe expects 2 in "scores".'),
    ("json", {"scores": {"a": 1}}, "The reply has 1 score (a), the recipe expects 2 (a, b)."),
    ("json", {"scores": {"a": 1, "b": None}}, "The score b is null, not a number."),
]


@pytest.mark.parametrize(
    ("dialect", "body", "line", "heads"),
    [(*odd, ()) for odd in ODD] + [(*odd, ("a", "b")) for odd in ODD_HEADS],
)
def test_an_odd_reply_is_unparsable_with_a_line_that_says_why(
    dialect: str, body: Any, line: str, heads: tuple[str, ...]
):
    reply = read(RewardRecipe("rm", dialect, heads=heads), body)
    assert (reply.outcome, reply.result, reply.error) == ("unparsable", None, line)
    assert reply.text and reply.tokens_in > 0


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "probs", "score", "scores", "label", "a", "\ud800"]), inner
        )
    ),
)


@given(ANY_JSON, st.sampled_from(sorted(DIALECTS)), st.sampled_from([(), ("a",), ("a", "b")]))
def test_whatever_json_comes_it_is_finite_scores_by_head_or_one_line(
    reply: Any, dialect: str, heads: tuple[str, ...]
):
    if dialect == "vllm_score":
        heads = heads[:1]
    try:
        scores = DIALECTS[dialect].read(RewardRecipe("rm", dialect, heads=heads), reply)
    except Unreadable as error:
        assert str(error).isascii() and str(error).isprintable() and len(str(error)) < 400
    else:
        assert set(scores) == set(heads or [""])
        assert all(type(number) is float and abs(number) < float("inf") for number in scores.values())


def test_a_page_in_place_of_json_is_asked_for_again_and_a_refused_request_is_not():
    recipe = RewardRecipe("rm", "vllm_classify")
    page, _ = asked(recipe, lambda request: Answer("<html>no</html>"))
    assert (page.outcome, page.result) == ("later", None) and page.error
    busy, _ = asked(
        recipe, lambda request: Answer({"error": "busy"}, status=429, headers={"Retry-After": "7"})
    )
    assert (busy.outcome, busy.wait) == ("later", 7.0)
    for status in (400, 413, 422):
        body = {"error": {"message": "This model's maximum context length is 512 tokens.", "code": status}}
        long, _ = asked(recipe, lambda request, status=status, body=body: Answer(body, status=status))
        assert (long.outcome, long.result) == ("failed", None)
        assert "maximum context length is 512" in long.error
    with pytest.raises(ServerRefuses):
        asked(recipe, lambda request: Answer({"error": "no such model"}, status=404))


def test_what_is_kept_of_a_reply_is_bounded_and_fits_a_database():
    reply = read(RewardRecipe("rm", "vllm_pooling"), pooling([["\x00\ud800"] * 5_000]))
    assert reply.outcome == "unparsable" and len(reply.text) <= 2_000 and reply.text.isascii()


RECIPES = [
    RewardRecipe("rm", "json"),
    RewardRecipe(
        "rm", "tei", heads=("a", "b"), main="a", scores="probabilities", template=TEMPLATE, path="/x"
    ),
    RewardRecipe("org/rm", "local", device="cuda:1", truncate=True),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_read_again_from_its_json(recipe: RewardRecipe):
    assert read_recipe(json.loads(json.dumps(recipe.as_dict()))) == recipe


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"model": " "}, "Name the reward model."),
        ({"model": 3}, "The reward model's model must be a text."),
        ({"model": "a\x00"}, "The reward model's model must be a text."),
        (
            {"dialect": "vllm"},
            "The dialect must be one of vllm_classify, vllm_pooling, vllm_score, tei, json, local.",
        ),
        ({"scores": "logits"}, "Scores must be raw or probabilities."),
        ({"scores": "probabilities", "dialect": "json"}, "returns the scores that it has: leave them raw."),
        ({"heads": "ab"}, "heads must be a list of names."),
        ({"heads": ["a", 1]}, "heads must be a list of names."),
        ({"heads": ["a", "a"]}, "Heads have different names, and are 50 at most."),
        ({"heads": [""]}, "A head's name has 1 to 60 characters."),
        ({"heads": ["a", "b"], "main": "c"}, "The main head 'c' is none of the heads."),
        ({"heads": ["a", "b"], "dialect": "vllm_score"}, "vLLM's score gives one score"),
        ({"template": "{query}"}, "The template must have {query} and {response}"),
        ({"template": TEMPLATE, "dialect": "json"}, "takes query and response apart: no template."),
        ({"path": "http://10.0.0.1/"}, "The path begins with a slash and has no host"),
        ({"path": "/../admin"}, "The path begins with a slash and has no host"),
        ({"path": "//evil.example"}, "The path begins with a slash and has no host"),
        ({"path": "/x", "dialect": "local"}, "A model in this process has no path."),
        ({"device": "cpu"}, "Only a model in this process has a device, or is told to truncate."),
        ({"truncate": True}, "Only a model in this process has a device, or is told to truncate."),
        ({"truncate": 1}, "The reward model's truncate must be true or false."),
        ({"temperature": 1}, "temperature"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused_in_one_line(given: dict[str, Any], line: str):
    with pytest.raises(RecipeError) as error:
        RewardRecipe.from_dict({"kind": "reward", "model": "rm", "dialect": "vllm_classify", **given})
    assert line in str(error.value) and "\n" not in str(error.value)


def test_results_of_another_recipe_make_no_score():
    with pytest.raises(RecipeError):
        RewardRecipe("rm", "tei", heads=("a", "b")).values({"": {"scores": {"a": 1.0}}})
    with pytest.raises(RecipeError):
        RewardRecipe("rm", "tei").values({})


def test_what_a_score_is_is_stored_beside_it():
    assert RewardRecipe("rm", "tei").values({"": {"scores": {"": 1.0}}})[""].metadata == {"scores": "raw"}
    only = RewardRecipe("rm", "tei", heads=("good",), scores="probabilities")
    assert only.values({"": {"scores": {"good": 0.5}}})[""].metadata == {"scores": "probabilities"}


def test_the_server_that_the_documentation_shows_is_a_whole_one():
    code = re.findall(r"```python\n(import json\n.*?)```", DOCUMENTATION.read_text(), re.DOTALL)[0]
    shown: dict[str, Any] = {}
    exec(code.rpartition("\nThreadingHTTPServer")[0], shown)
    shown["Reward"].log_message = lambda *said: None
    with ThreadingHTTPServer(("127.0.0.1", 0), shown["Reward"]) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        client = Client(f"http://127.0.0.1:{server.server_port}", anywhere=True)
        ((_, reply),) = RewardRecipe("rm", "json").ask([Asked(1, SUBJECT)], client)
        server.shutdown()
    assert reply.result == {"scores": {"": float(len(SUBJECT.responses[0]))}}
