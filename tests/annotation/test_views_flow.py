"""The Steps page, where members set up what participants go through."""

import csv
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from annotation.models import Act, Check, ComprehensionAttempt, Membership, Question, Study
from annotation.steps.flow import answered_questions
from annotation.steps.presets import PRESETS
from annotation.steps.questions import reply_survey
from annotation.studies import create_study
from tests.factory import make_check, make_participant, make_practice, make_question
from tests.visitor import opened

pytestmark = pytest.mark.django_db
STEPS = "/studies/answers/steps/"
QUESTION = {"text": "How tall are you?", "options": "small\ntall", "name": "height"}
CHECK = {"query": "Show that you read.", "response": "Choose 1.", "accepted": ["1"]}


def acts() -> list[str]:
    return list(Act.objects.order_by("pk").values_list("what", flat=True))


def answered(question: Question) -> None:
    person = make_participant(question.study, "somebody")
    reply_survey(participant=person, place=Question.Place(question.place), replies={question.pk: None})


def test_the_whole_flow_is_shown_in_order_with_what_is_configured(console: Client) -> None:
    study = opened()
    make_question(study, "clear", place="comprehension")
    make_question(study, "age")
    make_question(study, "view", place="after")
    make_practice(study)
    make_check(study)
    page = console.get(STEPS).content.decode()
    steps = [
        "Consent",
        "Instructions",
        "Comprehension check",
        "Practice",
        "Survey before",
        "Sessions",
        "Survey after",
    ]
    places = [page.index(f"<h2>{step}") for step in [*steps, "Code"]]
    assert places == sorted(places)
    for text in ("What about clear?", "<b>clear one</b> (right)", "Practice query 1", "drawn at random"):
        assert text in page


def test_a_question_is_added_changed_moved_and_removed_and_the_log_says_who_did_it(console: Client) -> None:
    study = opened()
    first = make_question(study, "first")
    assert console.post(f"{STEPS}questions/new/before/", QUESTION).status_code == 302
    made = study.questions.get(name="height")
    assert (made.options, made.position, made.right) == (["small", "tall"], 2, None)
    console.post(f"{STEPS}questions/{made.pk}/", QUESTION | {"options": "short\ntall"})
    console.post(f"{STEPS}questions/{made.pk}/", {"act": "up"})
    assert [row.name for row in study.questions.all()] == ["height", "first"]
    console.post(f"{STEPS}questions/{made.pk}/", {"act": "up"})
    console.post(f"{STEPS}questions/{first.pk}/", {"act": "remove"})
    assert [row.options for row in study.questions.all()] == [["short", "tall"]]
    assert {"added a question", "changed a question", "removed a question"} <= set(acts())
    by = Act.objects.filter(what__contains="question").values_list("by", flat=True)
    assert set(by) == {"researcher"}


def test_a_comprehension_question_has_a_right_answer_by_the_number_of_its_line(console: Client) -> None:
    study = opened()
    url = f"{STEPS}questions/new/comprehension/"
    for right in ("", "0", "3"):
        assert console.post(url, QUESTION | {"right": right}).status_code == 400
    console.post(url, QUESTION | {"right": "2"})
    assert study.questions.get().right == 1
    assert 'value="2"' in console.get(f"{STEPS}questions/{study.questions.get().pk}/").content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ""},
        {"options": "only one"},
        {"options": "same\nsame"},
        {"options": "\n".join(str(n) for n in range(301))},
        {"options": "x" * 201 + "\ny"},
        {"name": "taken"},
        {"name": "annotator_id"},
        {"name": "no spaces"},
        {"text": "a\0b"},
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_one_line(
    console: Client, fields: dict[str, str]
) -> None:
    study = opened()
    make_question(study, "taken")
    page = console.post(f"{STEPS}questions/new/before/", QUESTION | fields)
    assert page.status_code == 400 and b"Nothing was saved" in page.content
    assert study.questions.count() == 1


def test_what_was_answered_is_not_changed_and_removing_it_keeps_its_answers(console: Client) -> None:
    study = opened()
    question = make_question(study, "age")
    answered(question)
    assert answered_questions(study) == {question.pk}
    refused = console.post(f"{STEPS}questions/{question.pk}/", QUESTION)
    assert refused.status_code == 400 and b"People have answered this" in refused.content
    console.post(f"{STEPS}questions/{question.pk}/", {"act": "remove"})
    question.refresh_from_db()
    assert question.retired_at and question.text == "What about age?" and question.replies.count() == 1
    assert "What about age?" not in console.get(STEPS).content.decode()
    assert console.get(f"{STEPS}questions/{question.pk}/").status_code == 404
    assert acts()[-1] == "retired a question"


def test_an_attempt_fixes_the_questions_that_it_answered_and_no_others(console: Client) -> None:
    study = opened()
    old = make_question(study, "1", place="comprehension")
    person = make_participant(study, "somebody")
    ComprehensionAttempt.objects.create(
        participant=person, number=1, answers={"1": 0}, passed=True, attempted_at=person.created_at
    )
    new = make_question(study, "new", place="comprehension")
    assert answered_questions(study) == {old.pk}
    for question in (old, new):
        console.post(f"{STEPS}questions/{question.pk}/", {"act": "remove"})
    assert [row.pk for row in study.questions.all()] == [old.pk]


@pytest.mark.parametrize("purpose", ["practice", "attention", "known"])
@pytest.mark.parametrize("kind", ["rating", "comparison"])
def test_checks_of_each_purpose_are_made_and_changed(console: Client, purpose: str, kind: str) -> None:
    study = opened(kind=kind)
    fields: dict[str, Any] = CHECK | ({"response_2": "Not this one."} if kind == "comparison" else {})
    more = {"feedback": "Because."} if purpose == "practice" else {"position": "4"}
    assert console.post(f"{STEPS}checks/new/{purpose}/", fields | more).status_code == 302
    made = study.checks.get()
    assert (made.purpose, made.accepted) == (purpose, [1])
    assert (made.position, made.feedback) == ((1, "Because.") if purpose == "practice" else (4, ""))
    page = console.get(f"{STEPS}checks/{made.pk}/").content.decode()
    assert 'value="1"' in page and page.count(" checked") == 1
    console.post(f"{STEPS}checks/{made.pk}/", fields | {"accepted": ["2", "1"]})
    made.refresh_from_db()
    assert sorted(made.accepted) == [1, 2]
    assert console.get(f"{STEPS}see/check/?check={made.pk}").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"query": ""},
        {"response": ""},
        {"accepted": []},
        {"accepted": ["9"]},
        {"accepted": ["1", "2", "3", "4", "5"]},
        {"position": "0"},
        {"position": "9999999999999999999999"},
    ],
)
def test_a_check_that_checks_nothing_is_refused(console: Client, fields: dict[str, Any]) -> None:
    opened()
    assert console.post(f"{STEPS}checks/new/attention/", CHECK | fields).status_code == 400
    assert not Check.objects.exists()


def test_a_check_in_somebodys_hands_may_change_its_place_and_nothing_that_it_says(console: Client) -> None:
    study = opened()
    check = make_check(study)
    person = make_participant(study, "somebody")
    sitting = person.sessions.create(size=1, started_at=timezone.now())
    check.answers.create(participant=person, session=sitting, position=1)
    now = {"query": check.query, "response": check.response, "accepted": list(map(str, check.accepted))}
    url = f"{STEPS}checks/{check.pk}/"
    assert console.post(url, now | {"position": "2"}).status_code == 302
    assert console.post(url, now | {"accepted": ["1"]}).status_code == 400
    assert console.post(url, {"act": "remove"}).status_code == 302
    check.refresh_from_db()
    assert check.position == 2 and check.retired_at


def test_a_check_that_nobody_has_is_deleted_from_a_draft_and_retired_once_people_come(
    console: Client,
) -> None:
    study = opened()
    for opened_at, stays in ((None, False), (timezone.now(), True)):
        Study.objects.filter(pk=study.pk).update(opened_at=opened_at)
        check = make_check(study)
        assert console.post(f"{STEPS}checks/{check.pk}/", {"act": "remove"}).status_code == 302
        assert Check.objects.filter(pk=check.pk, retired_at__isnull=False).exists() is stays


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_usual_question_is_one_press_once(console: Client, language: str) -> None:
    study = opened(language=language)
    for name in PRESETS:
        assert f'value="{name}"' in console.get(STEPS).content.decode()
        console.post(f"{STEPS}questions/usual/before/", {"name": name})
        console.post(f"{STEPS}questions/usual/before/", {"name": name})
        assert f'value="{name}"' not in console.get(STEPS).content.decode()
    assert [row.name for row in study.questions.all()] == list(PRESETS)
    assert console.get(f"{STEPS}see/before/").status_code == 200
    assert console.post(f"{STEPS}questions/usual/before/", {"name": "shoe_size"}).status_code == 404


def test_what_failed_checks_lead_to_is_set_here(console: Client) -> None:
    opened()
    rules = {"random_checks": "2", "failed_checks_limit": "3", "after_failed_checks": "end"}
    console.post(STEPS, rules)
    study = Study.objects.get()
    assert (study.random_checks, study.failed_checks_limit, study.after_failed_checks) == (2, 3, "end")
    for wrong in ({"random_checks": "-1"}, {"failed_checks_limit": "0"}, {"after_failed_checks": "fire"}):
        assert console.post(STEPS, rules | wrong).status_code == 400


def test_every_step_can_be_seen_as_a_participant_does_and_nothing_can_be_sent(console: Client) -> None:
    study = opened(translations={"de": {"question": "Wie gut?", "consent": "Einverstanden?"}})
    make_question(study, "clear", place="comprehension", translations={"de": {"text": "Klar?"}})
    make_question(study, "age")
    make_question(study, "view", place="after", options=[])
    for step in ("consent", "instructions", "comprehension", "before", "after"):
        page = console.get(f"{STEPS}see/{step}/").content.decode()
        assert "This is a preview" in page
        assert "<form" not in page or '<button class="button main" disabled>' in page
    assert "Klar?" in console.get(f"{STEPS}see/comprehension/?language=de").content.decode()
    for wrong in ("task/", "check/", "check/?check=99999999999999999999999", "check/?check=x"):
        assert console.get(f"{STEPS}see/{wrong}").status_code == 404


def test_replies_come_as_a_row_a_person_with_what_is_declined_in_a_column_of_its_own(console: Client) -> None:
    study = opened()
    clear = make_question(study, "clear", place="comprehension")
    age, job = make_question(study, "age"), make_question(study, "job", options=[])
    one, two, _ = (make_participant(study, code) for code in ("one", "two", "three"))
    reply_survey(
        participant=one, place=Question.Place.BEFORE, replies={age.pk: None, job.pk: 'a "baker", née'}
    )
    for number, place in ((1, 1), (2, 0)):
        ComprehensionAttempt.objects.create(
            participant=two,
            number=number,
            answers={clear.name: place},
            passed=place == 0,
            attempted_at=two.created_at,
        )
    response: Any = console.get(f"{STEPS}replies/")
    rows = list(csv.DictReader(b"".join(response.streaming_content).decode().splitlines()))
    assert [row["annotator_id"] for row in rows] == ["one", "two"]
    first, second = rows
    assert (first["age"], first["age.declined"]) == ("", "true")
    assert (first["job"], first["job.declined"]) == ('a "baker", née', "false")
    assert (first["comprehension.attempts"], first["comprehension.passed"]) == ("0", "")
    assert (second["clear.1"], second["clear.2"]) == ("clear two", "clear one")
    assert (second["comprehension.attempts"], second["comprehension.passed"]) == ("2", "true")
    assert (second["age"], second["age.declined"]) == ("", "")
    assert "exported" in acts()


def test_a_viewer_reads_an_editor_changes_and_nobody_else_knows(
    client: Client, django_user_model: Any
) -> None:
    study = opened()
    question, check = make_question(study, "age"), make_check(study)
    reads = [STEPS, f"{STEPS}see/before/", f"{STEPS}replies/"]
    changes = [
        STEPS,
        f"{STEPS}questions/new/before/",
        f"{STEPS}questions/usual/before/",
        f"{STEPS}questions/{question.pk}/",
        f"{STEPS}checks/new/practice/",
        f"{STEPS}checks/{check.pk}/",
    ]
    user = django_user_model.objects.create_user("viewer")
    client.force_login(user)
    assert {client.get(url).status_code for url in reads} == {404}
    assert {client.post(url).status_code for url in changes} == {404}
    role = Membership.objects.create(study=study, user=user, role="viewer")
    assert {client.get(url).status_code for url in reads} == {200}
    assert {client.post(url).status_code for url in changes} == {403}
    assert "Remove" not in client.get(STEPS).content.decode()
    role.role = "editor"
    role.save()
    assert 403 not in {client.post(url).status_code for url in changes}


def test_a_row_of_another_study_is_not_found_here(console: Client) -> None:
    opened()
    other = opened("other")
    question, check = make_question(other, "age"), make_check(other)
    for url in (f"questions/{question.pk}/", f"checks/{check.pk}/", f"see/check/?check={check.pk}"):
        assert console.get(f"{STEPS}{url}").status_code == 404


def test_a_study_whose_labels_came_from_a_file_takes_no_steps(console: Client) -> None:
    create_study(slug="answers", name="Answers", kind="rating", imported=True)
    page = console.post(f"{STEPS}questions/new/before/", QUESTION)
    assert page.status_code == 400 and b"Nobody labels answers here" in page.content


def test_a_question_without_a_name_is_named_after_its_text(console: Client) -> None:
    study = opened()
    for text in (
        "How did you find the instructions of this study?",
        "How did you find the instructions?",
        "多大?",
    ):
        console.post(f"{STEPS}questions/new/after/", {"text": text, "name": ""})
    names = [row.name for row in study.questions.all()]
    assert names == ["how_did_you_find_the", "how_did_you_find_the_2", "question"]
