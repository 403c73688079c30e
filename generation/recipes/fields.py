"""The fields of a recipe, read from plain JSON, and what they may be."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from generation.recipes.recipe import RecipeError


def fields_of(recipe: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given for the fields of a dataclass, without the kind.

    Raises RecipeError for a field that it has not, and for one that is missing.
    """
    known = {field.name: field for field in fields(recipe)}
    rest = {name: value for name, value in given.items() if name != "kind"}
    if unknown := [name for name in rest if name not in known]:
        raise RecipeError(f'There is no "{str(unknown[0])[:60]}" here: the fields are {", ".join(known)}.')
    for name, field in known.items():
        if name not in rest and field.default is MISSING and field.default_factory is MISSING:
            raise RecipeError(f'"{name}" is missing.')
    return rest


def check_whole(name: str, value: Any, low: int, high: int) -> None:
    """Raises RecipeError unless it is a whole number within the limits."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RecipeError(f'"{name}" is a whole number from {low:,} to {high:,}.')


def check_number(name: str, value: Any, low: float, high: float) -> None:
    """Raises RecipeError unless it is a number within the limits, or None."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RecipeError(f'"{name}" is a number from {low} to {high}, or empty.')
