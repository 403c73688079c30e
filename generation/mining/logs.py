"""Conversations of people with models, out of the schemas that chat logs come in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from generation.files import FileError, Row, RowError
from generation.mining.sources import SUFFIXES, Unreadable, log_rows
from generation.recipes.replies import storable

PEOPLE = ("user", "human", "prompter")
# What stands before a person's first turn and is not the model's.
BEFORE = ("system", "developer", "tool", "function")
IDS = ("conversation_hash", "conversation_id", "id")
LOOKED_AT = 100
LONGEST_NAME = 200


@dataclass(frozen=True)
class Conversation:
    """What a mining looks at of one conversation.

    Attributes
    ----------
    line : int
        Where it stands in the file, from 1.
    text : str
        The first turn, where it is a person's and a text; else "".
    turns : int
        How many a person took.
    languages : tuple of str
        As the file names that of the conversation and that of the turn; none where it names none.
    flagged : bool or None
        Whether the file says that something in it is toxic; None where it does not say.
    model : str
        Whom the person talked to; "" where the file does not say.
    metadata : dict
        What is kept with a candidate.
    """

    line: int
    text: str
    turns: int
    languages: tuple[str, ...] = ()
    flagged: bool | None = None
    model: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Schema:
    """How a log writes conversations: the list, and in each turn who speaks and what is said."""

    turns: str
    role: str
    content: str

    def fits(self, row: Row) -> bool:
        """Whether a row looks like one of this schema."""
        turns = row.get(self.turns)
        first = turns[0] if isinstance(turns, list) and turns else None
        return isinstance(first, dict) and self.role in first and self.content in first


SCHEMAS = {
    "wildchat": Schema("conversation", "role", "content"),
    "sharegpt": Schema("conversations", "from", "value"),
    "openai": Schema("messages", "role", "content"),
}


def schema_of(path: Path, wanted: str = "auto") -> str:
    """The name of the file's schema, told by its first rows. Raises FileError."""
    unreadable = Unreadable(path)
    rows = [row for _, row in islice(log_rows(path, unreadable), LOOKED_AT)]
    names = SCHEMAS if wanted == "auto" else [wanted]
    found = next((name for row in rows for name in names if SCHEMAS[name].fits(row)), None)
    if found is None:
        lists = ", ".join(f'"{schema.turns}" ({name})' for name, schema in SCHEMAS.items())
        what = "a list of turns" if wanted == "auto" else f'"{SCHEMAS[wanted].turns}" as {wanted} has it'
        for line, reason in unreadable.reasons.items() if not rows else ():
            raise FileError(f"{path.name}: no row can be read, the first since line {line} is {reason}.")
        raise FileError(
            f"{path.name}: none of its first {len(rows):,} rows has {what}. A chat log ends in "
            f"{', '.join(SUFFIXES)} and has one of {lists}."
        )
    return found


def conversations(path: Path, schema: str, unreadable: Unreadable) -> Iterator[Conversation]:
    """Every conversation of a log, in its order; what cannot be read is counted. Raises FileError."""
    for line, row in log_rows(path, unreadable):
        try:
            yield read_conversation(line, row, SCHEMAS[schema])
        except RowError as error:
            unreadable.add(line, error)


def read_conversation(line: int, row: Row, schema: Schema) -> Conversation:
    """One row. Raises RowError where it holds no list of turns."""
    turns = row.get(schema.turns)
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise RowError(f'no list of turns "{schema.turns}"')
    roles = [str(turn.get(schema.role)).casefold() for turn in turns]
    spoken = (turn for turn, role in zip(turns, roles, strict=True) if role not in BEFORE)
    first: Row = next(spoken, {})
    by_person = str(first.get(schema.role)).casefold() in PEOPLE
    return Conversation(
        line=line,
        text=_text(first.get(schema.content)) if by_person else "",
        turns=sum(role in PEOPLE for role in roles),
        languages=tuple(filter(None, (_name(row, "language"), _name(first, "language")))),
        flagged=_flagged(row, first),
        model=_name(row, "model"),
        metadata=_metadata(row, first),
    )


def _text(content: Any) -> str:
    """A turn's text, which may stand in parts; "" where a part is none, such as an image."""
    if isinstance(content, list):
        texts = [part.get("text") if isinstance(part, dict) else None for part in content]
        return "" if None in texts else "\n".join(map(_text, texts))
    return storable(content) if isinstance(content, str) else ""


def _flagged(row: Row, turn: Row) -> bool | None:
    """Whether the conversation, its first turn, or the moderation of any turn is said to be toxic."""
    moderation = row.get("openai_moderation")
    results = moderation if isinstance(moderation, list) else []
    said = [row.get("toxic"), turn.get("toxic")]
    said += [one.get("flagged") for one in results if isinstance(one, dict)]
    known = [one for one in said if isinstance(one, bool)]
    return any(known) if known else None


def _metadata(row: Row, turn: Row) -> dict[str, Any]:
    ids = (_name(row, key) for key in IDS)
    found: dict[str, Any] = {"model": _name(row, "model"), "conversation": next(filter(None, ids), "")}
    if row.get("redacted") is True or turn.get("redacted") is True:
        found["redacted"] = True
    return {key: value for key, value in found.items() if value}


def _name(row: Row, key: str) -> str:
    value = row.get(key)
    return storable(value).strip()[:LONGEST_NAME] if isinstance(value, str) else ""
