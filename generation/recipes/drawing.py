"""Sampling from a model in this process, in batches; chance is each call's own."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from generation.decoding import Decoding
from generation.local import Loaded, TemplateRefuses, language_model
from generation.recipes.batches import WINDOW, Batches
from generation.recipes.completions import Completion
from generation.recipes.recipe import Asked, Reply
from generation.recipes.token_entropy import exact

if TYPE_CHECKING:
    from generation.recipes.sampling import SampleRecipe

# What a batch may grow to, prompts and padding included: it bounds the keys and values that are kept.
TOKENS_ON_PROCESSOR = 16_384
TOKENS_ON_GPU = 262_144


@dataclass
class Drawn:
    """One response: its tokens, the one that ended it last; with their entropies in nats where asked for."""

    tokens: list[int] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)


def drawn(recipe: SampleRecipe, asked: Sequence[Asked]) -> Iterator[tuple[Asked, Reply]]:
    """Responses; the same whatever else is asked for, to the precision that the model runs in.

    Raises LocalError where the model cannot be loaded, or has no chat template.
    """
    import torch

    loaded = language_model(recipe.model, recipe.device or "auto")
    batches = Batches(
        TOKENS_ON_PROCESSOR if loaded.device == "cpu" else TOKENS_ON_GPU,
        out_of_memory=torch.OutOfMemoryError,
        free=torch.cuda.empty_cache,
    )
    for start in range(0, len(asked), WINDOW):
        yield from _window(recipe, loaded, batches, asked[start : start + WINDOW])


def _window(
    recipe: SampleRecipe, loaded: Loaded, batches: Batches, asked: Sequence[Asked]
) -> Iterator[tuple[Asked, Reply]]:
    ready: list[tuple[Asked, list[int]]] = []
    for one in asked:
        try:
            prompt = _prompt(recipe, loaded, one)
        except TemplateRefuses as error:
            yield one, Reply("failed", error=str(error))
            continue
        if loaded.longest is not None and len(prompt) >= loaded.longest:
            line = f"Its {len(prompt)} tokens leave no room for a response: the model reads {loaded.longest}."
            yield one, Reply("failed", error=line)
            continue
        ready.append((one, prompt))
    prompts = [prompt for _, prompt in ready]
    seeds = [recipe.seed_of(one) for one, _ in ready]
    room = [_room(recipe, loaded, prompt) for prompt in prompts]
    lengths = [len(prompt) + most for prompt, most in zip(prompts, room, strict=True)]

    def batch(places: list[int]) -> list[Drawn]:
        return sampled(
            loaded,
            [prompts[place] for place in places],
            [seeds[place] for place in places],
            [room[place] for place in places],
            recipe.decoding,
            entropies=recipe.token_entropy,
        )

    for place, response in batches.run(lengths, batch):
        one, prompt = ready[place]
        if response is None:
            line = f"{lengths[place]} tokens do not fit in the memory of {loaded.device}."
            yield one, Reply("failed", error=line)
        else:
            completion = _completion(loaded, len(prompt), response.tokens)
            entropy = exact(response.entropies) if recipe.token_entropy else None
            yield one, recipe.read(one, completion, seeds[place], entropy)


def _prompt(recipe: SampleRecipe, loaded: Loaded, asked: Asked) -> list[int]:
    chat = [{"role": one.role, "content": one.text} for one in recipe.shown(asked.subject, asked.part)]
    return loaded.templated(chat, add_generation_prompt=True)


def _room(recipe: SampleRecipe, loaded: Loaded, prompt: Sequence[int]) -> int:
    """How many tokens a response may have."""
    most = recipe.decoding.max_tokens
    return most if loaded.longest is None else min(most, loaded.longest - len(prompt))


def _completion(loaded: Loaded, tokens_in: int, tokens: list[int]) -> Completion:
    ended = tokens[-1] in _ends(loaded)
    return Completion(
        text=loaded.tokenizer.decode(tokens, skip_special_tokens=True),
        refused="",
        finish="stop" if ended else "length",
        logprobs=None,
        tokens_in=tokens_in,
        tokens_out=len(tokens) - ended,
    )


def _ends(loaded: Loaded) -> set[int]:
    """The tokens that end a turn."""
    given = loaded.model.generation_config.eos_token_id
    ends = given if isinstance(given, list) else [given]
    return {end for end in (*ends, loaded.tokenizer.eos_token_id) if end is not None}


def sampled(
    loaded: Loaded,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    room: Sequence[int],
    decoding: Decoding,
    *,
    entropies: bool = False,
) -> list[Drawn]:
    """One response to each prompt.

    Parameters
    ----------
    prompts : sequence of token ids
    seeds : sequence of int
        Of a response's own chances, so that its neighbours in the batch do not matter.
    room : sequence of int
        How many tokens each response may have.
    decoding : Decoding
    entropies : bool
        Whether those of the model's own distribution are kept, at temperature 1 and with nothing left out.
    """
    import torch

    device = loaded.device
    chances = [random.Random(seed) for seed in seeds]
    responses = [Drawn() for _ in prompts]
    ends, active = _ends(loaded), list(range(len(prompts)))
    width = max(map(len, prompts))
    pad = loaded.tokenizer.pad_token_id or 0
    step = torch.tensor([[pad] * (width - len(one)) + list(one) for one in prompts], device=device)
    mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in prompts], device=device)
    cache: Any = None
    with torch.inference_mode():
        while True:
            places = (mask.cumsum(-1) - 1).clamp(min=0)[:, -step.shape[1] :]
            output = loaded.model(
                step,
                attention_mask=mask,
                position_ids=places,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = output.past_key_values
            logits = output.logits[:, -1].float()
            if entropies:
                for row, one in zip(
                    active, torch.special.entr(logits.softmax(-1)).sum(-1).tolist(), strict=True
                ):
                    responses[row].entropies.append(one)
            tokens = draw(logits, [chances[row].random() for row in active], decoding)
            going_on = []
            for place, (row, token) in enumerate(zip(active, tokens, strict=True)):
                responses[row].tokens.append(token)
                if token not in ends and len(responses[row].tokens) < room[row]:
                    going_on.append(place)
            if not going_on:
                return responses
            if len(going_on) < len(active):
                kept = torch.tensor(going_on, device=device)
                cache.batch_select_indices(kept)
                mask, active = mask[kept], [active[place] for place in going_on]
            step = torch.tensor([[responses[row].tokens[-1]] for row in active], device=device)
            mask = torch.cat([mask, mask.new_ones(len(active), 1)], dim=-1)


def draw(logits: Any, uniforms: Sequence[float], decoding: Decoding) -> list[int]:
    """One token a row, by the inverse of the cumulative distribution at a number from 0 to below 1.

    Tokens stand in the vocabulary's order, so that what batches do to the last digits moves hardly any draw.
    """
    import torch

    if decoding.temperature == 0:
        likeliest: list[int] = logits.argmax(-1).tolist()
        return likeliest
    reached = shares(logits, decoding).double().cumsum(-1)
    target = torch.tensor(uniforms, dtype=reached.dtype, device=reached.device)[:, None] * reached[:, -1:]
    tokens: list[int] = torch.searchsorted(reached, target, right=True).squeeze(-1).tolist()
    return tokens


def shares(logits: Any, decoding: Decoding) -> Any:
    """The probabilities that tokens are drawn with: heated first, then left out by top-k, top-p and min-p."""
    from transformers.generation.logits_process import (
        MinPLogitsWarper,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    steps = (
        (decoding.temperature, TemperatureLogitsWarper),
        (decoding.top_k, TopKLogitsWarper),
        (None if decoding.top_p == 1.0 else decoding.top_p, TopPLogitsWarper),
        (decoding.min_p, MinPLogitsWarper),
    )
    for limit, warper in steps:
        if limit is not None:
            logits = warper(limit)(None, logits)
    return logits.softmax(-1)
