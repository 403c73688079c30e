"""The recipe of an LM judge, of responses or of pairs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from calibration.scorers.judges import forms, verdicts
from calibration.scorers.judges.judgments import judgment
from calibration.scorers.judges.rubrics import BUILT_IN, Rubric
from calibration.scorers.judges.shares import NoProbabilities, Undefined
from calibration.scorers.recipe import Value
from generation.recipes.completions import Completion
from generation.recipes.fields import check_whole
from generation.recipes.recipe import Asked, Message, RecipeError, Subject
from generation.recipes.structured import StructuredRecipe, Useless
from generation.recipes.ways import Way

METHODS = {
    "number": "one score",
    "logprobs": "the probabilities of the score's tokens",
    "votes": "several scores, drawn at a temperature",
    "stated": "probabilities that the judge states",
}
MOST_VOTES = 100
# What a reply takes for each score with its reason, and for each probability.
SAID_TOKENS, PROBABILITY_TOKENS = 40, 8


@dataclass(frozen=True, kw_only=True)
class JudgeRecipe(StructuredRecipe):
    """A language model that is told what to look at and says a score. Raises RecipeError.

    Attributes
    ----------
    rubric : Rubric
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

    rubric: Rubric
    method: str = "number"
    votes: int = 10
    top_p: float | None = 0.9
    heads: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self)

    @property
    def of_pairs(self) -> bool:
        """Whether its rubric is about two responses, which are then shown in both orders."""
        return self.rubric.pairwise

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
    def from_dict(cls, given: Mapping[str, Any]) -> "JudgeRecipe":
        """Read what `as_dict` wrote, or what a person did: the name of a built-in rubric is enough.

        Votes have a temperature and a top_p of 1 unless others are given. Raises RecipeError.
        """
        fields = cls.given_fields(given)
        fields["rubric"] = _rubric(fields["rubric"])
        if fields.get("method") == "votes":
            fields = {"temperature": 1.0, "top_p": 1.0} | fields
        return cls(**fields)

    def parts(self) -> tuple[str, ...]:
        """A call for each order of a pair, and in it for each vote."""
        orders = verdicts.orders(self.rubric)
        if self.method != "votes":
            return orders
        return tuple(verdicts.vote(order, number) for order in orders for number in range(1, self.votes + 1))

    def shown(self, subject: Subject, part: str) -> list[Message]:
        """The messages: whatever the query and the responses hold stands between tags, as it is."""
        responses = reversed(subject.responses) if verdicts.turned(part) else subject.responses
        form = forms.instruction(self.rubric, stated=self.method == "stated")
        return self.rubric.messages(Subject(subject.query, tuple(responses)), form)

    def schema(self) -> dict[str, Any]:
        """A score or probabilities, and a reason, for each criterion."""
        return forms.schema(self.rubric, stated=self.method == "stated")

    def likely_out(self) -> int:
        """A score and a sentence a criterion."""
        said = SAID_TOKENS + (PROBABILITY_TOKENS * len(self.rubric.values) if self.method == "stated" else 0)
        return said * len(self.criteria)

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

    def read(self, completion: Completion) -> dict[str, Any]:
        """The judgment, as `values` reads it."""
        try:
            return judgment(completion, self.rubric, self.method)
        except NoProbabilities as why:
            # Of no use for any other call either: many in a row end a run.
            raise Useless("failed", f"There is no distribution: {why}.") from None
        except Undefined as why:
            raise Useless("unparsable", f"There is no distribution: {why}.") from None

    def values(self, results: Mapping[str, dict[str, Any]]) -> dict[str, Value]:
        """The scorer's own, of all criteria; with `heads` each criterion's too. See `verdicts.value`."""
        heads = {"": self.criteria}
        if self.heads and len(self.criteria) > 1:
            heads |= {name: [name] for name in self.criteria}
        votes = self.votes if self.method == "votes" else 0
        return {
            head: verdicts.value(results, self.rubric, names, votes=votes) for head, names in heads.items()
        }

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


def _check(recipe: JudgeRecipe) -> None:
    if not isinstance(recipe.rubric, Rubric):
        raise RecipeError("A judge needs a rubric.")
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
