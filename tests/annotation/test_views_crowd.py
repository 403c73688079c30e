import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.sessions.models import Session as ConsoleSession
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.crowd_forms import choices
from annotation.models import Label, Participant, Recruitment, Session, Slot, Study
from annotation.recruitment import visits_of
from annotation.studies import close_study, create_study, open_study, pause_study
from tests.factory import make_items, make_labels

pytestmark = pytest.mark.django_db
PID = "5f1b2c3d4e5f6a7b8c9d0e1f"
PROLIFIC = {"PROLIFIC_PID": PID, "STUDY_ID": "study-7", "SESSION_ID": "submission-1"}
MTURK = {
    "workerId": "A1WORKER",
    "assignmentId": "3ASSIGNMENT",
    "hitId": "2HIT",
    "turkSubmitTo": "https://www.mturk.com",
}
JSON = {"headers": {"Accept": "application/json"}}


def opened(slug: str = "answers", *, items: int = 3, kind: str = "rating", **fields: Any) -> Study:
    defaults: dict[str, Any] = {"labels_per_item": 3, "session_size": items}
    study = create_study(slug=slug, name=slug.title(), kind=kind, **(defaults | fields))
    make_items(study, items)
    open_study(study=study)
    study.refresh_from_db()
    return study


class Visitor:
    """One browser without JavaScript: it reads the page it is on and sends that page's form."""

    def __init__(self, study: Study, **parameters: str) -> None:
        self.home = f"/s/{study.slug}/"
        self.client = Client()
        self.parameters = parameters
        self.hidden: dict[str, str] = {}

    def get(self, path: str = "", **extra: Any) -> Any:
        return self._read(self.client.get(f"{self.home}{path}", follow=True, **extra))

    def enter(self) -> Any:
        return self._read(self.client.get(self.home, self.parameters, follow=True))

    def send(self, path: str | None = None, *, follow: bool = True, **fields: Any) -> Any:
        """Send the page's form, to another address if one is given."""
        extra = fields.pop("extra", {})
        data = self.hidden | fields
        return self._read(self.client.post(path or self.action, data, follow=follow, **extra))

    def start(self) -> Any:
        self.enter()
        self.send()
        return self.send()

    def _read(self, response: Any) -> Any:
        self.page = response
        self.text = response.content.decode()
        if form := re.search(r'<form method="post" action="([^"]+)"', self.text):
            self.action = form[1]
            inputs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.text)
            self.hidden = {name: unescape(value) for name, value in inputs}
        return response

    @property
    def here(self) -> str:
        return str(self.page.request["PATH_INFO"])


def radios(text: str) -> list[tuple[str, str, bool]]:
    """Each choice in the page's order: its value, what is read with it, whether it is checked."""
    found = re.findall(r'<label><input type="radio" name="label" value="(-?\d+)"([^>]*)>(.*?)</label>', text)
    return [(value, re.sub("<[^>]+>", "", shown).strip(), " checked" in rest) for value, rest, shown in found]


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


def test_a_comparison_is_stored_for_response_1_whatever_side_it_was_shown_on() -> None:
    study = opened(items=8, kind="comparison")
    person = Visitor(study)
    person.start()
    for position in range(1, 9):
        slot = Slot.objects.select_related("item__response_1", "item__response_2").get(position=position)
        first, second = slot.item.response_1, slot.item.response_2
        assert first and second
        shown_as_a = second if slot.swapped else first
        side_a, side_b = re.findall(r'<div class="text" dir="auto">(.*?)</div>', person.text)
        assert (side_a == shown_as_a.text) and (side_b != shown_as_a.text)
        values = [value for value, _, _ in radios(person.text)]
        words = [word for _, word, _ in radios(person.text)]
        assert words[0] == "A is much better" and words[4] == "B is much better"
        person.send(label=values[0])  # A is much better
        assert Label.objects.get(position=position).value == (-2 if slot.swapped else 2)
    assert set(Slot.objects.filter(filled=True).values_list("swapped", flat=True)) == {True, False}


@pytest.mark.parametrize(
    ("fields", "values", "keys"),
    [
        ({"scale_low": 0, "scale_high": 10}, list(range(11)), [*"0123456789", ""]),
        ({"scale_low": 1, "scale_high": 6}, list(range(1, 7)), list("123456")),
        ({"scale_low": -1, "scale_high": 1}, [-1, 0, 1], list("123")),
        ({"kind": "comparison"}, [2, 1, 0, -1, -2], list("12345")),
        ({"kind": "comparison", "scale_low": -1, "scale_high": 1}, [1, 0, -1], list("123")),
        ({"kind": "comparison", "scale_low": -3, "scale_high": 3}, [3, 2, 1, 0, -1, -2, -3], list("1234567")),
    ],
)
def test_every_scale_has_a_choice_a_value_each_with_words_that_differ(
    fields: dict[str, Any], values: list[int], keys: list[str]
) -> None:
    study = create_study(**({"slug": "scale", "name": "Scale", "kind": "rating"} | fields))
    shown = choices(study, swapped=False)
    assert [choice.value for choice in shown] == values
    assert [choice.key for choice in shown] == keys
    assert len({(choice.mark, choice.word) for choice in shown}) == len(values)
    if study.kind == "comparison":
        turned = choices(study, swapped=True)
        assert [choice.value for choice in turned] == values[::-1]
        assert [choice.word for choice in turned] == [choice.word for choice in shown]


def test_nothing_is_chosen_for_a_person_and_back_shows_and_changes_their_own_answer() -> None:
    person = Visitor(opened())
    person.start()
    assert not any(checked for _, _, checked in radios(person.text))
    person.send(label=2, comment="too <b>long</b>")
    back = re.search(r'href="(/s/answers/task/1/)"><span class="arrow"', person.text)
    assert back
    person.get("task/1/")
    assert [value for value, _, checked in radios(person.text) if checked] == ["2"]
    assert "too &lt;b&gt;long&lt;/b&gt;</textarea>" in person.text
    person.send(cannot_judge="1", comment="no idea")
    assert person.here == "/s/answers/task/2/"
    before, after = Label.objects.order_by("pk")
    assert (before.status, before.value) == ("superseded", 2)
    assert (after.status, after.value, after.cannot_judge, after.comment) == (
        "counted",
        None,
        True,
        "no idea",
    )


def test_a_page_shows_no_model_and_no_label_of_anybody_else() -> None:
    study = opened(items=1)
    make_labels(study.items.get(), [1, 1])
    person = Visitor(study)
    assert "model-a" not in person.start().content.decode()
    assert not any(checked for _, _, checked in radios(person.text))


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 200),
        ({"label": "3", "cannot_judge": "1"}, 200),
        ({"label": "abc"}, 200),
        ({"label": "3", "comment": "x" * 5001}, 200),
        ({"label": "3", "comment": "a\0b"}, 200),
        ({"label": "99"}, 400),
        ({"label": "-1"}, 400),
        ({"label": "9" * 400}, 400),
        ({"label": "3", "token": "forged"}, 400),
        ({"label": "3", "token": ""}, 400),
        ({"label": "3", "token": "é\0"}, 400),
    ],
)
def test_an_answer_that_is_none_stores_nothing_and_the_page_comes_back_with_what_was_typed(
    fields: dict[str, str], status: int
) -> None:
    person = Visitor(opened())
    person.start()
    response = person.send(**({"comment": "my own words"} | fields))
    assert response.status_code == status
    assert 'role="alert"' in person.text and 'href="#first"' in person.text and 'id="first"' in person.text
    if "comment" not in fields:
        assert "my own words</textarea>" in person.text
    if fields.get("label") == "3":
        assert ("3", "3 fair", True) in radios(person.text)
    assert not Label.objects.exists()
    person.send(label="3", comment="")
    assert Label.objects.count() == 1


@pytest.mark.parametrize("seconds", ["", "abc", "nan", "inf", "-5", "1e999", "9" * 50])
def test_a_time_that_is_none_never_costs_the_answer(seconds: str) -> None:
    person = Visitor(opened())
    person.start()
    person.send(label=3, active_seconds=seconds)
    stored = Label.objects.get().active_seconds
    assert stored is None or 0 <= stored <= 24 * 60 * 60


def test_another_persons_page_and_a_changed_one_are_refused() -> None:
    study = opened()
    one, two = Visitor(study), Visitor(study)
    one.start()
    two.start()
    for token in (one.hidden["token"], two.hidden["token"][:-2] + "xx"):
        assert two.send(two.action, token=token, label=3).status_code == 400
    assert not Label.objects.exists()


def test_without_the_cookie_a_page_leads_to_the_door_and_an_answer_is_not_taken() -> None:
    person = Visitor(opened())
    person.start()
    person.client.cookies.clear()
    assert person.send(label=3).status_code == 400
    for path in ("instructions/", "task/", "task/1/", "stop/", "done/"):
        person.get(path)
        assert person.here == "/s/answers/"
    assert not Label.objects.exists()


def test_sending_twice_is_sending_once() -> None:
    person = Visitor(opened())
    person.start()
    action, form = person.action, person.hidden | {"label": "3"}
    first, second = (person.client.post(action, form) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"] == "/s/answers/task/2/"
    assert Label.objects.count() == 1


def test_a_script_gets_the_next_address_or_the_error_as_json() -> None:
    person = Visitor(opened())
    person.start()
    action, form = person.action, person.hidden
    wrong = person.client.post(action, form, **JSON)
    assert (wrong.status_code, list(wrong.json())) == (400, ["error", "final"])
    assert person.client.post(action, form | {"label": "99"}, **JSON).status_code == 400
    assert person.client.post(action, form | {"label": "4"}, **JSON).json() == {"next": "/s/answers/task/2/"}
    stranger = Client().post(action, form | {"label": "4"}, **JSON)
    assert (stranger.status_code, list(stranger.json())) == (400, ["error", "final"])


@pytest.mark.parametrize("kind", ["rating", "comparison"])
def test_a_task_page_costs_four_queries_and_an_answer_eight_however_long_the_session(kind: str) -> None:
    person = Visitor(opened(items=12, kind=kind))
    person.start()
    person.send(label=1)
    with CaptureQueriesContext(
        connection,
    ) as reading:
        person.get("task/2/")
    with CaptureQueriesContext(connection) as sending:
        person.send(label=1, follow=False)
    assert person.page.status_code == 302

    def work(queries: CaptureQueriesContext) -> list[str]:
        control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
        return [query["sql"] for query in queries if not query["sql"].startswith(control)]

    assert len(work(reading)) <= 4, work(reading)
    assert len(work(sending)) <= 8, work(sending)


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


@pytest.mark.parametrize("state", ["draft", "paused", "closed"])
def test_a_study_that_is_not_open_says_so_and_takes_nobody(state: str) -> None:
    study = opened()
    Study.objects.filter(pk=study.pk).update(state=state)
    words = {"draft": "not started yet", "paused": "is paused", "closed": "is closed"}
    person = Visitor(study, **PROLIFIC)
    assert words[state] in person.enter().content.decode()
    assert words[state] in person.client.post(person.home).content.decode()
    assert not Participant.objects.exists()


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


def test_no_work_left_thanks_and_pays_and_the_door_leads_there_again() -> None:
    study = opened(items=1, labels_per_item=1)
    Visitor(study).start()
    late = Visitor(study, **PROLIFIC)
    late.start()
    assert "Nothing is left to label" in late.text
    assert f"complete?cc={study.no_work_code}" in late.text
    late.enter()
    assert study.no_work_code in late.send().content.decode()
    assert study.completion_code not in late.text


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


def test_a_session_whose_time_ran_out_is_leased_again_when_the_person_returns() -> None:
    person = Visitor(opened())
    person.start()
    Slot.objects.filter(session__isnull=False).update(leased_until=timezone.now() - timedelta(minutes=1))
    person.get("task/2/")
    assert person.here == "/s/answers/task/1/"
    assert Slot.objects.filter(leased_until__gt=timezone.now()).count() == 3


def test_a_late_answer_is_kept_as_surplus_and_the_person_goes_on_all_the_same() -> None:
    study = opened(items=2, labels_per_item=1)
    late, quick = Visitor(study), Visitor(study)
    late.start()
    Slot.objects.update(leased_until=timezone.now() - timedelta(minutes=1))
    quick.start()
    quick.send(label=1)
    quick.send(label=1)
    assert late.send(label=5).status_code == 200
    assert "other people have done the rest" in late.text and study.partial_code in late.text
    assert list(Label.objects.order_by("pk").values_list("status", flat=True)) == [
        "counted",
        "counted",
        "surplus",
    ]


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


def test_an_answer_faster_than_reading_is_remarked_on_once_and_locks_nothing() -> None:
    study = opened(items=3)
    for item in study.items.select_related("response"):
        item.response.text = "A long answer. " * 200
        item.response.save()
    person = Visitor(study)
    person.start()
    assert "faster than" not in person.text
    person.send(label=1)
    assert "faster than" in person.text and 'href="/s/answers/task/1/"' in person.text
    Label.objects.update(wall_seconds=300)
    person.get("task/2/")
    assert "faster than" not in person.text
    assert person.send(label=1).status_code == 200


def test_texts_are_shown_as_they_are_and_in_their_own_direction() -> None:
    study = opened(items=1)
    response = study.items.get().response
    assert response
    response.text = "<script>alert(1)</script>\nsecond line"
    response.save()
    person = Visitor(study)
    person.start()
    assert (
        '<div class="text" dir="auto">&lt;script&gt;alert(1)&lt;/script&gt;\nsecond line</div>' in person.text
    )
    assert 'class="query" dir="auto"' in person.text
    assert " style=" not in person.text and "<script>" not in person.text


def test_markdown_is_rendered_when_the_study_asks_without_html_links_pictures_or_styles() -> None:
    study = opened(items=1, markdown=True, consent="[who](https://example.org) [bad](javascript:alert(1))")
    response = study.items.get().response
    assert response
    response.text = (
        "# Title\n\n**bold** [out](https://e.org) ![p](https://e.org/p.png) <b>raw</b>\n\n|a|\n|:-:|\n|1|"
    )
    response.save()
    person = Visitor(study)
    consent = person.enter().content.decode()
    assert (
        '<a href="https://example.org" rel="nofollow noopener noreferrer" target="_blank">who</a>' in consent
    )
    assert 'href="javascript' not in consent
    person.send()
    answer = person.send().content.decode()
    assert "<h3>Title</h3>" in answer and "<strong>bold</strong>" in answer and "<td>1</td>" in answer
    assert "e.org" in answer and 'href="https://e.org' not in answer and "<img" not in answer
    assert "<b>raw" not in answer and "style=" not in answer


def test_the_last_answer_of_a_session_leads_back_to_one_that_was_passed_over() -> None:
    person = Visitor(opened())
    person.start()
    person.get("task/3/")
    person.send(label=1)
    assert person.here == "/s/answers/task/1/"
    person.get("task/77/")
    assert person.here == "/s/answers/task/1/"


def test_a_page_answers_to_reading_and_sending_only() -> None:
    opened()
    refused: HttpResponse = Client().delete("/s/answers/")  # type: ignore[assignment]
    assert refused.status_code == 405
    assert Client().head("/s/answers/").status_code == 200


def test_somebody_who_has_finished_may_still_look_back_and_change_an_answer() -> None:
    person = Visitor(opened(items=2))
    person.start()
    person.send(label=4)
    person.send(label=4)
    assert 'href="/s/answers/task/2/"' in person.text
    person.get("task/2/")
    person.send(label=1)
    assert person.here == "/s/answers/done/"
    assert list(Label.objects.counted().order_by("position").values_list("value", flat=True)) == [4, 1]


def test_changing_ones_mind_back_and_forth_on_one_page_stores_the_last_answer_and_a_late_repeat_nothing() -> (
    None
):
    person = Visitor(opened())
    person.start()
    action, page = person.action, person.hidden
    for attempt, value in ((1, 4), (2, 2), (3, 4), (1, 4), (2, 2)):
        sent = page | {"label": value, "attempt": attempt}
        assert person.client.post(action, sent, **JSON).json() == {"next": "/s/answers/task/2/"}
    assert list(Label.objects.order_by("pk").values_list("value", "status")) == [
        (4, "superseded"),
        (2, "superseded"),
        (4, "counted"),
    ]


@pytest.mark.parametrize("attempt", ["", "abc", "-1", "1e9", "9" * 50, "٣"])
def test_an_attempt_that_is_no_count_never_costs_the_answer(attempt: str) -> None:
    person = Visitor(opened())
    person.start()
    person.send(label=3, attempt=attempt)
    assert Label.objects.get().value == 3


def test_a_script_learns_whether_a_refused_answer_could_ever_be_stored() -> None:
    study = opened()
    one, two = Visitor(study), Visitor(study)
    one.start()
    two.start()

    def final(client: Client, **fields: Any) -> bool:
        answer = client.post(one.action, one.hidden | fields, **JSON)
        assert answer.status_code == 400 and answer.json()["error"]
        return bool(answer.json()["final"])

    assert final(one.client)
    assert final(one.client, label=99)
    assert final(one.client, label=3, token="forged")
    assert not final(two.client, label=3)  # the person whose page it is may come back to this browser
    assert not final(Client(), label=3)


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
