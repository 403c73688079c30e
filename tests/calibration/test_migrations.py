"""What an upgrade does with what stands in the database."""

from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

from calibration.models import Run
from generation.tasks import enqueue_run
from tests.calibration.runs.running import make_server, outcomes, score, started
from tests.model_server import serving


@pytest.mark.django_db(transaction=True)
def test_a_run_that_waits_for_a_worker_goes_on_after_the_upgrade() -> None:
    with serving(score) as server:
        run = started(make_server(server.url))
        enqueue_run(run=run)
        tasks = DBTaskResult.objects.all()
        tasks.update(
            task_path="calibration.tasks.watch_run_task", args_kwargs={"args": [run.pk], "kwargs": {}}
        )
        import_module("calibration.migrations.0007_callers_of_all_runs").hand_over(apps, None)
        call_command("db_worker", batch=True, startup_delay=False, reload=False, verbosity=0)
    run.refresh_from_db()
    assert (run.state, outcomes(run)) == (Run.State.FINISHED, {"answered": 12})
