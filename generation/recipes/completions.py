"""A server's chat completion, of which any field may be missing or something else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generation.recipes.members import paid
from generation.recipes.recipe import Message, Tokens
from generation.recipes.tokens import estimated

DECLINES = "The model declines to answer."
FILTERED = "The server's filter keeps the reply back."
# What a chat's template adds to each message.
MESSAGE_TOKENS = 5


@dataclass(frozen=True)
class Completion:
    """What came back.

    Attributes
    ----------
    text : str
        What the model wrote, or why it declined.
    refused : str
        Why there is no answer, where the server says so.
    finish : str
        Why the model stopped, as the server says; "" where it says nothing.
    logprobs : JSON
        As it came.
    tokens_in, tokens_out : int
        As the server counted them, else estimated.
    """

    text: str
    refused: str
    finish: str
    logprobs: Any
    tokens_in: int
    tokens_out: int

    @property
    def cut(self) -> bool:
        """Whether it ended for its length."""
        return self.finish == "length"

    @classmethod
    def of(cls, answer: Mapping[str, Any], messages: Sequence[Message]) -> "Completion":
        """Read an answer with at least one choice to these messages."""
        choice = answer["choices"][0]
        given = choice.get("message")
        message = given if isinstance(given, dict) else {}
        text, refusal = _text(message.get("content")), _text(message.get("refusal"))
        finish = choice.get("finish_reason")
        tokens_in, tokens_out = paid(answer, Tokens(tokens_of(messages), estimated(text or refusal)))
        return cls(
            text=text or refusal,
            refused=FILTERED if finish == "content_filter" else DECLINES if refusal else "",
            finish=finish if isinstance(finish, str) else "",
            logprobs=choice.get("logprobs"),
            tokens_in=tokens_in,
            tokens_out=tokens_out,
        )


def tokens_of(messages: Sequence[Message]) -> int:
    """About how many tokens messages take."""
    return sum(estimated(message.text) + MESSAGE_TOKENS for message in messages)


def _text(content: Any) -> str:
    """A message's text, which some servers give in parts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
