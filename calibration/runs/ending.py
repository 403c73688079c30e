"""How a run begins and ends: its state, under the lock of its row."""

import time
from collections.abc import Callable

from django.db import connection, transaction

from calibration.models import Run
from calibration.runs import callers, calls, clock, targets
from calibration.runs.errors import RunError
from calibration.runs.scores import collect
from calibration.scorers.reading import read_recipe
from calibration.scorers.recipe import RecipeError

# Seconds: who waits to write into SQLite, such as a person who labels, looks every tenth of one.
BETWEEN_PAGES = 0.12
UNFINISHED = [Run.State.WAITING, Run.State.RUNNING]


def begin(run: Run, until: Callable[[], bool] = lambda: False) -> bool:
    """Whether there is something to work at, once all calls are there: whoever comes first makes them.

    Raises RecipeError.
    """
    after: int | None = -1
    while after is not None and not until():
        after = _prepare(run, after)
        if after is not None and connection.vendor == "sqlite":
            time.sleep(BETWEEN_PAGES)
    return Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).exists()


@transaction.atomic
def _prepare(run: Run, after: int) -> int | None:
    """Make some of the calls of a run that waits; after the last ones it runs."""
    row = Run.objects.select_for_update(of=("self",), no_key=True).select_related("study")
    waiting = row.filter(pk=run.pk, state=Run.State.WAITING).first()
    if waiting is None:
        return None
    left = targets.prepare(waiting, read_recipe(waiting.recipe), targets=waiting.trial, after=after)
    if left is None:
        Run.objects.filter(pk=run.pk).update(state=Run.State.RUNNING)
    return left


def stop(run: Run, line: str) -> None:
    """Have nothing more asked; whoever leaves last stores the scores of what was answered."""
    _end(run, Run.State.STOPPED, line)


def fail(run: Run, line: str) -> None:
    """Have nothing more asked, for what somebody has to mend; everything answered stays."""
    _end(run, Run.State.FAILED, line)


@transaction.atomic
def settle(run: Run) -> None:
    """Store the scores of a run that has asked all, or that is stopped and at which nobody works any more.

    A trial gives none, and is a draft again. Of many that leave at once, the last one does it.
    """
    row = Run.objects.select_for_update(of=("self",), no_key=True).filter(pk=run.pk).first()
    if row is None or row.finished_at is not None:
        return
    if row.state == Run.State.RUNNING and not calls.any_open(row):
        if row.trial is not None:
            row.state, row.trial = Run.State.DRAFT, None
            row.save(update_fields=["state", "trial"])
            return
        row.state = Run.State.FINISHED
    elif row.state != Run.State.STOPPED or callers.living(row).exists():
        return
    row.finished_at = clock.now()
    if row.trial is None:
        try:
            with transaction.atomic():
                collect(run=row)
        except (RecipeError, RunError) as error:
            row.state, row.error = Run.State.FAILED, str(error)
    row.save(update_fields=["state", "error", "finished_at"])


def _end(run: Run, state: str, line: str) -> None:
    ended = None if state == Run.State.STOPPED else clock.now()
    Run.objects.filter(pk=run.pk, state__in=UNFINISHED).update(state=state, error=line, finished_at=ended)
