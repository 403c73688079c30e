"""What the numbers of a report of effects cannot bear."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]
FEW = 10
OF_KINDS = {
    "numbers": (
        "A scorer of single numbers has no people: its p is over items alone, its number of answers is its "
        "own, and its effects are in standard deviations of its numbers."
    ),
    "distributions": (
        "Stated distributions have no people: their p is over items alone; in people’s places, answers are "
        "drawn from them."
    ),
    "votes": (
        "Votes without personas have no people: each counts as a person of its own, so p is over items alone."
    ),
}
ONE_MODEL = (
    "One model answers for all personas, and those who are described alike may answer alike: tests take them "
    "as independent, as people are, so the panel’s p may be too small."
)
ALWAYS = (
    "Contrasts share people and items, and pairs of one column share groups: they are not independent, so "
    "intervals of rates are narrower than they should be.",
    "A scorer that gives enough answers reaches p < .05 for the smallest difference, and one that gives few "
    "finds nothing: compare it at people’s number.",
    "Effects chosen for p < .05 are larger among these people than among others, so even a perfect scorer’s "
    "ratio lies below 1: hold it against that of one half of people to the other.",
    "Both halves of people answered about the same items, and so does the scorer: on other items all would "
    "replicate less.",
    "Replicated takes a sign and a p, not a size: an effect twice that of people counts; its ratio tells.",
    "A null that stays null may be an effect that neither was large enough to see.",
)


def cautions_of(found: Json) -> list[str]:
    """A sentence each; those that hold for every report come last."""
    scorer, people, contrasts = found["scorer"], found["people"], found["contrasts"]
    said = []
    if 0 < scorer["personas"] < people["known"]:
        said.append(
            f"There are {scorer['personas']:,} personas for {people['known']:,} people: some of people’s "
            "places stay empty, and the panel may miss effects, or seem to keep nulls, for its size alone."
        )
    if scorer["personas"]:
        said.append(ONE_MODEL)
    if scorer["gave"] in OF_KINDS:
        said.append(OF_KINDS[scorer["gave"]])
    if scorer["without_personas"]:
        said.append(f"{scorer['without_personas']:,} items are left out: their votes name no personas.")
    if people["of_nobody_known"]:
        said.append(
            f"{people['of_nobody_known']:,} labels are of nobody known: each counts as a person of its own, "
            "so what one person’s labels have in common is not seen, and p may be too small."
        )
    if len(contrasts) < FEW:
        said.append("So few contrasts say little of a rate.")
    return [*said, *ALWAYS]
