"""The run that a command `score` asks for, and what is said of it."""

from collections.abc import Mapping
from typing import Any

from annotation.models import Study
from annotation.statistics.intervals import Estimate
from calibration.management.score_options import name_of, recipe_of
from calibration.models import Run
from calibration.runs.asking import create_run
from calibration.runs.standing import standing
from calibration.scorers.judges.bias import PositionBias
from generation.management.run_lines import outcome_lines
from generation.management.run_options import server_of, terms_of
from generation.management.run_work import same
from generation.templatetags.numbers import counted


def run_for(study: Study, options: Mapping[str, Any]) -> Run:
    """The study's run of this name, recipe and server, made where there is none; its budget is as asked.

    Raises CommandError where there is one that is not the same, and whatever making one raises.
    """
    recipe = recipe_of(study, options)
    server, name = server_of(options, local=recipe.local), name_of(options, recipe)
    run = Run.objects.filter(study=study, scorer=name).select_related("study", "server").first()
    if run is not None:
        return same(run, recipe, server, options)
    return create_run(study=study, scorer=name, recipe=recipe, server=server, **terms_of(options))


def named(run: Run) -> dict[str, Any]:
    return {"study": run.study.slug, "scorer": run.scorer}


def outcome(run: Run) -> tuple[dict[str, Any], list[str]]:
    """What came of the run so far, as JSON and in words."""
    now = standing(run)
    return now.as_dict(), outcome_lines(run, now) + (_bias(now.position_bias) if now.position_bias else [])


def _bias(bias: PositionBias) -> list[str]:
    return [
        f"Position bias: {_estimate(bias.mean)} steps for what is shown first; the order turns "
        f"{_estimate(bias.flips)} of {counted(bias.flips.n, 'comparison')}."
    ]


def _estimate(estimate: Estimate) -> str:
    if estimate.value is None:
        return f"undefined ({estimate.reason})"
    interval = f" ({estimate.low:.2f}, {estimate.high:.2f})" if estimate.low is not None else ""
    return f"{estimate.value:.2f}{interval}"
