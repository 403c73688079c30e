"""A chat that answers in JSON of a given form, however strictly the server keeps to it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, ClassVar, Self

from generation.clients import Client, Later, Rejected, ServerRefuses
from generation.recipes import ways
from generation.recipes.completions import DECLINES, Completion, tokens_of
from generation.recipes.fields import check_number, check_whole, fields_of
from generation.recipes.recipe import Asked, Message, Outcome, RecipeError, Reply, Subject, Tokens
from generation.recipes.replies import Unparsable, refuses

STRUCTURED = ("auto", "off")
MOST_RETRIES, MOST_TOKENS = 40, 100_000


class Useless(Exception):
    """Why a reply is of no use, where another try would not help; `outcome` as in Reply."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


@dataclass(frozen=True, kw_only=True)
class StructuredRecipe(ABC):
    """One chat call about each part of a subject. Raises RecipeError.

    A recipe of its own says the messages, the form of the reply and how it is read.

    Attributes
    ----------
    model : str
        As the server names it.
    temperature, top_p : float or None
        None leaves it to the server: some models take no other.
    max_tokens : int
        Of one reply, thoughts included.
    retries : int
        How often an unparsable reply is asked for again, each time with another seed.
    seed : int or None
        Of which, of the texts, the part and the try each request's seed is made: with the same seed for all
        texts, what chance does to one it would do to all.
    structured : str
        "auto" asks for the strictest form of reply that the server offers; "off" only in words.
    """

    kind: ClassVar[str]
    at_once: ClassVar[int] = 1_000
    # Changes with the texts that are sent: what was asked otherwise is another recipe.
    wording: ClassVar[int]

    model: str
    temperature: float | None = 0.0
    top_p: float | None = None
    max_tokens: int = 1024
    retries: int = 3
    seed: int | None = None
    structured: str = "auto"

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not 1 <= len(self.model.strip()) <= 200:
            raise RecipeError("Name the model as its server does, in 1 to 200 characters.")
        if self.structured not in STRUCTURED:
            raise RecipeError(f'"structured" is one of {", ".join(STRUCTURED)}.')
        check_whole("max_tokens", self.max_tokens, 1, MOST_TOKENS)
        check_whole("retries", self.retries, 0, MOST_RETRIES)
        if self.seed is not None:
            check_whole("seed", self.seed, 0, 2**31 - 1)
        check_number("temperature", self.temperature, 0, 2)
        check_number("top_p", self.top_p, 0, 1)
        if self.top_p == 0:
            raise RecipeError('"top_p" is above 0.')

    @abstractmethod
    def shown(self, subject: Subject, part: str) -> list[Message]:
        """The messages: whatever a text holds stands between tags that it cannot close, as it is."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The reply's JSON schema, in the subset that strict structured outputs take; see `closed`."""

    @abstractmethod
    def read(self, completion: Completion) -> dict[str, Any]:
        """The result, plain JSON. Raises Unparsable, or Useless."""

    @abstractmethod
    def likely_out(self) -> int:
        """About how many tokens one reply takes."""

    def extra(self, way: ways.Way) -> dict[str, Any]:
        """What else a request holds."""
        return {}

    def hint(self, said: str) -> str:
        """How to mend what the server rejects for every call, as it says in lower case; "" for nothing."""
        return ""

    def seeded(self, asked: Asked) -> bool:
        """Whether a request has a seed where the recipe has none: another try needs one."""
        return asked.attempt > 0

    @property
    def local(self) -> bool:
        """Never: it is asked at a server."""
        return False

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, with the kind and the version of the wording."""
        return {**asdict(self), "kind": self.kind, "wording": self.wording}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote, or what a person did. Raises RecipeError."""
        return cls(**cls.given_fields(given))

    @classmethod
    def given_fields(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """The fields as they are given, where they are in this wording. Raises RecipeError."""
        asked = dict(given)
        if asked.pop("wording", cls.wording) != cls.wording:
            raise RecipeError("This recipe was asked in words that have changed since: make a new one.")
        return fields_of(cls, asked)

    def parts(self) -> tuple[str, ...]:
        """One call."""
        return ("",)

    def expected(self, subject: Subject, part: str) -> Tokens:
        """By the messages' lengths; at most goes out all that it may."""
        return Tokens(
            into=tokens_of(self.shown(subject, part)),
            out=min(self.likely_out(), self.max_tokens),
            most_out=self.max_tokens,
        )

    def ask(self, asked: Sequence[Asked], client: Client | None) -> Iterator[tuple[Asked, Reply]]:
        """One request each.

        A reply that cannot be read, before the last of the `retries`, and a request in a form that the server
        does not take are "later" at once: the next try is another seed, or another form.
        """
        if client is None:
            raise RecipeError(f"A {self.kind} is asked at a model server: choose one.")
        for one in asked:
            yield one, self._reply(one, client)

    def _reply(self, asked: Asked, client: Client) -> Reply:
        strictest = ways.FORMATS[0 if self.structured == "auto" else -1]
        key = ways.Asking(client.base_url, self.model, strictest)
        way = ways.way_of(key)
        messages = self.shown(asked.subject, asked.part)
        try:
            completion = client.chat(self._body(asked, messages, way))
        except Later as later:
            otherwise = ways.rejected(key, way, str(later), named=True)
            return Reply("later", error=str(later), wait=0.0 if otherwise else later.wait)
        except Rejected as line:
            return self._rejected(key, way, str(line))
        ways.answered(key, way)
        return self._read(asked, Completion.of(completion, messages), way)

    def _body(self, asked: Asked, messages: Sequence[Message], way: ways.Way) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.text} for message in messages],
            way.limit: self.max_tokens,
        }
        optional = {"temperature": self.temperature, "top_p": self.top_p, "seed": self._seed(asked, way)}
        body |= {name: value for name, value in optional.items() if value is not None}
        if way.format == "json_schema":
            form = {"name": self.kind, "strict": True, "schema": self.schema()}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif way.format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body | self.extra(way)

    def _seed(self, asked: Asked, way: ways.Way) -> int | None:
        if self.seed is None and not (way.seed and self.seeded(asked)):
            return None
        subject = asked.subject
        told = repr((self.seed or 0, subject.query, subject.responses, asked.part, asked.attempt))
        return int.from_bytes(sha256(told.encode()).digest()[:4], "big") >> 1

    def _rejected(self, key: ways.Asking, way: ways.Way, line: str) -> Reply:
        """Another try in another way, or none; where every other call would be rejected too, all end."""
        said = line.casefold()
        if self.seed is not None and "seed" in said:
            raise ServerRefuses(f"{line} Leave seed empty for this model.")
        if ways.rejected(key, way, line):
            return Reply("later", error=line, wait=0.0)
        if hint := self.hint(said):
            raise ServerRefuses(f"{line} {hint}")
        for name in ("temperature", "top_p"):
            if name in said and getattr(self, name) is not None:
                raise ServerRefuses(f"{line} Send neither temperature nor top-p to this model.")
        return Reply("failed", error=line)

    def _read(self, asked: Asked, completion: Completion, way: ways.Way) -> Reply:
        paid = Reply("answered", None, completion.text, "", completion.tokens_in, completion.tokens_out)
        if completion.refused:
            return replace(paid, outcome="refused", error=completion.refused)
        try:
            result = self.read(completion)
        except Useless as why:
            return replace(paid, outcome=why.outcome, error=str(why))
        except Unparsable as why:
            if refuses(completion.text):
                return replace(paid, outcome="refused", error=DECLINES)
            cut = " (it was cut off at max_tokens)" if completion.cut else ""
            unread = replace(paid, outcome="unparsable", error=f"The reply cannot be read: {why}{cut}.")
            return replace(unread, outcome="later", wait=0.0) if asked.attempt < self.retries else unread
        return replace(paid, result={**result, "format": way.format})


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object with these members and no other, as strict outputs want it."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
