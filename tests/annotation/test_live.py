"""Promises of the live numbers: who is inside, what is missing, where people were lost; cheap for many."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.allocation import session_slots, start_session, stop_session, submit
from annotation.charts.bars import hour_bars, labels_bars
from annotation.extension import add_labels
from annotation.funnel import funnel, median_minutes
from annotation.live import (
    by_day,
    by_hour,
    inside,
    labels_per_item,
    needing,
    progress_of,
    seconds_shared,
    shared,
)
from annotation.models import (
    Check,
    CheckAnswer,
    ComprehensionAttempt,
    Label,
    Participant,
    Question,
    Reply,
    Session,
    Study,
)
from annotation.rehearsal import rehearse
from annotation.rights.identity import erase_identity
from annotation.steps.standing import Step
from annotation.studies import close_study, open_study
from annotation.tickets import Answer, Ticket
from tests.factory import make_items, make_participant, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


def opened(count: int = 8, **fields: Any) -> Study:
    settings: dict[str, Any] = {"labels_per_item": 2, "session_size": 4}
    study = make_study(**(settings | fields))
    make_items(study, count)
    return open_study(study=study)


def work(person: Participant, answers: int = 4) -> Session:
    session = start_session(participant=person)
    assert session
    for slot in session_slots(session=session)[:answers]:
        submit(participant=person, ticket=Ticket.for_slot(slot), answer=Answer(value=3))
    session.refresh_from_db()
    return session


def ask(study: Study, place: str) -> Question:
    right = {"options": ["a", "b"], "right": 0} if place == "comprehension" else {}
    return Question.objects.create(study=study, place=place, position=1, name=place, text="?", **right)


def test_those_who_label_are_told_with_what_they_have_left_and_when_their_lease_ends() -> None:
    study = opened()
    late = work(make_participant(study, "late"), answers=1)
    work(make_participant(study, "early"), answers=3)
    late.slots.filter(filled=False).update(leased_until=timezone.now() + timedelta(minutes=2))
    found = inside(study)
    assert [(person.code, person.answered, person.size) for person in found.labelling] == [
        ("late", 1, 4),
        ("early", 3, 4),
    ]
    assert (found.leases, found.ending_soon, found.people) == (4, 1, 2)


def test_who_left_is_not_inside() -> None:
    study = opened()
    stop_session(session=work(make_participant(study, "stopped"), answers=1))
    gone = work(make_participant(study, "gone"), answers=1)
    gone.slots.filter(filled=False).update(leased_until=timezone.now() - timedelta(seconds=1))
    work(make_participant(study, "done"))
    assert [person.code for person in inside(study).labelling] == []
    assert inside(study).leases == 0


def test_newcomers_stand_at_the_step_that_they_have_come_to() -> None:
    study = opened()
    ask(study, "comprehension")
    ask(study, "before")
    make_participant(study, "unasked", consented_at=None, consent_version=None)
    passed = make_participant(study, "passed")
    ComprehensionAttempt.objects.create(
        participant=passed, number=1, passed=True, attempted_at=timezone.now()
    )
    long_ago = make_participant(study, "long-ago")
    Participant.objects.filter(pk=long_ago.pk).update(created_at=timezone.now() - timedelta(hours=2))
    assert dict(inside(study).steps) == {Step.CONSENT: 1, Step.BEFORE: 1}


def test_items_that_lag_come_first_with_what_is_in_hands_and_their_own_wish() -> None:
    study = opened(4)
    work(make_participant(study, "done"))
    stop_session(session=work(make_participant(study, "half"), answers=2))
    add_labels(study=study, items=[study.items.get(external_id="i0").pk], labels=3)
    session = start_session(participant=make_participant(study, "new"))
    rows = needing(study)
    assert [row.labels for row in rows] == sorted(row.labels for row in rows)
    assert all(row.labels < row.wanted for row in rows)
    assert {row.item.external_id: row.wanted for row in rows}["i0"] == 5
    assert session and sum(row.in_hands for row in rows) == session.size
    assert labels_per_item(study) == {1: 2, 2: 2}


def test_a_finished_study_needs_nobody() -> None:
    study = opened(4)
    for n in range(2):
        work(make_participant(study, f"p{n}"))
    assert needing(study) == []
    assert progress_of(study).done
    assert progress_of(study).expected_end is None


def test_the_expected_end_is_what_is_missing_at_the_pace_of_the_last_hour() -> None:
    study = opened(8)
    study.opened_at = timezone.now() - timedelta(days=1)
    work(make_participant(study, "p"))
    found = progress_of(study)
    assert (found.labels, found.missing, found.last_hour) == (4, 12, 4)
    assert found.expected_end
    assert abs(found.expected_end - timezone.now() - timedelta(hours=3)) < timedelta(minutes=1)
    study.opened_at = timezone.now() - timedelta(minutes=20)
    sooner = progress_of(study).expected_end
    assert sooner
    assert abs(sooner - timezone.now() - timedelta(hours=1)) < timedelta(minutes=1), (
        "a third of an hour's pace"
    )


def test_the_funnel_says_where_people_were_lost() -> None:
    study = opened(20)
    for place in ("comprehension", "before", "after"):
        ask(study, place)
    practice = Check.objects.create(study=study, purpose="practice", query="q", response="r", accepted=[3])
    now = timezone.now()

    def come(code: str, upto: int) -> Participant:
        """Consent, comprehension, practice, the survey: the first so many of them."""
        person = make_participant(study, code)
        if upto > 1:
            attempt = {"participant": person, "number": 1, "attempted_at": now}
            ComprehensionAttempt.objects.create(passed=True, **attempt)
        if upto > 2:
            CheckAnswer.objects.create(
                check_asked=practice, participant=person, value=3, passed=True, answered_at=now
            )
        if upto > 3:
            before = study.questions.get(name="before")
            Reply.objects.create(participant=person, question=before, value="x", replied_at=now)
        return person

    make_participant(study, "looked", consented_at=None, consent_version=None)
    for upto in (1, 2, 3, 4):
        come(f"went-{upto}", upto)
    failed = come("failed", 1)
    for number in (1, 2):
        ComprehensionAttempt.objects.create(participant=failed, number=number, passed=False, attempted_at=now)
    work(done := come("done", 4))
    Reply.objects.create(
        participant=done, question=study.questions.get(name="after"), value="x", replied_at=now
    )
    work(come("quiet", 4), answers=1)
    stop_session(session=work(come("stopped", 4), answers=1))
    found = funnel(study)
    assert [(stage.people, stage.lost) for stage in found.stages] == [
        (9, None), (8, 1), (6, 2), (5, 1), (4, 1), (3, 1), (1, 2), (1, 0),
    ]  # fmt: skip
    endings = dict(found.endings)
    assert (endings["completed"], endings["stopped early"], endings["failed the comprehension check"]) == (
        1, 1, 1,
    )  # fmt: skip
    assert endings["still running, or left without a word"] == 1
    assert endings["ready, but never began: no work was left, or they went"] == 1
    assert sum(endings.values()) == found.entered


def test_steps_narrow_down_and_endings_add_up_when_a_step_is_added_and_somebody_is_erased() -> None:
    study = opened(20)
    question = ask(study, "before")
    for n in range(3):
        person = make_participant(study, f"p{n}")
        Reply.objects.create(participant=person, question=question, value="x", replied_at=timezone.now())
        work(person, answers=4 if n else 1)
    make_participant(study, "looked", consented_at=None, consent_version=None)
    erase_identity(participant=Participant.objects.get(code="p2"))
    ask(study, "comprehension")
    found = funnel(study)
    assert [(stage.people, stage.lost) for stage in found.stages] == [
        (4, None), (3, 1), (3, 0), (3, 0), (3, 0), (2, 1),
    ]  # fmt: skip
    assert sum(number for _, number in found.endings) == 4


def test_of_a_rehearsal_nobody_is_inside_and_who_found_no_work_was_ready() -> None:
    study = make_study(labels_per_item=2, session_size=4)
    make_items(study, 4)
    rehearse(study=study, participants=5, seed=1)
    found = funnel(study)
    assert (found.stages[1].people, found.stages[1].lost) == (5, 0)
    assert sum(number for words, number in found.endings if words.startswith("ready")) > 0
    assert inside(study).people == 0


def test_somebody_who_sits_twice_is_one_person_who_ended_as_the_last_time() -> None:
    study = opened(12)
    person = make_participant(study, "p")
    work(person)
    stop_session(session=work(person, answers=1))
    found = funnel(study)
    assert found.stages[-1].people == 1
    assert found.endings == [("stopped early", 1)]


def test_the_median_is_of_completed_sessions() -> None:
    study = opened(20)
    now = timezone.now()
    assert median_minutes(study) is None
    for n, minutes in enumerate((4, 10, 30)):
        session = work(make_participant(study, f"p{n}"))
        Session.objects.filter(pk=session.pk).update(
            started_at=now - timedelta(minutes=minutes), ended_at=now
        )
    stop_session(session=work(make_participant(study, "s"), answers=1))
    assert median_minutes(study) == 10


def test_answers_stand_in_their_hours_and_a_past_hour_is_counted_once(
    django_assert_num_queries: Any,
) -> None:
    study = opened(20)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    Study.objects.update(opened_at=hour - timedelta(hours=5))
    study.refresh_from_db()
    for n, ago in enumerate((0, 3, 3, 5)):
        work(make_participant(study, f"p{n}")).labels.update(submitted_at=hour - timedelta(hours=ago))
    answers = {row.start: row.answers for row in by_hour(study) if row.answers}
    assert answers == {hour: 4, hour - timedelta(hours=3): 8, hour - timedelta(hours=5): 4}
    with CaptureQueriesContext(connection) as queries:
        again = {row.start: row.answers for row in by_hour(study) if row.answers}
    assert again == answers
    assert (hour - timedelta(hours=3)).strftime("%Y-%m-%d %H") not in queries.captured_queries[0]["sql"]


def test_a_long_study_shows_its_last_two_days_and_a_closed_one_those_before_its_end() -> None:
    study = close_study(study=opened())
    now = timezone.now()
    Study.objects.update(opened_at=now - timedelta(days=30), closed_at=now - timedelta(days=9))
    study.refresh_from_db()
    hours = by_hour(study)
    assert len(hours) == 48
    assert study.closed_at
    assert hours[-1].start <= study.closed_at < hours[-1].start + timedelta(hours=1)


def test_a_study_that_ran_longer_than_its_hours_show_shows_its_days() -> None:
    study = opened(20)
    assert by_day(study) == []
    now = timezone.now()
    Study.objects.update(opened_at=now - timedelta(days=200))
    study.refresh_from_db()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for n, ago in enumerate((0, 1, 1, 60, 150)):
        work(make_participant(study, f"p{n}")).labels.update(submitted_at=today - timedelta(days=ago))
    for _ in range(2):  # counted, then kept
        days = by_day(study)
        assert {(today - day.start).days: day.answers for day in days if day.answers} == {60: 4, 1: 8, 0: 4}
        assert len(days) == 92


def test_many_who_look_cost_as_one_and_who_acts_sees_it_at_once() -> None:
    study, asked = make_study(), []
    for _ in range(10):
        assert shared(study, "n", lambda: asked.append(1) or len(asked)) == 1  # type: ignore[func-returns-value]
    assert shared(study, "n", lambda: 7, anew=True) == 7
    assert shared(study, "n", lambda: 8) == 7
    study.state = "paused"
    assert shared(study, "n", lambda: 9) == 9, "another state shows other numbers"


def test_what_took_long_is_shared_for_longer() -> None:
    assert [seconds_shared(took) for took in (0.001, 0.02, 2.0)] == [5, 5, 400]


def test_queries_do_not_grow_with_people_or_labels() -> None:
    study = opened(40)
    counts = []
    for people in (2, 6):
        for n in range(people):
            work(make_participant(study, f"{people}-{n}"), answers=3 + n % 2)
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            progress_of(study)
            inside(study)
            needing(study)
            labels_per_item(study)
            by_hour(study)
            by_day(study)
            funnel(study)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 24


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables whole")
def test_no_number_reads_all_slots_or_labels() -> None:
    study = opened()
    work(make_participant(study, "p"), answers=2)
    with CaptureQueriesContext(connection) as queries:
        inside(study)
        needing(study)
        labels_per_item(study)
        by_hour(study)
        by_day(study)
        funnel(study)
    plan = [step for query in queries.captured_queries for step in _plan(query["sql"])]
    scans = ("SCAN annotation_slot", "SCAN annotation_label")
    assert not [step for step in plan if step.startswith(scans)]
    assert [step for step in plan if "COVERING INDEX slot_by_study" in step]
    assert [step for step in plan if "slot_unfilled_in_order" in step]


def _plan(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[-1] for row in cursor.fetchall()]


def test_plots_stand_also_where_there_is_nothing_or_very_much() -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    assert hour_bars([(now, 0)]).highest == 0
    assert len(labels_bars({0: 3, 400: 1}).bars) <= 41
    assert sum(bar.count for bar in labels_bars({0: 3, 17: 2, 400: 1}).bars) == 6
    assert labels_bars({}).bars[0].count == 0
    assert Label.objects.count() == 0
