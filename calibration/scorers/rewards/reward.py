"""A reward model: one number, or one for each of its heads, for a response to a query."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from calibration.scorers.recipe import Value
from calibration.scorers.rewards.checks import check
from calibration.scorers.rewards.dialects import DIALECTS, filled
from generation.clients import Client, Later, Rejected
from generation.recipes.fields import fields_of
from generation.recipes.members import Unreadable, paid
from generation.recipes.recipe import Asked, Message, RecipeError, Reply, Subject, Tokens
from generation.recipes.tokens import estimated

# How much of a reply is kept; that of a model of tokens has a number for each.
KEPT = 2_000


@dataclass(frozen=True)
class RewardRecipe:
    """How a reward model is asked.

    Attributes
    ----------
    model : str
        As its server knows it; in this process a name on the hub or a folder.
    dialect : str
        A key of `DIALECTS`, or "local" for a model in this process.
    heads : tuple of str
        What the model scores, where it scores several things: in their order for vllm_classify and
        vllm_pooling, by their labels for the others. None for a model with one score.
    main : str
        The head whose score is the scorer's own. Each other one makes a scorer of its own, as all do without.
    scores : str
        "raw", as the last layer gives them, or "probabilities" made of them: by the logistic function of a
        model with one score, else by softmax. Whatever it returns from a "json" server.
    template : str
        A text with {query} and {response}, where the model's chat template is not used.
    path : str
        Where the server is asked, if not at its dialect's usual path.
    device : str
        Of a model in this process: "auto", or one of torch's names such as "cuda:1".
    truncate : bool
        Whether a model in this process reads as much of a response as it can where the whole is too long for
        it; else such a response has no score. What was cut off is in the score's metadata.
    """

    kind: ClassVar[str] = "reward"
    family: ClassVar[str] = "reward_model"
    at_once: ClassVar[int] = 1_000

    model: str
    dialect: str
    heads: tuple[str, ...] = ()
    main: str = ""
    scores: str = "raw"
    template: str = ""
    path: str = ""
    device: str = "auto"
    truncate: bool = False

    def __post_init__(self) -> None:
        check(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RewardRecipe:
        """Of what `as_dict` gives. Raises RecipeError."""
        given = fields_of(cls, data)
        if isinstance(given.get("heads"), list):
            given["heads"] = tuple(given["heads"])
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self), "heads": list(self.heads)}

    @property
    def of_pairs(self) -> bool:
        return False

    @property
    def local(self) -> bool:
        return self.dialect == "local"

    def parts(self) -> tuple[str, ...]:
        return ("",)

    def shown(self, subject: Subject, part: str) -> list[Message]:
        if self.template:
            return [Message("text", filled(self.template, subject))]
        roles = ("user", "assistant") if self.local or DIALECTS[self.dialect].chat else ("query", "response")
        return [Message(roles[0], subject.query), Message(roles[1], subject.responses[0])]

    def expected(self, subject: Subject, part: str) -> Tokens:
        return Tokens(sum(estimated(message.text) for message in self.shown(subject, part)))

    def ask(self, asked: Sequence[Asked], client: Client | None) -> Iterator[tuple[Asked, Reply]]:
        """As `Recipe.ask`. Raises `generation.local.LocalError` where a model cannot run in this process."""
        if self.local:
            # Only here: what it imports is not installed everywhere.
            from calibration.scorers.rewards.in_process import scored

            yield from scored(self, asked)
        elif client is None:
            raise RecipeError(f"The reward model {self.model} needs a server.")
        else:
            for one in asked:
                yield one, self._asked(one, client)

    def _asked(self, asked: Asked, client: Client) -> Reply:
        dialect = DIALECTS[self.dialect]
        try:
            reply = client.post(self.path or dialect.path, dialect.body(self, asked.subject))
        except Later as error:
            return Reply("later", error=str(error), wait=error.wait)
        except Rejected as error:
            return Reply("failed", error=str(error))
        text = json.dumps(reply)[:KEPT]
        tokens, _ = paid(reply, self.expected(asked.subject, asked.part))
        try:
            scores = dialect.read(self, reply)
        except Unreadable as error:
            return Reply("unparsable", text=text, error=str(error), tokens_in=tokens)
        return Reply("answered", result={"scores": scores}, text=text, tokens_in=tokens)

    def values(self, results: Mapping[str, dict[str, Any]]) -> dict[str, Value]:
        result = results.get("") or {}
        scores = result.get("scores") or {}
        if set(scores) != set(self.heads or [""]):
            raise RecipeError("The reply has not the scores that the recipe names.")
        metadata = {} if self.dialect == "json" else {"scores": self.scores}
        if "cut" in result:
            metadata["cut"] = result["cut"]
        own = self.heads[0] if len(self.heads) == 1 else self.main
        return {
            "" if head == own else head: Value(number=float(score), metadata=dict(metadata))
            for head, score in scores.items()
        }
