"""How long recruiters' ids are kept: until a study's date, if it has one."""

from datetime import UTC, date, datetime, time, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from annotation.models import Invitation, Recruitment, Study, Submission
from annotation.rights.identity import purge_ids
from annotation.studies import StudyError, update_study

WHO = "retention date"
LAST_YEAR = 2199


@transaction.atomic
def set_retention(*, study: Study, until: date | None, by: User | None = None) -> Study:
    """Keep recruiters' ids through this day, or without a date; a worker purges them after it.

    Raises StudyError.
    """
    from annotation.tasks import purge_when_due  # which imports this module

    if until and until.year > LAST_YEAR:
        raise StudyError(f"Choose a date before {LAST_YEAR + 1}, or none.")
    before = study.retention_until
    study = update_study(study=study, by=by, retention_until=until)
    if until and until != before:
        purge_when_due.using(run_after=day_after(until)).enqueue(study.pk, until.isoformat())
    return study


def due(study: Study) -> bool:
    """Whether the study's date has passed."""
    return study.retention_until is not None and study.retention_until < timezone.now().date()


def overdue(studies: QuerySet[Study]) -> QuerySet[Study]:
    """Those whose date has passed and that still hold recruiters' ids: open ones, which nothing purges."""
    people = Recruitment.objects.filter(study=OuterRef("pk"))
    submissions = Submission.objects.filter(participant__study=OuterRef("pk"))
    notes = Invitation.objects.filter(study=OuterRef("pk")).exclude(note="")
    held = Exists(people) | Exists(submissions) | Exists(notes)
    return studies.filter(held, retention_until__lt=timezone.now().date())


def purge_if_due(study: Study) -> bool:
    """Purge a study whose date has passed; False while it may not be, as people may still come."""
    try:
        if due(study):
            purge_ids(study=study, who=WHO)
    except StudyError:
        return False
    return True


def day_after(day: date) -> datetime:
    """When the day is over."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)
