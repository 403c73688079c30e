"""A language model's perplexity of a response, by a server or in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from calibration.scorers.perplexities import echo, vllm
from calibration.scorers.perplexities.measures import (
    DEFINITIONS,
    HEADS,
    RESPONSE,
    Undefined,
    measured,
    wanted,
)
from calibration.scorers.perplexities.templates import check_template
from calibration.scorers.recipe import Value
from generation.clients import Client, Later, Rejected
from generation.recipes.fields import fields_of
from generation.recipes.members import Unreadable, paid
from generation.recipes.recipe import Asked, Message, RecipeError, Reply, Subject, Tokens
from generation.recipes.tokens import estimated

DIALECTS = {
    "vllm": "vLLM, prompt log-probabilities of a chat",
    "echo": "completions that echo log-probabilities",
    "local": "in this process",
}
EMPTY = "The response is empty, so it has no perplexity."


@dataclass(frozen=True)
class PerplexityRecipe:
    """How a perplexity is measured.

    Attributes
    ----------
    model : str
        As its server knows it; in this process as `generation.local.language_model` takes it.
    dialect : str
        "vllm" for vLLM's chat completions, "echo" for completions that echo their prompt's log-probabilities,
        "local" for a model in this process.
    definition : str
        "response", the response given its query; "chat", the whole templated chat; or "both", which makes two
        scorers. The package's docstring has the formulas. Of a server each is a call of its own.
    template : str
        For "echo", that knows no chat: "chatml", "plain", or a text of one's own with {query} and {response};
        what follows the response closes its turn. The others use the model's own chat template.
    device : str
        Of a model in this process: "auto", "cpu", "cuda", or "cuda:1" and so on.
    """

    kind: ClassVar[str] = "perplexity"
    family: ClassVar[str] = "perplexity"
    at_once: ClassVar[int] = 1_000

    model: str
    dialect: str
    definition: str = RESPONSE
    template: str = ""
    device: str = "auto"

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, str) or "\x00" in value:
                raise RecipeError(f"The perplexity's {name} must be a text.")
        if not self.model.strip():
            raise RecipeError("Name the language model.")
        if self.dialect not in DIALECTS:
            raise RecipeError(f"The dialect must be one of {', '.join(DIALECTS)}.")
        if self.definition not in DEFINITIONS:
            raise RecipeError(f"The definition must be one of {', '.join(DEFINITIONS)}.")
        if self.dialect == "echo":
            check_template(self.template)
        elif self.template:
            raise RecipeError("Only the dialect echo has a template: the others use the model's own.")
        if self.device != "auto" and not self.local:
            raise RecipeError("Only a model in this process has a device.")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PerplexityRecipe:
        """Of what `as_dict` gives. Raises RecipeError."""
        return cls(**fields_of(cls, data))

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self)}

    @property
    def of_pairs(self) -> bool:
        return False

    @property
    def local(self) -> bool:
        return self.dialect == "local"

    def parts(self) -> tuple[str, ...]:
        """In this process one pass gives both definitions."""
        return ("",) if self.local else wanted(self.definition)

    def shown(self, subject: Subject, part: str) -> list[Message]:
        if self.dialect == "echo":
            return [Message("text", echo.text(self.template, subject, part))]
        return [Message("user", subject.query), Message("assistant", subject.responses[0])]

    def expected(self, subject: Subject, part: str) -> Tokens:
        into = sum(estimated(message.text) for message in self.shown(subject, part))
        return Tokens(into) if self.local else Tokens(into, out=1, most_out=1)

    def ask(self, asked: Sequence[Asked], client: Client | None) -> Iterator[tuple[Asked, Reply]]:
        """As `Recipe.ask`. Raises `generation.local.LocalError` where a model cannot run in this process."""
        if client is None and not self.local:
            raise RecipeError(f"The perplexity by {self.model} needs a server.")
        some = []
        for one in asked:
            if one.subject.responses[0].strip():
                some.append(one)
            else:
                yield one, Reply("failed", error=EMPTY)
        if client is None:
            # Only here: what it needs is not installed everywhere.
            from calibration.scorers.perplexities.in_process import scored

            yield from scored(self, some)
        else:
            yield from ((one, self._asked(one, client)) for one in some)

    def _asked(self, asked: Asked, client: Client) -> Reply:
        try:
            return self._answered(asked, client)
        except Later as error:
            return Reply("later", error=str(error), wait=error.wait)
        except Rejected as error:
            return Reply("failed", error=str(error))

    def _answered(self, asked: Asked, client: Client) -> Reply:
        subject, part = asked.subject, asked.part
        if self.dialect == "echo":
            answer = client.completion(echo.body(self.model, self.template, subject, part))
        else:
            answer = client.chat(vllm.body(self.model, subject, part))
        into, out = paid(answer, self.expected(subject, part))
        try:
            if self.dialect == "echo":
                found = echo.log_likelihoods(self.template, subject, part, answer)
            else:
                found = vllm.log_likelihoods(client, self.model, subject, part, answer)
            return Reply("answered", result={part: measured(found)}, tokens_in=into, tokens_out=out)
        except Unreadable as error:
            return Reply("unparsable", error=str(error), tokens_in=into, tokens_out=out)
        except Undefined as error:
            return Reply("failed", error=str(error), tokens_in=into, tokens_out=out)

    def values(self, results: Mapping[str, dict[str, Any]]) -> dict[str, Value]:
        """Where one of both definitions has no result, the other still has its score."""
        found = {
            definition: (result[definition], result)
            for result in results.values()
            for definition in wanted(self.definition)
            if definition in result
        }
        if not found:
            raise RecipeError("No perplexity came back.")
        return {
            HEADS[definition] if self.definition == "both" else "": _value(definition, *told)
            for definition, told in found.items()
        }


def _value(definition: str, one: dict[str, Any], result: dict[str, Any]) -> Value:
    metadata = {"definition": definition, "tokens": one["tokens"]}
    metadata |= {name: result[name] for name in ("precision", "revision") if name in result}
    return Value(number=float(one["perplexity"]), metadata=metadata)
