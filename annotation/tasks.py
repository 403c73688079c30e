"""What the background worker does for studies."""

from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from annotation.models import Study
from annotation.rights.retention import purge_if_due

AGAIN = timedelta(days=1)


@task()
def purge_when_due(study_id: int, until: str) -> None:
    """Purge a study's ids when its date has passed; one that is still open is asked again every day.

    A date that was changed meanwhile has a task of its own.
    """
    study = Study.objects.filter(pk=study_id, retention_until=until).first()
    if study and not purge_if_due(study):
        purge_when_due.using(run_after=timezone.now() + AGAIN).enqueue(study_id, until)
