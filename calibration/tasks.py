"""Audits and plans in the background: any number of workers, on any number of machines."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from annotation.log import record
from calibration.audit import LOST_AFTER, run_audit
from calibration.models import HEAVY, Audit, Plan
from calibration.plans import run_plan


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
