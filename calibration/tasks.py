"""Audits and plans in the background: any number of workers, on any number of machines."""

from django.contrib.auth.models import User
from django.db import transaction
from django_tasks import task

from annotation.log import record
from calibration.audit import run_audit
from calibration.models import Audit, Plan
from calibration.plans import run_plan


@task()
def run_audit_task(audit_id: int) -> None:
    if audit := Audit.objects.filter(pk=audit_id).first():  # nobody deleted it meanwhile
        run_audit(audit=audit)


@transaction.atomic
def enqueue_audit(*, audit: Audit) -> None:
    """Hand an audit without a result to a worker: a new, failed, cancelled one, or one of a killed worker."""
    unfinished = Audit.objects.filter(pk=audit.pk).exclude(state=Audit.State.FINISHED)
    if unfinished.update(state=Audit.State.WAITING, error="", progress=0.0):
        run_audit_task.enqueue(audit.pk)


@transaction.atomic
def run_again(*, audit: Audit, by: User | None = None) -> None:
    """Enqueue an audit again at somebody's wish."""
    enqueue_audit(audit=audit)
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
