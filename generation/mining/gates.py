"""What a mining lets through of a log, by the log's own fields: each gate in its order, and counted."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from generation.files import FileError
from generation.mining.languages import Language, guessed, language_named
from generation.mining.logs import Conversation
from generation.mining.near import SHINGLE, NearTexts

# Below, a guess at the language is no better than none.
CONFIDENT = 0.15
Gate = Callable[[Conversation], bool]


@dataclass(frozen=True)
class Limits:
    """What is let through. Raises FileError for what makes no sense.

    Attributes
    ----------
    least, most : int
        Characters of a query; the paper's are 15 and 200.
    language : str
        A code or an English name; kept as the code.
    near : float
        From which Jaccard similarity of their shingles two texts are near duplicates.
    single_turn : bool
        Whether only conversations with one turn of a person count, as in the paper.
    model_contains : str
        What the model's name must hold, in any case, such as the paper's gpt-4.
    limit : int or None
        How many conversations of the file are read.
    """

    least: int = 15
    most: int = 200
    language: str = "en"
    near: float = 0.8
    single_turn: bool = False
    model_contains: str = ""
    limit: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most <= 100_000:
            raise FileError(
                f"A query is 1 to 100,000 characters long, the least first, not {self.least} to {self.most}."
            )
        if not 0 < self.near <= 1:
            raise FileError(f"Near duplicates begin above 0 and at most at 1, not at {self.near}.")
        if self.limit is not None and self.limit < 1:
            raise FileError(f"At least 1 conversation is read, not {self.limit}.")
        object.__setattr__(self, "language", language_named(self.language).code)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, with what else decides what is kept."""
        return asdict(self) | {"shingle": SHINGLE}


@dataclass
class Sieve:
    """Lets conversations through the gates, and counts what each one dropped.

    What is left are texts, each once, and of those that are near an earlier one which that is.
    """

    limits: Limits
    dropped: Counter[str] = field(default_factory=Counter)
    came: int = 0
    guesses: int = 0
    not_said: int = 0

    def __post_init__(self) -> None:
        self.language: Language = language_named(self.limits.language)
        self._seen: set[bytes] = set()
        self._near = NearTexts(self.limits.near)

    @property
    def gates(self) -> Mapping[str, Gate]:
        """The gates after a row was read, in order."""
        gates: dict[str, Gate] = {"asked": lambda one: bool(one.text.strip())}
        if self.limits.single_turn:
            gates["single turn"] = lambda one: one.turns == 1
        if wanted := self.limits.model_contains.casefold():
            gates["model"] = lambda one: wanted in one.model.casefold()
        return gates | {
            "language": self._is_in_the_language,
            "not toxic": self._is_not_flagged,
            "length": lambda one: self.limits.least <= len(one.text.strip()) <= self.limits.most,
            "exact duplicates": self._is_new,
        }

    def lets(self, conversation: Conversation) -> bool:
        """Whether it comes through all gates."""
        self.came += 1
        for name, holds in self.gates.items():
            if not holds(conversation):
                self.dropped[name] += 1
                return False
        return True

    def near(self, conversation: Conversation) -> int | None:
        """The line of one that came through before and says nearly the same."""
        line = self._near.add(conversation.line, normalised(conversation.text))
        self.dropped["near duplicates"] += line is not None
        return line

    def funnel(self, unreadable: int, examples: list[str]) -> list[dict[str, Any]]:
        """Each gate with how many it left and dropped, after how many rows there were."""
        left = self.came + unreadable
        rows: list[dict[str, Any]] = [{"gate": "rows", "left": left, "dropped": 0}]
        for name in ("readable", *self.gates, "near duplicates"):
            dropped = unreadable if name == "readable" else self.dropped[name]
            left -= dropped
            rows.append({"gate": name, "left": left, "dropped": dropped})
        more: dict[str, dict[str, Any]] = {"readable": {"examples": examples}} if examples else {}
        more |= {"language": {"guessed": self.guesses}, "not toxic": {"not_said": self.not_said}}
        return [row | more.get(row["gate"], {}) for row in rows]

    def _is_in_the_language(self, conversation: Conversation) -> bool:
        if conversation.languages:
            return all(map(self.language.is_called, conversation.languages))
        self.guesses += 1
        code, share = guessed(conversation.text)
        return code == self.language.code and share >= CONFIDENT

    def _is_not_flagged(self, conversation: Conversation) -> bool:
        self.not_said += conversation.flagged is None
        return not conversation.flagged

    def _is_new(self, conversation: Conversation) -> bool:
        key = digest_of(conversation.text)[:16]
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def normalised(text: str) -> str:
    """A text without what makes no other query of it: its case, its spaces, how Unicode spells it."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def digest_of(text: str) -> bytes:
    """SHA-256 of the normalised text."""
    return sha256(normalised(text).encode()).digest()
