"""The run that a command `score` asks for: found or made, worked at, ended."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from tqdm import tqdm

from annotation.models import Study
from calibration.management.score_lines import bar_words
from calibration.management.score_options import name_of, recipe_of, server_of
from calibration.models import Run
from calibration.runs.asking import create_run
from calibration.scorers.recipe import ScorerRecipe
from generation.models import ModelServer
from generation.runs import callers
from generation.runs.asking import change_budget, start_run, stop_run
from generation.runs.ending import UNFINISHED
from generation.runs.errors import RunError
from generation.runs.work import work
from generation.servers import ServerError

PRICES = ("price_in", "price_out", "currency")
BUDGETS = ("budget_tokens", "budget_money")
SECONDS_BETWEEN_LOOKS = 2.0


def run_for(study: Study, options: Mapping[str, Any]) -> Run:
    """The study's run of this name, recipe and server, made where there is none; its budget is as asked.

    Raises CommandError where there is one that is not the same, and whatever making one raises.
    """
    try:
        return _run_for(study, options)
    except (IntegrityError, RunError, ServerError):
        # Somebody who gave the same command at this moment has made it now; what is wrong is so again.
        return _run_for(study, options)


@transaction.atomic
def _run_for(study: Study, options: Mapping[str, Any]) -> Run:
    recipe = recipe_of(options)
    server, name = server_of(options, recipe), name_of(options, recipe)
    given = {field: options[field] for field in (*PRICES, *BUDGETS) if options[field] is not None}
    found = Run.objects.filter(study=study, scorer=name).select_related("study", "server")
    run = found.first()
    if run is None:
        return create_run(study=study, scorer=name, recipe=recipe, server=server, **given)
    _check_same(run, recipe, server, given)
    budgets = {field: given.get(field, getattr(run, field)) for field in BUDGETS}
    if any(budgets[field] != getattr(run, field) for field in BUDGETS):
        change_budget(run=run, **budgets)
        run.refresh_from_db()
    return run


def _check_same(run: Run, recipe: ScorerRecipe, server: ModelServer | None, given: Mapping[str, Any]) -> None:
    """Raises CommandError for what would make other scores under one name."""
    other = f"choose another --name, or delete the run {run.pk} first."
    if run.recipe != recipe.as_dict():
        raise CommandError(f"{run.scorer} was asked for otherwise: {other}")
    if run.server != server:
        raise CommandError(f"{run.scorer} is asked of {run.server or 'no server'}: {other}")
    if any(given[field] != getattr(run, field) for field in PRICES if field in given):
        prices = f"{run.price_in:f} and {run.price_out:f} {run.currency}"
        raise CommandError(f"{run.scorer} was priced at {prices}: {other}")


def at_work(run: Run, *, trial: int | None) -> Run:
    """The run after this process worked at it: until it ended, or somebody pressed Ctrl-C.

    Raises RunError where it cannot start, and CommandError where another process does only a part of it, or
    more.
    """
    try:
        run = start_run(run=run, trial=trial)
    except RunError:
        run.refresh_from_db()
        if run.state == Run.State.FINISHED and trial is None:
            return run  # nothing was left to ask
        if run.state not in UNFINISHED:
            raise
        if run.trial != trial:
            what = f"about the first {run.trial}" if run.trial else "about everything"
            raise CommandError(
                f"{run.scorer} is being asked {what} by another process: wait for it."
            ) from None
    with tqdm(total=1.0, disable=None, bar_format="{percentage:3.0f}% |{bar}| {desc}") as bar:
        return work(run=run, progress=_teller(run, bar))


def _teller(run: Run, bar: tqdm) -> Callable[[float], None]:
    """What moves the bar, and says now and then what came back and what it took."""
    looked = float("-inf")

    def tell(share: float) -> None:
        nonlocal looked
        bar.update(share - bar.n)
        if not bar.disable and monotonic() - looked > SECONDS_BETWEEN_LOOKS:
            run.refresh_from_db(fields=["state", "started_at"])
            bar.set_description_str(bar_words(run))
            looked = monotonic()

    return tell


def ended(run: Run) -> None:
    """Raises CommandError, with its reason, for a run that has not come to its end."""
    if run.state in UNFINISHED:
        if callers.living(run).exists():
            raise CommandError("Stopped here; other processes go on with it.", returncode=130)
        stop_run(run=run)
        raise CommandError("Stopped. The same command goes on.", returncode=130)
    if run.state in (Run.State.STOPPED, Run.State.FAILED):
        raise CommandError(run.error)
