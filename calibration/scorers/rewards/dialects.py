"""How each kind of server is asked for a reward, and where its reply has it.

The forms are those of vLLM from 0.10 on (vllm/entrypoints/pooling), of text-embeddings-inference
(router/src/http/types.rs), and one of Manyminds' own, which docs/scorers.md specifies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calibration.scorers.rewards.heads import by_name, by_place
from generation.local import turns
from generation.recipes.members import Unreadable, described, member, number, only
from generation.recipes.recipe import Subject

if TYPE_CHECKING:
    from calibration.scorers.rewards.reward import RewardRecipe

Body = dict[str, Any]


@dataclass(frozen=True)
class Dialect:
    """A kind of server.

    Attributes
    ----------
    title : str
        What it is called on pages.
    path : str
        Where it is asked, as `Client.post` takes it.
    body : callable
        What is sent.
    read : callable
        The scores in a reply by head, "" where the recipe names none. Raises Unreadable.
    chat : bool
        Whether it is asked by the two turns of a chat, which the server puts in the model's chat template.
    templates : bool
        Whether it takes a template of one's own.
    scales : bool
        Whether it can be asked for raw scores or probabilities.
    """

    title: str
    path: str
    body: Callable[[RewardRecipe, Subject], Body]
    read: Callable[[RewardRecipe, Any], dict[str, float]]
    chat: bool = False
    templates: bool = True
    scales: bool = True


def filled(template: str, subject: Subject) -> str:
    """The template with the query and the response in it, whatever braces those have."""
    texts = {"{query}": subject.query, "{response}": subject.responses[0]}
    return re.sub(r"\{query\}|\{response\}", lambda found: texts[found[0]], template)


def _text_or_chat(recipe: RewardRecipe, subject: Subject) -> Body:
    if recipe.template:
        return {"model": recipe.model, "input": filled(recipe.template, subject)}
    return {"model": recipe.model, "messages": turns(subject.query, subject.responses[0])}


def _activation(recipe: RewardRecipe, *older: str) -> Body:
    """vLLM's switch; until 0.11 it had other names, which servers that know it pass over."""
    return dict.fromkeys(("use_activation", *older), recipe.scores == "probabilities")


def _classify(recipe: RewardRecipe, subject: Subject) -> Body:
    return _text_or_chat(recipe, subject) | _activation(recipe, "activation")


def _read_classify(recipe: RewardRecipe, reply: Any) -> dict[str, float]:
    return by_place(member(only(member(reply, "data"), '"data"'), "probs"), recipe.heads)


def _pooling(recipe: RewardRecipe, subject: Subject) -> Body:
    return _text_or_chat(recipe, subject) | _activation(recipe, "softmax")


def _read_pooling(recipe: RewardRecipe, reply: Any) -> dict[str, float]:
    """One list of scores, or one for each token: the last token has read the whole response."""
    values = member(only(member(reply, "data"), '"data"'), "data")
    if isinstance(values, list) and values and isinstance(values[-1], list):
        values = values[-1]
    return by_place(values, recipe.heads)


def _score(recipe: RewardRecipe, subject: Subject) -> Body:
    texts = {"text_1": subject.query, "text_2": subject.responses[0]}
    return {"model": recipe.model, **texts} | _activation(recipe, "activation")


def _read_score(recipe: RewardRecipe, reply: Any) -> dict[str, float]:
    return by_place([member(only(member(reply, "data"), '"data"'), "score")], recipe.heads)


def _predict(recipe: RewardRecipe, subject: Subject) -> Body:
    """A text, or a pair of them; the server may be set to cut long ones off unless it is told not to."""
    pair = [subject.query, subject.responses[0]]
    inputs = filled(recipe.template, subject) if recipe.template else pair
    return {"inputs": inputs, "raw_scores": recipe.scores == "raw", "truncate": False}


def _read_predict(recipe: RewardRecipe, reply: Any) -> dict[str, float]:
    """Labels with their scores, the highest first: their order says nothing of which is which."""
    predictions = only(reply, "The reply") if isinstance(reply, list) and _nested(reply) else reply
    if not isinstance(predictions, list):
        raise Unreadable(f"The reply is {described(predictions)}, not a list of labels.")
    scores: dict[str, Any] = {}
    for prediction in predictions:
        label = member(prediction, "label")
        if not isinstance(label, str) or label in scores:
            raise Unreadable(f"The label {described(label)} is no name of its own.")
        scores[label] = member(prediction, "score")
    return by_name(scores, recipe.heads)


def _nested(reply: list[Any]) -> bool:
    return bool(reply) and isinstance(reply[0], list)


def _json(recipe: RewardRecipe, subject: Subject) -> Body:
    return {"model": recipe.model, "query": subject.query, "response": subject.responses[0]}


def _read_json(recipe: RewardRecipe, reply: Any) -> dict[str, float]:
    if isinstance(reply, dict) and ("score" in reply) == ("scores" in reply):
        raise Unreadable('The reply must have either "score" or "scores".')
    if isinstance(reply, dict) and "scores" in reply:
        return by_name(reply["scores"], recipe.heads)
    if len(recipe.heads) > 1:
        raise Unreadable(f'The reply has one "score", the recipe expects {len(recipe.heads)} in "scores".')
    return {"".join(recipe.heads): number(member(reply, "score"), '"score"')}


DIALECTS = {
    "vllm_classify": Dialect("vLLM, classify", "/classify", _classify, _read_classify, chat=True),
    "vllm_pooling": Dialect("vLLM, pooling", "/pooling", _pooling, _read_pooling, chat=True),
    "vllm_score": Dialect("vLLM, score", "/score", _score, _read_score, templates=False),
    "tei": Dialect("text-embeddings-inference", "/predict", _predict, _read_predict),
    "json": Dialect("JSON of Manyminds' own form", "", _json, _read_json, templates=False, scales=False),
}
