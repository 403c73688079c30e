from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from annotation.models import Participant, Recruitment, Study
from annotation.recruitment.entry import Entry, InvalidEntry, admit, find, note_visit, visits_of, way_back
from annotation.recruitment.panels import panel_of, return_address
from annotation.studies import StudyError
from tests.factory import make_study

PID = "5f1b2c3d4e5f6a7b8c9d0e1f"
PROLIFIC = {"PROLIFIC_PID": PID, "STUDY_ID": "study-7", "SESSION_ID": "submission-1"}
MTURK = {
    "workerId": "A1WORKER",
    "assignmentId": "3ASSIGNMENT",
    "hitId": "2HIT",
    "turkSubmitTo": "https://workersandbox.mturk.com",
}


def arrival(parameters: dict[str, str], study: Study | None = None) -> Entry:
    return Entry.from_parameters(parameters, study=study or Study())


def open_study(slug: str = "answers") -> Study:
    return make_study(slug, state=Study.State.OPEN)


def test_a_recruiters_link_names_the_person_and_keeps_the_rest_as_the_visit() -> None:
    entry = arrival(PROLIFIC | {"utm": "ignored"})
    assert (entry.recruiter, entry.person, entry.preview) == ("prolific", PID, False)
    assert entry.visit == {"STUDY_ID": "study-7", "SESSION_ID": "submission-1"}
    assert arrival(MTURK).recruiter == "mturk"
    assert arrival({"STUDY_ID": "study-7"}).recruiter == ""


@pytest.mark.parametrize(
    "parameters",
    [
        MTURK | {"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"},
        {"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"},
        PROLIFIC | {"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"},
    ],
)
def test_a_link_that_names_nobody_yet_is_a_preview(parameters: dict[str, str]) -> None:
    assert arrival(parameters).preview


def test_a_person_id_of_odd_length_is_refused_rather_than_cut() -> None:
    with pytest.raises(InvalidEntry):
        arrival({"PROLIFIC_PID": "x" * 201})


def test_a_sealed_entry_reads_back_in_its_own_study_and_neither_elsewhere_nor_changed() -> None:
    entry, study = arrival(PROLIFIC), Study(pk=1)
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
    admit(study=open_study(), entry=arrival(PROLIFIC))
    row = Recruitment.objects.get()
    stored = f"{row.person_digest} {row.sealed} {row.participant.code}"
    assert not [value for value in PROLIFIC.values() if value in stored]
    assert visits_of(row) == [{"STUDY_ID": "study-7", "SESSION_ID": "submission-1"}]


@pytest.mark.django_db
def test_one_person_has_other_digests_in_other_studies() -> None:
    for slug in ("one", "two"):
        admit(study=open_study(slug), entry=arrival(PROLIFIC))
    assert len(set(Recruitment.objects.values_list("person_digest", flat=True))) == 2


@pytest.mark.django_db
def test_a_person_who_comes_back_is_found_and_their_new_visit_is_kept_once() -> None:
    study = open_study()
    participant = admit(study=study, entry=arrival(PROLIFIC))
    again = arrival(PROLIFIC | {"SESSION_ID": "submission-2"})
    assert find(study=study, entry=again) == participant
    for _ in range(2):
        note_visit(participant=participant, entry=again)
    visits = visits_of(Recruitment.objects.get())
    assert [visit["SESSION_ID"] for visit in visits] == ["submission-1", "submission-2"]


@pytest.mark.django_db
def test_agreeing_twice_by_the_open_link_makes_one_participant() -> None:
    study, entry = open_study(), arrival({})
    assert admit(study=study, entry=entry) == admit(study=study, entry=entry)
    assert admit(study=study, entry=arrival({})).code != entry.code


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("parameters", [PROLIFIC, MTURK, {}])
def test_tabs_that_agree_at_the_same_moment_are_one_participant(parameters: dict[str, str]) -> None:
    study, tabs = open_study(), 4
    kept = arrival(parameters)
    barrier = Barrier(tabs)

    def agree(_: int) -> int:
        try:
            entry = arrival(parameters) if parameters else kept
            barrier.wait()
            return admit(study=study, entry=entry).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(tabs) as pool:
        assert len(set(pool.map(agree, range(tabs)))) == 1
    assert Participant.objects.count() == 1


@pytest.mark.django_db
def test_consent_is_stored_with_its_version_and_asked_for_once() -> None:
    study, entry = open_study(), arrival(PROLIFIC)
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
    participant = admit(study=open_study(), entry=arrival(PROLIFIC))
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
    participant = admit(study=open_study(), entry=arrival(MTURK | {"turkSubmitTo": host}))
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
    study, entry = open_study(), arrival(MTURK)
    for name, value in before.items():
        setattr(settings, name, value)
    participant = admit(study=study, entry=entry)
    for name, value in after.items():
        setattr(settings, name, value)
    assert find(study=study, entry=entry) == participant
    assert way_back(participant=participant, code="CODE").assignment == "3ASSIGNMENT"
    note_visit(participant=participant, entry=arrival(MTURK | {"assignmentId": "3SECOND"}))
    assert len(visits_of(Recruitment.objects.get())) == 2


@pytest.mark.django_db
def test_a_key_that_is_gone_leaves_the_code_and_forgets_the_visits(settings: Settings) -> None:
    participant = admit(study=open_study(), entry=arrival(MTURK))
    settings.SECRET_KEY = "another"
    assert visits_of(Recruitment.objects.get()) == []
    assert way_back(participant=participant, code="CODE").code == "CODE"


@pytest.mark.parametrize("parameters", [PROLIFIC, MTURK, {}])
def test_a_way_in_that_the_study_does_not_have_is_closed_to_who_is_new_and_to_nobody_else(
    parameters: dict[str, str],
) -> None:
    study = Study(recruiters=["panel"])
    entry = arrival(parameters, study)
    with pytest.raises(InvalidEntry):
        entry.check(study=study, known=False)
    entry.check(study=study, known=True)
    study.recruiters = [entry.recruiter or "open"]
    entry.check(study=study, known=False)


PANEL = panel_of(
    person="rid", visit=["psid", "src"], return_url="https://panel.example/end?s={psid}&r={rid}&c={code}"
)


@pytest.mark.django_db
def test_a_panel_names_its_own_parameters_and_gets_its_people_back_with_them() -> None:
    study = open_study()
    study.panel = PANEL
    study.save()
    entry = arrival({"rid": "R 1", "psid": "a&b=c", "utm": "x"}, study)
    assert (entry.recruiter, entry.person) == ("panel", "R 1")
    participant = admit(study=study, entry=entry)
    assert find(study=study, entry=arrival({"rid": "R 1"}, study)) == participant
    back = way_back(participant=participant, code="C/1")
    assert back.link == "https://panel.example/end?s=a%26b%3Dc&r=R%201&c=C%2F1"


def test_a_placeholder_of_a_panel_that_was_not_filled_in_is_a_preview() -> None:
    study = Study(panel=PANEL)
    for value in ("{{rid}}", "[%RID%]", "${rid}", "<rid>"):
        assert arrival({"rid": value}, study).preview


@pytest.mark.parametrize(
    "given",
    [
        {"person": ""},
        {"person": "PROLIFIC_PID"},
        {"person": "card"},
        {"person": "two words"},
        {"visit": ["rid"]},
        {"visit": ["a", "a"]},
        {"return_url": "http://panel.example/?c={code}"},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "https:///?c={code}"},
        {"return_url": "https://{rid}.example/"},
        {"return_url": "https://good.example@evil.example/"},
        {"return_url": "https://panel.example/?c={code"},
        {"return_url": "https://panel.example/?c={code}&x={other}"},
        {"return_url": "https://panel.example/?c={code!r}"},
        {"return_url": "https://panel.example/ \n"},
        {"return_url": "https://[panel/"},
    ],
)
def test_panel_settings_that_could_not_work_are_refused_in_a_line(given: dict[str, Any]) -> None:
    with pytest.raises(StudyError):
        panel_of(**({"person": "rid", "visit": ["psid"], "return_url": ""} | given))


def test_a_study_without_a_panel_has_no_panel() -> None:
    assert panel_of(person="", visit=[], return_url="") == {}
    assert return_address("", {"code": "C"}) == ""


@pytest.mark.django_db
def test_who_takes_part_in_two_studies_gets_each_ones_own_way_back() -> None:
    one, two = open_study("one"), open_study("two")
    two.panel = PANEL
    two.save()
    first = admit(study=one, entry=arrival(PROLIFIC, one))
    second = admit(study=two, entry=arrival({"rid": PID}, two))
    assert way_back(participant=first, code=one.completion_code).link.endswith(one.completion_code)
    assert way_back(participant=second, code=two.completion_code).link.endswith(two.completion_code)
    assert "prolific" not in way_back(participant=second, code="C").link
