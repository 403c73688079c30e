"""Make the starter study's responses and perplexities again from queries.jsonl; README.md has the rules."""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generation.likelihood import log_likelihoods
from generation.local import SMOLLM2 as MODEL
from generation.local import Loaded, LocalError, language_model

# Before the libraries load: nothing may be fetched, and only this script's own lines are shown.
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TQDM_DISABLE": "1"}

HERE = Path(__file__).resolve().parent
RESPONSE_PERPLEXITY = f"{MODEL} perplexity, response given query"
CHAT_PERPLEXITY = f"{MODEL} perplexity, whole chat"

TEMPERATURE = 1.0
TOP_P = 0.9
MAX_TOKENS = 160
RESPONSES_PER_QUERY = 15
ATTEMPTS_PER_BATCH = 20
MAX_BATCHES = 10
# Enough tokens for nearly every nucleus; sorting the whole vocabulary would take half of the time.
CANDIDATES = 2048
# The order of floating-point sums depends on the number of threads, so it is fixed.
THREADS = 1

Row = dict[str, Any]


def sample(model: Loaded, query: str, seeds: list[int]) -> list[list[int]]:
    """One response a seed, as tokens; a response that ended by itself has the end-of-turn token last."""
    import torch

    prompt = model.prompt(query)
    draws = [random.Random(seed) for seed in seeds]
    responses: list[list[int]] = [[] for _ in seeds]
    active = list(range(len(seeds)))
    with torch.inference_mode():
        output = model.model(torch.tensor([prompt] * len(seeds)), use_cache=True, logits_to_keep=1)
        for _ in range(MAX_TOKENS):
            tokens = nucleus(output.logits[:, -1], [draws[row].random() for row in active])
            for row, token in zip(active, tokens, strict=True):
                responses[row].append(token)
            going_on = [place for place, token in enumerate(tokens) if token != model.tokenizer.eos_token_id]
            if not going_on:
                break
            cache = output.past_key_values
            cache.batch_select_indices(torch.tensor(going_on))
            active = [active[place] for place in going_on]
            last = torch.tensor([[tokens[place]] for place in going_on])
            output = model.model(last, past_key_values=cache, use_cache=True)
    return responses


def nucleus(logits: Any, uniforms: list[float]) -> list[int]:
    """Top-p sampling: the fewest likeliest tokens that together reach TOP_P, drawn by inverse CDF."""
    import torch

    everything = (logits / TEMPERATURE).softmax(-1)
    probabilities, order = everything.topk(CANDIDATES)
    if (probabilities.sum(-1) < TOP_P).any():
        probabilities, order = everything.topk(everything.shape[-1])
    probabilities = probabilities.double()
    kept = (probabilities.cumsum(-1) - probabilities < TOP_P) * probabilities
    target = torch.tensor(uniforms, dtype=kept.dtype)[:, None] * kept.sum(-1, keepdim=True)
    place = (kept.cumsum(-1) <= target).sum(-1, keepdim=True)
    tokens: list[int] = order.gather(-1, place).squeeze(-1).tolist()
    return tokens


def attempts(model: Loaded, query: str, number: int) -> Iterator[tuple[int, list[int]]]:
    """Seeds 1000 x the query's number + 0, 1, 2, ... in order, each with its response."""
    for batch in range(MAX_BATCHES):
        first = 1000 * number + batch * ATTEMPTS_PER_BATCH
        seeds = list(range(first, first + ATTEMPTS_PER_BATCH))
        yield from zip(seeds, sample(model, query, seeds), strict=True)


def responses_to(model: Loaded, query: Row, number: int) -> list[Row]:
    """The first by seed that ended by themselves and are neither empty, a repeat nor set aside."""
    rows: list[Row] = []
    texts: set[str] = set()
    for seed, tokens in attempts(model, query["query"], number):
        text = model.tokenizer.decode(tokens, skip_special_tokens=True).strip()
        ended = tokens[-1] == model.tokenizer.eos_token_id
        if not ended or not text or text in texts or seed in query.get("seeds_set_aside", []):
            continue
        texts.add(text)
        rows.append(response_row(query, text, sample=len(rows) + 1, seed=seed, tokens=len(tokens) - 1))
        if len(rows) == RESPONSES_PER_QUERY:
            return rows
    tried = MAX_BATCHES * ATTEMPTS_PER_BATCH
    sys.exit(f"make.py: {query['query_id']}: only {len(rows)} complete responses in {tried} attempts")


def response_row(query: Row, text: str, *, sample: int, seed: int, tokens: int) -> Row:
    return {
        "query_id": query["query_id"],
        "query": query["query"],
        "category": query["category"],
        "subcategory": query["subcategory"],
        "response_id": f"{query['query_id']}/{sample:02}",
        "response": text,
        "model": MODEL,
        "sample": sample,
        "temperature": TEMPERATURE,
        "top_p": TOP_P,
        "seed": seed,
        "finish_reason": "stop",
        "tokens": tokens,
    }


def perplexity_rows(model: Loaded, response: Row) -> list[Row]:
    """Both definitions, from one pass over the chat; each number is exp(mean negative log-likelihood)."""
    chat = model.chat(response["query"], response["response"])
    [whole] = log_likelihoods(model, [chat.tokens])
    parts = {RESPONSE_PERPLEXITY: whole[chat.start - 1 : chat.end - 1], CHAT_PERPLEXITY: whole}
    return [
        {
            "response_id": response["response_id"],
            "scorer": scorer,
            "family": "perplexity",
            "score": round(math.exp(-math.fsum(part) / len(part)), 4),
        }
        for scorer, part in parts.items()
    ]


def write(path: Path, rows: list[Row]) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(lines, encoding="utf-8")
    say(f"{path}: {len(rows)} rows")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def asked_for() -> tuple[list[tuple[int, Row]], Path]:
    """The queries to answer, each with its place in the file, and the folder for the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="QUERY_ID", help="these queries alone; needs --output")
    parser.add_argument("--output", type=Path, default=HERE, metavar="FOLDER", help="default: beside this")
    options = parser.parse_args()
    lines = (HERE / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    queries = list(enumerate(map(json.loads, lines), start=1))
    if not options.output.is_dir():
        sys.exit(f"make.py: there is no folder {options.output}")
    if not options.only:
        return queries, options.output
    if options.output.resolve() == HERE:
        sys.exit("make.py: --only would replace the whole files; name another folder with --output")
    if unknown := set(options.only) - {query["query_id"] for _, query in queries}:
        sys.exit(f"make.py: queries.jsonl has no query {', '.join(sorted(unknown))}")
    return [(number, query) for number, query in queries if query["query_id"] in options.only], options.output


def reproducible_model() -> Loaded:
    try:
        model = language_model(MODEL, device="cpu")
    except LocalError as error:
        sys.exit(f"make.py: {error}")
    import torch

    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    return model


def main() -> None:
    queries, folder = asked_for()
    model = reproducible_model()
    responses: list[Row] = []
    for number, query in queries:
        responses += responses_to(model, query, number)
        say(f"{query['query_id']}: {RESPONSES_PER_QUERY} responses, last seed {responses[-1]['seed']}")
    write(folder / "responses.jsonl", responses)
    write(folder / "perplexities.jsonl", [row for one in responses for row in perplexity_rows(model, one)])


if __name__ == "__main__":
    main()
