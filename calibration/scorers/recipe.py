"""What the recipe of a scorer can do beside every recipe: make scores of the replies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from generation.recipes.recipe import Recipe


@dataclass(frozen=True)
class Value:
    """A target's score as it is stored: one of a number, shares over the scale, or votes."""

    number: float | None = None
    distribution: tuple[float, ...] | None = None
    votes: tuple[int, ...] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class ScorerRecipe(Recipe, Protocol):
    """How a scorer is asked, and what its replies mean."""

    family: ClassVar[str]

    @property
    def of_pairs(self) -> bool:
        """Whether it is asked about comparisons; else about each response."""

    def values(self, results: Mapping[str, dict[str, Any]]) -> dict[str, Value]:
        """A target's scores by head, "" the scorer's own, of the results of its answered parts.

        Raises RecipeError, with the reason, where they make no score.
        """
