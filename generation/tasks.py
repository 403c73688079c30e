"""Runs in the background: any number of workers, on any number of machines."""

import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from generation.models import AbstractReport, AbstractRun
from generation.models.reports import LOST_AFTER
from generation.runs import callers
from generation.runs.ending import UNFINISHED, settle
from generation.runs.work import work

# Seconds that a worker stays at a run while other tasks wait, and between two looks whether they do.
SLICE, LOOKS_EVERY = 60.0, 2.0
REPORT_UNFINISHED = [AbstractReport.State.WAITING, AbstractReport.State.RUNNING]
# Each time it may be the report that takes more memory than there is.
MOST_KILLED = 3
KILLED = f"{MOST_KILLED} workers were killed while they measured it: it may need more memory than they have."


def labelled(label: str) -> AbstractRun | None:
    """The run of this label, whichever app's it is; None where somebody deleted it."""
    model, _, key = label.rpartition(".")
    found: AbstractRun | None = apps.get_model(model)._default_manager.filter(pk=key).first()
    return found


@task()
def run_task(label: str) -> None:
    """Work at the run of this label until it has ended; after a while, other tasks that wait come first."""
    run = labelled(label)
    if run is None:
        return
    if work(run=run, until=_Slice(label).is_over).state in UNFINISHED:
        run_task.enqueue(label)


@task()
def watch_run_task(label: str) -> None:
    """Do what workers that were killed have left: send for others, or end the run; and look again later."""
    run = labelled(label)
    if run is None:
        return
    settle(run)
    run = labelled(label)
    if run is None or run.finished_at is not None or run.state == AbstractRun.State.DRAFT:
        return
    if run.state in UNFINISHED:
        sent = _tasks(run_task, label).count() + callers.living(run).count()
        for _ in range(run.workers - sent):
            run_task.enqueue(label)
    if not _tasks(watch_run_task, label).exists():
        lost_by_then = timezone.now() + timedelta(seconds=callers.LOST_AFTER)
        watch_run_task.using(run_after=lost_by_then).enqueue(label)


@transaction.atomic
def enqueue_run(*, run: AbstractRun) -> None:
    """Hand a started run to its workers, and to others should these be killed."""
    watch_run_task.enqueue(run.label)


@task()
def report_task(label: str) -> None:
    """Measure the report of this label; a task that waits looks later whether its worker was killed."""
    model, _, key = label.rpartition(".")
    rows = apps.get_model(model)._default_manager.defer("result").filter(pk=key, state__in=REPORT_UNFINISHED)
    report: AbstractReport | None = rows.first()
    if report is None:  # it has ended, or somebody deleted it meanwhile
        return
    # Of a worker that was killed, the task is running for ever.
    begun = _tasks(report_task, label, TaskResultStatus.RUNNING).count()
    lost = rows.filter(heard_at__lt=timezone.now() - LOST_AFTER)
    if begun > MOST_KILLED and lost.update(state=AbstractReport.State.FAILED, error=KILLED):
        return
    if not _tasks(report_task, label).exists():
        _look_later(label)
    from generation.reports import ReportError, run_report  # numpy and dask start slowly

    with suppress(ReportError):  # which the report says
        run_report(report=report)


@transaction.atomic
def enqueue_report(*, report: AbstractReport) -> None:
    """Hand a report without a result to a worker, and to a second one should the first be killed."""
    State = AbstractReport.State
    unfinished = type(report)._default_manager.filter(pk=report.pk).exclude(state=State.FINISHED)
    if unfinished.update(state=State.WAITING, error="", progress=0.0):
        report_task.enqueue(report.label)
        _look_later(report.label)


def _look_later(label: str) -> None:
    report_task.using(run_after=timezone.now() + LOST_AFTER).enqueue(label)


class _Slice:
    """The time that a worker gives to a run before it looks whether other tasks wait."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.looks_at = time.monotonic() + SLICE

    def is_over(self) -> bool:
        if time.monotonic() < self.looks_at:
            return False
        self.looks_at = time.monotonic() + LOOKS_EVERY
        waiting = DBTaskResult.objects.ready().order_by()
        own = _tasks(run_task, self.label) | _tasks(watch_run_task, self.label)
        return bool(waiting.exclude(pk__in=own.values("pk")).exists())


def _tasks(
    kind: Task[..., None], label: str, status: TaskResultStatus = TaskResultStatus.READY
) -> QuerySet[Any]:
    """The tasks of one kind for one run or report that wait, or have this status."""
    found = DBTaskResult.objects.filter(status=status, task_path=kind.module_path)
    return found.filter(args_kwargs={"args": [label], "kwargs": {}})
