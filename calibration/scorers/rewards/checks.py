"""What makes no sense in the recipe of a reward model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calibration.scorers.rewards.dialects import DIALECTS
from generation.recipes.recipe import RecipeError

if TYPE_CHECKING:
    from calibration.scorers.rewards.reward import RewardRecipe

SCALES = ("raw", "probabilities")
TEXTS = ("model", "dialect", "main", "scores", "template", "path", "device")
MOST_HEADS = 50
# A head is part of its scorer's name.
LONGEST_HEAD = 60


def check(recipe: RewardRecipe) -> None:
    """Raises RecipeError with one line, of which a person can tell what to change."""
    _check_types(recipe)
    if not recipe.model.strip():
        raise RecipeError("Name the reward model.")
    if recipe.dialect not in (*DIALECTS, "local"):
        raise RecipeError(f"The dialect must be one of {', '.join((*DIALECTS, 'local'))}.")
    if recipe.scores not in SCALES:
        raise RecipeError(f"Scores must be {' or '.join(SCALES)}.")
    _check_heads(recipe)
    _check_template(recipe)
    _check_place(recipe)


def _check_types(recipe: RewardRecipe) -> None:
    for name in TEXTS:
        value = getattr(recipe, name)
        if not isinstance(value, str) or "\x00" in value:
            raise RecipeError(f"The reward model's {name} must be a text.")
    if not isinstance(recipe.truncate, bool):
        raise RecipeError("The reward model's truncate must be true or false.")
    if not isinstance(recipe.heads, tuple) or not all(isinstance(head, str) for head in recipe.heads):
        raise RecipeError("The reward model's heads must be a list of names.")


def _check_heads(recipe: RewardRecipe) -> None:
    heads = recipe.heads
    if not all(head.strip() and head.isprintable() and len(head) <= LONGEST_HEAD for head in heads):
        raise RecipeError(f"A head's name has 1 to {LONGEST_HEAD} characters.")
    if len(set(heads)) < len(heads) or len(heads) > MOST_HEADS:
        raise RecipeError(f"Heads have different names, and are {MOST_HEADS} at most.")
    if recipe.main and recipe.main not in heads:
        raise RecipeError(f"The main head {recipe.main!r} is none of the heads.")
    if len(heads) > 1 and recipe.dialect == "vllm_score":
        raise RecipeError("vLLM's score gives one score: use vllm_classify for a model with several heads.")


def _check_template(recipe: RewardRecipe) -> None:
    if not recipe.template:
        return
    if not all(name in recipe.template for name in ("{query}", "{response}")):
        raise RecipeError("The template must have {query} and {response}, where these texts are to stand.")
    if recipe.dialect in DIALECTS and not DIALECTS[recipe.dialect].templates:
        raise RecipeError(f"{DIALECTS[recipe.dialect].title} takes query and response apart: no template.")


def _check_place(recipe: RewardRecipe) -> None:
    if recipe.dialect == "local":
        if recipe.path:
            raise RecipeError("A model in this process has no path.")
        return
    if recipe.device != "auto" or recipe.truncate:
        raise RecipeError("Only a model in this process has a device, or is told to truncate.")
    if recipe.scores != "raw" and not DIALECTS[recipe.dialect].scales:
        raise RecipeError(f"{DIALECTS[recipe.dialect].title} returns the scores that it has: leave them raw.")
    if recipe.path and not re.fullmatch(r"(/[\w~-][\w.~-]*)+", recipe.path, re.ASCII):
        raise RecipeError("The path begins with a slash and has no host, such as /v1/classify.")
