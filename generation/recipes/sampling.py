"""The recipe of sampling: one model's responses to queries, in one strategy and decoding."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, ClassVar, Self, TypeVar

from generation.clients import Client, Later, Rejected, ServerRefuses
from generation.decoding import PRESETS, Decoding
from generation.recipes import ways
from generation.recipes.completions import Completion, tokens_of
from generation.recipes.fields import check_whole, fields_of
from generation.recipes.recipe import Asked, Message, RecipeError, Reply, Subject, Tokens
from generation.recipes.replies import Unparsable, storable
from generation.recipes.token_entropy import lower_bound
from generation.strategies import SHIPPED, Strategy

T = TypeVar("T")

MOST_SAMPLES, MOST_RETRIES, LONGEST_NAME = 10_000, 40, 200
# What one response likely takes, as long as none was seen; and the talk of a group before it.
USUAL_OUT, TALK_OUT = 300, 900
UNSAID: Mapping[str, Any] = {"token_entropy": False, "family": "", "step": None}


@dataclass(frozen=True, kw_only=True)
class SampleRecipe:
    """So many responses to each query. Raises RecipeError.

    Attributes
    ----------
    model : str
        As the server names it; of a model in this process as `generation.local` does.
    named : str
        What the responses' model is called here; "" for `model`.
    strategy : Strategy
    decoding : Decoding
    samples : int
        Responses a query; where one call gives several, a multiple of them.
    seed : int or None
        Of which, of the query, the part and the try each call's seed is made, and the order of personas. None
        is 0, where a server need not take seeds: what each response's seed was is kept with it.
    retries : int
        How often a reply is asked for again in which no response can be told from the rest. One that is empty
        is not: it is how the model responds.
    device : str or None
        Where a model in this process runs, such as "auto"; None asks a server.
    token_entropy : bool
        Whether the mean token entropy of each reply is kept with its responses: of the model's distribution
        in this process, before the decoding changes it; of a server's token probabilities a lower bound.
    family, step : str, int or None
        Which training the responses' model is of, and after how many steps; "" and None say nothing.
    """

    kind: ClassVar[str] = "sample"
    at_once: ClassVar[int] = 1_000

    model: str
    named: str = ""
    strategy: Strategy = SHIPPED["plain"]
    decoding: Decoding = PRESETS["top-p"]
    samples: int = 50
    seed: int | None = None
    retries: int = 3
    device: str | None = None
    token_entropy: bool = False
    family: str = ""
    step: int | None = None

    def __post_init__(self) -> None:
        for name in (self.model, self.source):
            if not isinstance(name, str) or not 1 <= len(name.strip()) <= LONGEST_NAME:
                raise RecipeError(f"Name the model as its server does, in 1 to {LONGEST_NAME} characters.")
        check_whole("samples", self.samples, 1, MOST_SAMPLES)
        check_whole("retries", self.retries, 0, MOST_RETRIES)
        if self.seed is not None:
            check_whole("seed", self.seed, 0, 2**31 - 1)
        if self.device is not None and not isinstance(self.device, str):
            raise RecipeError('"device" is a name such as "auto" or "cpu", or empty for a server.')
        if not isinstance(self.token_entropy, bool):
            raise RecipeError('"token_entropy" is true or false.')
        if not isinstance(self.family, str) or len(self.family) > LONGEST_NAME:
            raise RecipeError(f'"family" is a name of {LONGEST_NAME} characters at most.')
        if self.step is not None:
            check_whole("step", self.step, 0, 2**63 - 1)
            if not self.family:
                raise RecipeError("A step is one of a family: name the family that was trained.")
        if self.samples % self.strategy.answers:
            raise RecipeError(
                f"One call gives {self.strategy.answers} responses: ask for a multiple of them a query, "
                f"not for {self.samples:,}."
            )

    @property
    def local(self) -> bool:
        """Whether the model runs in this process."""
        return self.device is not None

    @property
    def source(self) -> str:
        """What the responses' model is called."""
        return self.named or self.model

    @property
    def words(self) -> dict[str, str]:
        """How it is asked and draws, each in a line."""
        strategy = f"{self.strategy.words}, version {self.strategy.version}"
        return {"strategy": strategy, "decoding": self.decoding.words}

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, with the whole template; of what came to recipes later only what is said."""
        whole = {"strategy": self.strategy.as_dict(), "decoding": self.decoding.as_dict()}
        told = {**asdict(self), **whole, "kind": self.kind}
        return {name: value for name, value in told.items() if name not in UNSAID or value != UNSAID[name]}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote, or what a person did: a preset's or a strategy's name is enough.

        Raises RecipeError.
        """
        fields = fields_of(cls, given)
        if "strategy" in fields:
            fields["strategy"] = _known(fields["strategy"], SHIPPED) or Strategy.from_dict(fields["strategy"])
        if "decoding" in fields:
            fields["decoding"] = _known(fields["decoding"], PRESETS) or Decoding.from_dict(fields["decoding"])
        return cls(**fields)

    def parts(self) -> tuple[str, ...]:
        """The calls by number, from 1."""
        return tuple(map(str, range(1, self.samples // self.strategy.answers + 1)))

    def persona(self, part: str) -> str:
        """Whose answer a call asks for; "" where the strategy has no personas."""
        return self.strategy.persona(int(part), self.seed or 0)

    def shown(self, subject: Subject, part: str) -> list[Message]:
        """The messages: the query as it is, in the strategy's words."""
        return self.strategy.sent(subject.query, self.persona(part))

    def expected(self, subject: Subject, part: str) -> Tokens:
        """By the messages' lengths; at most goes out all that the decoding allows."""
        talk = TALK_OUT if self.strategy.marker else 0
        most = self.decoding.max_tokens
        return Tokens(
            into=tokens_of(self.shown(subject, part)),
            out=min(USUAL_OUT * self.strategy.answers + talk, most),
            most_out=most,
        )

    def ask(self, asked: Sequence[Asked], client: Client | None) -> Iterator[tuple[Asked, Reply]]:
        """One request each; of a model in this process in batches, each call with chances of its own.

        Raises ServerRefuses where the server does not take the decoding, LocalError without the model.
        """
        if self.local:
            from generation.recipes.drawing import drawn  # torch is heavy, and not everybody's

            yield from drawn(self, asked)
            return
        if client is None:
            raise RecipeError("This model is asked at a server: choose one.")
        for one in asked:
            yield one, self._reply(one, client)

    def seed_of(self, asked: Asked) -> int:
        """The seed of one try of a call, from 0 to 2**31 - 1; the same for the same query, part and try."""
        told = repr((self.seed or 0, asked.subject.query, asked.part, asked.attempt))
        return int.from_bytes(sha256(told.encode()).digest()[:4], "big") >> 1

    def read(
        self,
        asked: Asked,
        completion: Completion,
        seed: int | None,
        entropy: Mapping[str, Any] | None = None,
    ) -> Reply:
        """The reply that a completion is: its responses, and what is to be kept of how they came."""
        paid = Reply("answered", None, completion.text, "", completion.tokens_in, completion.tokens_out)
        if completion.refused:
            return replace(paid, outcome="refused", error=completion.refused)
        cut = " (it was cut off at max_tokens)" if completion.cut else ""
        if not completion.text.strip():
            return replace(paid, outcome="unparsable", error=f"The response is empty{cut}.")
        try:
            texts = self.strategy.read(completion.text)
        except Unparsable as why:
            unread = replace(paid, outcome="unparsable", error=f"There is no response: {why}{cut}.")
            plain = not (self.strategy.marker or self.strategy.answers > 1)
            return (
                unread
                if plain or asked.attempt >= self.retries
                else replace(unread, outcome="later", wait=0.0)
            )
        result: dict[str, Any] = {
            "texts": [storable(text) for text in texts],
            "finish_reason": completion.finish,
            "seed": seed,
            "tokens_in": completion.tokens_in,
            "tokens_out": completion.tokens_out,
        }
        if entropy is not None:
            result["token_entropy"] = entropy
        return replace(paid, result=result)

    def _reply(self, asked: Asked, client: Client) -> Reply:
        key = ways.Asking(client.base_url, self.model, ways.FORMATS[-1])
        way = ways.way_of(key)
        messages = self.shown(asked.subject, asked.part)
        seed = self.seed_of(asked) if way.seed or self.seed is not None else None
        try:
            answer = client.chat(self._body(messages, way, seed))
        except Later as later:
            otherwise = ways.rejected(key, way, str(later), named=True)
            return Reply("later", error=str(later), wait=0.0 if otherwise else later.wait)
        except Rejected as line:
            return self._rejected(key, way, str(line))
        ways.answered(key, way)
        completion = Completion.of(answer, messages)
        entropy = lower_bound(completion.logprobs) if self.token_entropy else None
        return self.read(asked, completion, seed, entropy)

    def _body(self, messages: Sequence[Message], way: ways.Way, seed: int | None) -> dict[str, Any]:
        drawing = self.decoding.as_dict()
        body = {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.text} for message in messages],
            way.limit: drawing.pop("max_tokens"),
            **drawing,
        }
        if self.token_entropy:
            body |= {"logprobs": True, "top_logprobs": way.alternatives}
        return body if seed is None else body | {"seed": seed}

    def _rejected(self, key: ways.Asking, way: ways.Way, line: str) -> Reply:
        """Another try in another way; where the server does not take the decoding, every call ends."""
        said = line.casefold()
        if self.seed is not None and "seed" in said:
            raise ServerRefuses(f"{line} Leave the seed empty for this model.")
        for name in ("min_p", "top_k", "top_p", "temperature"):
            if name in said and getattr(self.decoding, name) is not None:
                raise ServerRefuses(f"{line} This model does not take that {name}: choose another decoding.")
        if ways.rejected(key, way, line):
            return Reply("later", error=line, wait=0.0)
        if self.token_entropy and "logprobs" in said:
            raise ServerRefuses(
                f"{line} This model gives no token probabilities: leave the token entropy out."
            )
        return Reply("failed", error=line)


def _known(given: Any, known: Mapping[str, T]) -> T | None:
    return known.get(given) if isinstance(given, str) else None
