from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from pytest_django import Settings

from annotation.models import Participant, Recruitment, Study
from annotation.recruitment import Entry, InvalidEntry, admit, find, note_visit, visits_of, way_back
from tests.factory import make_study

PID = "5f1b2c3d4e5f6a7b8c9d0e1f"
PROLIFIC = {"PROLIFIC_PID": PID, "STUDY_ID": "study-7", "SESSION_ID": "submission-1"}
MTURK = {
    "workerId": "A1WORKER",
    "assignmentId": "3ASSIGNMENT",
    "hitId": "2HIT",
    "turkSubmitTo": "https://workersandbox.mturk.com",
}


def open_study(slug: str = "answers") -> Study:
    return make_study(slug, state=Study.State.OPEN)


def test_a_recruiters_link_names_the_person_and_keeps_the_rest_as_the_visit() -> None:
    entry = Entry.from_parameters(PROLIFIC | {"utm": "ignored"})
    assert (entry.recruiter, entry.person, entry.preview) == ("prolific", PID, False)
    assert entry.visit == {"STUDY_ID": "study-7", "SESSION_ID": "submission-1"}
    assert Entry.from_parameters(MTURK).recruiter == "mturk"
    assert Entry.from_parameters({"STUDY_ID": "study-7"}).recruiter == ""


@pytest.mark.parametrize(
    "parameters",
    [
        MTURK | {"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"},
        {"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"},
        PROLIFIC | {"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"},
    ],
)
def test_a_link_that_names_nobody_yet_is_a_preview(parameters: dict[str, str]) -> None:
    assert Entry.from_parameters(parameters).preview


def test_a_person_id_of_odd_length_is_refused_rather_than_cut() -> None:
    with pytest.raises(InvalidEntry):
        Entry.from_parameters({"PROLIFIC_PID": "x" * 201})


def test_a_sealed_entry_reads_back_in_its_own_study_and_neither_elsewhere_nor_changed() -> None:
    entry, study = Entry.from_parameters(PROLIFIC), Study(pk=1)
    sealed = entry.seal(study=study)
    assert Entry.unseal(sealed, study=study) == entry
    assert PID not in sealed
    with pytest.raises(InvalidEntry):
        Entry.unseal(sealed, study=Study(pk=2))
    for text in (sealed[:-4], "é", f"x{sealed}", ""):
        with pytest.raises(InvalidEntry):
            Entry.unseal(text, study=study)


@pytest.mark.django_db
def test_the_database_holds_no_id_that_a_recruiter_gave() -> None:
    admit(study=open_study(), entry=Entry.from_parameters(PROLIFIC))
    row = Recruitment.objects.get()
    stored = f"{row.person_digest} {row.sealed} {row.participant.code}"
    assert not [value for value in PROLIFIC.values() if value in stored]
    assert visits_of(row) == [{"STUDY_ID": "study-7", "SESSION_ID": "submission-1"}]


@pytest.mark.django_db
def test_one_person_has_other_digests_in_other_studies() -> None:
    for slug in ("one", "two"):
        admit(study=open_study(slug), entry=Entry.from_parameters(PROLIFIC))
    assert len(set(Recruitment.objects.values_list("person_digest", flat=True))) == 2


@pytest.mark.django_db
def test_a_person_who_comes_back_is_found_and_their_new_visit_is_kept_once() -> None:
    study = open_study()
    participant = admit(study=study, entry=Entry.from_parameters(PROLIFIC))
    again = Entry.from_parameters(PROLIFIC | {"SESSION_ID": "submission-2"})
    assert find(study=study, entry=again) == participant
    for _ in range(2):
        note_visit(participant=participant, entry=again)
    visits = visits_of(Recruitment.objects.get())
    assert [visit["SESSION_ID"] for visit in visits] == ["submission-1", "submission-2"]


@pytest.mark.django_db
def test_agreeing_twice_by_the_open_link_makes_one_participant() -> None:
    study, entry = open_study(), Entry.from_parameters({})
    assert admit(study=study, entry=entry) == admit(study=study, entry=entry)
    assert admit(study=study, entry=Entry.from_parameters({})).code != entry.code


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("parameters", [PROLIFIC, MTURK, {}])
def test_tabs_that_agree_at_the_same_moment_are_one_participant(parameters: dict[str, str]) -> None:
    study, tabs = open_study(), 4
    kept = Entry.from_parameters(parameters)
    barrier = Barrier(tabs)

    def agree(_: int) -> int:
        try:
            entry = Entry.from_parameters(parameters) if parameters else kept
            barrier.wait()
            return admit(study=study, entry=entry).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(tabs) as pool:
        assert len(set(pool.map(agree, range(tabs)))) == 1
    assert Participant.objects.count() == 1


@pytest.mark.django_db
def test_consent_is_stored_with_its_version_and_asked_for_once() -> None:
    study, entry = open_study(), Entry.from_parameters(PROLIFIC)
    participant = admit(study=study, entry=entry)
    assert participant.consent_version == 1
    first = participant.consented_at
    assert admit(study=study, entry=entry).consented_at == first
    study.consent_version = 2
    changed = admit(study=study, entry=entry)
    assert changed.consent_version == 2
    assert first is not None and changed.consented_at is not None and changed.consented_at > first


@pytest.mark.django_db
def test_prolifics_way_back_is_a_link_with_the_code() -> None:
    participant = admit(study=open_study(), entry=Entry.from_parameters(PROLIFIC))
    back = way_back(participant=participant, code="C O&DE")
    assert back.link == "https://app.prolific.com/submissions/complete?cc=C+O%26DE"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("host", "action"),
    [
        ("https://www.mturk.com", "https://www.mturk.com/mturk/externalSubmit"),
        ("https://workersandbox.mturk.com/", "https://workersandbox.mturk.com/mturk/externalSubmit"),
        ("http://www.mturk.com", ""),
        ("https://www.mturk.com.evil.example", ""),
        ("https://www.mturk.com@evil.example", ""),
        ("javascript:alert(1)//www.mturk.com", ""),
        ("https://[bad", ""),
        ("", ""),
    ],
)
def test_mturks_way_back_is_a_form_to_its_own_two_hosts_only(host: str, action: str) -> None:
    participant = admit(study=open_study(), entry=Entry.from_parameters(MTURK | {"turkSubmitTo": host}))
    back = way_back(participant=participant, code="CODE")
    assert back.form_action == action
    assert back.assignment == ("3ASSIGNMENT" if action else "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["old"]}),
        ({"RECRUITMENT_KEY": "own"}, {"SECRET_KEY": "new", "RECRUITMENT_KEY": "own"}),
        ({}, {"RECRUITMENT_KEY": "own"}),
    ],
)
def test_people_and_their_visits_are_found_again_after_a_change_of_keys(
    settings: Settings, before: dict[str, str], after: dict[str, str]
) -> None:
    settings.SECRET_KEY = "old"
    study, entry = open_study(), Entry.from_parameters(MTURK)
    for name, value in before.items():
        setattr(settings, name, value)
    participant = admit(study=study, entry=entry)
    for name, value in after.items():
        setattr(settings, name, value)
    assert find(study=study, entry=entry) == participant
    assert way_back(participant=participant, code="CODE").assignment == "3ASSIGNMENT"
    note_visit(participant=participant, entry=Entry.from_parameters(MTURK | {"assignmentId": "3SECOND"}))
    assert len(visits_of(Recruitment.objects.get())) == 2


@pytest.mark.django_db
def test_a_key_that_is_gone_leaves_the_code_and_forgets_the_visits(settings: Settings) -> None:
    participant = admit(study=open_study(), entry=Entry.from_parameters(MTURK))
    settings.SECRET_KEY = "another"
    assert visits_of(Recruitment.objects.get()) == []
    assert way_back(participant=participant, code="CODE").code == "CODE"
