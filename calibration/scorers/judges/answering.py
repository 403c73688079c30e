"""What every language model does that answers on a rubric's scale, whoever it is asked to be."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calibration.scorers.judges import forms, verdicts
from calibration.scorers.judges.judgments import judgment
from calibration.scorers.judges.rubrics import BUILT_IN, Rubric
from calibration.scorers.judges.shares import NoProbabilities, Undefined
from generation.recipes.completions import Completion
from generation.recipes.recipe import Message, RecipeError, Subject
from generation.recipes.structured import StructuredRecipe, Useless

# What a reply takes for each score with its reason, and for each probability.
SAID_TOKENS, PROBABILITY_TOKENS = 40, 8


@dataclass(frozen=True, kw_only=True)
class RubricRecipe(StructuredRecipe, ABC):
    """A language model that is told what to look at and says a score. Raises RecipeError."""

    rubric: Rubric

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.rubric, Rubric):
            raise RecipeError(f"A {self.kind} needs a rubric.")

    @property
    def taken(self) -> str:
        """What is taken from a reply, as `judgment` names it."""
        return "number"

    @property
    def of_pairs(self) -> bool:
        """Whether its rubric is about two responses."""
        return self.rubric.pairwise

    @property
    def shows_both_orders(self) -> bool:
        """Whether whoever answers about two responses sees them in both orders."""
        return self.of_pairs

    @property
    def scale(self) -> tuple[int, int]:
        """The lowest and the highest value; every whole number between them is one too."""
        return self.rubric.low, self.rubric.high

    @property
    def criteria(self) -> list[str]:
        """The criteria's names."""
        return [criterion.name for criterion in self.rubric.criteria]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, with the rubric's whole text."""
        rubric = {**self.rubric.as_dict(), "digest": self.rubric.digest}
        return {**super().as_dict(), "rubric": rubric}

    @classmethod
    def given_fields(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """As they are given, but the rubric read: the name of a built-in one is enough."""
        fields = super().given_fields(given)
        return fields | {"rubric": _rubric(fields["rubric"])}

    def shown(self, subject: Subject, part: str) -> list[Message]:
        """The messages: whatever the query and the responses hold stands between tags, as it is."""
        responses = reversed(subject.responses) if verdicts.turned(part) else subject.responses
        form = forms.instruction(self.rubric, stated=self.taken == "stated")
        return self.rubric.messages(Subject(subject.query, tuple(responses)), form)

    def schema(self) -> dict[str, Any]:
        """A score or probabilities, and a reason, for each criterion."""
        return forms.schema(self.rubric, stated=self.taken == "stated")

    def likely_out(self) -> int:
        """A score and a sentence a criterion."""
        said = SAID_TOKENS + (PROBABILITY_TOKENS * len(self.rubric.values) if self.taken == "stated" else 0)
        return said * len(self.criteria)

    def read(self, completion: Completion) -> dict[str, Any]:
        """The judgment, as `values` reads it."""
        try:
            return judgment(completion, self.rubric, self.taken)
        except NoProbabilities as why:
            # Of no use for any other call either: many in a row end a run.
            raise Useless("failed", f"There is no distribution: {why}.") from None
        except Undefined as why:
            raise Useless("unparsable", f"There is no distribution: {why}.") from None

    def verdict(self, result: Mapping[str, Any]) -> float:
        """What one call about a pair said, above 0 where the response shown first is better."""
        return verdicts.verdict(result, self.rubric, self.criteria)


def _rubric(given: Any) -> Rubric:
    if isinstance(given, str):
        if given not in BUILT_IN:
            raise RecipeError(f"There is no built-in rubric {given[:60]!r}: {', '.join(BUILT_IN)}.")
        return BUILT_IN[given]
    rubric = Rubric.from_dict(given)
    if given.get("digest", rubric.digest) != rubric.digest:
        raise RecipeError("The rubric of this recipe was changed by hand: leave out its digest.")
    return rubric
