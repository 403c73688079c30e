"""The run of a scorer: made, with a name of its own."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.log import record
from annotation.models import Study
from calibration.models import Run
from calibration.runs.job import check_size, check_study
from calibration.runs.names import check_name
from calibration.scorers.recipe import ScorerRecipe
from generation.runs.asking import Terms
from generation.runs.errors import RunError


@transaction.atomic
def create_run(
    *,
    study: Study,
    scorer: str,
    recipe: ScorerRecipe,
    created_by: User | None = None,
    **terms: Any,
) -> Run:
    """Write down what is to be asked: a draft, of which nothing is asked before it is started.

    `terms` are those of `Terms`. Whether `created_by` may use the server is the caller's to check. Raises
    RunError for whatever makes no sense.
    """
    check_study(study, recipe)
    check_size(study, recipe)
    asked_by = Terms(**terms)
    asked_by.check(recipe)
    name, asked = " ".join(scorer.split()), recipe.as_dict()
    _check_free(study, name, asked)
    run = Run.objects.create(
        study=study, scorer=name, recipe=asked, created_by=created_by, **asked_by.as_fields()
    )
    record(study, "made a run", by=created_by, run=run.pk, scorer=name)
    return run


def _check_free(study: Study, name: str, asked: dict[str, object]) -> None:
    if not 1 <= len(name) <= 150:
        raise RunError("A scorer needs a name, of 150 characters at most.")
    if Run.objects.filter(study=study, scorer=name).exists():
        raise RunError(f"{study.slug} has a run of {name} already: start that one, or choose another name.")
    for other in Run.objects.filter(scorer=name).values_list("recipe", flat=True):
        if other != asked:
            raise RunError(f"{name} is the name of another recipe's run: choose another.")
    check_name(study, name, asked)
