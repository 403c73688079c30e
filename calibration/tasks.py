"""Audits in the background: any number of workers, on any number of machines."""

from django.contrib.auth.models import User
from django.db import transaction
from django_tasks import task

from annotation.log import record
from calibration.audit import run_audit
from calibration.models import Audit


@task()
def run_audit_task(audit_id: int) -> None:
    run_audit(audit=Audit.objects.get(pk=audit_id))


@transaction.atomic
def enqueue_audit(*, audit: Audit) -> None:
    """Hand an audit without a result to a worker: a new one, a failed one, one whose worker was killed."""
    unfinished = Audit.objects.filter(pk=audit.pk).exclude(state=Audit.State.FINISHED)
    if unfinished.update(state=Audit.State.WAITING, error=""):
        run_audit_task.enqueue(audit.pk)


@transaction.atomic
def run_again(*, audit: Audit, by: User | None = None) -> None:
    """Enqueue an audit again at somebody's wish."""
    enqueue_audit(audit=audit)
    record(audit.study, "ran an audit again", by=by, audit=audit.pk)
