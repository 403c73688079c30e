"""One cell of a row, read as what it stands for; whatever it cannot be raises RowError with the reason."""

import json
import math
from typing import Any

from generation.files import Row, RowError
from generation.reading import too_deep

IDENTIFIER_LENGTH = 200
SHOWN = 60
TRUTHS = {"true": True, "1": True, "false": False, "0": False, "": None}


def given(row: Row, *names: str) -> str | None:
    """The first of the columns that holds anything; blank text counts as nothing."""
    for name in names:
        value = row.get(name)
        if value is not None and not (isinstance(value, str) and not value.strip()):
            return name
    return None


def shown(value: object) -> str:
    """A value as an error names it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def text(row: Row, *names: str) -> str:
    """The text exactly as it stands, in the first of the columns that holds any."""
    name = given(row, *names)
    if name is None:
        raise RowError(f"no {' or '.join(names)}")
    value = row[name]
    if not isinstance(value, str):
        raise RowError(f"{name} is {shown(value)}, not text")
    return storable(value, name)


def storable(value: str, name: str) -> str:
    """The text, unless it holds what databases cannot store."""
    if "\0" in value:
        raise RowError(f"{name} holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RowError(f"{name} holds half of a character (a lone surrogate)") from None
    return value


def identifier(row: Row, name: str) -> str:
    """An id as text, also when the file has it as a number; "" where there is none."""
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowError(f"{name} is {shown(value)}, not an id")
    key = storable(str(value).strip(), name)
    if len(key) > IDENTIFIER_LENGTH:
        raise RowError(f"{name} {shown(key)} is longer than {IDENTIFIER_LENGTH} characters")
    return key


def whole_number(value: object, what: str) -> int:
    """A whole number, also as 4.0 or as text, since tables write it so."""
    number = value
    if isinstance(number, str):
        try:
            number = int(number) if number.isdecimal() else float(number)
        except ValueError:
            raise RowError(f"{what} {shown(value)} is not a whole number") from None
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise RowError(f"{what} {shown(value)} is not a whole number")
    return number


def count(row: Row, name: str) -> int | None:
    """A whole number from 0 that a database column can hold; None where there is none."""
    if row.get(name) in (None, ""):
        return None
    number = whole_number(row[name], name)
    if not 0 <= number < 2**31:
        raise RowError(f"{name} {shown(row[name])} is not between 0 and {2**31 - 1}")
    return number


def number(value: object, what: str) -> float:
    """A finite number, also as text."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        result = float(value)
    except (ValueError, OverflowError):
        raise RowError(f"{what} {shown(value)} is not a number") from None
    if not math.isfinite(result):
        raise RowError(f"{what} {shown(value)} is not a finite number")
    return result


def truth(row: Row, name: str) -> bool | None:
    """true or false, also as text or as 1 or 0; None where there is none."""
    value = row.get(name)
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in TRUTHS:
        return TRUTHS[word]
    raise RowError(f"{name} is {shown(row[name])}, not true or false")


def values(row: Row, name: str) -> list[Any]:
    """A list, also as JSON text in a cell."""
    value = row.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
            if too_deep(value):
                raise ValueError
        except (ValueError, RecursionError):
            raise RowError(f"{name} is {shown(row[name])}, not a list such as [1, 2, null]") from None
    if not isinstance(value, list):
        raise RowError(f"{name} is {shown(value)}, not a list such as [1, 2, null]")
    return value


def metadata(row: Row, known: frozenset[str]) -> dict[str, Any]:
    """Every column that is not known, as long as it can be stored as JSON."""
    rest = {name: value for name, value in row.items() if name not in known and value is not None}
    if rest:
        _check_json(rest, "metadata")
    return rest


def _check_json(value: object, name: str) -> None:
    match value:
        case str():
            storable(value, name)
        case float() if not math.isfinite(value):
            raise RowError(f"{name} holds a number that is not finite")
        case dict():
            for key, one in value.items():
                storable(key, "a column's name")
                _check_json(one, key)
        case list():
            for one in value:
                _check_json(one, name)
