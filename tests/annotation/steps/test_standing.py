"""Where a participant goes on, whatever steps a study has and however they come and go."""

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.allocation import start_session, stop_session
from annotation.models import (
    CheckAnswer,
    ComprehensionAttempt,
    Participant,
    Question,
    Reply,
    Session,
    Study,
)
from annotation.steps.practice import PracticeTicket, answer_practice, exercises, ticket_for
from annotation.steps.questions import attempt_comprehension, reply_survey
from annotation.steps.standing import Step, comprehension_failed, next_step, ready_for_work, standing_of
from annotation.tickets import Answer, InvalidAnswer
from tests.factory import make_participant, make_practice, make_question
from tests.visitor import opened

pytestmark = pytest.mark.django_db
Place = Question.Place
STEPS = ("comprehension", "practice", "before", "after")


def study_with(*steps: str, **fields: Any) -> Study:
    study = opened(items=2, session_size=1, **fields)
    for step in steps:
        if step == "practice":
            make_practice(study)
        else:
            make_question(study, f"{step}_q", place=step)
    return study


def person(study: Study, **fields: Any) -> Participant:
    made = make_participant(study, f"p{study.participants.count()}", **fields)
    return Participant.objects.select_related("study").get(pk=made.pk)


def attempt(participant: Participant, *, number: int = 1, right: bool = True) -> ComprehensionAttempt:
    questions = participant.study.questions.filter(place="comprehension")
    answers = {question.pk: question.options[0 if right else 1] for question in questions}
    return attempt_comprehension(participant=participant, number=number, answers=answers)


def reply(participant: Participant, place: str = "before") -> None:
    questions = participant.study.questions.filter(place=place)
    replies: dict[int, str | None] = {question.pk: question.options[0] for question in questions}
    reply_survey(participant=participant, place=Place(place), replies=replies)


def practise(participant: Participant, value: int = 5) -> CheckAnswer:
    left = next(exercise for exercise in exercises(participant) if exercise.given is None)
    ticket = ticket_for(participant, left.check)
    return answer_practice(participant=participant, ticket=ticket, answer=Answer(value=value))


@pytest.mark.parametrize(
    "steps", [steps for size in range(len(STEPS) + 1) for steps in combinations(STEPS, size)], ids="-".join
)
def test_a_person_takes_the_steps_that_a_study_has_in_order_and_no_other(steps: tuple[str, ...]) -> None:
    study = study_with(*steps)
    someone, walked = person(study), []
    acts = {"comprehension": attempt, "practice": practise, "before": reply}
    for step in (step for step in steps if step != "after"):
        assert not ready_for_work(someone)
        assert next_step(someone) == (Step.INSTRUCTIONS if not walked else standing_of(someone).step)
        walked.append(standing_of(someone).step.name.lower())
        acts[step](someone)
    assert tuple(walked) == tuple(step for step in steps if step != "after")
    assert next_step(someone) == Step.READY and ready_for_work(someone)
    session = start_session(participant=someone)
    assert session and next_step(someone) == Step.TASK
    stop_session(session=session)
    if "after" in steps:
        assert next_step(someone) == Step.AFTER
        reply(someone, "after")
    assert next_step(someone) == Step.DONE


def test_where_somebody_goes_on_costs_a_query_for_each_kind_of_step_and_one_during_a_session() -> None:
    bare, full = person(study_with()), person(study_with(*STEPS, slug="full"))
    working = person(full.study)
    assert start_session(participant=working)
    for someone, cost in ((bare, 2), (full, 5), (working, 1)):
        with CaptureQueriesContext(connection) as queries:
            next_step(someone)
        assert len(queries) == cost


def test_a_wrong_attempt_leaves_one_more_and_the_second_ends_it_without_work() -> None:
    someone = person(study_with("comprehension"))
    assert not attempt(someone, right=False).passed
    assert next_step(someone) == Step.COMPREHENSION and not comprehension_failed(someone)
    assert not attempt(someone, number=2, right=False).passed
    assert next_step(someone) == Step.DONE and comprehension_failed(someone) and not ready_for_work(someone)
    attempt(someone, number=2, right=True)
    with pytest.raises(InvalidAnswer):
        attempt(someone, number=3)
    assert [a.passed for a in someone.comprehension_attempts.all()] == [False, False]


def test_an_attempt_sent_twice_or_after_passing_is_no_other_attempt() -> None:
    someone = person(study_with("comprehension"))
    assert attempt(someone, right=False).pk == attempt(someone, right=True).pk
    passed = attempt(someone, number=2)
    assert passed.passed and attempt(someone, number=2, right=False).pk == passed.pk
    assert someone.comprehension_attempts.count() == 2


def test_an_attempt_needs_an_answer_that_is_offered_to_every_question() -> None:
    study = study_with("comprehension")
    more = make_question(study, "more", place="comprehension")
    someone = person(study)
    first = study.questions.first()
    assert first
    for answers in (
        {},
        {first.pk: first.options[0]},
        {first.pk: first.options[0], more.pk: "something else"},
    ):
        with pytest.raises(InvalidAnswer):
            attempt_comprehension(participant=someone, number=1, answers=answers)
    assert not ComprehensionAttempt.objects.exists()


def test_a_failed_comprehension_is_seen_whatever_becomes_of_the_study_and_its_questions() -> None:
    study = study_with("comprehension")
    someone = person(study)
    attempt(someone, right=False)
    attempt(someone, number=2, right=False)
    study.questions.update(retired_at=timezone.now())
    Study.objects.update(state=Study.State.CLOSED, consent_version=7)
    someone = Participant.objects.select_related("study").get()
    assert next_step(someone) == Step.DONE and comprehension_failed(someone)


def test_practice_is_answered_once_and_what_was_expected_is_known() -> None:
    study = study_with("practice")
    someone = person(study)
    ticket = ticket_for(someone, exercises(someone)[0].check)
    given = [
        answer_practice(participant=someone, ticket=ticket, answer=Answer(value=value)) for value in (2, 5)
    ]
    assert given[0].pk == given[1].pk and given[1].value == 2 and given[1].passed is False
    assert CheckAnswer.objects.get().session is None
    make_practice(study, accepted=[])
    assert practise(someone, 1).passed
    with pytest.raises(InvalidAnswer):
        answer_practice(participant=person(study), ticket=ticket, answer=Answer(value=5))
    with pytest.raises(InvalidAnswer):
        PracticeTicket.unseal("forged")


def test_a_value_outside_the_scale_is_no_practice_answer() -> None:
    someone = person(study_with("practice"))
    with pytest.raises(InvalidAnswer):
        practise(someone, 6)
    assert not CheckAnswer.objects.exists()


def test_a_retired_practice_item_is_asked_of_nobody_new_and_kept_where_it_was_answered() -> None:
    study = study_with("practice")
    old, new = person(study), person(study)
    practise(old)
    study.checks.update(retired_at=timezone.now())
    assert len(exercises(old)) == 1 and not exercises(new)
    assert next_step(new) == Step.READY


def test_replies_are_stored_once_and_what_is_declined_is_told_from_what_is_said() -> None:
    study = study_with()
    age, job = make_question(study, "age"), make_question(study, "job", options=[])
    someone = person(study)
    reply_survey(participant=someone, place=Place.BEFORE, replies={age.pk: None, job.pk: "  a baker "})
    reply_survey(participant=someone, place=Place.BEFORE, replies={age.pk: "age one", job.pk: "other"})
    said = Reply.objects.order_by("question__position").values_list("value", "declined")
    assert list(said) == [("", True), ("a baker", False)]


@pytest.mark.parametrize("wrong", ["", "   ", "age three", "x" * 3000])
def test_a_reply_that_is_none_stores_nothing(wrong: str) -> None:
    study = study_with("before")
    typed = make_question(study, "typed", options=[])
    someone, choice = person(study), study.questions.get(name="before_q")
    for replies in (
        {choice.pk: wrong, typed.pk: "fine"},
        {choice.pk: choice.options[0], typed.pk: wrong if wrong != "age three" else ""},
        {choice.pk: choice.options[0]},
    ):
        with pytest.raises(InvalidAnswer):
            reply_survey(participant=someone, place=Place.BEFORE, replies=replies)
    assert not Reply.objects.exists()


def test_a_question_added_later_is_asked_of_who_has_not_started_and_leaves_who_works_in_peace() -> None:
    study = study_with("before")
    waiting, working = person(study), person(study)
    for someone in (waiting, working):
        reply(someone)
    assert start_session(participant=working)
    make_question(study, "later")
    assert next_step(waiting) == Step.BEFORE and next_step(working) == Step.TASK


def test_outdated_consent_comes_before_every_step_but_a_code() -> None:
    study = study_with(*STEPS)
    before, working, ended = person(study), person(study), person(study)
    for someone in (working, ended):
        assert start_session(participant=someone)
    stop_session(session=Session.objects.get(participant=ended))
    Study.objects.update(consent_version=2)
    fresh = {p.pk: p for p in Participant.objects.select_related("study")}
    assert [next_step(fresh[p.pk]) for p in (before, working, ended)] == [
        Step.CONSENT,
        Step.CONSENT,
        Step.DONE,
    ]
    assert not ready_for_work(fresh[before.pk])


@pytest.mark.parametrize("state", [Study.State.PAUSED, Study.State.CLOSED])
def test_a_study_that_is_not_open_asks_nothing_before_work_that_it_does_not_give(state: str) -> None:
    study = study_with(*STEPS)
    someone, working = person(study), person(study)
    assert start_session(participant=working)
    Study.objects.update(state=state)
    fresh = {p.pk: p for p in Participant.objects.select_related("study")}
    assert next_step(fresh[someone.pk]) == Step.NOT_OPEN
    assert next_step(fresh[working.pk]) == Step.TASK


@pytest.mark.django_db(transaction=True)
def test_many_tabs_that_send_at_once_store_one_attempt_one_practice_answer_and_one_reply() -> None:
    study = study_with("comprehension", "practice", "before")
    someone = person(study)
    ticket = ticket_for(someone, exercises(someone)[0].check)
    question = study.questions.get(place="before")
    together = Barrier(6)

    def tab(number: int) -> None:
        try:
            together.wait()
            attempt(someone, right=number % 2 == 0)
            value = number % 5 + 1
            answer_practice(participant=someone, ticket=ticket, answer=Answer(value=value))
            replies = {question.pk: question.options[number % 2]}
            reply_survey(participant=someone, place=Place.BEFORE, replies=replies)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as tabs:
        list(tabs.map(tab, range(6)))
    stored = (ComprehensionAttempt, CheckAnswer, Reply)
    assert [model.objects.count() for model in stored] == [1, 1, 1]
