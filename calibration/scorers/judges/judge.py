"""The recipe of an LM judge, of responses or of pairs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, ClassVar

from calibration.scorers.judges import forms, verdicts
from calibration.scorers.judges.completions import DECLINES, MESSAGE_TOKENS, Completion
from calibration.scorers.judges.replies import Unparsable, refuses
from calibration.scorers.judges.rubrics import BUILT_IN, Rubric
from calibration.scorers.judges.shares import NoProbabilities, Undefined
from calibration.scorers.reading import fields_of
from calibration.scorers.recipe import Asked, Message, RecipeError, Reply, Subject, Tokens, Value
from calibration.scorers.tokens import estimated
from generation.clients import Client, Later, Rejected, ServerRefuses

METHODS = {
    "number": "one score",
    "logprobs": "the probabilities of the score's tokens",
    "votes": "several scores, drawn at a temperature",
    "stated": "probabilities that the judge states",
}
STRUCTURED = ("auto", "off")
# Changes with the texts that every rubric is sent with: what was asked otherwise is another recipe.
WORDING = 1
MOST_VOTES, MOST_RETRIES, MOST_TOKENS = 100, 40, 100_000
# What a reply takes for each score with its reason, and for each probability.
SAID_TOKENS, PROBABILITY_TOKENS = 40, 8


@dataclass(frozen=True)
class JudgeRecipe:
    """A language model that is told what to look at and says a score. Raises RecipeError.

    Attributes
    ----------
    model : str
        As the server names it.
    rubric : Rubric
    method : str
        One of `METHODS`: what is taken from its replies.
    votes : int
        How many, where the method is votes.
    temperature, top_p : float or None
        None leaves it to the server: some models take no other. A top_p below 1 leaves rare votes out.
    max_tokens : int
        Of one reply, thoughts included.
    retries : int
        How often an unparsable reply is asked for again.
    seed : int or None
        Of which, of the texts, the vote and the try each request's seed is made: with the same seeds for all
        texts a server would draw their votes by the same chances, and what chance does to one it would do to
        all. Votes have seeds without it too, where the server takes any.
    structured : str
        "auto" asks for the strictest form of reply that the server offers; "off" only in words.
    heads : bool
        Whether each criterion is a scorer too.
    """

    kind: ClassVar[str] = "judge"
    family: ClassVar[str] = "lm_judge"

    model: str
    rubric: Rubric
    method: str = "number"
    votes: int = 10
    temperature: float | None = 0.0
    top_p: float | None = 0.9
    max_tokens: int = 1024
    retries: int = 3
    seed: int | None = None
    structured: str = "auto"
    heads: bool = False

    def __post_init__(self) -> None:
        _check(self)

    @property
    def of_pairs(self) -> bool:
        """Whether its rubric is about two responses, which are then shown in both orders."""
        return self.rubric.pairwise

    @property
    def local(self) -> bool:
        """Never: a judge is asked at a server."""
        return False

    @property
    def scale(self) -> tuple[int, int]:
        """The lowest and the highest value; every whole number between them is one too."""
        return self.rubric.low, self.rubric.high

    @property
    def criteria(self) -> list[str]:
        """The criteria's names."""
        return [criterion.name for criterion in self.rubric.criteria]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, with the rubric's whole text."""
        rubric = {**self.rubric.as_dict(), "digest": self.rubric.digest}
        return {**asdict(self), "kind": self.kind, "rubric": rubric, "wording": WORDING}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "JudgeRecipe":
        """Read what `as_dict` wrote, or what a person did: the name of a built-in rubric is enough.

        Votes have a temperature and a top_p of 1 unless others are given. Raises RecipeError.
        """
        asked = dict(given)
        if asked.pop("wording", WORDING) != WORDING:
            raise RecipeError("This recipe was asked in words that have changed since: make a new one.")
        fields = fields_of(cls, asked)
        fields["rubric"] = _rubric(fields["rubric"])
        if fields.get("method") == "votes":
            fields = {"temperature": 1.0, "top_p": 1.0} | fields
        return cls(**fields)

    def parts(self) -> tuple[str, ...]:
        """A call for each order of a pair, and in it for each vote."""
        orders = verdicts.orders(self.rubric)
        if self.method != "votes":
            return orders
        return tuple(verdicts.vote(order, number) for order in orders for number in range(1, self.votes + 1))

    def shown(self, subject: Subject, part: str) -> list[Message]:
        """The messages: whatever the query and the responses hold stands between tags, as it is."""
        responses = reversed(subject.responses) if verdicts.turned(part) else subject.responses
        form = forms.instruction(self.rubric, stated=self.method == "stated")
        return self.rubric.messages(Subject(subject.query, tuple(responses)), form)

    def expected(self, subject: Subject, part: str) -> Tokens:
        """By the messages' lengths; out go a score and a sentence a criterion, at most all that it may."""
        messages = self.shown(subject, part)
        said = SAID_TOKENS + (PROBABILITY_TOKENS * len(self.rubric.values) if self.method == "stated" else 0)
        return Tokens(
            into=sum(estimated(message.text) + MESSAGE_TOKENS for message in messages),
            out=min(said * len(self.criteria), self.max_tokens),
            most_out=self.max_tokens,
        )

    def ask(self, asked: Sequence[Asked], client: Client | None) -> Iterator[tuple[Asked, Reply]]:
        """One request each.

        A reply that cannot be read, before the last of the `retries`, and a request in a form that the server
        does not take are "later" at once: the next try is another seed, or another form.
        """
        if client is None:
            raise RecipeError("A judge is asked at a model server: choose one.")
        for one in asked:
            yield one, self._reply(one, client)

    def values(self, results: Mapping[str, dict[str, Any]]) -> dict[str, Value]:
        """The scorer's own, of all criteria; with `heads` each criterion's too. See `verdicts.value`."""
        heads = {"": self.criteria}
        if self.heads and len(self.criteria) > 1:
            heads |= {name: [name] for name in self.criteria}
        votes = self.votes if self.method == "votes" else 0
        return {
            head: verdicts.value(results, self.rubric, names, votes=votes) for head, names in heads.items()
        }

    def verdict(self, result: Mapping[str, Any]) -> float:
        """What one call about a pair said, above 0 where the response shown first is better."""
        return verdicts.verdict(result, self.rubric, self.criteria)

    def _reply(self, asked: Asked, client: Client) -> Reply:
        strictest = forms.FORMATS[0 if self.structured == "auto" else -1]
        key = forms.Asking(client.base_url, self.model, strictest)
        way = forms.way_of(key)
        messages = self.shown(asked.subject, asked.part)
        try:
            completion = client.chat(self._body(asked, messages, way))
        except Later as later:
            otherwise = forms.rejected(key, way, str(later), named=True)
            return Reply("later", error=str(later), wait=0.0 if otherwise else later.wait)
        except Rejected as line:
            return self._rejected(key, way, str(line))
        forms.answered(key, way)
        return self._read(asked, Completion.of(completion, messages), way)

    def _body(self, asked: Asked, messages: Sequence[Message], way: forms.Way) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.text} for message in messages],
            way.limit: self.max_tokens,
        }
        optional = {"temperature": self.temperature, "top_p": self.top_p, "seed": self._seed(asked, way)}
        body |= {name: value for name, value in optional.items() if value is not None}
        if way.format == "json_schema":
            schema = forms.schema(self.rubric, stated=self.method == "stated")
            form = {"name": "judgment", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif way.format == "json_object":
            body["response_format"] = {"type": "json_object"}
        if self.method == "logprobs":
            body |= {"logprobs": True, "top_logprobs": way.alternatives}
        return body

    def _seed(self, asked: Asked, way: forms.Way) -> int | None:
        if self.seed is None and not (way.seed and self.method == "votes"):
            return None
        subject = asked.subject
        told = repr((self.seed or 0, subject.query, subject.responses, asked.part, asked.attempt))
        return int.from_bytes(sha256(told.encode()).digest()[:4], "big") >> 1

    def _rejected(self, key: forms.Asking, way: forms.Way, line: str) -> Reply:
        """Another try in another way, or none; where every other call would be rejected too, all end."""
        said = line.casefold()
        if self.seed is not None and "seed" in said:
            raise ServerRefuses(f"{line} Leave seed empty for this model.")
        if forms.rejected(key, way, line):
            return Reply("later", error=line, wait=0.0)
        if self.method == "logprobs" and "logprobs" in said:
            raise ServerRefuses(f"{line} Choose votes or stated in place of logprobs.")
        for name in ("temperature", "top_p"):
            if name in said and getattr(self, name) is not None:
                raise ServerRefuses(f"{line} Send neither temperature nor top-p to this model.")
        return Reply("failed", error=line)

    def _read(self, asked: Asked, completion: Completion, way: forms.Way) -> Reply:
        paid = Reply("answered", None, completion.text, "", completion.tokens_in, completion.tokens_out)
        if completion.refused:
            return replace(paid, outcome="refused", error=completion.refused)
        try:
            result = completion.result(self.rubric, self.method)
        except NoProbabilities as why:
            # Of no use for any other call either: many in a row end a run.
            return replace(paid, outcome="failed", error=f"There is no distribution: {why}.")
        except Undefined as why:
            return replace(paid, outcome="unparsable", error=f"There is no distribution: {why}.")
        except Unparsable as why:
            if refuses(completion.text):
                return replace(paid, outcome="refused", error=DECLINES)
            cut = " (it was cut off at max_tokens)" if completion.cut else ""
            unread = replace(paid, outcome="unparsable", error=f"The reply cannot be read: {why}{cut}.")
            return replace(unread, outcome="later", wait=0.0) if asked.attempt < self.retries else unread
        return replace(paid, result={**result, "format": way.format})


def _rubric(given: Any) -> Rubric:
    if isinstance(given, str):
        if given not in BUILT_IN:
            raise RecipeError(f"There is no built-in rubric {given[:60]!r}: {', '.join(BUILT_IN)}.")
        return BUILT_IN[given]
    rubric = Rubric.from_dict(given)
    if given.get("digest", rubric.digest) != rubric.digest:
        raise RecipeError("The rubric of this recipe was changed by hand: leave out its digest.")
    return rubric


def _check(recipe: JudgeRecipe) -> None:
    if not isinstance(recipe.model, str) or not 1 <= len(recipe.model.strip()) <= 200:
        raise RecipeError("Name the model as its server does, in 1 to 200 characters.")
    if not isinstance(recipe.rubric, Rubric):
        raise RecipeError("A judge needs a rubric.")
    if recipe.method not in METHODS:
        raise RecipeError(f'"method" is one of {", ".join(METHODS)}.')
    if recipe.structured not in STRUCTURED:
        raise RecipeError(f'"structured" is one of {", ".join(STRUCTURED)}.')
    if not isinstance(recipe.heads, bool):
        raise RecipeError('"heads" is true or false.')
    _check_whole("votes", recipe.votes, 1, MOST_VOTES)
    _check_whole("max_tokens", recipe.max_tokens, 1, MOST_TOKENS)
    _check_whole("retries", recipe.retries, 0, MOST_RETRIES)
    if recipe.seed is not None:
        _check_whole("seed", recipe.seed, 0, 2**31 - 1)
    _check_number("temperature", recipe.temperature, 0, 2)
    _check_number("top_p", recipe.top_p, 0, 1)
    if recipe.top_p == 0:
        raise RecipeError('"top_p" is above 0.')
    if recipe.method == "logprobs" and recipe.rubric.low < 0 and not recipe.rubric.labels:
        raise RecipeError(
            "Below 0 a score begins with other tokens than above, and their probabilities cannot be told "
            "together: give the rubric labels, such as letters, or choose votes or stated."
        )
    if recipe.method == "votes" and recipe.temperature == 0:
        raise RecipeError("Votes at a temperature of 0 are all alike: give a temperature such as 1.")


def _check_whole(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RecipeError(f'"{name}" is a whole number from {low:,} to {high:,}.')


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RecipeError(f'"{name}" is a number from {low} to {high}, or empty.')
