"""Promises of the pages about people's data."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from annotation.models import Act, Label, Membership, Participant, Recruitment, Study
from annotation.recruitment.entry import Entry, admit
from annotation.studies import close_study
from tests.factory import make_items, make_labels, make_study

pytestmark = pytest.mark.django_db

PID = "5f1b2c3d4e5f6a7b8c9d0e1f"


@pytest.fixture
def study() -> Study:
    return make_study(state=Study.State.OPEN, opened_at=timezone.now(), consent="You may stop.")


@pytest.fixture
def ana(study: Study) -> Participant:
    return admit(study=study, entry=Entry(recruiter="prolific", person=PID, visit={"SESSION_ID": "sub-1234"}))


def member(study: Study, role: str) -> Client:
    user = User.objects.create_user(role)
    Membership.objects.create(study=study, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, name: str, study: Study, *args: str, **fields: str) -> Any:
    return client.post(reverse(name, args=[study.slug, *args]), fields)


def shown(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_page_counts_what_is_held_by_kind(console: Client, study: Study, ana: Participant) -> None:
    held = console.get(reverse("data", args=[study.slug])).context["held"]
    assert (held.people, held.recruited, held.submissions, held.ids) == (1, 1, 1, 2)


def test_a_viewer_reads_how_much_is_held_and_is_offered_no_act(study: Study, ana: Participant) -> None:
    page = member(study, "viewer").get(reverse("data", args=[study.slug]))
    assert page.status_code == 200
    assert "<form method" not in page.content.decode().replace('method="post" action="/account/', "")


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_acts_on_peoples_data_take_an_owner(study: Study, ana: Participant, role: str) -> None:
    client = member(study, role)
    assert post(client, "data-retention", study, until="2030-01-01").status_code == 403
    assert post(client, "data-purge", study, **{"purge-typed": study.slug}).status_code == 403
    assert post(client, "data-find", study, external_id=PID).status_code == 403
    assert post(client, "study-delete", study, typed=study.slug).status_code == 403
    assert post(client, "person-erase", study, ana.code, typed=ana.code).status_code == 403
    assert client.get(reverse("person-erase", args=[study.slug, ana.code])).status_code == 403
    assert client.get(reverse("person-data", args=[study.slug, ana.code])).status_code == 403
    assert Recruitment.objects.exists()


def test_somebody_is_found_by_their_id_which_is_kept_nowhere(
    console: Client, study: Study, ana: Participant
) -> None:
    page = post(console, "data-find", study, external_id=PID)
    assert reverse("person-erase", args=[study.slug, ana.code]) in shown(page)
    assert PID not in shown(page)
    assert PID not in str(list(Act.objects.values()))
    assert "Nobody in this study is known by this id." in shown(
        post(console, "data-find", study, external_id="x")
    )
    assert post(console, "data-find", study, external_id="").status_code == 400


def test_what_is_held_on_a_person_comes_as_a_file_and_the_log_tells_of_it(
    console: Client, study: Study, ana: Participant
) -> None:
    answer = console.get(reverse("person-data", args=[study.slug, ana.code]))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="answers-person.json"'
    held = answer.json()
    assert (held["code"], held["consent"]["text"]) == (ana.code, "You may stop.")
    assert held["recruiter"]["visits"] == [{"SESSION_ID": "sub-1234"}]
    assert Act.objects.filter(what="exported what is held on a person", by="researcher").exists()


def test_an_identity_is_erased_only_when_the_code_is_typed(
    console: Client, study: Study, ana: Participant
) -> None:
    assert post(console, "person-erase", study, ana.code, typed="ANA").status_code == 400
    assert Recruitment.objects.exists()
    gone = post(console, "person-erase", study, ana.code, typed=ana.code)
    assert gone.status_code == 302
    assert not Recruitment.objects.exists()
    page = console.get(gone.headers["Location"])
    erased = Participant.objects.get()
    assert "The identity is erased." in shown(page)
    assert erased.code not in shown(page)
    assert console.get(reverse("person-data", args=[study.slug, ana.code])).status_code == 404
    assert console.get(reverse("person-erase", args=[study.slug, erased.code])).status_code == 404


def test_the_page_of_an_erased_person_does_not_say_where_they_came_from(
    console: Client, study: Study, ana: Participant
) -> None:
    post(console, "person-erase", study, ana.code, typed=ana.code)
    page = shown(console.get(reverse("person", args=[study.slug, Participant.objects.get().code])))
    assert "not known any more" in page and "identity erased" in page
    assert reverse("person-erase", args=[study.slug, Participant.objects.get().code]) not in page


def test_all_ids_are_purged_only_when_the_study_is_closed_and_its_name_typed(
    console: Client, study: Study, ana: Participant
) -> None:
    refused = post(console, "data-purge", study, **{"purge-typed": study.slug})
    assert refused.status_code == 400
    assert "Close the study first." in shown(refused)
    close_study(study=study)
    assert post(console, "data-purge", study, **{"purge-typed": "yes"}).status_code == 400
    assert Recruitment.objects.exists()
    assert post(console, "data-purge", study, **{"purge-typed": study.slug}).status_code == 302
    assert not Recruitment.objects.exists()


def test_a_retention_date_is_kept_told_to_the_worker_and_shown(
    console: Client, study: Study, ana: Participant
) -> None:
    assert post(console, "data-retention", study, until="2030-01-31").status_code == 302
    study.refresh_from_db()
    assert str(study.retention_until) == "2030-01-31"
    assert DBTaskResult.objects.get().args_kwargs["args"] == [study.pk, "2030-01-31"]
    assert post(console, "data-retention", study, until="9999-12-31").status_code == 400
    assert post(console, "data-retention", study, until="soon").status_code == 400
    yesterday = timezone.now().date() - timedelta(days=1)
    refused = post(console, "data-retention", study, until=yesterday.isoformat())
    assert "This day is over." in shown(refused), "a slip must not purge at once"
    assert post(console, "data-retention", study, until="").status_code == 302


def test_what_is_kept_past_its_date_is_told_to_the_studys_members_alone(
    console: Client, study: Study, ana: Participant
) -> None:
    study.retention_until = timezone.now().date() - timedelta(days=1)
    study.save()
    note = "kept past their date"
    assert note in shown(console.get(reverse("studies")))
    assert "close it, then they are purged" in shown(console.get(reverse("data", args=[study.slug])))
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger"))
    assert note not in shown(stranger.get(reverse("studies")))


def test_an_import_is_deleted_when_its_name_is_typed_and_labels_of_people_never_are(
    console: Client, study: Study, ana: Participant
) -> None:
    refused = post(console, "study-delete", study, typed=study.slug)
    assert refused.status_code == 400
    imported = make_study("imported", imported=True)
    make_labels(make_items(imported, 1)[0], [1, 2])
    assert post(console, "study-delete", imported, typed="import").status_code == 400
    assert post(console, "study-delete", imported, typed="imported").status_code == 302
    assert list(Study.objects.all()) == [study]
    assert not Label.objects.exists()


def test_a_person_of_an_imported_file_can_be_erased_whatever_the_file_called_them(console: Client) -> None:
    study = make_study("imported", imported=True)
    person = Participant.objects.create(study=study, code="A1/worker id")
    make_labels(make_items(study, 1)[0], [4], people=[person])
    gone = post(console, "person-erase", study, person.code, typed=person.code)
    assert gone.status_code == 302
    person.refresh_from_db()
    assert "worker" not in person.code
    assert person.labels.get().value == 4


def test_the_api_shows_erases_and_purges_for_owners(console: Client, study: Study, ana: Participant) -> None:
    one = f"/api/v1/studies/{study.slug}/people/{ana.code}"
    viewer = member(study, "viewer")
    assert viewer.get(f"{one}/data/").status_code == viewer.post(f"{one}/erase/").status_code == 403
    assert viewer.post(f"/api/v1/studies/{study.slug}/purge-ids/").status_code == 403
    assert console.get(f"{one}/data/").json()["code"] == ana.code
    refused = console.post(f"/api/v1/studies/{study.slug}/purge-ids/")
    assert (refused.status_code, "close it first" in refused.json()["detail"]) == (400, True)
    assert (
        console.post(f"{one}/erase/", {"comments": True})
        .json()["detail"]
        .startswith("The identity is erased")
    )
    assert console.post(f"{one}/erase/").status_code == 404
    admit(study=study, entry=Entry(recruiter="prolific", person=PID))
    close_study(study=study)
    assert "of 1 person" in console.post(f"/api/v1/studies/{study.slug}/purge-ids/").json()["detail"]
    assert not Recruitment.objects.exists()
