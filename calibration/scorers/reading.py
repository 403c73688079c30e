"""Recipes read again from plain JSON, by their kind."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from calibration.scorers.recipe import ScorerRecipe
from generation.recipes.recipe import RecipeError

# Imported when one is read: a judge needs no torch.
KINDS = {
    "judge": ("calibration.scorers.judges.judge", "JudgeRecipe"),
    "panel": ("calibration.scorers.panels.panel", "PanelRecipe"),
    "reward": ("calibration.scorers.rewards.reward", "RewardRecipe"),
    "perplexity": ("calibration.scorers.perplexities.perplexity", "PerplexityRecipe"),
}


def read_recipe(given: Mapping[str, Any]) -> ScorerRecipe:
    """The recipe that wrote itself down by `as_dict`, or one written by hand.

    Raises RecipeError for what is none: an unknown kind or field, or a value that makes no sense.
    """
    if not isinstance(given, Mapping):
        raise RecipeError("A recipe is a JSON object.")
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise RecipeError(f'A recipe needs a "kind", one of {", ".join(KINDS)}.')
    module, name = KINDS[kind]
    recipe: ScorerRecipe = getattr(import_module(module), name).from_dict(given)
    return recipe
