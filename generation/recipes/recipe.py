"""What every recipe can do: the calls that it takes, what they cost, and how they are made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from generation.clients import Client

Outcome = Literal["answered", "refused", "unparsable", "failed", "later"]


class RecipeError(Exception):
    """What makes no sense in a recipe, or in the replies to its calls, in one line."""


@dataclass(frozen=True)
class Subject:
    """What is asked about: a query, alone or with responses; the keys of either may be told."""

    query: str
    responses: tuple[str, ...] = ()
    keys: tuple[int, ...] = ()
    query_key: int = 0


@dataclass(frozen=True)
class Asked:
    """One call: about which subject, and which of its parts. `key` is the caller's own.

    `attempt` is how often a reply came of it before; a server that is busy or down gives none.
    """

    key: int
    subject: Subject
    part: str = ""
    attempt: int = 0


@dataclass(frozen=True)
class Reply:
    """What came back of one call.

    Attributes
    ----------
    outcome : str
        "answered" has a `result`; "refused" the model would not say; "unparsable" it said nothing that can be
        read; "failed" for good; "later": worth another try, after `wait` seconds where the server said so.
        All but the first have an `error`, one line without any key.
    result : dict or None
        Plain JSON, as whoever collects the results reads it.
    text : str
        What the model wrote, as it came.
    tokens_in, tokens_out : int
        As the server counted them, else as estimated; 0 where nothing was paid.
    wait : float or None
        Seconds, of Retry-After.
    """

    outcome: Outcome
    result: dict[str, Any] | None = None
    text: str = ""
    error: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    wait: float | None = None


@dataclass(frozen=True)
class Message:
    """One turn of what is sent, as a preview shows it."""

    role: str
    text: str


@dataclass(frozen=True)
class Tokens:
    """About how many tokens a call takes: what goes in, what likely comes out, and what comes out at most."""

    into: int
    out: int = 0
    most_out: int = 0


class Recipe(Protocol):
    """How a model is asked. Frozen; the same recipe asks the same."""

    kind: ClassVar[str]
    # How many calls a model in this process is handed together at most, so that they fit the memory.
    at_once: ClassVar[int]

    @property
    def local(self) -> bool:
        """Whether the model runs in this process, so that there is no server."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, with the kind, that its reader reads again."""

    def parts(self) -> tuple[str, ...]:
        """The calls that one target takes."""

    def shown(self, subject: Subject, part: str) -> list[Message]:
        """What is sent, for a person to look at before money is spent."""

    def expected(self, subject: Subject, part: str) -> Tokens:
        """What one call takes, estimated without asking anybody."""

    def ask(self, asked: Sequence[Asked], client: Client | None) -> Iterator[tuple[Asked, Reply]]:
        """Make the calls; replies in any order, each as soon as it is there.

        A server is asked one call at a time by many threads; a model in this process gets many at once.
        Raises `generation.clients.ServerRefuses` where no other call can succeed either.
        """
