"""Audits at work in the background: cancelled, failed, killed and taken up again."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from annotation.models import Label, Study
from calibration.asking import AuditError
from calibration.audit import (
    LOST_AFTER,
    MOST_UNFINISHED,
    as_json,
    cancel_audit,
    create_audit,
    run_audit,
)
from calibration.frozen import column_of
from calibration.measures.each import Stopped, measure_each
from calibration.measures.keys import VERSION
from calibration.models import Audit, Measurement
from calibration.tasks import enqueue_audit, run_again, run_audit_task
from tests.calibration.scored import NAMES, asked, finished, make_scored_study, measured_since
from tests.server import SECRET_KEY, database_url

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("left", [Audit.State.WAITING, Audit.State.RUNNING, Audit.State.FAILED])
def test_an_audit_without_a_result_is_run_again_at_somebody_s_wish(left: str) -> None:
    audit = create_audit(study=make_scored_study(), replicates=20)
    error = "the old line" if left == Audit.State.FAILED else ""
    Audit.objects.filter(pk=audit.pk).update(state=left, error=error, heard_at=timezone.now())
    run_again(audit=audit)
    run_audit_task.call(audit.pk)
    audit.refresh_from_db()
    assert (audit.state, audit.error) == (Audit.State.FINISHED, "")


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_audit_leave_one_result() -> None:
    audit = create_audit(study=make_scored_study(items=24), replicates=20)
    alone = run_audit(audit=create_audit(study=audit.study, replicates=20)).result

    def work() -> None:
        run_audit_task.call(audit.pk)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    audit.refresh_from_db()
    assert (audit.state, audit.result) == (Audit.State.FINISHED, alone)


def test_a_failure_is_stored_as_one_line() -> None:
    study = make_scored_study()
    audit = create_audit(study=study)
    Label.objects.filter(item__study=study).delete()
    assert run_audit(audit=audit).state == Audit.State.FAILED
    assert audit.error == "The study answers has no labels to audit against."
    pair = create_audit(study=make_scored_study("other"))
    Study.objects.filter(slug="other").update(kind="pair")
    pair.refresh_from_db()
    assert run_audit(audit=pair).state == Audit.State.FAILED
    # Whichever of those measured at once failed first.
    assert re.match(r"The audit stopped, measuring [a-z]+: ValueError: ", pair.error)
    assert "\n" not in pair.error


@pytest.mark.django_db(transaction=True)
def test_a_worker_takes_an_enqueued_audit() -> None:
    audit = create_audit(study=make_scored_study(), replicates=20)
    enqueue_audit(audit=audit)
    call_command("db_worker", batch=True, startup_delay=False, reload=False, verbosity=0)
    audit.refresh_from_db()
    assert audit.state == Audit.State.FINISHED


def test_a_cancelled_audit_stops_and_run_again_does_only_the_rest() -> None:
    study = make_scored_study(scorers=NAMES)
    alone = as_json(finished(asked(study), reuse=False).result)
    Audit.objects.all().delete()
    audit = asked(study)

    def cancel_after_one(share: float) -> None:
        if audit.measurements.exists():
            cancel_audit(audit=audit)

    run_audit(audit=audit, progress=cancel_after_one, threads=1)
    assert (audit.state, audit.result, audit.measurements.count()) == (Audit.State.CANCELLED, None, 1)
    run_audit_task.call(audit.pk)  # what waited in the queue
    audit.refresh_from_db()
    assert audit.state == Audit.State.CANCELLED
    now = timezone.now()
    enqueue_audit(audit=audit)
    run_audit_task.call(audit.pk)
    audit.refresh_from_db()
    assert as_json(audit.result) == alone
    assert len(measured_since(now)) == 2
    cancel_audit(audit=audit)
    audit.refresh_from_db()
    assert (audit.state, audit.progress) == (Audit.State.FINISHED, 1.0)
    acts = [act.what for act in study.acts.all()]
    assert acts.count("cancelled an audit") == 1


def test_a_killed_worker_s_audit_is_handed_to_a_second_one_without_anybody_s_doing() -> None:
    audit = asked(make_scored_study(items=24))
    enqueue_audit(audit=audit)
    later = DBTaskResult.objects.filter(
        run_after__gt=timezone.now(), run_after__lte=timezone.now() + LOST_AFTER
    )
    assert (DBTaskResult.objects.count(), later.count()) == (2, 1)
    cancel_audit(audit=audit)
    run_audit_task.call(audit.pk)
    assert DBTaskResult.objects.count() == 2, "of one that has ended nothing more is looked for"


def test_one_person_s_audits_do_not_keep_the_workers_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    study, person = make_scored_study(items=24), User.objects.create_user("ann")
    monkeypatch.setattr("calibration.asking.MOST_DRAWS", 24 * 20 * 2)
    with pytest.raises(AuditError, match="are hours of a worker"):
        asked(study, replicates=21, created_by=person)
    monkeypatch.setattr("calibration.asking.MOST_WEIGHTS", 12 * 20)
    with pytest.raises(AuditError, match="are gigabytes"):
        asked(study, cluster_unit="item", created_by=person)
    for _ in range(MOST_UNFINISHED):
        last = asked(study, created_by=person)
    with pytest.raises(AuditError, match="cancel one, or wait"):
        asked(study, created_by=person)
    asked(study, created_by=User.objects.create_user("bob"))
    asked(study)
    cancel_audit(audit=last)
    asked(study, created_by=person)


def test_an_audit_deleted_while_it_runs_leaves_nothing() -> None:
    audit = asked(make_scored_study(items=24, scorers=NAMES))
    run_audit(audit=audit, progress=lambda share: Audit.objects.all().delete(), threads=1)  # type: ignore[func-returns-value]
    assert not Audit.objects.exists() and not Measurement.objects.exists()
    run_audit_task.call(audit.pk or 1)


def test_every_thread_stops_at_its_next_step_once_nobody_wants_the_rest() -> None:
    study = make_scored_study(items=12)
    columns = [column_of(finished(asked(study)), name) for name in ("judge", "reward")]
    steps: list[str] = []

    def endless(column: Any, step: Any) -> dict[str, Any]:
        while True:
            step()
            steps.append(column.name)
            time.sleep(0.001)

    def watch(share: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        list(measure_each(endless, columns, steps=1, threads=2, watch=watch))
    assert {*steps} == {"judge", "reward"}


KILLED = """
import os, signal, sys, django
django.setup()
from calibration.measures import keys
keys.VERSION = sys.argv[1]  # the same code, though a file of it was changed since
from calibration.audit import run_audit
from calibration.models import Audit
audit = Audit.objects.get()
def die(share):
    if audit.measurements.count() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
run_audit(audit=audit, progress=die, threads=1)
"""


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_a_worker_leaves_what_it_measured_and_the_next_one_the_same_bytes() -> None:
    study = make_scored_study(scorers=NAMES)
    alone = finished(asked(study), reuse=False)
    kept = as_json(alone.result), [bytes(row.found) for row in alone.measurements.order_by("scorer")]
    alone.delete()
    audit = asked(study)
    environment = os.environ | {"DATABASE_URL": database_url(), "SECRET_KEY": SECRET_KEY}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    killed = subprocess.run([sys.executable, "-c", KILLED, VERSION], cwd=ROOT, env=environment, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    audit.refresh_from_db()
    assert (audit.state, audit.result, audit.measurements.count()) == (Audit.State.RUNNING, None, 1)
    now = timezone.now()
    run_audit_task.call(audit.pk)
    waiting = DBTaskResult.objects.get()
    assert waiting.run_after > now + LOST_AFTER, "its worker was heard of just now: look later"
    assert not measured_since(now)
    Audit.objects.update(heard_at=now - LOST_AFTER)
    finished(audit)
    assert len(measured_since(now)) == 2
    rows = audit.measurements.order_by("scorer")
    assert (as_json(audit.result), [bytes(row.found) for row in rows]) == kept
