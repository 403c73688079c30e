"""A server's chat completion as a judge reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from calibration.scorers.judges.replies import probabilities, scores
from calibration.scorers.judges.rubrics import Rubric
from calibration.scorers.judges.shares import shares_of, tokens_of
from calibration.scorers.members import paid
from calibration.scorers.recipe import Message, Tokens
from calibration.scorers.tokens import estimated

DECLINES = "The model declines to judge."
FILTERED = "The server's filter keeps the reply back."
# What a chat's template adds to each message.
MESSAGE_TOKENS = 5


@dataclass(frozen=True)
class Completion:
    """What came back, of which any field may have been missing or something else.

    Attributes
    ----------
    text : str
        What the model wrote, or why it declined.
    refused : str
        Why there is no judgment, where the server says so.
    cut : bool
        Whether it ended for its length.
    logprobs : JSON
        As it came.
    tokens_in, tokens_out : int
        As the server counted them, else estimated.
    """

    text: str
    refused: str
    cut: bool
    logprobs: Any
    tokens_in: int
    tokens_out: int

    @classmethod
    def of(cls, answer: Mapping[str, Any], messages: Sequence[Message]) -> "Completion":
        """Read an answer with at least one choice to these messages."""
        choice = answer["choices"][0]
        given = choice.get("message")
        message = given if isinstance(given, dict) else {}
        text, refusal = _text(message.get("content")), _text(message.get("refusal"))
        finish = choice.get("finish_reason")
        into = sum(estimated(one.text) + MESSAGE_TOKENS for one in messages)
        tokens_in, tokens_out = paid(answer, Tokens(into, estimated(text or refusal)))
        return cls(
            text=text or refusal,
            refused=FILTERED if finish == "content_filter" else DECLINES if refusal else "",
            cut=finish == "length",
            logprobs=choice.get("logprobs"),
            tokens_in=tokens_in,
            tokens_out=tokens_out,
        )

    def result(self, rubric: Rubric, method: str) -> dict[str, Any]:
        """The judgment as `verdicts.value` reads it. Raises Unparsable, and Undefined for no distribution."""
        if method == "stated":
            stated = probabilities(self.text, rubric)
            return {
                "shares": {name: list(one.shares) for name, one in stated.items()},
                "reasons": {name: one.reason for name, one in stated.items()},
            }
        said = scores(self.text, rubric, cut=self.cut)
        result: dict[str, Any] = {
            "scores": {name: one.value for name, one in said.items()},
            "reasons": {name: one.reason for name, one in said.items()},
        }
        if method == "logprobs":
            tokens = tokens_of(self.logprobs)
            names = {value: name for name, value in rubric.spelled.items()}
            spelled = [names[value] for value in rubric.values]
            shares = {name: shares_of(tokens, self.text, one.start, spelled) for name, one in said.items()}
            result["shares"] = {name: list(one.values) for name, one in shares.items()}
            result["outside"] = {name: one.outside for name, one in shares.items()}
        return result


def _text(content: Any) -> str:
    """A message's text, which some servers give in parts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
