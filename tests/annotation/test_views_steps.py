"""The pages before and after the work, by a browser without JavaScript."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.models import CheckAnswer, ComprehensionAttempt, Participant, Reply, Session, Study
from annotation.studies import close_study
from tests.factory import make_practice, make_question
from tests.people import Person
from tests.visitor import MTURK, PROLIFIC, Visitor, opened

pytestmark = pytest.mark.django_db
STEPS = ("comprehension/", "practice/", "practice/1/", "survey/", "survey/after/")
PATHS = (*STEPS, "task/", "task/1/", "done/")


def full_study(**fields: Any) -> Study:
    study = opened(items=2, instructions="Read **both** texts.", **fields)
    make_question(study, "clear", place="comprehension")
    make_question(study, "sure", place="comprehension")
    make_practice(study)
    make_practice(study)
    make_question(study, "age")
    make_question(study, "job", options=[])
    make_question(study, "view", place="after")
    return study


class Walker(Visitor):
    """Answers whatever question is on the page."""

    def answer(self, nth: int = 0, **typed: str) -> Any:
        """Choose the nth option of each question, and write the same in each box."""
        fields: dict[str, str] = {}
        for name in dict.fromkeys(re.findall(r'type="radio" name="([\w-]+)"', self.text)):
            fields[name] = unescape(re.findall(rf'name="{name}" value="([^"]*)"', self.text)[nth])
        for name in re.findall(r'<textarea id="[\w-]+" name="(q\d+)"', self.text):
            fields[name] = "a baker"
        return self.send(**(fields | typed))

    def prepare(self) -> None:
        """Up to the page that says: you are ready."""
        self.enter()
        self.send()
        self.send()
        self.answer()
        for _ in range(2):
            self.send(label="5")
            self.get("practice/")
        self.answer()

    def finish(self) -> None:
        self.send()
        while "/task/" in self.here:
            self.send(label="3")


@pytest.mark.parametrize("kind", ["rating", "comparison"])
def test_a_person_walks_through_every_step_to_the_code(kind: str) -> None:
    study = full_study(kind=kind)
    person = Walker(study)
    person.enter()
    person.send()
    assert person.here.endswith("/instructions/") and "Go on" in person.text and "Start" not in person.text
    person.send()
    assert person.here.endswith("/comprehension/") and "You have 2 attempts" in person.text
    assert "<strong>both</strong>" in person.text and "checked" not in person.text
    person.answer()
    assert person.here.endswith("/practice/") and "Practice 1 of 2" in person.text
    person.send(label="2")
    assert person.here.endswith("/practice/1/") and "Feedback 1" in person.text
    person.get("practice/")
    person.send(label="1")
    assert person.here.endswith("/practice/2/")
    person.get("practice/")
    assert person.here.endswith("/survey/") and "Prefer not to say" in person.text
    person.answer()
    assert person.here.endswith("/instructions/") and "You are ready" in person.text
    assert "Up to 2 answers" in person.text and "60 minutes" in person.text and "Start" in person.text
    person.send()
    for _ in range(2):
        person.send(label="1")
    assert person.here.endswith("/survey/after/") and study.completion_code not in person.text
    person.answer()
    assert person.here.endswith("/done/") and study.completion_code in person.text
    assert ComprehensionAttempt.objects.get().passed and CheckAnswer.objects.count() == 2
    said = dict(Reply.objects.values_list("question__name", "value"))
    assert said == {"age": "age one", "job": "a baker", "view": "view one"}


def test_a_study_without_steps_starts_from_its_instructions_as_ever() -> None:
    person = Walker(opened())
    person.enter()
    person.send()
    assert "You are ready" not in person.text and "Start" in person.text
    for path in STEPS:
        person.get(path)
        assert person.here == "/s/answers/instructions/"
    person.send()
    assert person.here == "/s/answers/task/1/"


def test_every_later_address_leads_to_where_the_person_is() -> None:
    person = Walker(full_study())
    person.enter()
    person.send()
    for path in (path for path in PATHS if path != "comprehension/"):
        person.get(path)
        assert person.here == "/s/answers/instructions/"
    person.get("comprehension/")
    person.answer()
    for path in PATHS:
        person.get(path)
        assert person.here == "/s/answers/practice/"
    person.send("/s/answers/instructions/")
    assert person.here == "/s/answers/practice/" and not Session.objects.exists()


def test_without_a_card_every_step_leads_to_the_door() -> None:
    study = full_study()
    for path in STEPS:
        for send in (Client().get, Client().post):
            page: Any = send(f"/s/{study.slug}/{path}", follow=True)
            assert page.request["PATH_INFO"] == "/s/answers/" and b"I agree" in page.content
    assert not ComprehensionAttempt.objects.exists()


def test_each_form_pressed_twice_and_sent_again_after_going_back_counts_once() -> None:
    person = Walker(full_study())
    person.enter()
    person.send()
    person.send()
    sent: list[tuple[str, dict[str, str]]] = []
    post = person.client.post

    def twice(path: str, data: dict[str, str], **extra: Any) -> Any:
        sent.append((path, data))
        post(path, data)
        return post(path, data, **extra)

    person.client.post = twice  # type: ignore[method-assign,assignment]
    person.answer()
    assert person.here.endswith("/practice/")
    for number in (1, 2):
        person.send(label="5")
        assert person.here.endswith(f"/practice/{number}/")
        person.get("practice/")
    person.answer()
    assert "You are ready" in person.text
    for path, data in sent:
        assert post(path, data, follow=True).status_code == 200
    assert ComprehensionAttempt.objects.count() == 1
    assert (CheckAnswer.objects.count(), Reply.objects.count()) == (2, 2)


def test_a_wrong_attempt_names_the_questions_to_look_at_and_gives_nothing_away() -> None:
    study = full_study()
    person = Walker(study)
    person.enter()
    person.send()
    person.send()
    clear, sure = (study.questions.get(name=name) for name in ("clear", "sure"))
    person.send(**{f"q{clear.pk}": "clear one", f"q{sure.pk}": "sure two"})
    assert person.here.endswith("/comprehension/") and "try once more" in person.text
    marked = re.findall(r'aria-describedby="id_(q\d+)-note"', person.text)
    assert marked == [f"q{sure.pk}"] and "checked" not in person.text
    person.answer()
    assert person.here.endswith("/practice/")


def test_failing_twice_ends_with_a_code_and_no_blame_and_nothing_else_opens() -> None:
    study = full_study()
    person = Walker(study, **PROLIFIC)
    person.enter()
    person.send()
    person.send()
    person.answer(1)
    person.answer(1)
    assert person.here.endswith("/done/") and f"cc={study.screened_out_code}" in person.text
    assert "Label some more" not in person.text
    for path in PATHS:
        person.get(path)
        assert person.here.endswith("/done/")
    person.send("/s/answers/instructions/")
    assert person.here.endswith("/done/") and not Session.objects.exists()
    close_study(study=study)
    again = Walker(study, **PROLIFIC)
    again.enter()
    assert again.here.endswith("/done/")


def test_what_was_typed_survives_an_error_that_the_top_of_the_page_links_to() -> None:
    study = full_study()
    age, job = (study.questions.get(name=name) for name in ("age", "job"))
    person = Walker(study)
    person.prepare()
    make_question(study, "more", options=[])
    more = study.questions.get(name="more")
    Reply.objects.all().delete()
    person.get("survey/")
    person.send(**{f"q{job.pk}": "my <own> words", f"q{more.pk}": "x", f"q{more.pk}-declined": "1"})
    assert 'role="alert"' in person.text and "my &lt;own&gt; words</textarea>" in person.text
    for question in (age, more):
        assert f'href="#id_q{question.pk}-first"' in person.text
        assert f'id="id_q{question.pk}-first"' in person.text
    assert f'href="#id_q{job.pk}-first"' not in person.text and not Reply.objects.exists()
    person.send(**{f"q{age.pk}": "declined", f"q{job.pk}": "baker", f"q{more.pk}-declined": "1"})
    said = Reply.objects.order_by("question__name").values_list("value", "declined")
    assert list(said) == [("", True), ("baker", False), ("", True)]


@pytest.mark.parametrize("value", ["=age three", "age one", "x" * 9000, "0"])
def test_what_no_page_offers_is_no_answer(value: str) -> None:
    study = opened()
    question = make_question(study, "age")
    person = Walker(study)
    person.enter()
    person.send()
    person.send()
    person.send(**{f"q{question.pk}": value})
    assert 'role="alert"' in person.text and not Reply.objects.exists()


def test_more_than_seven_options_are_a_list_to_open_with_nothing_chosen() -> None:
    study = opened()
    make_question(study, "land", options=[f"land {n}" for n in range(8)])
    person = Walker(study)
    person.enter()
    person.send()
    person.send()
    assert (
        '<option value="">' in person.text
        and " selected" not in person.text
        and 'type="radio"' not in person.text
    )
    assert ">Prefer not to say</option>" in person.text


def test_practice_without_an_answer_says_so_and_a_forged_one_is_refused() -> None:
    study = opened()
    make_practice(study)
    person = Walker(study)
    person.enter()
    person.send()
    person.send()
    assert "Choose an answer" in person.send().content.decode()
    assert person.send(label="99").status_code == 400
    assert person.send(label="3", token="forged").status_code == 400
    assert not CheckAnswer.objects.exists()
    person.get("practice/")
    person.send(cannot_judge="1")
    assert "Something else was expected" in person.text and "excellent</bdi>" in person.text


def test_the_last_survey_can_be_skipped_for_the_code_and_taken_up_again() -> None:
    study = opened(items=1)
    make_question(study, "view", place="after")
    person = Walker(study)
    person.start()
    person.send(label="3")
    skip = re.search(r'href="([^"]+)">Skip, show my code', person.text)
    assert skip
    person._read(person.client.get(unescape(skip[1])))
    assert study.completion_code in person.text and not Reply.objects.exists()
    assert 'href="/s/answers/survey/after/"' in person.text
    person.get("survey/after/")
    person.answer()
    assert study.completion_code in person.text and Reply.objects.count() == 1
    assert "survey/after" not in person.text


def test_stopping_early_leads_over_the_last_survey_to_its_own_code() -> None:
    study = opened()
    make_question(study, "view", place="after")
    person = Walker(study)
    person.start()
    person.send(label="3")
    person.get("stop/")
    person.send()
    assert person.here.endswith("/survey/after/")
    person.answer()
    assert study.partial_code in person.text


def test_a_recruited_person_goes_on_at_the_same_step_on_another_device() -> None:
    study = full_study()
    person = Walker(study, **PROLIFIC)
    person.enter()
    person.send()
    person.send()
    for here, act in (
        ("/comprehension/", lambda device: device.answer()),
        ("/practice/", lambda device: device.send(label="5")),
        ("/practice/", lambda device: device.send(label="5")),
        ("/survey/", lambda device: device.answer()),
        ("/instructions/", lambda device: device.send()),
        ("/task/1/", lambda device: device.send(label="5")),
        ("/task/2/", lambda device: device.send(label="5")),
        ("/survey/after/", lambda device: device.answer()),
        ("/done/", lambda device: None),
    ):
        device = Walker(study, **PROLIFIC)
        device.enter()
        if device.here.endswith("/instructions/") and here == "/comprehension/":
            device.send()
        assert device.here.endswith(here)
        act(device)
    assert Participant.objects.count() == Session.objects.count() == 1


def test_a_mechanical_turk_worker_needs_no_cookie_through_the_steps() -> None:
    study = full_study()
    person = Walker(study, **MTURK)

    def onward() -> None:
        link = re.search(r'class="button main end" href="([^"]+)"', person.text)
        assert link
        person._read(person.client.get(unescape(link[1]), follow=True))

    person.enter()
    person.send()
    person.send()
    person.answer()
    for _ in range(2):
        person.send(label="5")
        onward()
    person.answer()
    person.finish()
    skip = re.search(r'href="([^"]+)">Skip, show my code', person.text)
    assert skip
    person._read(person.client.get(unescape(skip[1])))
    assert study.completion_code in person.text and not person.client.cookies


def test_steps_are_read_in_the_language_of_the_page_and_stored_in_the_studys_own() -> None:
    study = opened()
    Study.objects.update(translations={"de": {"question": "Wie gut?", "consent": "Einverstanden?"}})
    german = {"de": {"text": "Wie alt?", "options": ["jung", "alt"]}}
    make_question(study, "age", translations=german)
    person = Walker(study)
    person.client = Client(headers={"Accept-Language": "de"})
    person.enter()
    person.send()
    person.send()
    assert (
        "Wie alt?" in person.text and "jung" in person.text and "age one" not in person.text.split("<form")[0]
    )
    person.answer()
    assert Reply.objects.get().value == "age one"


def test_steps_that_a_study_has_not_cost_its_pages_no_query() -> None:
    study = opened()
    person = Walker(study)
    person.start()

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as found:
            person.client.get(f"{person.home}{path}")
        control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
        return len([query for query in found if not query["sql"].startswith(control)])

    before = {path: queries(path) for path in ("", "instructions/", "task/")}
    assert before[""] <= 4 and before["instructions/"] <= 4
    for place in ("comprehension", "before", "after"):
        make_question(study, place, place=place)
    assert {path: queries(path) for path in before} == before


@pytest.mark.django_db(transaction=True)
def test_a_plain_browser_walks_every_step_by_its_forms(live_server: Any) -> None:
    study = full_study()
    person = Person(live_server.url, "/s/answers/")
    page = person.enter()
    person.close()
    assert page.url.endswith("/s/answers/task/1/") and page.form and page.form.choices
    assert ComprehensionAttempt.objects.get().passed and CheckAnswer.objects.count() == 2
    said = set(Reply.objects.values_list("question__name", "declined"))
    assert said == {("age", False), ("job", True)} and study.participants.count() == 1


def test_lines_typed_in_a_survey_are_kept_as_typed_and_count_one_character_an_end() -> None:
    study = opened(items=2)
    question = make_question(study, "job", options=[])
    person = Walker(study)
    person.enter()
    person.send()
    person.send()
    person.send(**{f"q{question.pk}": "a baker\r\n" * 230 + "!"})
    assert Reply.objects.get().value == "a baker\n" * 230 + "!"
