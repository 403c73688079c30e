"""Audits, plans and runs in the background: any number of workers, on any number of machines."""

import time
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from annotation.log import record
from calibration.audit import LOST_AFTER, run_audit
from calibration.models import HEAVY, Audit, Plan, Run
from calibration.plans import run_plan
from generation.runs import callers
from generation.runs.ending import UNFINISHED, settle
from generation.runs.work import work

# Seconds that a worker stays at a run while other tasks wait, and between two looks whether they do.
SLICE, LOOKS_EVERY = 60.0, 2.0


@task()
def run_audit_task(audit_id: int) -> None:
    """Run an audit; while another worker is at it, look later whether that one was killed."""
    audit = Audit.objects.defer(*HEAVY).filter(pk=audit_id).first()
    if audit is None:  # somebody deleted it meanwhile
        return
    if run_audit(audit=audit).state == Audit.State.RUNNING:
        _look_later(audit_id)


@transaction.atomic
def enqueue_audit(*, audit: Audit) -> bool:
    """Hand an audit without a result to a worker, and to a second one should the first be killed."""
    unfinished = Audit.objects.filter(pk=audit.pk).exclude(state=Audit.State.FINISHED)
    if not unfinished.update(state=Audit.State.WAITING, error="", progress=0.0):
        return False
    run_audit_task.enqueue(audit.pk)
    _look_later(audit.pk)
    return True


def _look_later(audit_id: int) -> None:
    run_audit_task.using(run_after=timezone.now() + LOST_AFTER).enqueue(audit_id)


@transaction.atomic
def run_again(*, audit: Audit, by: User | None = None) -> None:
    """Enqueue an audit again at somebody's wish; a finished one stays as it is."""
    if enqueue_audit(audit=audit):
        record(audit.study, "ran an audit again", by=by, audit=audit.pk)


@task()
def run_plan_task(plan_id: int) -> None:
    run_plan(pk=plan_id)


@transaction.atomic
def enqueue_plan(*, plan: Plan) -> None:
    """Hand a plan without a result to a worker: a new one, a failed one, one whose worker was killed."""
    unfinished = Plan.objects.filter(pk=plan.pk).exclude(state=Plan.State.FINISHED)
    if unfinished.update(state=Plan.State.WAITING, error="", progress=0.0):
        run_plan_task.enqueue(plan.pk)


@task()
def run_task(run_id: int) -> None:
    """Work at a run until it has ended; after a while, other tasks that wait come first."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        return
    if work(run=run, until=_Slice(run_id).is_over).state in UNFINISHED:
        run_task.enqueue(run_id)


@task()
def watch_run_task(run_id: int) -> None:
    """Do what workers that were killed have left: send for others, or end the run; and look again later."""
    settle(Run(pk=run_id))
    run = Run.objects.filter(pk=run_id, finished_at=None).exclude(state=Run.State.DRAFT).first()
    if run is None:
        return
    if run.state in UNFINISHED:
        sent = _tasks(run_task, run_id).count() + callers.living(run).count()
        for _ in range(run.workers - sent):
            run_task.enqueue(run_id)
    if not _tasks(watch_run_task, run_id).exists():
        lost_by_then = timezone.now() + timedelta(seconds=callers.LOST_AFTER)
        watch_run_task.using(run_after=lost_by_then).enqueue(run_id)


@transaction.atomic
def enqueue_run(*, run: Run) -> None:
    """Hand a started run to its workers, and to others should these be killed."""
    watch_run_task.enqueue(run.pk)


class _Slice:
    """The time that a worker gives to a run before it looks whether other tasks wait."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self.looks_at = time.monotonic() + SLICE

    def is_over(self) -> bool:
        if time.monotonic() < self.looks_at:
            return False
        self.looks_at = time.monotonic() + LOOKS_EVERY
        waiting = DBTaskResult.objects.ready().order_by()
        own = _tasks(run_task, self.run_id) | _tasks(watch_run_task, self.run_id)
        return bool(waiting.exclude(pk__in=own.values("pk")).exists())


def _tasks(kind: Task[..., None], run_id: int) -> QuerySet[Any]:
    """The tasks of one kind for one run that wait."""
    waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY, task_path=kind.module_path)
    return waiting.filter(args_kwargs={"args": [run_id], "kwargs": {}})
