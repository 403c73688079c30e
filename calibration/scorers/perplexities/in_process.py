"""Perplexity by a language model in this process, by transformers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from calibration.scorers.perplexities.measures import CHAT, RESPONSE, Undefined, measured, wanted
from generation.likelihood import log_likelihoods, tokens_at_once
from generation.local import Chat, Loaded, TemplateRefuses, language_model, turns
from generation.recipes.batches import WINDOW, Batches
from generation.recipes.recipe import Asked, Reply, Subject

if TYPE_CHECKING:
    from calibration.scorers.perplexities.perplexity import PerplexityRecipe


def scored(recipe: PerplexityRecipe, asked: Sequence[Asked]) -> Iterator[tuple[Asked, Reply]]:
    """Perplexities, the same whatever else is asked about. Raises LocalError for a model of no use."""
    import torch

    model = language_model(recipe.model, recipe.device)
    batches = Batches(
        tokens_at_once(model), out_of_memory=torch.OutOfMemoryError, free=torch.cuda.empty_cache
    )
    for start in range(0, len(asked), WINDOW):
        yield from _window(recipe.definition, model, batches, asked[start : start + WINDOW])


def _window(
    definition: str, model: Loaded, batches: Batches, asked: Sequence[Asked]
) -> Iterator[tuple[Asked, Reply]]:
    chats: list[tuple[Asked, Chat]] = []
    for one in asked:
        try:
            chats.append((one, _chat(model, one.subject, definition)))
        except (TemplateRefuses, Undefined) as error:
            yield one, Reply("failed", error=str(error))

    def measure(places: list[int]) -> list[list[float]]:
        batch = [chats[place][1] for place in places]
        first = min(chat.start for chat in batch) if definition == RESPONSE else 1
        found = log_likelihoods(model, [chat.tokens for chat in batch], first=first)
        # What was left out in front stays apart from what was measured.
        return [[0.0] * (first - 1) + row for row in found]

    for place, row in batches.run([len(chat.tokens) for _, chat in chats], measure):
        one, chat = chats[place]
        yield one, _reply(definition, model, chat, row)


def _chat(model: Loaded, subject: Subject, definition: str) -> Chat:
    """Raises Undefined for what is longer than the model reads."""
    query, response = subject.query, subject.responses[0]
    if definition == CHAT:
        tokens = model.templated(turns(query, response))
        chat = Chat(tokens, 0, len(tokens))
    else:
        chat = model.chat(query, response)
    if model.longest is not None and len(chat.tokens) > model.longest:
        raise Undefined(
            f"With the query's it has {len(chat.tokens)} tokens; the model reads {model.longest} at most."
        )
    return chat


def _reply(definition: str, model: Loaded, chat: Chat, row: list[float] | None) -> Reply:
    count = len(chat.tokens)
    if row is None:
        return Reply("failed", error=f"Its {count} tokens do not fit in the memory of {model.device}.")
    parts = {RESPONSE: row[chat.start - 1 : chat.end - 1], CHAT: row}
    try:
        result: dict[str, Any] = {part: measured(parts[part]) for part in wanted(definition)}
    except Undefined as error:
        return Reply("failed", error=str(error), tokens_in=count)
    result["precision"] = model.dtype
    if model.revision:
        result["revision"] = model.revision
    return Reply("answered", result=result, tokens_in=count)
