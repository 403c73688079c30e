"""Runs in the background: as many workers as wanted, which give way, and are replaced when killed."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from calibration.models import Run
from calibration.tasks import run_plan_task
from generation import tasks
from generation.diversity.report.specification import Specification
from generation.measuring import DiversityMeasurer, create_report
from generation.models import Caller, Collection, DiversityReport
from generation.models.reports import LOST_AFTER
from generation.runs import callers
from generation.runs.asking import delete_run, stop_run
from generation.tasks import enqueue_report, enqueue_run, report_task, run_task, watch_run_task
from tests.calibration.runs.running import make_server, outcomes, score, started
from tests.model_server import serving

pytestmark = pytest.mark.django_db


def waiting(task: object) -> int:
    return DBTaskResult.objects.filter(task_path=task.module_path, status="READY").count()  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_a_worker_takes_an_enqueued_run() -> None:
    with serving(score) as server:
        run = started(make_server(server.url))
        enqueue_run(run=run)
        call_command("db_worker", batch=True, startup_delay=False, reload=False, verbosity=0)
    run.refresh_from_db()
    assert (run.state, outcomes(run)) == (Run.State.FINISHED, {"answered": 12})


def test_a_run_has_as_many_workers_as_it_wants_and_others_for_those_that_were_killed() -> None:
    run = started(make_server("http://127.0.0.1:9/v1"), workers=3)
    watch_run_task.call(run.label)
    assert (waiting(run_task), waiting(watch_run_task)) == (3, 1)
    watch_run_task.call(run.label)
    assert (waiting(run_task), waiting(watch_run_task)) == (3, 1)
    DBTaskResult.objects.filter(task_path=run_task.module_path).delete()
    for _ in range(3):
        callers.join(run)
    watch_run_task.call(run.label)
    assert waiting(run_task) == 0
    killed = Caller.objects.first()
    assert killed is not None
    killed.heard_at = timezone.now() - timedelta(seconds=callers.LOST_AFTER + 1)
    killed.save()
    watch_run_task.call(run.label)
    assert waiting(run_task) == 1
    DBTaskResult.objects.all().delete()
    run = stop_run(run=run)
    assert run.finished_at is None, "two still work at it"
    Caller.objects.all().delete()
    watch_run_task.call(run.label)
    run.refresh_from_db()
    assert run.finished_at is not None
    assert DBTaskResult.objects.count() == 0, "a run that has ended is not watched"


def test_a_long_run_gives_way_to_other_tasks_and_goes_on_after_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SLICE", 0.0)
    with serving(score) as server:
        run = started(make_server(server.url))
        watch_run_task.call(run.label)
        run_plan_task.enqueue(0)
        before = waiting(run_task)
        run_task.call(run.label)
        assert (outcomes(run), waiting(run_task)) == ({"": 12}, before + 1)
        DBTaskResult.objects.filter(task_path=run_plan_task.module_path).delete()
        run_task.call(run.label)
        assert outcomes(run) == {"answered": 12}, "its own tasks are none to give way to"
        assert waiting(run_task) == before + 1


def test_a_task_of_a_run_that_was_deleted_does_nothing() -> None:
    run = started(make_server("http://127.0.0.1:9/v1"))
    label = run.label
    stop_run(run=run)
    delete_run(run=run)
    run_task.call(label)
    watch_run_task.call(label)
    assert not DBTaskResult.objects.exists()


def test_a_report_is_measured_again_when_workers_are_killed_until_it_seems_to_be_what_kills_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DiversityMeasurer, "read", killed)
    collection = Collection.objects.create(name="large")
    report = create_report(collection=collection, encoder=None, asked=Specification())
    enqueue_report(report=report)
    for _ in range(tasks.MOST_KILLED):
        claim()
        with pytest.raises(KeyboardInterrupt):
            report_task.func(report.label)
        assert waiting(report_task) == 1, "another looks later"
        DiversityReport.objects.update(heard_at=timezone.now() - 2 * LOST_AFTER)
    claim()
    report_task.func(report.label)
    report.refresh_from_db()
    assert (report.state, report.error) == ("failed", tasks.KILLED)
    assert waiting(report_task) == 0


def claim() -> None:
    """As a worker does."""
    task = DBTaskResult.objects.filter(status="READY").order_by("run_after").last()
    assert task is not None
    task.status = "RUNNING"
    task.save()
