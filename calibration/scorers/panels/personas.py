"""Described people: from a file, from plain JSON, and as a model is told of them."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from generation import columns
from generation.files import FileError, Rejections, Row, RowError
from generation.reading import read_rows
from generation.recipes.recipe import RecipeError

KNOWN = ("persona", "persona_id")
# A panel stands whole in each recipe that asks it, and a description in each request.
MOST_PERSONAS, MOST_DESCRIPTION = 1_000, 4_000
MOST_ID, MOST_ATTRIBUTES, MOST_NAME, MOST_VALUE = 60, 40, 60, 500


class PersonaError(RecipeError):
    """What is wrong with a persona or a panel of them, in one line."""


@dataclass(frozen=True)
class Persona:
    """A person who is made up. Raises PersonaError.

    Attributes
    ----------
    id : str
        Theirs alone in the panel: votes name it.
    description : str
        All that a model is told of them.
    attributes : dict of str to str
        By which personas can be told apart later, such as {"age": "34"}.
    """

    id: str
    description: str
    attributes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        said = (self.id, self.description, *self.attributes, *self.attributes.values())
        if not all(isinstance(one, str) for one in said):
            raise PersonaError("A persona’s id, description and attributes are texts.")
        for called, text, most in (
            ("id", self.id, MOST_ID),
            ("description", self.description, MOST_DESCRIPTION),
            *(("attribute’s name", name, MOST_NAME) for name in self.attributes),
            *((f"{name[:MOST_NAME]}", value, MOST_VALUE) for name, value in self.attributes.items()),
        ):
            if not text.strip() or len(text) > most:
                raise PersonaError(f"A persona’s {called} has 1 to {most:,} characters, not {len(text):,}.")
        if len(self.attributes) > MOST_ATTRIBUTES:
            raise PersonaError(f"A persona has at most {MOST_ATTRIBUTES} attributes.")


def composed(attributes: Mapping[str, str]) -> str:
    """A description of attributes alone, such as "Age: 34. Country: Peru."."""
    said = {name.replace("_", " ").strip(): value.strip().rstrip(".") for name, value in attributes.items()}
    return " ".join(f"{name[:1].upper()}{name[1:]}: {value}." for name, value in said.items())


def checked(personas: Iterable[Persona]) -> tuple[Persona, ...]:
    """A panel: at least one person, none of them twice. Raises PersonaError."""
    panel = tuple(personas)
    if not 1 <= len(panel) <= MOST_PERSONAS:
        raise PersonaError(f"A panel has 1 to {MOST_PERSONAS:,} personas, not {len(panel):,}.")
    seen: set[str] = set()
    for one in panel:
        if one.id in seen:
            raise PersonaError(f"Two personas have the id {one.id}.")
        seen.add(one.id)
    return panel


def personas_from(given: Any) -> tuple[Persona, ...]:
    """Read what `as_json` wrote, or a person did. Raises PersonaError."""
    if not isinstance(given, Sequence) or not all(isinstance(one, Mapping) for one in given):
        raise PersonaError('"personas" is a list of objects with "id" and "description".')
    if unknown := [name for one in given for name in one if name not in Persona.__dataclass_fields__]:
        raise PersonaError(f'A persona has no "{str(unknown[0])[:MOST_NAME]}".')
    for one in given:
        if not isinstance(one.get("attributes", {}), Mapping):
            raise PersonaError('A persona’s "attributes" are an object: the value of each.')
    return checked(
        Persona(one.get("id", ""), one.get("description", ""), dict(one.get("attributes", {})))
        for one in given
    )


def as_json(personas: Iterable[Persona]) -> list[dict[str, Any]]:
    """Plain JSON, that `personas_from` reads again."""
    return [asdict(one) for one in personas]


def digest_of(personas: Iterable[Persona]) -> str:
    """Hex SHA-256 of who they are."""
    return hashlib.sha256(json.dumps(as_json(personas), sort_keys=True).encode()).hexdigest()


def read_personas(path: Path | str) -> tuple[Persona, ...]:
    """The personas of a .csv, .jsonl or .parquet file, all or none.

    The column `persona` describes somebody; every column but it and `persona_id` is an attribute. Whoever has
    no description is described by their attributes; whoever has no id is called by their place, from p1. The
    same description may come again, as people may be alike. Raises FileError, with the line of each bad row.
    """
    path = Path(path)
    rejected = Rejections(path)
    found: dict[str, Persona] = {}
    lines: dict[str, int] = {}
    for number, (line, row) in enumerate(read_rows(path, rejected), 1):
        if number > MOST_PERSONAS:
            raise FileError(
                f"{path.name}: a panel has {MOST_PERSONAS:,} personas at most. Nothing was imported."
            )
        try:
            persona = _persona(row, f"p{number}")
        except (RowError, PersonaError) as error:
            rejected.add(line, str(error).rstrip("."))
            continue
        if persona.id in found:
            rejected.add(line, f"{rejected.unit} {lines[persona.id]} has the id {persona.id} too")
        found[persona.id], lines[persona.id] = persona, line
    rejected.settle(rows=len(found))
    return checked(found.values())


def _persona(row: Row, place: str) -> Persona:
    given = [name for name in row if name not in KNOWN and row[name] is not None]
    attributes = {columns.storable(str(name), "a column’s name"): _value(row, name) for name in given}
    attributes = {name: value for name, value in attributes.items() if value}
    described = columns.text(row, "persona") if columns.given(row, "persona") else composed(attributes)
    if not described:
        raise RowError("nobody is described: give persona, or columns such as age and country")
    return Persona(columns.identifier(row, "persona_id") or place, described.strip(), attributes)


def _value(row: Row, name: str) -> str:
    value = row[name]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float):
        raise RowError(f"{name} is {columns.shown(value)}, not a text or a number")
    return columns.storable(str(value).strip(), name)
