"""What a run would send, for a person to look at before anybody is asked."""

from dataclasses import dataclass
from itertools import islice

from calibration.models import Run
from calibration.runs.asking import recipe_of
from calibration.runs.errors import RunError
from calibration.runs.targets import count_targets, subjects
from calibration.scorers.recipe import Message, Subject, Tokens


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


def preview(run: Run, position: int = 0) -> Preview:
    """What is sent about the target at the position, or about the last. Raises RunError if there is none."""
    recipe = recipe_of(run)
    targets = count_targets(run.study, of_pairs=recipe.of_pairs)
    if not targets:
        raise RunError(f"The study {run.study.slug} has nothing to ask about yet.")
    place = min(max(position, 0), targets - 1)
    _, subject = next(islice(subjects(run.study, of_pairs=recipe.of_pairs), place, None))
    calls = tuple(
        Shown(part, tuple(recipe.shown(subject, part)), recipe.expected(subject, part))
        for part in recipe.parts()
    )
    return Preview(place, targets, subject, calls)
