"""What a run would send, for a person to look at before anybody is asked."""

from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter

from generation.models import AbstractRun
from generation.recipes.recipe import Message, Subject, Tokens
from generation.runs.errors import RunError


@dataclass(frozen=True)
class Shown:
    """One call: its part of the target, what is sent, and what it is expected to take."""

    part: str
    messages: tuple[Message, ...]
    tokens: Tokens


@dataclass(frozen=True)
class Preview:
    """One of a run's targets, by its place among all of them from 0, and the calls about it."""

    position: int
    targets: int
    subject: Subject
    calls: tuple[Shown, ...]

    @property
    def number(self) -> int:
        """Its place as a person counts."""
        return self.position + 1

    @property
    def previous(self) -> int | None:
        return self.position - 1 if self.position else None

    @property
    def following(self) -> int | None:
        return self.position + 1 if self.position + 1 < self.targets else None


def preview(run: AbstractRun, position: int = 0) -> Preview:
    """What is sent about the target at the position, or about the last. Raises RunError if there is none."""
    job = run.job
    recipe = job.recipe(run)
    targets = job.count(run, recipe)
    if not targets:
        raise RunError(f"{run.name} has nothing to ask about yet.")
    place = min(max(position, 0), targets - 1)
    by_target = groupby(job.every(run, recipe), key=itemgetter(0))
    asked = [(part, subject) for _, part, subject in next(islice(by_target, place, None))[1]]
    calls = tuple(
        Shown(part, tuple(recipe.shown(subject, part)), recipe.expected(subject, part))
        for part, subject in asked
    )
    return Preview(place, targets, asked[0][1], calls)
