import re
from html import unescape
from typing import Any

import pytest
from django.contrib.sessions.models import Session as ConsoleSession
from django.http import HttpResponse
from django.test import Client

from annotation.models import Label, Participant, Session
from tests.visitor import JSON, MTURK, PROLIFIC, Visitor, opened

pytestmark = pytest.mark.django_db


def test_without_the_cookie_a_page_leads_to_the_door_and_an_answer_is_not_taken() -> None:
    person = Visitor(opened())
    person.start()
    person.client.cookies.clear()
    assert person.send(label=3).status_code == 400
    for path in ("instructions/", "task/", "task/1/", "stop/", "done/"):
        person.get(path)
        assert person.here == "/s/answers/"
    assert not Label.objects.exists()


def test_pages_are_not_stored_and_leave_no_trace_but_the_studys_own_cookie() -> None:
    person = Visitor(opened())
    person.enter()
    assert not person.client.cookies
    person.start()
    assert person.page.headers["Cache-Control"] == "no-store"
    assert "Cookie" not in person.page.headers.get("Vary", "")
    assert list(person.client.cookies) == ["person-answers"]
    cookie = person.client.cookies["person-answers"]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/s/answers/", "Lax", True)
    assert not ConsoleSession.objects.exists()
    person.client.cookies["person-answers"] = cookie.value.replace(":", "X:", 1)
    person.get("done/")
    assert person.here == "/s/answers/"


@pytest.mark.parametrize("parameters", [PROLIFIC, MTURK])
def test_a_recruited_person_goes_on_from_any_device_and_has_one_session(parameters: dict[str, str]) -> None:
    study = opened(items=4, session_size=2)
    Visitor(study, **parameters).start()
    phone = Visitor(study, **parameters)
    phone.enter()
    assert phone.here == "/s/answers/task/1/"
    phone.send(label=1)
    phone.send(label=1)
    assert study.completion_code in phone.text and "Label some more" not in phone.text
    later = Visitor(study, **parameters)
    assert study.completion_code in later.enter().content.decode()
    later.send(f"/s/answers/instructions/?{later.page.request['QUERY_STRING']}")
    assert later.here == "/s/answers/done/"
    assert Participant.objects.count() == Session.objects.count() == 1


def test_two_recruited_people_on_one_computer_are_two_participants() -> None:
    study = opened()
    first = Visitor(study, **PROLIFIC)
    first.start()
    second = Visitor(study, **(PROLIFIC | {"PROLIFIC_PID": "somebody-else"}))
    second.client = first.client
    assert "I agree" in second.enter().content.decode()
    second.send()
    second.send()
    assert Session.objects.values("participant").distinct().count() == 2


def test_only_mechanical_turk_may_frame_a_page_and_take_a_form() -> None:
    study = opened(items=1)
    person = Visitor(study, **MTURK)
    person.parameters, secure = MTURK, {"secure": True}
    person._read(person.client.get(person.home, MTURK, **secure))
    person.send(extra=secure)
    policy = person.page.headers["Content-Security-Policy"]
    assert "frame-ancestors https://worker.mturk.com https://workersandbox.mturk.com" in policy
    assert "form-action 'self' https://www.mturk.com" in policy
    assert "X-Frame-Options" not in person.page.headers
    other = Visitor(study, **PROLIFIC)
    other.start()
    assert "frame-ancestors 'none'" in other.page.headers["Content-Security-Policy"]
    assert other.page.headers["X-Frame-Options"] == "DENY"


def test_recruiters_ids_are_in_no_page_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "annotation")
    person = Visitor(opened(items=1), **PROLIFIC)
    pages = [person.enter(), person.send(), person.send(), person.send(label=1)]
    seen = "".join(page.content.decode() for page in pages) + caplog.text
    assert not [value for value in PROLIFIC.values() if value in seen]


def test_a_form_sent_from_another_site_is_refused() -> None:
    person = Visitor(opened())
    person.start()
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://["},
    ):
        for path in ("stop/", "task/1/", "instructions/", ""):
            assert person.client.post(person.home + path, headers=headers).status_code == 403
    assert Session.objects.get().outcome == ""
    same = {"Sec-Fetch-Site": "same-origin", "Origin": "https://proxy.example"}
    assert person.send("/s/answers/stop/", extra={"headers": same}).status_code == 200


def test_a_page_answers_to_reading_and_sending_only() -> None:
    opened()
    refused: HttpResponse = Client().delete("/s/answers/")  # type: ignore[assignment]
    assert refused.status_code == 405
    assert Client().head("/s/answers/").status_code == 200


def test_the_people_of_one_browser_have_marks_of_their_own_that_are_not_their_codes() -> None:
    study = opened()
    people = [Visitor(study), Visitor(study)]
    marks = []
    for person in people:
        person.enter()
        assert 'data-person=""' in person.text
        person.send()
        marks += re.findall(r'data-person="(\w+)"', person.text)
    codes = Participant.objects.values_list("code", flat=True)
    assert len(set(marks)) == 2 and not set(marks) & set(codes)


class Framed(Visitor):
    """A browser that refuses every cookie, as many do inside another site's frame."""

    def _read(self, response: Any) -> Any:
        assert not self.client.cookies
        return super()._read(response)


def test_a_mechanical_turk_worker_needs_no_cookie_from_the_door_to_handing_in() -> None:
    study = opened(items=2)
    person = Framed(study, **MTURK)
    person.start()
    assert person.here == "/s/answers/task/1/" and 'data-person=""' not in person.text
    answer = person.client.post(person.action, person.hidden | {"label": 4, "attempt": 1}, **JSON)
    person._read(person.client.get(answer.json()["next"]))
    assert person.page.status_code == 200 and "2 of 2" in person.text
    back, stop = (re.search(rf'href="([^"]+/{path}/[^"]*)"', person.text) for path in ("task/1", "stop"))
    assert back and stop
    assert "Stop here?" in person.client.get(unescape(stop[1])).content.decode()
    person._read(person.client.get(unescape(back[1])))
    person.send(label=5)
    person.send(label="")
    assert "Choose an answer" in person.text
    person.send(label=1)
    assert person.hidden == {"assignmentId": "3ASSIGNMENT", "code": study.completion_code}
    assert "frame-ancestors https://worker.mturk.com" in person.page.headers["Content-Security-Policy"]
    again = Framed(study, **MTURK)
    assert study.completion_code in again.enter().content.decode()
    assert Participant.objects.count() == 1


def test_a_card_in_an_address_is_good_for_its_own_study_only_and_only_unchanged() -> None:
    person = Visitor(opened("one"), **MTURK)
    opened("two")
    person.start()
    card = person.page.request["QUERY_STRING"]
    assert "MTURK" not in card and "A1WORKER" not in card and card.startswith("card=")
    for address in (f"/s/two/done/?{card}", f"/s/one/done/?{card}x", "/s/one/done/?card=%00%ff"):
        page = Client().get(address, follow=True)
        assert page.status_code == 200 and "I agree" in page.content.decode()


def test_the_consent_form_of_one_study_lets_nobody_into_another() -> None:
    one, two = Visitor(opened("one")), Visitor(opened("two"))
    one.enter()
    assert two.client.post(two.home, one.hidden).status_code == 400
    assert not Participant.objects.exists()


class Cookieless(Client):
    """A browser that keeps no cookie from one page to the next."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        self.cookies.clear()
        return response


@pytest.mark.parametrize("parameters", [{}, PROLIFIC])
def test_a_browser_that_refuses_cookies_goes_from_the_door_to_the_code(parameters: dict[str, str]) -> None:
    study = opened(items=2)
    person = Visitor(study, **parameters)
    person.client = Cookieless()
    person.start()
    assert person.here == "/s/answers/task/1/"
    person.send(label=4)
    person._read(person.client.get(f"/s/answers/task/1/?{person.page.request['QUERY_STRING']}"))
    person.send(label=5)
    person.send(label=3)
    assert study.completion_code in person.text
    assert Participant.objects.count() == 1


def test_no_address_carries_the_card_of_somebody_whose_browser_keeps_cookies() -> None:
    person = Visitor(opened(), **PROLIFIC)
    person.enter()
    person.send()
    assert (person.here, person.page.request["QUERY_STRING"]) == ("/s/answers/instructions/", "")
    assert "card=" not in person.text
    person.send()
    assert "card=" not in person.page.request["QUERY_STRING"] + person.text
    other = Visitor(opened("two"))
    other.client = person.client
    other.enter()
    other.send()
    assert (other.here, other.page.request["QUERY_STRING"]) == ("/s/two/instructions/", "")
