"""Sampling in this process: presets draw as they must, whatever else is in the batch."""

import math
from dataclasses import replace
from typing import Any

import pytest

from generation.decoding import PRESETS, Decoding
from generation.local import SMOLLM2
from generation.recipes.recipe import Asked, Reply, Subject
from generation.recipes.sampling import SampleRecipe

torch = pytest.importorskip("torch")
drawing = pytest.importorskip("generation.recipes.drawing")

pytestmark = pytest.mark.local_models

QUERIES = [
    "Name a colour.",
    "Write one short sentence about rain, and make it a kind one.",
    "Count to three.",
]


def logits(*probabilities: float) -> Any:
    return torch.tensor([[math.log(one) for one in probabilities]])


def test_min_p_keeps_exactly_the_tokens_that_are_likely_enough_once_they_are_heated() -> None:
    # At temperature 2 the shares are those of the roots: .8, .4, .1 and .05 of the sum.
    heated = drawing.shares(logits(0.64, 0.16, 0.01, 0.0025), PRESETS["min-p"])[0].tolist()
    assert heated == pytest.approx([0.8 / 1.3, 0.4 / 1.3, 0.1 / 1.3, 0.0])
    cold = drawing.shares(logits(0.64, 0.16, 0.01, 0.0025), Decoding(temperature=1, min_p=0.1))[0].tolist()
    assert cold == pytest.approx([0.8, 0.2, 0.0, 0.0])


def test_top_p_and_top_k_keep_the_fewest_likeliest_tokens() -> None:
    given = logits(0.2, 0.45, 0.05, 0.3)
    assert drawing.shares(given, Decoding(top_p=0.9))[0].tolist() == pytest.approx(
        [0.2 / 0.95, 0.45 / 0.95, 0, 0.3 / 0.95]
    )
    assert drawing.shares(given, Decoding(top_p=0.7))[0].tolist() == pytest.approx([0, 0.6, 0, 0.4])
    assert drawing.shares(given, Decoding(top_k=1))[0].tolist() == pytest.approx([0, 1, 0, 0])
    assert drawing.shares(given, Decoding(top_p=1.0))[0].tolist() == pytest.approx([0.2, 0.45, 0.05, 0.3])


def test_draws_follow_the_distribution_and_never_take_what_was_left_out() -> None:
    rows, uniforms = logits(0.2, 0.45, 0.05, 0.3).expand(2000, -1), [(n + 0.5) / 2000 for n in range(2000)]
    drawn = drawing.draw(rows, uniforms, Decoding(top_p=0.9))
    shares = [drawn.count(token) / 2000 for token in range(4)]
    assert shares == pytest.approx([0.2 / 0.95, 0.45 / 0.95, 0, 0.3 / 0.95], abs=0.001)
    assert drawing.draw(rows[:2], [0.0, 0.999999], Decoding(temperature=0)) == [1, 1]


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    return [
        Asked(key, Subject(query), part)
        for key, (query, part) in enumerate((query, part) for query in QUERIES for part in "12")
    ]


def replies(recipe: SampleRecipe, *asked: Asked) -> dict[int, Reply]:
    return {one.key: reply for one, reply in recipe.ask(asked, None)}


def test_a_call_gives_the_same_text_whatever_else_is_in_the_batch(asked: list[Asked]) -> None:
    recipe = SampleRecipe(
        model=SMOLLM2,
        device="cpu",
        samples=3,
        seed=1,
        decoding=Decoding(temperature=1, top_p=0.9, max_tokens=8),
    )
    together = replies(recipe, *asked)
    for one in (asked[0], asked[3]):
        assert replies(recipe, one) == {one.key: together[one.key]}
    # Another sample and another seed are other chances.
    texts = [reply.text for reply in together.values()]
    other = replies(SampleRecipe.from_dict(recipe.as_dict() | {"seed": 2}), *asked)
    assert len(set(texts)) > 2 and texts != [reply.text for reply in other.values()]
    for key, reply in together.items():
        assert reply.outcome == "answered" and reply.result is not None
        assert reply.result["finish_reason"] == ("length" if reply.tokens_out == 8 else "stop")
        assert reply.result["seed"] == recipe.seed_of(asked[key]) and reply.tokens_in > 20
    assert "length" in {reply.result["finish_reason"] for reply in together.values() if reply.result}


def test_the_token_entropy_is_the_models_own_whatever_the_decoding_leaves_out(asked: list[Asked]) -> None:
    from generation.local import language_model

    recipe = SampleRecipe(
        model=SMOLLM2, device="cpu", samples=2, seed=1, decoding=PRESETS["min-p"], token_entropy=True
    )
    recipe = replace(recipe, decoding=replace(recipe.decoding, max_tokens=5))
    found = replies(recipe, *asked)
    loaded = language_model(SMOLLM2, "cpu")
    for one in asked:
        reply = found[one.key]
        prompt, said = loaded.prompt(one.subject.query), loaded.tokenizer(reply.text).input_ids
        said += [loaded.tokenizer.eos_token_id] if reply.tokens_out < 5 else []
        with torch.inference_mode():
            logits = loaded.model(torch.tensor([prompt + said])).logits[0, len(prompt) - 1 : -1].double()
        shares = logits.softmax(-1)
        mean = float(-(shares * shares.log()).sum(-1).mean())
        assert reply.result is not None
        entropy = {"mean": pytest.approx(mean, rel=1e-4), "tokens": len(said), "bound": "exact"}
        assert reply.result["token_entropy"] == entropy


def test_the_likeliest_tokens_are_what_the_library_itself_generates(asked: list[Asked]) -> None:
    from generation.local import language_model

    recipe = SampleRecipe(
        model=SMOLLM2, device="cpu", samples=1, decoding=Decoding(temperature=0, max_tokens=8)
    )
    found = replies(recipe, *asked[::2])
    loaded = language_model(SMOLLM2, "cpu")
    for one in asked[::2]:
        prompt = torch.tensor([loaded.prompt(one.subject.query)])
        whole = loaded.model.generate(prompt, max_new_tokens=8, do_sample=False)[0, prompt.shape[1] :]
        assert found[one.key].text == loaded.tokenizer.decode(whole, skip_special_tokens=True)
