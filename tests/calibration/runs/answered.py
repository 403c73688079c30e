"""Runs whose calls have come back, as a test says, without any server."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from annotation.models import Study
from calibration.models import Call, Run
from calibration.runs import targets
from calibration.runs.asking import create_run
from calibration.runs.job import recipe_of
from calibration.scorers.judges.judge import JudgeRecipe
from calibration.scorers.judges.rubrics import BUILT_IN
from calibration.scorers.rewards.reward import RewardRecipe
from generation.models import ModelServer
from generation.recipes.recipe import Recipe

# The result of a call, or why there is none; None for one that is still to be made.
Back = dict[str, Any] | str | None
REWARD = RewardRecipe(model="reward", dialect="json")


def judge(rubric: str = "overall", **fields: Any) -> JudgeRecipe:
    given = {"temperature": 1.0} if fields.get("method") == "votes" else {}
    return JudgeRecipe(model="judge", rubric=BUILT_IN[rubric], **(given | fields))


def draft(study: Study, recipe: Recipe = REWARD, *, scorer: str = "live", **fields: Any) -> Run:
    server, _ = ModelServer.objects.get_or_create(name="server", base_url="https://models.example/v1")
    return create_run(study=study, scorer=scorer, recipe=recipe, server=server, **fields)


def come_back(run: Run, back: Callable[[int, str], Back], *, trial: int | None = None) -> Run:
    """Give the run's calls what `back` says of each target's place and part; 10 tokens in, 5 out."""
    recipe = recipe_of(run)
    targets.prepare(run, recipe, targets=trial)
    calls, number = list(run.calls.order_by("number")), len(recipe.parts())
    for place, call in enumerate(calls):
        given = back(place // number, call.part)
        call.result = given if isinstance(given, dict) else None
        call.outcome = "answered" if isinstance(given, dict) else given or ""
        call.error = "" if isinstance(given, dict) or given is None else f"It was {given}."
        if given is not None:
            call.attempts, call.tokens_in, call.tokens_out, call.answered_at = 1, 10, 5, timezone.now()
    fields = ["result", "outcome", "error", "attempts", "tokens_in", "tokens_out", "answered_at"]
    Call.objects.bulk_update(calls, fields, batch_size=100)
    return run


def number(value: float | str) -> Back:
    """A reward model's result."""
    return {"scores": {"": value}}


def said(value: int, criterion: str = "overall") -> Back:
    """A judge's result: one score."""
    return {"scores": {criterion: value}, "format": "text"}


def stated(*shares: float, criterion: str = "overall") -> Back:
    """A judge's result: shares of the values."""
    return {"shares": {criterion: [*shares]}, "format": "text"}
