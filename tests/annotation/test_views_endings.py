from typing import Any

import pytest
from django.test import Client

from annotation.models import Label, Recruitment, Session, Slot
from annotation.recruitment.entry import visits_of
from annotation.studies import close_study, pause_study
from tests.visitor import MTURK, PROLIFIC, Visitor, opened

pytestmark = pytest.mark.django_db


def test_two_studies_in_one_browser_give_each_its_own_code() -> None:
    studies = [opened("one", items=1), opened("two", items=1)]
    client = Client()
    people = [Visitor(study) for study in studies]
    for person in people:
        person.client = client
        person.start()
    for person in reversed(people):
        person.get("task/")
        person.send(label=3)
    for person, study, other in zip(people, studies, studies[::-1], strict=True):
        person.get("done/")
        assert study.completion_code in person.text and other.completion_code not in person.text


@pytest.mark.parametrize("end", [pause_study, close_study])
def test_a_running_session_may_be_finished_in_a_study_that_stopped_and_its_code_stays(end: Any) -> None:
    study = opened(items=2)
    person, agreed = Visitor(study, **PROLIFIC), Visitor(study)
    agreed.enter()
    agreed.send()
    person.start()
    person.send(label=1)
    end(study=study)
    person.client.cookies.clear()
    person.enter()
    assert person.here == "/s/answers/task/2/"
    person.send(label=2)
    assert study.completion_code in person.text
    person.client.cookies.clear()
    assert study.completion_code in person.enter().content.decode()
    assert "Nobody can start" in agreed.enter().content.decode() or "closed" in agreed.text
    agreed.send("/s/answers/instructions/")
    assert Session.objects.count() == 1


def test_the_way_back_is_built_on_the_latest_stored_visit() -> None:
    study = opened(items=1)
    person = Visitor(study, **MTURK)
    person.start()
    person.parameters = MTURK | {"assignmentId": "3SECOND"}
    person.enter()
    person.send(label=1)
    assert 'action="https://www.mturk.com/mturk/externalSubmit"' in person.text
    assert person.hidden == {"assignmentId": "3SECOND", "code": study.completion_code}
    assert len(visits_of(Recruitment.objects.get())) == 2
    prolific = Visitor(study, **PROLIFIC)
    prolific.start()
    prolific.send(label=1)
    assert f"https://app.prolific.com/submissions/complete?cc={study.completion_code}" in prolific.text


def test_stopping_asks_first_then_gives_the_rest_back_and_a_code_of_its_own() -> None:
    study = opened()
    person = Visitor(study)
    person.start()
    person.send(label=1)
    person.get("stop/")
    assert "1 answer of 3" in person.text
    assert Slot.objects.filter(leased_until__isnull=False).count() == 3
    person.send()
    assert study.partial_code in person.text and study.completion_code not in person.text
    assert Slot.objects.filter(leased_until__isnull=False).count() == 1
    assert Label.objects.get().status == "counted"


def test_somebody_who_has_finished_may_still_look_back_and_change_an_answer() -> None:
    person = Visitor(opened(items=2))
    person.start()
    person.send(label=4)
    person.send(label=4)
    assert 'href="/s/answers/task/2/"' in person.text
    person.get("task/2/")
    assert "Stop here" not in person.text and 'href="/s/answers/done/"' in person.text
    person.send(label=1)
    assert person.here == "/s/answers/done/"
    assert list(Label.objects.counted().order_by("position").values_list("value", flat=True)) == [4, 1]
