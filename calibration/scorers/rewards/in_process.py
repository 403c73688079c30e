"""Reward models in this process: sequence classifiers of transformers, with the model's chat template."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from calibration.scorers.rewards.dialects import filled
from calibration.scorers.rewards.heads import by_place, counted, expected, listed
from generation.local import Loaded, LocalError, TemplateRefuses, classifier, turns
from generation.recipes.batches import WINDOW, Batches
from generation.recipes.members import Unreadable
from generation.recipes.recipe import Asked, Reply, Subject

if TYPE_CHECKING:
    from calibration.scorers.rewards.reward import RewardRecipe

# What a batch holds, padding included.
TOKENS_ON_PROCESSOR = 4_096
TOKENS_ON_GPU = 65_536


def scored(recipe: RewardRecipe, asked: Sequence[Asked]) -> Iterator[tuple[Asked, Reply]]:
    """Scores by the model's heads; the same whatever else is asked about, to the precision it runs in.

    Raises LocalError where the model cannot be loaded, or is not what the recipe says.
    """
    scorer = _Scorer(recipe, classifier(recipe.model, recipe.device))
    for start in range(0, len(asked), WINDOW):
        yield from scorer.scored(asked[start : start + WINDOW])


class _Failed(Exception):
    """Why one text has no score, in one line."""


@dataclass(frozen=True)
class _Text:
    """A query and a response as the model reads them, and how many characters of the response are cut off."""

    tokens: list[int]
    cut: int = 0


class _Scorer:
    """A reward model that is loaded, and is what its recipe says."""

    def __init__(self, recipe: RewardRecipe, loaded: Loaded) -> None:
        import torch

        if not recipe.template and not loaded.tokenizer.chat_template:
            raise LocalError(
                f"The model {loaded.name} has no chat template: write one with {{query}} and {{response}}."
            )
        self.recipe = recipe
        self.loaded = loaded
        self.config = loaded.model.config
        self.order = _order(recipe, loaded)
        self.longest = _longest(loaded)
        self.batches = Batches(
            TOKENS_ON_PROCESSOR if loaded.device == "cpu" else TOKENS_ON_GPU,
            out_of_memory=torch.OutOfMemoryError,
            free=torch.cuda.empty_cache,
        )

    def scored(self, asked: Sequence[Asked]) -> Iterator[tuple[Asked, Reply]]:
        read: list[tuple[Asked, _Text]] = []
        for one in asked:
            try:
                read.append((one, self._text(one.subject.query, one.subject.responses[0])))
            except (TemplateRefuses, _Failed) as error:
                yield one, Reply("failed", error=str(error))
        texts = [text.tokens for _, text in read]
        lengths = [len(tokens) for tokens in texts]
        for place, logits in self.batches.run(lengths, partial(self._logits, texts)):
            one, text = read[place]
            yield one, self._reply(text, logits)

    def _reply(self, text: _Text, logits: list[float] | None) -> Reply:
        count = len(text.tokens)
        if logits is None:
            return Reply(
                "failed", error=f"Its {count} tokens do not fit in the memory of {self.loaded.device}."
            )
        try:
            scores = by_place([logits[place] for place in self.order], self.recipe.heads)
        except Unreadable as error:
            return Reply("unparsable", error=str(error), tokens_in=count)
        result: dict[str, Any] = {"scores": scores}
        if text.cut:
            result["cut"] = text.cut
        return Reply("answered", result=result, tokens_in=count)

    def _text(self, query: str, response: str) -> _Text:
        tokens = self._tokens(query, response)
        if not tokens:
            raise _Failed("The model has nothing to read.")
        if self.longest is None or len(tokens) <= self.longest:
            return _Text(tokens)
        line = f"Its {len(tokens)} tokens are more than the {self.longest} that the model reads."
        if not self.recipe.truncate:
            raise _Failed(line)
        # As much of the response as fits; the template stays whole, since its end is where scores are taken.
        kept = bisect_right(
            range(1, len(response) + 1),
            self.longest,
            key=lambda characters: len(self._tokens(query, response[:characters])),
        )
        if not kept:
            raise _Failed(f"{line} The query alone fills them.")
        return _Text(self._tokens(query, response[:kept]), cut=len(response) - kept)

    def _tokens(self, query: str, response: str) -> list[int]:
        if not self.recipe.template:
            return self.loaded.templated(turns(query, response))
        text = filled(self.recipe.template, Subject(query, (response,)))
        tokens: list[int] = self.loaded.tokenizer(text)["input_ids"]
        return tokens

    def _logits(self, texts: Sequence[list[int]], places: list[int]) -> list[list[float]]:
        """Of a batch; where a model has no padding token, it takes one text at a time."""
        pad = self.config.get_text_config().pad_token_id
        if pad is None:
            return [row for place in places for row in self._run([texts[place]], 0)]
        return self._run([texts[place] for place in places], pad)

    def _run(self, texts: list[list[int]], pad: int) -> list[list[float]]:
        """Padded on the right, with the token at which the model looks for a text's end."""
        import torch

        width = max(map(len, texts))
        tokens = torch.tensor([text + [pad] * (width - len(text)) for text in texts])
        mask = torch.tensor([[1] * len(text) + [0] * (width - len(text)) for text in texts])
        device = self.loaded.device
        with torch.inference_mode():
            logits = self.loaded.model(tokens.to(device), attention_mask=mask.to(device)).logits.float()
            rows: list[list[float]] = self._scaled(logits).tolist()
        return rows

    def _scaled(self, logits: Any) -> Any:
        if self.recipe.scores == "raw":
            return logits
        apart = len(self.order) == 1 or self.config.problem_type == "multi_label_classification"
        return logits.sigmoid() if apart else logits.softmax(-1)


def _order(recipe: RewardRecipe, loaded: Loaded) -> list[int]:
    """Where the model's logits have the recipe's heads. Raises LocalError where it has others."""
    config = loaded.model.config
    labels = [str(config.id2label[place]) for place in range(config.num_labels)]
    if len(labels) == 1 and len(recipe.heads) <= 1:
        return [0]
    if sorted(labels) != sorted(recipe.heads):
        raise LocalError(
            f"The model {loaded.name} has {counted(len(labels))} ({listed(labels)}), "
            f"the recipe expects {expected(recipe.heads)}."
        )
    return [labels.index(head) for head in recipe.heads]


def _longest(loaded: Loaded) -> int | None:
    """How many tokens the model reads at most; where its tokenizer names fewer, it is for a reason."""
    known = [loaded.longest, loaded.tokenizer.model_max_length]
    return min((length for length in known if length), default=None)
