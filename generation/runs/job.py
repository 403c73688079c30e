"""What an app's runs are about, and what becomes of their replies: all that the engine leaves to it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from generation.recipes.recipe import Recipe, Subject

R = TypeVar("R", contravariant=True)


class Job(Protocol[R]):
    """The kind of work that a run is, `run.job`. It keeps nothing."""

    def recipe(self, run: R) -> Recipe:
        """How its model is asked. Raises RunError where this version cannot read that."""

    def column(self, recipe: Any) -> str:
        """The field of its calls that names the target, such as "query"."""

    def check(self, run: R, recipe: Any) -> None:
        """Raises RunError where it cannot be started, such as for want of targets."""

    def count(self, run: R, recipe: Any) -> int:
        """How many targets it has."""

    def asked(self, recipe: Any, calls: int) -> int:
        """About how many targets so many calls are."""

    def size(self, run: R, recipe: Any) -> int:
        """About how many calls it takes in all."""

    def every(self, run: R, recipe: Any) -> Iterator[tuple[int, str, Subject]]:
        """The key of each target, the part and what is asked about it; a target's parts stand together."""

    def subjects(self, run: R, recipe: Any, keys: Sequence[int]) -> Mapping[int, Subject]:
        """What the calls of these keys are about, by their keys."""

    def prepare(self, run: R, recipe: Any, *, targets: int | None, after: int) -> int | None:
        """Make the calls about targets that have none yet, of a page of them after a position.

        With `targets`, until so many have calls. The first position is -1; the one to go on after, None where
        nothing is left: a page at a time, since nobody else writes into SQLite meanwhile.
        """

    def collect(self, run: R, *, after: int) -> int | None:
        """Make of a page of the replies what the run is for, in place of what it made of them before.

        As with `prepare`, a position: the number of the last call of a page. Raises RunError and RecipeError,
        with the reason, where that cannot be.
        """

    def chosen(self, recipe: Any) -> Mapping[str, Any]:
        """What decides what is asked, as a page shows it."""

    def remarks(self, run: R) -> Sequence[str]:
        """What else is to be known of what came back, a line each."""

    def record(self, run: R, what: str, by: Any) -> None:
        """Write down that somebody did something with the run."""
