import pytest
from django.test import Client

from annotation.allocation import start_session, work_left
from annotation.models import Label, Participant, Session, Study
from tests.factory import make_practice
from tests.visitor import MTURK, PROLIFIC, Visitor, opened

pytestmark = pytest.mark.django_db


def test_a_person_goes_from_consent_to_the_code_and_each_answer_is_stored_once() -> None:
    study = opened(instructions="Read **both** texts.")
    person = Visitor(study)
    assert "I agree" in person.enter().content.decode()
    assert not Participant.objects.exists()
    assert "<strong>both</strong>" in person.send().content.decode()
    assert person.send().status_code == 200
    for turn, value in enumerate((4, 1, 5), start=1):
        assert f"{turn} of 3" in person.text
        assert person.here == f"/s/answers/task/{turn}/"
        person.send(label=value, active_seconds="12.5")
    assert person.here == "/s/answers/done/"
    assert study.completion_code in person.text
    labels = Label.objects.order_by("position")
    assert [(label.value, label.status, label.active_seconds) for label in labels] == [
        (4, "counted", 12.5),
        (1, "counted", 12.5),
        (5, "counted", 12.5),
    ]
    assert Session.objects.get().outcome == "completed"


@pytest.mark.parametrize("state", ["draft", "paused", "closed"])
def test_a_study_that_is_not_open_says_so_and_takes_nobody(state: str) -> None:
    study = opened()
    Study.objects.filter(pk=study.pk).update(state=state)
    words = {"draft": "not started yet", "paused": "is paused", "closed": "is closed"}
    person = Visitor(study, **PROLIFIC)
    assert words[state] in person.enter().content.decode()
    assert words[state] in person.client.post(person.home).content.decode()
    assert not Participant.objects.exists()


@pytest.mark.parametrize("field", ["imported", "simulated"])
def test_labels_that_people_here_did_not_give_have_no_door(field: str) -> None:
    study = opened()
    Study.objects.filter(pk=study.pk).update(**{field: True, "state": "closed"})
    assert Client().get("/s/answers/").status_code == 404
    assert Client().post("/s/answers/").status_code == 404
    assert Client().get("/s/unknown/").status_code == 404


def test_a_preview_shows_the_texts_and_makes_nothing() -> None:
    study = opened(consent="Who we are", instructions="What you do")
    person = Visitor(study, **(MTURK | {"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"}))
    person.enter()
    assert all(text in person.text for text in ("Who we are", "What you do", "preview"))
    assert "<form" not in person.text
    assert person.client.post(f"{person.home}?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE").status_code == 200
    assert not Participant.objects.exists() and not Session.objects.exists()


def test_somebody_by_the_open_link_may_label_on_while_there_is_work_and_the_study_wants_it() -> None:
    study = opened(items=3, session_size=1, sessions_per_person=2)
    person = Visitor(study)
    person.start()
    person.send(label=1)
    assert "Label some more" in person.text
    person.send()
    assert person.here == "/s/answers/task/1/"
    person.send(label=1)
    assert study.completion_code in person.text and "Label some more" not in person.text
    person.send("/s/answers/instructions/")
    assert person.here == "/s/answers/done/"
    assert Session.objects.count() == 2


def test_no_work_left_thanks_and_pays_before_anybody_prepares_and_every_way_leads_there_again() -> None:
    study = opened(items=1, labels_per_item=1)
    first = Visitor(study)
    first.start()
    make_practice(study)
    late = Visitor(study, **PROLIFIC)
    late.enter()
    late.send()
    for path in ("instructions/", "", "done/"):
        late.get(path)
        assert "Nothing is left to label" in late.text
        assert f"complete?cc={study.no_work_code}" in late.text
        assert study.completion_code not in late.text
    first.get("stop/")
    first.send()
    late.enter()
    late.send()
    assert late.here == "/s/answers/practice/"


def test_the_last_work_taken_in_another_tab_just_now_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Visitor(opened(items=2, labels_per_item=1))
    person.enter()
    person.send()

    def other_tab_first(*, participant: Participant) -> bool:
        start_session(participant=participant)
        return work_left(participant=participant)

    monkeypatch.setattr("annotation.views.crowd.work_left", other_tab_first)
    person.send()
    assert person.here == "/s/answers/task/1/"
    assert Session.objects.count() == 1


def test_a_returning_person_is_not_asked_again_until_the_consent_text_changes() -> None:
    study = opened(items=2, session_size=1)
    person = Visitor(study)
    person.enter()
    person.send()
    person.enter()
    assert person.here == "/s/answers/instructions/"
    person.send()
    Study.objects.filter(pk=study.pk).update(consent_version=2, consent="New terms")
    assert "New terms" in person.enter().content.decode() and "changed since" in person.text
    person.send()
    assert person.here == "/s/answers/task/1/"
    assert Participant.objects.get().consent_version == 2
    person.send(label=1)
    Study.objects.filter(pk=study.pk).update(consent_version=3)
    assert study.completion_code in person.enter().content.decode()
    person.send("/s/answers/instructions/")
    assert "I agree" in person.text
    person.send()
    person.send()
    assert person.here == "/s/answers/task/1/" and Session.objects.count() == 2


@pytest.mark.parametrize(
    "query",
    [
        f"PROLIFIC_PID={'x' * 5000}",
        "PROLIFIC_PID=%00%ff%f0%9f%98%80&SESSION_ID=%00",
        "PROLIFIC_PID=&STUDY_ID=",
        f"workerId=A&assignmentId={'y' * 5000}&turkSubmitTo=javascript:alert(1)",
        "workerId=&assignmentId=",
        "PROLIFIC_PID[]=a&PROLIFIC_PID=b&PROLIFIC_PID=c",
        "workerId=%27%22%3Cscript%3E&turkSubmitTo=https://[",
    ],
)
def test_odd_entry_parameters_never_break_a_page(query: str) -> None:
    person = Visitor(opened(items=1))
    person._read(person.client.get(f"{person.home}?{query}"))
    assert person.page.status_code in (200, 400)
    if "<form" in person.text:
        assert person.send().status_code == 200
        person.send()
        assert person.send(label=1).status_code == 200
    assert person.client.post(person.home, {"entry": "forged"}).status_code == 400
