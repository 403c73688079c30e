"""A study's retention date is kept to, by the worker or by cron."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from annotation.models import Act, Participant, Recruitment, Study
from annotation.recruitment.entry import Entry, admit
from annotation.rights.retention import day_after, overdue, set_retention
from annotation.studies import close_study
from tests.factory import make_study

pytestmark = pytest.mark.django_db(transaction=True)  # the worker has connections of its own


def today() -> date:
    return timezone.now().date()


def peopled(slug: str = "answers", **fields: object) -> Study:
    study = make_study(slug, state=Study.State.OPEN, opened_at=timezone.now(), **fields)
    admit(study=study, entry=Entry(recruiter="prolific", person=f"5f1b2c3d-{slug}"))
    return study


def work() -> None:
    """What a worker does until nothing is due."""
    call_command("db_worker", "--batch", "--no-startup-delay", "--verbosity", "0")


def at_once() -> None:
    """As if the time of each waiting task had come."""
    DBTaskResult.objects.update(run_after=timezone.now())


def purge(*arguments: str) -> str:
    said = StringIO()
    call_command("purge_ids", *arguments, stdout=said)
    return said.getvalue()


def test_a_worker_purges_a_closed_study_after_its_date() -> None:
    study = peopled()
    close_study(study=study)
    set_retention(study=study, until=today() - timedelta(days=1))
    work()
    assert not Recruitment.objects.exists()
    assert (Participant.objects.count(), Act.objects.filter(by="retention date").count()) == (1, 1)


def test_ids_are_kept_through_the_day_itself() -> None:
    study = peopled()
    close_study(study=study)
    set_retention(study=study, until=today())
    assert DBTaskResult.objects.get().run_after == day_after(today())
    work()
    at_once()
    work()
    assert Recruitment.objects.exists()
    assert not overdue(Study.objects.all())


def test_a_date_that_was_extended_holds() -> None:
    study = peopled()
    close_study(study=study)
    set_retention(study=study, until=today() + timedelta(days=1))
    set_retention(study=study, until=today() + timedelta(days=30))
    at_once()
    work()
    assert Recruitment.objects.exists()


def test_a_study_that_is_open_past_its_date_is_overdue_and_purged_once_it_is_closed() -> None:
    study = peopled()
    set_retention(study=study, until=today() - timedelta(days=1))
    work()
    assert Recruitment.objects.exists()
    assert list(overdue(Study.objects.all())) == [study]
    close_study(study=study)
    at_once()
    work()
    assert not Recruitment.objects.exists()
    assert not overdue(Study.objects.all())


def test_the_same_date_again_asks_the_worker_once() -> None:
    study = peopled()
    for _ in range(2):
        study = set_retention(study=study, until=today())
    assert DBTaskResult.objects.count() == 1


def test_the_command_purges_one_study_and_says_how_much() -> None:
    study, _ = peopled(), peopled("other")
    close_study(study=study)
    assert purge("answers") == (
        "answers: Purged the recruiter's ids of 1 person, 0 submissions and 0 notes of invitations.\n"
    )
    assert purge("answers") == "answers: There was nothing to purge: no recruiter's id is held.\n"
    assert Recruitment.objects.get().study.slug == "other"


def test_the_command_purges_what_is_due_and_names_what_is_still_open() -> None:
    past = today() - timedelta(days=1)
    closed, later = peopled("closed", retention_until=past), peopled("later", retention_until=today())
    peopled("inside", retention_until=past)
    for study in (closed, later):
        close_study(study=study)
    with pytest.raises(CommandError, match="inside is open: close it first"):
        purge("--due")
    assert set(Recruitment.objects.values_list("study__slug", flat=True)) == {"inside", "later"}


def test_the_command_says_what_is_wrong_in_a_line() -> None:
    with pytest.raises(CommandError, match=r"^There is no study nowhere\.$"):
        purge("nowhere")
    with pytest.raises(CommandError):
        purge()
