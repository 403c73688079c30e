"""Prompting strategies: in which words a model is asked for responses, and how its replies are read."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from generation.recipes.listed import listed
from generation.recipes.recipe import Message, RecipeError
from generation.recipes.replies import Unparsable, answer

MOST_ANSWERS, MOST_PERSONAS, LONGEST = 50, 10_000, 20_000
ROLES = ("system", "user", "assistant")
FIELD = re.compile(r"\{(query|persona|number)\}")


@dataclass(frozen=True)
class Strategy:
    """A prompt as a condition: what differs in any of this is another condition. Raises RecipeError.

    Attributes
    ----------
    name, version : str
        The version of a shipped strategy changes with its words; of another it is made of them.
    messages : tuple of Message
        With {query} in the query's place; {persona} and {number} in theirs.
    personas : tuple of str
        One of them is {persona} in each call.
    answers : int
        How many responses one reply holds, {number} in the messages.
    marker : str
        What the response comes after, where the reply holds more than the response.
    """

    name: str
    version: str
    messages: tuple[Message, ...]
    personas: tuple[str, ...] = ()
    answers: int = 1
    marker: str = ""

    def __post_init__(self) -> None:
        texts = " ".join(message.text for message in self.messages)
        fields = set(FIELD.findall(texts))
        if not 1 <= len(self.name) <= 40 or not 1 <= len(self.version) <= 20:
            raise RecipeError("A strategy has a name of up to 40 characters, and a version.")
        if "query" not in fields or len(texts) > LONGEST:
            raise RecipeError(f"A template holds {{query}} and at most {LONGEST:,} characters.")
        if ("persona" in fields) != bool(self.personas):
            raise RecipeError(
                "Personas go with a template that holds {persona}, and such a template with them."
            )
        if not 1 <= self.answers <= MOST_ANSWERS or ("number" in fields) != (self.answers > 1):
            raise RecipeError(
                f"A template that holds {{number}} asks for 2 to {MOST_ANSWERS} answers at once."
            )

    @property
    def words(self) -> str:
        """In short: its name, and how many answers it asks for at once."""
        return f"{self.name} {self.answers}" if self.answers > 1 else self.name

    def sent(self, query: str, persona: str = "") -> list[Message]:
        """The messages about a query; what looks like a field within it stays as it is."""
        values = {"query": query, "persona": persona, "number": str(self.answers)}
        return [
            Message(message.role, FIELD.sub(lambda found: values[found[1]], message.text))
            for message in self.messages
        ]

    def persona(self, number: int, seed: int) -> str:
        """Who answers in the call of this number, from 1: in an order drawn by the seed, round and round."""
        if not self.personas:
            return ""
        order = random.Random(seed).sample(range(len(self.personas)), len(self.personas))
        return self.personas[order[(number - 1) % len(order)]]

    def read(self, text: str) -> list[str]:
        """The responses in a reply, without what the model thought aloud. Raises Unparsable."""
        said = answer(text).strip()
        if self.answers > 1:
            return listed(said, self.answers)
        return [_after(said, self.marker) if self.marker else said]

    def template(self) -> dict[str, Any]:
        """All that decides what is sent and how it is read, as plain JSON."""
        template: dict[str, Any] = {"messages": [asdict(message) for message in self.messages]}
        if self.personas:
            template["personas"] = list(self.personas)
        if self.answers > 1:
            template["answers"] = self.answers
        if self.marker:
            template["marker"] = self.marker
        return template

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"name": self.name, "version": self.version, **self.template()}

    @classmethod
    def from_dict(cls, given: Any) -> Self:
        """Read what `as_dict` wrote. Raises RecipeError."""
        try:
            return cls(
                name=str(given["name"]),
                version=str(given["version"]),
                messages=tuple(_message(one) for one in given["messages"]),
                personas=tuple(map(str, given.get("personas", ()))),
                answers=int(given.get("answers", 1)),
                marker=str(given.get("marker", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RecipeError('"strategy" is an object with a name, a version and messages.') from None


def _message(given: Mapping[str, Any]) -> Message:
    if given["role"] not in ROLES:
        raise RecipeError(f"A message's role is one of {', '.join(ROLES)}.")
    return Message(given["role"], str(given["text"]))


def _after(said: str, marker: str) -> str:
    """What stands after the marker: the last at a line's beginning, however it is set."""
    words = r"\s+".join(map(re.escape, marker.rstrip(":").split()))
    found = [*re.finditer(rf"^[\s>#*_]*{words}\b[\s*_]*(?::|$)[*_]*", said, re.IGNORECASE | re.MULTILINE)]
    if not found:
        raise Unparsable(f'it has no "{marker}"')
    response = said[found[-1].end() :].strip()
    if not response:
        raise Unparsable(f'nothing follows its "{marker}"')
    return response


def strategy_named(
    name: str, *, answers: int = 5, personas: Sequence[str] = (), template: str = ""
) -> Strategy:
    """A shipped strategy; or one's own under this name, by its template: a message with {query} in it.

    Personas of one's own, or another number of answers, are other conditions. Raises RecipeError.
    """
    if template:
        return _own(name, template, tuple(personas))
    if name not in SHIPPED:
        raise RecipeError(
            f"There is no strategy {name[:60]!r}: {', '.join(SHIPPED)}, or a template of your own."
        )
    shipped = SHIPPED[name]
    if shipped.answers > 1:
        return replace(shipped, answers=answers)
    own = tuple(personas)
    if not own or not shipped.personas or own == shipped.personas:
        return shipped
    return replace(shipped, personas=own, version=f"{shipped.version}.{_version(*own)}")


def _own(name: str, template: str, personas: tuple[str, ...]) -> Strategy:
    own = (personas or PERSONAS) if "{persona}" in template else ()
    return Strategy(name, _version(template, *own), (Message("user", template.strip()),), own)


def read_personas(text: str) -> tuple[str, ...]:
    """Personas, one a line. Raises RecipeError."""
    found = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not 2 <= len(found) <= MOST_PERSONAS:
        raise RecipeError(f"Give from 2 to {MOST_PERSONAS:,} personas, one a line.")
    return found


def _version(*texts: str) -> str:
    return sha256("\0".join(texts).encode()).hexdigest()[:8]


AS_A_PERSON = """\
You are this person: {persona}
Answer as they would, out of what they know, like and have lived, in their own words.
Give the answer alone: do not introduce yourself, and do not speak of playing a part."""
AS_A_GROUP = """\
Work on the request below as a small group of people would.
1. Name three to five participants who know different things about it, or would want different things of it, \
each with a line on who they are.
2. Let every one of them say what they would bring to the answer.
3. Let one of them draft an answer, and the others object to it and improve it in turn, until nobody objects.
4. Then write "Final answer:" on a line of its own, and after it nothing but the answer as whoever asked \
shall read it, without the group and its talk.

The request:
{query}"""
SEVERAL = """\
Give {number} different answers to the request below. Make them differ in what they say, not in how they say \
it; each has to be a whole answer on its own.
Write a JSON list of {number} texts and nothing else.

The request:
{query}"""
PERSONAS = read_personas(Path(__file__).with_name("personas.txt").read_text(encoding="utf-8"))
ASKED = Message("user", "{query}")
SHIPPED = {
    one.name: one
    for one in (
        Strategy("plain", "1", (ASKED,)),
        Strategy("persona", "1", (Message("system", AS_A_PERSON), ASKED), PERSONAS),
        Strategy("personas", "1", (Message("user", AS_A_GROUP),), marker="Final answer:"),
        Strategy("several", "1", (Message("user", SEVERAL),), answers=5),
    )
}
IN_WORDS = {
    "plain": "The query alone",
    "persona": "One persona a response",
    "personas": "Several personas within one call, who agree on a response",
    "several": "Several different answers in one call",
}
