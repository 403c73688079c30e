import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation.agreement import study_agreement
from annotation.allocation import answer_check, receive, start_session, stop_session, submit
from annotation.counts import with_counts
from annotation.exporters import stream_labels
from annotation.live import progress_of
from annotation.models import Check, CheckAnswer, Label, Participant, Session, Slot, Study
from annotation.screens import Screen, places, screens
from annotation.steps.checks import failed_checks
from annotation.studies import close_study, open_study
from annotation.tickets import Answer, InvalidAnswer, Ticket
from tests.factory import make_check, make_items, make_participant, make_study
from tests.visitor import JSON, Visitor, radios

pytestmark = pytest.mark.django_db


def opened(count: int = 12, **fields: Any) -> Study:
    study = make_study(**({"labels_per_item": 3, "session_size": 4, "seed": 7} | fields))
    make_items(study, count)
    return open_study(study=study)


def begin(person: Participant) -> Session:
    session = start_session(participant=person)
    assert session is not None
    return session


def pages(session: Session) -> list[Screen]:
    return screens(session, [place.position for place in places(session.pk)])


def say(person: Participant, page: Screen, value: int | None, **said: Any) -> None:
    answer = Answer(value=value, cannot_judge=value is None, **said)
    receive(participant=person, ticket=page.ticket, answer=answer)


def checks_at(session: Session) -> dict[int, int]:
    return dict(session.check_answers.values_list("position", "check_asked"))


def outcome(session: Session) -> str:
    session.refresh_from_db()
    return session.outcome


def test_checks_with_a_place_stand_there_and_others_at_random_places_but_never_last() -> None:
    study = opened(60, random_checks=2, session_size=6, sessions_per_person=1)
    third, beyond = make_check(study, position=3), make_check(study, position=99)
    loose = [make_check(study).pk for _ in range(4)]
    make_check(study, purpose="practice", position=1)
    make_check(study, retired_at=timezone.now(), position=2)
    drawn: set[tuple[tuple[int, int], ...]] = set()
    for n in range(20):
        session = begin(make_participant(study, f"p{n}"))
        assert [place.position for place in places(session.pk)] == list(range(1, 11))
        found = checks_at(session)
        assert (found.pop(3), found.pop(10)) == (third.pk, beyond.pk)
        assert len(found) == 2 and set(found.values()) <= set(loose)
        drawn.add(tuple(sorted(found.items())))
    assert len(drawn) > 10
    Check.objects.filter(position__isnull=False).update(retired_at=timezone.now())
    lasts = [max(checks_at(begin(make_participant(study, f"q{n}")))) for n in range(8)]
    assert max(lasts) < 8


def test_the_same_seed_and_code_draw_the_same_places() -> None:
    study = opened(random_checks=1)
    for _ in range(5):
        make_check(study)
    before = checks_at(begin(make_participant(study, "p")))
    Session.objects.update(ended_at=timezone.now(), outcome="stopped")
    Slot.objects.update(
        participant=None, session=None, position=None, swapped=None, leased_until=None, filled=False
    )
    Session.objects.all().delete()
    assert checks_at(begin(Participant.objects.get())) == before


def test_nobody_gets_a_check_twice_and_simulated_people_get_none() -> None:
    study = opened(random_checks=1)
    make_check(study)
    person = make_participant(study, "p")
    for checks in (1, 0):
        session = begin(person)
        assert session.check_answers.count() == checks
        for page in pages(session):
            say(person, page, 3)
        assert outcome(session) == "completed"
    Study.objects.update(simulated=True)
    simulated = make_participant(Study.objects.get(), "s", simulated=True)
    assert not begin(simulated).check_answers.exists()


def test_a_session_is_completed_only_when_its_checks_are_answered_too() -> None:
    study = opened()
    make_check(study, position=2)
    person = make_participant(study, "p")
    session = begin(person)
    *items, check = sorted(pages(session), key=lambda page: bool(page.ticket.check))
    for page in items:
        say(person, page, 3)
    assert outcome(session) == ""
    session.slots.update(leased_until=timezone.now() - timedelta(hours=1))
    assert start_session(participant=person) == session, "who comes back later finishes"
    say(person, check, 4)
    assert outcome(session) == "completed"


def test_a_session_that_others_emptied_does_not_wait_for_its_checks() -> None:
    study = opened(4, labels_per_item=1)
    make_check(study, position=1)
    away, quick = make_participant(study, "away"), make_participant(study, "quick")
    session = begin(away)
    late = pages(session)
    Slot.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    for page in pages(begin(quick)):
        say(quick, page, 3)
    assert start_session(participant=away) is None
    assert outcome(session) == "expired"
    assert places(session.pk) == []
    for page in late:
        say(away, page, 3)
    assert CheckAnswer.objects.filter(participant=away, passed=False).exists(), "what comes late is kept"


def test_somebody_who_lost_their_place_gets_others_at_positions_that_no_check_has() -> None:
    study = opened(12, labels_per_item=1)
    make_check(study, position=5)
    person = make_participant(study, "p")
    session = begin(person)
    Slot.objects.filter(session=session).update(leased_until=timezone.now() - timedelta(seconds=1))
    begin(make_participant(study, "quick"))
    assert start_session(participant=person) == session
    assert len(pages(session)) == 5
    for page in pages(session):
        say(person, page, 3)
    assert outcome(session) == "completed"


@pytest.mark.parametrize(
    ("purpose", "value", "passed"),
    [
        ("attention", 4, True),
        ("attention", 5, True),
        ("attention", 1, False),
        ("attention", None, False),
        ("known", 1, False),
        ("known", None, True),
    ],
)
def test_the_first_answer_is_graded_and_a_change_only_shows_again(
    purpose: str, value: int | None, passed: bool
) -> None:
    study = opened()
    make_check(study, purpose=purpose, position=1, accepted=[4, 5])
    person = make_participant(study, "p")
    session = begin(person)
    for attempt, said in enumerate((value, value, 4, 1)):
        page = pages(session)[0]
        say(person, page, said, comment="why", attempt=attempt, active_seconds=2.5)
        now = pages(session)[0].said
        assert now and (now.value, now.cannot_judge, now.comment) == (said, said is None, "why")
    given = CheckAnswer.objects.get()
    assert (given.value, given.passed, given.active_seconds) == (value, passed, 2.5)
    assert given.wall_seconds is not None
    assert failed_checks(study.participants.all()) == ({} if passed else {person.pk: 1})
    close_study(study=study)
    say(person, pages(session)[0], 1, comment="why")
    with pytest.raises(InvalidAnswer, match="closed"):
        say(person, pages(session)[0], 2)


def test_sides_of_a_check_are_drawn_for_each_person_and_graded_about_response_1() -> None:
    study = opened(kind="comparison", labels_per_item=20)
    make_check(study, position=1, query="Choose", response="this", response_2="that", accepted=[2])
    sides = set()
    for n in range(12):
        person = make_participant(study, f"p{n}")
        page = pages(begin(person))[0]
        assert [text for _, text in page.sides] == (["that", "this"] if page.swapped else ["this", "that"])
        say(person, page, 2)
        sides.add(page.swapped)
    assert sides == {True, False}
    assert set(CheckAnswer.objects.values_list("passed", "swapped")) == {(True, True), (True, False)}


def test_answers_to_checks_are_in_no_label_number_export_or_progress() -> None:
    study = opened(4)
    bare = opened(4, slug="bare")
    for purpose in ("attention", "known"):
        make_check(study, purpose=purpose, position=1, query="CHECK", response="CHECK", accepted=[5])
    for each in (study, bare):
        for n in range(3):
            person = make_participant(each, f"p{n}")
            for page in pages(begin(person)):
                say(person, page, 5 if page.ticket.check else 1 + n)
    assert CheckAnswer.objects.filter(passed=True).count() == 6
    assert Label.objects.filter(item__study=study).count() == 12
    for shape in ("long", "items", "infinity-chat"):
        text = b"".join(stream_labels(study=study, format="csv", shape=shape)).decode()
        assert "CHECK" not in text and text.count("\n") == (13 if shape == "long" else 5)
    numbers, others = (
        json.dumps(study_agreement(each, replicates=50)).replace(each.slug, "") for each in (study, bare)
    )
    assert numbers == others
    names = ("number_of_items", "people", "wanted", "filled", "number_of_labels")
    one, other = with_counts(Study.objects.all(), *names).values_list(*names)
    assert one == other
    assert progress_of(study) == progress_of(bare)


def test_an_answer_without_a_slot_is_no_label_and_another_persons_check_is_refused() -> None:
    study = opened()
    make_check(study, position=1)
    one, two = make_participant(study, "one"), make_participant(study, "two")
    page = pages(begin(one))[0]
    with pytest.raises(InvalidAnswer):
        answer_check(participant=two, ticket=page.ticket, answer=Answer(value=3))
    with pytest.raises(InvalidAnswer):
        answer_check(participant=one, ticket=page.ticket, answer=Answer(value=99))
    assert not CheckAnswer.objects.exclude(answered_at=None).exists() and not Label.objects.exists()


def test_at_the_limit_the_session_ends_at_once_if_the_study_says_so_and_the_rest_goes_to_others() -> None:
    study = opened(4, labels_per_item=1, after_failed_checks="end", failed_checks_limit=2)
    for position in (2, 4):
        make_check(study, position=position)
    person = make_participant(study, "p")
    session = begin(person)
    found = pages(session)
    for page in found[:4]:
        assert outcome(session) == ""
        say(person, page, 1)
    assert outcome(session) == "screened"
    assert Label.objects.get(session=session, position=1).status == "counted"
    assert session.slots.count() == 2, "the answers given stay"
    assert start_session(participant=person) is None
    person.refresh_from_db()
    assert person.excluded_at is None
    say(person, found[4], 1)
    assert list(Label.objects.filter(status="surplus").values_list("position", flat=True)) == [5]
    other = make_participant(study, "other")
    assert begin(other).size == 2


@pytest.mark.parametrize("choice", ["flag", "code"])
def test_otherwise_nothing_happens_to_the_person_before_the_end(choice: str) -> None:
    study = opened(4, after_failed_checks=choice, failed_checks_limit=1)
    make_check(study, position=1)
    person = make_participant(study, "p")
    session = begin(person)
    for page in pages(session):
        say(person, page, 1)
    assert outcome(session) == "completed"
    assert failed_checks(study.participants.all()) == {person.pk: 1}


def test_nothing_on_a_page_or_in_its_address_tells_a_check_from_an_item() -> None:
    study = opened(9, session_size=3)
    check = make_check(study, position=2, query="Query 1 of answers", response="answer 1")

    def second_page() -> tuple[str, str, str]:
        person = Visitor(study)
        person.start()
        person.send(label=3)
        after, text = person.here, person.text
        drawn = (person.hidden["token"], *re.findall(r'data-(?:person|draft)="(\w+)"', text))
        for value in drawn:
            text = text.replace(value, "")
        text = re.sub(r"Query \d+ of answers|answer \d+|data-left=.\d+.", "", text)
        return after, " ".join(map(str, map(len, drawn))), text

    of_a_check = second_page()
    check.retired_at = timezone.now()
    check.save()
    Study.objects.update(session_size=4)
    assert second_page() == of_a_check
    assert "2 of 4" in of_a_check[2] and CheckAnswer.objects.count() == 1


def test_a_double_press_and_back_on_a_check_are_as_on_an_item() -> None:
    study = opened(3, session_size=3)
    make_check(study, position=1)
    person = Visitor(study)
    person.enter()
    assert "Up to 4 answers to give" in person.send().content.decode()
    person.send()
    action, form = person.action, person.hidden | {"label": "2", "comment": "so", "attempt": "1"}
    for _ in range(2):
        assert person.client.post(action, form, **JSON).json() == {"next": "/s/answers/task/2/"}
    person.get("task/1/")
    assert [value for value, _, checked in radios(person.text) if checked] == ["2"]
    assert "so</textarea>" in person.text
    person.send(label=4, comment="")
    assert person.here == "/s/answers/task/2/"
    person.get("task/1/")
    assert [value for value, _, checked in radios(person.text) if checked] == ["4"]
    given = CheckAnswer.objects.get()
    assert (given.value, given.passed) == (2, False)
    person.send(label=5)
    for _ in range(3):
        person.send(label=3)
    assert study.completion_code in person.text
    person.get("task/1/")
    assert "1 of 4" in person.text


def test_a_ticket_says_nothing_to_whoever_holds_it() -> None:
    study = opened()
    make_check(study, position=1)
    check, item, *_ = (page.ticket for page in pages(begin(make_participant(study, "p"))))
    assert check.check and not item.check
    assert len(check.seal()) == len(item.seal())
    assert Ticket.unseal(check.seal()) == check


def test_stopping_leaves_an_unanswered_check_alone() -> None:
    study = opened(random_checks=0)
    make_check(study, position=1)
    person = make_participant(study, "p")
    session = begin(person)
    submit(participant=person, ticket=pages(session)[1].ticket, answer=Answer(value=3))
    stop_session(session=session)
    assert outcome(session) == "stopped"
    assert failed_checks([person]) == {}
    assert begin(person).check_answers.count() == 0
