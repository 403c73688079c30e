"""The recipe of a persona panel: a judge model that is asked what people were, as each of many persons."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from calibration.scorers.judges import verdicts
from calibration.scorers.judges.answering import RubricRecipe
from calibration.scorers.panels.personas import Persona, as_json, checked, personas_from
from calibration.scorers.recipe import Value
from generation.recipes.delimited import delimited
from generation.recipes.recipe import Message, RecipeError, Subject

SYSTEM = (
    "You stand in for one person in a survey, described between the tags of a person. Answer as this "
    "person would: by their tastes and knowledge, not by yours, and not as most people would."
)
INSTRUCTED = "Before they answer, the person reads this:"
MOST_INSTRUCTIONS = 20_000


@dataclass(frozen=True, kw_only=True)
class PanelRecipe(RubricRecipe):
    """A judge whose votes are of described people, one call for each. Raises RecipeError.

    Attributes
    ----------
    personas : tuple of Persona
    panel : str
        What the panel is called.
    instructions : str
        What people read before they answered.
    both_orders : bool
        Of two responses: whether each persona sees them in both orders, which takes two calls and gives two
        votes. Else one half sees the first response first and the other half the second, drawn by the seed,
        each persona always the same: what the order does cancels over the panel, not within a persona.
    """

    kind: ClassVar[str] = "panel"
    family: ClassVar[str] = "persona_panel"
    wording: ClassVar[int] = 1

    personas: tuple[Persona, ...]
    panel: str
    instructions: str = ""
    both_orders: bool = False
    temperature: float | None = 1.0
    top_p: float | None = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        checked(self.personas)
        if not isinstance(self.panel, str) or not 1 <= len(self.panel) <= 100:
            raise RecipeError("Name the panel in 1 to 100 characters.")
        if not isinstance(self.instructions, str) or len(self.instructions) > MOST_INSTRUCTIONS:
            raise RecipeError(f'"instructions" is a text of {MOST_INSTRUCTIONS:,} characters at most.')
        if not isinstance(self.both_orders, bool):
            raise RecipeError('"both_orders" is true or false.')
        if self.both_orders and not self.of_pairs:
            raise RecipeError("One response has one order: leave both orders out.")
        if len(self.criteria) > 1:
            raise RecipeError("A panel answers one question: a rubric of one criterion.")

    @property
    def shows_both_orders(self) -> bool:
        """Only where it was asked for."""
        return super().shows_both_orders and self.both_orders

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, with everybody in it."""
        return {**super().as_dict(), "personas": as_json(self.personas)}

    @classmethod
    def given_fields(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """As they are given, but the rubric and the personas read."""
        fields = super().given_fields(given)
        return fields | {"personas": personas_from(fields["personas"])}

    def parts(self) -> tuple[str, ...]:
        """A call for each persona, or for each order that they see."""
        return tuple(part for parts in self.asked_of() for part in parts)

    def asked_of(self) -> list[tuple[str, ...]]:
        """The calls of each persona, in the order of the personas."""
        places = range(len(self.personas))
        orders = verdicts.orders(self.rubric)
        if len(orders) < 2 or self.both_orders:
            seen = [orders] * len(places)
        else:
            drawn = random.Random(self.seed or 0).sample(places, len(places))
            turned = set(drawn[1::2])
            seen = [orders[1:] if place in turned else orders[:1] for place in places]
        return [
            tuple(verdicts.vote(order, number, called="person") for order in of_one)
            for number, of_one in enumerate(seen, 1)
        ]

    def shown(self, subject: Subject, part: str) -> list[Message]:
        """The question as people had it, after whom to answer for."""
        persona = self._persona(part)
        texts = delimited({"person": persona.description, "instructions": self.instructions})
        told = [SYSTEM, texts["person"]]
        if self.instructions.strip():
            told += [INSTRUCTED, texts["instructions"]]
        system, *rest = super().shown(subject, part)
        return [Message(system.role, "\n\n".join([*told, system.text])), *rest]

    def _persona(self, part: str) -> Persona:
        return self.personas[int(part.rpartition(" ")[2]) - 1]

    def values(self, results: Mapping[str, dict[str, Any]]) -> dict[str, Value]:
        """The votes of those who answered, with "personas", their ids in the order of the votes.

        Who was asked in both orders has two votes, and none where one order has no answer. Raises RecipeError
        where nobody answered.
        """
        came = verdicts.whole(results, self.asked_of())
        if not came:
            raise RecipeError(f"None of its {len(self.personas)} personas answered.")
        value = verdicts.voted(results, self.rubric, self.criteria, came)
        value.metadata["personas"] = [self._persona(part).id for part in verdicts.in_order(came)]
        value.metadata["votes_missing"] = len(self.personas) - len(came)
        return {"": value}
