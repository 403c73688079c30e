"""Perplexities by a real language model in this process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calibration.scorers.perplexities.perplexity import PerplexityRecipe
from generation.local import SMOLLM2, Loaded, language_model
from generation.recipes.recipe import Asked, Reply, Subject

pytestmark = pytest.mark.local_models

STARTER = Path(__file__).resolve().parents[3] / "generation" / "starter"
QUERY = "Write a metaphor about time."
SENSIBLE = [
    "Time is a river that carries us all towards the sea.",
    "Time is a thief that steals our youth while we sleep.",
]
OFF_TOPIC = "My bicycle has two flat tires."
SHUFFLED = "river all the that towards is a Time us carries sea"


@pytest.fixture(scope="module")
def smollm2() -> Iterator[Loaded]:
    pytest.importorskip("torch")
    yield language_model(SMOLLM2)


def perplexities(definition: str, *subjects: Subject) -> list[dict[str, float]]:
    """Of each subject, by head."""
    recipe = PerplexityRecipe(SMOLLM2, "local", definition)
    replies = ask(recipe, *subjects)
    assert all(reply.result is not None for reply in replies), [reply.error for reply in replies]
    found = [recipe.values({"": reply.result}) for reply in replies if reply.result]
    return [{head: value.number or 0.0 for head, value in values.items()} for values in found]


def ask(recipe: PerplexityRecipe, *subjects: Subject) -> list[Reply]:
    asked = [Asked(number, subject) for number, subject in enumerate(subjects)]
    replies = {one.key: reply for one, reply in recipe.ask(asked, None)}
    return [replies[number] for number in range(len(subjects))]


def shipped(count: int) -> tuple[list[Subject], list[dict[str, float]]]:
    """Responses of the starter study, here and there in it, and the perplexities that it was shipped with."""
    rows = read("responses.jsonl")
    chosen = rows[:: len(rows) // count][:count]
    scores: dict[str, dict[str, float]] = {}
    for row in read("perplexities.jsonl"):
        head = row["scorer"].removeprefix(f"{SMOLLM2} perplexity, ")
        scores.setdefault(row["response_id"], {})[head] = row["score"]
    subjects = [Subject(row["query"], (row["response"],)) for row in chosen]
    return subjects, [scores[row["response_id"]] for row in chosen]


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (STARTER / name).read_text("utf-8").splitlines()]


def test_smollm2_of_the_wheel_runs_in_float32_on_a_processor(smollm2: Loaded) -> None:
    assert language_model(SMOLLM2, device="auto") is smollm2
    assert (smollm2.device, smollm2.dtype, smollm2.longest) == ("cpu", "float32", 8192)


def test_sensible_is_less_surprising_than_off_topic_and_that_than_shuffled_words(smollm2: Loaded) -> None:
    assert sorted(SHUFFLED.split()) == sorted(SENSIBLE[0].rstrip(".").split())
    texts = [*SENSIBLE, OFF_TOPIC, SHUFFLED]
    found = perplexities("response", *(Subject(QUERY, (text,)) for text in texts))
    one, other, off_topic, shuffled = (scores[""] for scores in found)
    assert 1 < max(one, other) < 40 < 200 < off_topic < 2000 < shuffled


def test_the_starter_studys_perplexities_come_out_again_whatever_else_is_asked_about(
    smollm2: Loaded,
) -> None:
    subjects, expected = shipped(6)
    together = perplexities("both", *subjects)
    assert together == [pytest.approx(scores, rel=1e-4) for scores in expected]
    alone = [scores for subject in subjects[:2] for scores in perplexities("response", subject)]
    for one, scores in zip(alone, together, strict=False):
        assert one[""] == pytest.approx(scores["response given query"], rel=1e-4)


def test_the_starter_study_is_made_as_it_was_shipped(smollm2: Loaded) -> None:
    from generation.starter.make import perplexity_rows

    [response] = read("responses.jsonl")[7:8]
    kept = [row for row in read("perplexities.jsonl") if row["response_id"] == response["response_id"]]
    assert perplexity_rows(smollm2, response) == kept


def test_what_the_model_cannot_read_whole_has_no_perplexity(smollm2: Loaded) -> None:
    recipe = PerplexityRecipe(SMOLLM2, "local")
    long, empty, fine = ask(
        recipe,
        Subject(QUERY, ("time " * 9000,)),
        Subject(QUERY, ("",)),
        Subject(QUERY, (SENSIBLE[0],)),
    )
    assert long.outcome == empty.outcome == "failed"
    assert "8192" in long.error and "empty" in empty.error
    assert fine.outcome == "answered"


def test_the_definitions_differ_in_the_tokens_that_they_take(smollm2: Loaded) -> None:
    subject = Subject(QUERY, (SENSIBLE[0],))
    chat = smollm2.chat(QUERY, SENSIBLE[0])
    recipe = PerplexityRecipe(SMOLLM2, "local", "both")
    [reply] = ask(recipe, subject)
    assert reply.result is not None
    values = recipe.values({"": reply.result})
    assert smollm2.tokenizer.decode(chat.tokens[chat.start : chat.end]) == SENSIBLE[0]
    assert values["response given query"].metadata == {
        "definition": "response",
        "tokens": chat.end - chat.start,
        "precision": "float32",
    }
    assert values["whole chat"].metadata["tokens"] == len(chat.tokens) - 1
