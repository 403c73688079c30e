"""How a run begins and ends: its state, under the lock of its row."""

import time
from collections.abc import Callable

from django.db import connection, transaction

from generation.models import AbstractRun
from generation.recipes.recipe import RecipeError
from generation.runs import callers, calls, clock
from generation.runs.errors import RunError

# Seconds: who waits to write into SQLite, such as a person who labels, looks every tenth of one.
BETWEEN_PAGES = 0.12
UNFINISHED = [AbstractRun.State.WAITING, AbstractRun.State.RUNNING]


def begin(run: AbstractRun, until: Callable[[], bool] = lambda: False) -> bool:
    """Whether there is something to work at, once all calls are there: whoever comes first makes them.

    Raises RunError and RecipeError.
    """
    after: int | None = -1
    while after is not None and not until():
        after = _prepare(run, after)
        if after is not None:
            _let_others_write()
    return type(run)._default_manager.filter(pk=run.pk, state=AbstractRun.State.RUNNING).exists()


@transaction.atomic
def _prepare(run: AbstractRun, after: int) -> int | None:
    """Make some of the calls of a run that waits; after the last ones it runs."""
    rows = type(run)._default_manager.select_for_update(of=("self",), no_key=True)
    waiting = rows.filter(pk=run.pk, state=AbstractRun.State.WAITING).first()
    if waiting is None:
        return None
    job = waiting.job
    left: int | None = job.prepare(waiting, job.recipe(waiting), targets=waiting.trial, after=after)
    if left is None:
        type(run)._default_manager.filter(pk=run.pk).update(state=AbstractRun.State.RUNNING)
    return left


def stop(run: AbstractRun, line: str) -> None:
    """Have nothing more asked; whoever leaves last collects what was answered."""
    _end(run, AbstractRun.State.STOPPED, line)


def fail(run: AbstractRun, line: str) -> None:
    """Have nothing more asked, for what somebody has to mend; everything answered stays."""
    _end(run, AbstractRun.State.FAILED, line)


def settle(run: AbstractRun) -> None:
    """Collect the replies of a run that has asked all, or that is stopped and at which nobody works any more.

    A page at a time, of which each is written down: of many that leave at once each does some, and after a
    kill whoever comes goes on. A trial is not collected, and is a draft again. Belongs in no transaction.
    """
    while _settle(run):
        _let_others_write()


@transaction.atomic
def _settle(run: AbstractRun) -> bool:
    """Collect a page, and end the run after the last one; whether there are more."""
    rows = type(run)._default_manager.select_for_update(of=("self",), no_key=True)
    row = rows.filter(pk=run.pk).first()
    if row is None or row.finished_at is not None:
        return False
    if row.state == AbstractRun.State.RUNNING and not calls.any_open(row):
        if row.trial is not None:
            row.state, row.trial = AbstractRun.State.DRAFT, None
            row.save(update_fields=["state", "trial"])
            return False
        row.state = AbstractRun.State.FINISHED
    elif row.state != AbstractRun.State.STOPPED or callers.living(row).exists():
        return False
    if row.trial is None:
        try:
            with transaction.atomic():
                after = row.job.collect(row, after=row.collected)
        except (RecipeError, RunError) as error:
            row.state, row.error = AbstractRun.State.FAILED, str(error)
        else:
            if after is not None:
                rows.filter(pk=row.pk).update(collected=after)
                return True
    row.finished_at = clock.now()
    row.save(update_fields=["state", "error", "finished_at"])
    return False


def _let_others_write() -> None:
    if connection.vendor == "sqlite":
        time.sleep(BETWEEN_PAGES)


def _end(run: AbstractRun, state: str, line: str) -> None:
    ended = None if state == AbstractRun.State.STOPPED else clock.now()
    rows = type(run)._default_manager.filter(pk=run.pk, state__in=UNFINISHED)
    rows.update(state=state, error=line, finished_at=ended)
