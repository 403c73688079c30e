"""What a run of a scorer is about: a study's responses, or its comparisons; its replies become scores."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User

from annotation.log import record
from annotation.models import Study
from calibration.models import Call, Run
from calibration.runs import targets
from calibration.runs.scores import collect
from calibration.runs.targets import prepare as _prepare
from calibration.scorers.reading import read_recipe
from calibration.scorers.recipe import ScorerRecipe
from generation.recipes.recipe import RecipeError, Subject
from generation.runs import asking
from generation.runs.errors import RunError


class ScoringJob:
    """As `generation.runs.job.Job`."""

    def recipe(self, run: Run) -> ScorerRecipe:
        return recipe_of(run)

    def column(self, recipe: ScorerRecipe) -> str:
        return "item" if recipe.of_pairs else "response"

    def check(self, run: Run, recipe: ScorerRecipe) -> None:
        check_study(run.study, recipe)
        check_size(run.study, recipe)

    def count(self, run: Run, recipe: ScorerRecipe) -> int:
        return targets.count_targets(run.study, of_pairs=recipe.of_pairs)

    def asked(self, recipe: ScorerRecipe, calls: int) -> int:
        return calls // len(recipe.parts())

    def size(self, run: Run, recipe: ScorerRecipe) -> int:
        return self.count(run, recipe) * len(recipe.parts())

    def every(self, run: Run, recipe: ScorerRecipe) -> Iterator[tuple[int, str, Subject]]:
        parts = recipe.parts()
        for key, subject in targets.subjects(run.study, of_pairs=recipe.of_pairs):
            for part in parts:
                yield key, part, subject

    def subjects(self, run: Run, recipe: ScorerRecipe, keys: Sequence[int]) -> Mapping[int, Subject]:
        column = self.column(recipe)
        texts = targets.TEXTS_OF_ITEM if recipe.of_pairs else targets.TEXTS_OF_RESPONSE
        rows = Call.objects.filter(pk__in=keys).order_by()
        return {
            key: Subject(query, tuple(responses))
            for key, query, *responses in rows.values_list("pk", *(f"{column}__{text}" for text in texts))
        }

    def prepare(self, run: Run, recipe: ScorerRecipe, *, targets: int | None, after: int) -> int | None:
        return _prepare(run, recipe, targets=targets, after=after)

    def collect(self, run: Run, *, after: int) -> None:
        """All at once: a scorer's scores are those of one moment."""
        collect(run=run)

    def chosen(self, recipe: ScorerRecipe) -> Mapping[str, Any]:
        return recipe.as_dict()

    def remarks(self, run: Run) -> Sequence[str]:
        return ()

    def record(self, run: Run, what: str, by: User | None) -> None:
        record(run.study, what, by=by, run=run.pk, scorer=run.scorer)


def recipe_of(run: Run) -> ScorerRecipe:
    """The run's recipe. Raises RunError where this version cannot read it."""
    try:
        return read_recipe(run.recipe)
    except RecipeError as error:
        raise RunError(f"The recipe of {run.scorer} cannot be read: {error}") from None


def check_study(study: Study, recipe: ScorerRecipe) -> None:
    """Raises RunError for a study that this scorer cannot be asked about."""
    if not study.of_quality:
        raise RunError(f"Scorers are asked about ratings and comparisons: {study.slug} is neither.")
    if recipe.of_pairs and not study.compares:
        raise RunError(f"This scorer compares two responses, and {study.slug} shows one at a time.")
    if not study.items.exists():
        raise RunError(f"The study {study.slug} has no responses yet: import some first.")


def check_size(study: Study, recipe: ScorerRecipe) -> None:
    """Raises RunError for more calls than a run makes."""
    asking.check_size(targets.count_targets(study, of_pairs=recipe.of_pairs) * len(recipe.parts()))
