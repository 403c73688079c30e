"""Recipes read again from plain JSON, by their kind."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from importlib import import_module
from typing import Any

from calibration.scorers.recipe import Recipe, RecipeError

# Imported when one is read: a judge needs no torch.
KINDS = {
    "judge": ("calibration.scorers.judges.judge", "JudgeRecipe"),
    "reward": ("calibration.scorers.rewards.reward", "RewardRecipe"),
    "perplexity": ("calibration.scorers.perplexities.perplexity", "PerplexityRecipe"),
}


def read_recipe(given: Mapping[str, Any]) -> Recipe:
    """The recipe that wrote itself down by `as_dict`, or one written by hand.

    Raises RecipeError for what is none: an unknown kind or field, or a value that makes no sense.
    """
    if not isinstance(given, Mapping):
        raise RecipeError("A recipe is a JSON object.")
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise RecipeError(f'A recipe needs a "kind", one of {", ".join(KINDS)}.')
    module, name = KINDS[kind]
    recipe: Recipe = getattr(import_module(module), name).from_dict(given)
    return recipe


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
