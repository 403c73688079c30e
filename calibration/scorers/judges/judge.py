"""The recipe of an LM judge, of responses or of pairs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from calibration.scorers.judges import verdicts
from calibration.scorers.judges.answering import RubricRecipe
from calibration.scorers.recipe import Value
from generation.recipes.fields import check_whole
from generation.recipes.recipe import Asked, RecipeError
from generation.recipes.ways import Way

METHODS = {
    "number": "one score",
    "logprobs": "the probabilities of the score's tokens",
    "votes": "several scores, drawn at a temperature",
    "stated": "probabilities that the judge states",
}
MOST_VOTES = 100


@dataclass(frozen=True, kw_only=True)
class JudgeRecipe(RubricRecipe):
    """A language model that is told what to look at and says a score. Raises RecipeError.

    Attributes
    ----------
    method : str
        One of `METHODS`: what is taken from its replies.
    votes : int
        How many, where the method is votes. They have seeds without the recipe's own too, where the server
        takes any.
    top_p : float or None
        Below 1 it leaves rare votes out.
    heads : bool
        Whether each criterion is a scorer too.
    """

    kind: ClassVar[str] = "judge"
    family: ClassVar[str] = "lm_judge"
    wording: ClassVar[int] = 1

    method: str = "number"
    votes: int = 10
    top_p: float | None = 0.9
    heads: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self)

    @property
    def taken(self) -> str:
        """The method itself."""
        return self.method

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote, or what a person did: the name of a built-in rubric is enough.

        Votes have a temperature and a top_p of 1 unless others are given. Raises RecipeError.
        """
        fields = cls.given_fields(given)
        if fields.get("method") == "votes":
            fields = {"temperature": 1.0, "top_p": 1.0} | fields
        return cls(**fields)

    def parts(self) -> tuple[str, ...]:
        """A call for each order of a pair, and in it for each vote."""
        orders = verdicts.orders(self.rubric)
        if self.method != "votes":
            return orders
        return tuple(verdicts.vote(order, number) for order in orders for number in range(1, self.votes + 1))

    def seeded(self, asked: Asked) -> bool:
        """A vote: without a seed all might be the same."""
        return self.method == "votes"

    def extra(self, way: Way) -> dict[str, Any]:
        """What the method needs."""
        if self.method != "logprobs":
            return {}
        return {"logprobs": True, "top_logprobs": way.alternatives}

    def hint(self, said: str) -> str:
        """What else to ask of a model whose server gives no probabilities."""
        no_probabilities = self.method == "logprobs" and "logprobs" in said
        return "Choose votes or stated in place of logprobs." if no_probabilities else ""

    def values(self, results: Mapping[str, dict[str, Any]]) -> dict[str, Value]:
        """The scorer's own, of all criteria; with `heads` each criterion's too. See `verdicts.value`."""
        heads = {"": self.criteria}
        if self.heads and len(self.criteria) > 1:
            heads |= {name: [name] for name in self.criteria}
        votes = self.votes if self.method == "votes" else 0
        return {
            head: verdicts.value(results, self.rubric, names, votes=votes) for head, names in heads.items()
        }


def _check(recipe: JudgeRecipe) -> None:
    if recipe.method not in METHODS:
        raise RecipeError(f'"method" is one of {", ".join(METHODS)}.')
    if not isinstance(recipe.heads, bool):
        raise RecipeError('"heads" is true or false.')
    check_whole("votes", recipe.votes, 1, MOST_VOTES)
    if recipe.method == "logprobs" and recipe.rubric.low < 0 and not recipe.rubric.labels:
        raise RecipeError(
            "Below 0 a score begins with other tokens than above, and their probabilities cannot be told "
            "together: give the rubric labels, such as letters, or choose votes or stated."
        )
    if recipe.method == "votes" and recipe.temperature == 0:
        raise RecipeError("Votes at a temperature of 0 are all alike: give a temperature such as 1.")
