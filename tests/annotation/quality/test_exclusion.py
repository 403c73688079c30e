"""Promises of excluding people: nothing is lost, nothing counts twice, whoever presses at the same time."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotation.allocation import session_slots, start_session, submit
from annotation.models import Act, Label, LabelQuerySet, Participant, Session, Slot, Study
from annotation.quality.exclusion import Held, Restored, exclude, held_by_excluded, restore, top_up
from annotation.recruitment.entry import Entry, admit
from annotation.steps.endings import How, ending_of
from annotation.steps.standing import Step, next_step
from annotation.studies import StudyError, close_study, open_study
from annotation.tickets import Answer, Ticket
from tests.factory import make_items, make_labels, make_participant, make_study
from tests.visitor import PROLIFIC

pytestmark = pytest.mark.django_db


def opened(count: int = 6, **fields: object) -> Study:
    study = make_study(**({"labels_per_item": 2, "session_size": 3} | fields))
    make_items(study, count)
    return open_study(study=study)


def tickets(person: Participant) -> list[Ticket]:
    session = start_session(participant=person)
    return [Ticket.for_slot(slot) for slot in session_slots(session=session)] if session else []


def answer(person: Participant, *given: Ticket, value: int = 3) -> list[Label]:
    return [submit(participant=person, ticket=ticket, answer=Answer(value=value)) for ticket in given]


def label_all(study: Study, people: int, *, prefix: str = "p") -> list[Participant]:
    crowd = [make_participant(study, f"{prefix}{n}") for n in range(people)]
    for person in crowd:
        while given := tickets(person):
            answer(person, *given)
    return crowd


def statuses(person: Participant) -> dict[str, int]:
    return dict(Counter(person.labels.values_list("status", flat=True)))


def check(study: Study) -> None:
    """No item has more counted labels than slots, and every filled slot has exactly one."""
    counted = Counter(study_labels(study).filter(status="counted").values_list("slot", flat=True))
    assert set(counted.values()) <= {1}
    assert set(counted) == set(study.slots.filter(filled=True).values_list("pk", flat=True))
    for label in study_labels(study).filter(status="counted").select_related("slot"):
        assert label.slot
        where = (label.slot.item_id, label.slot.participant_id, label.slot.position)
        assert where == (label.item_id, label.participant_id, label.position)


def study_labels(study: Study) -> LabelQuerySet:
    return Label.objects.filter(item__study=study)


def test_the_excluded_keep_their_places_and_numbers_leave_them_out() -> None:
    study = opened(3)
    one, two = label_all(study, 2)
    exclude(participant=one, reason="  answered at random ")
    one.refresh_from_db()
    assert (one.exclusion_reason, one.excluded_at is not None) == ("answered at random", True)
    assert Label.objects.counted().count() == 3
    assert Label.objects.counted(with_excluded=True).count() == 6
    assert study.slots.filter(filled=True).count() == 6, "nothing is opened"
    assert tickets(make_participant(study, "next")) == []
    assert two.excluded_at is None


def test_excluding_takes_a_reason_and_is_said_once() -> None:
    study = opened()
    person = make_participant(study, "p")
    with pytest.raises(StudyError, match="Say why p is to be excluded"):
        exclude(participant=person, reason=" ")
    exclude(participant=person, reason="asked to be left out")
    with pytest.raises(StudyError, match="p is excluded already: asked to be left out"):
        exclude(participant=person, reason="something else")
    restore(participant=person)
    with pytest.raises(StudyError, match="p is not excluded"):
        restore(participant=person)
    acts = [
        (act.what, act.detail["participant"]) for act in Act.objects.filter(what__in=["excluded", "restored"])
    ]
    assert acts == [("restored", "p"), ("excluded", "p")]


@pytest.mark.parametrize("fields", [{"exclusion_reason": "why"}, {"excluded_at": timezone.now()}])
def test_the_database_holds_that_the_excluded_and_only_they_have_a_reason(fields: dict[str, object]) -> None:
    person = make_participant(make_study(), "p")
    with pytest.raises(IntegrityError), transaction.atomic():
        Participant.objects.filter(pk=person.pk).update(**fields)


def test_somebody_excluded_inside_leaves_the_rest_to_others_and_gets_nothing_more() -> None:
    study = opened(3, labels_per_item=1)
    person = make_participant(study, "p")
    first, second, _ = tickets(person)
    answer(person, first)
    exclude(participant=person, reason="told us to")
    session = Session.objects.get(participant=person)
    assert (session.outcome, session.slots.count()) == ("excluded", 1)
    assert start_session(participant=person) is None
    assert len(tickets(make_participant(study, "other"))) == 2
    (late,) = answer(person, second)
    assert late.status == "surplus", "an answer on its way is kept"
    check(study)


def test_a_recruited_person_excluded_at_work_and_restored_goes_on_in_another_session() -> None:
    study = opened(6, labels_per_item=1)
    person = admit(study=study, entry=Entry.from_parameters(PROLIFIC, study=study))
    first, *_ = tickets(person)
    answer(person, first)
    exclude(participant=person, reason="a mistake")
    person.refresh_from_db()
    assert (next_step(person), ending_of(person).how) == (Step.DONE, How.EXCLUDED)
    restore(participant=person)
    person.refresh_from_db()
    assert next_step(person) == Step.READY
    answer(person, *tickets(person))
    assert statuses(person) == {"counted": 4}
    assert tickets(person) == [], "one submission is one session"
    check(study)


def test_topping_up_opens_the_places_and_others_fill_them_exactly() -> None:
    study = opened()
    people = label_all(study, 2)
    for person in people:
        exclude(participant=person, reason="careless")
    assert held_by_excluded(study) == Held(labels=12, items=6)
    assert top_up(study=study) == Held(labels=12, items=6)
    assert statuses(people[0]) == {"replaced": 6}
    assert Label.objects.counted(with_excluded=True).count() == 12, "nothing is lost"
    assert held_by_excluded(study) == Held(0, 0)
    with pytest.raises(StudyError, match="Nobody excluded holds a place"):
        top_up(study=study)
    label_all(study, 3, prefix="new")
    assert set(Counter(Label.objects.counted().values_list("item", flat=True)).values()) == {2}
    check(study)


def test_topping_up_some_items_leaves_the_others_as_they_are() -> None:
    study = opened()
    one, _ = label_all(study, 2)
    exclude(participant=one, reason="careless")
    chosen = list(study.items.all()[:2])
    assert top_up(study=study, items=chosen) == Held(labels=2, items=2)
    assert set(one.labels.filter(status="replaced").values_list("item", flat=True)) == {i.pk for i in chosen}
    check(study)


def test_a_restored_person_takes_back_what_is_free_and_the_rest_is_surplus() -> None:
    study = opened(4, labels_per_item=1, session_size=4)
    (one,) = label_all(study, 1)
    exclude(participant=one, reason="a mistake of ours")
    top_up(study=study)
    next_one = make_participant(study, "next")
    done, held, run_out, left = tickets(next_one)
    answer(next_one, done)
    Slot.objects.filter(pk=run_out.slot).update(leased_until=timezone.now() - timedelta(seconds=1))
    Slot.objects.filter(pk=left.slot).update(
        participant=None, session=None, position=None, swapped=None, leased_until=None
    )
    assert restore(participant=one) == Restored(counted=2, surplus=2)
    by_item = dict(one.labels.values_list("item", "status"))
    assert [by_item[ticket.item] for ticket in (done, held, run_out, left)] == [
        "surplus", "surplus", "counted", "counted",
    ]  # fmt: skip
    assert [label.status for label in answer(next_one, held, run_out)] == ["counted", "surplus"]
    check(study)


def test_a_restored_label_takes_another_open_place_of_its_item() -> None:
    study = opened(1, labels_per_item=2, session_size=1)
    one, two = label_all(study, 2)
    for person in (one, two):
        exclude(participant=person, reason="careless")
    top_up(study=study)
    of_one = one.labels.get().slot_id
    new = make_participant(study, "new")
    (ticket,) = tickets(new)
    answer(new, ticket)
    first, second = (one, two) if ticket.slot == of_one else (two, one)
    assert restore(participant=first) == Restored(counted=1, surplus=0)
    assert first.labels.get().slot_id != ticket.slot
    assert restore(participant=second) == Restored(counted=0, surplus=1)
    check(study)


def test_restoring_without_topping_up_changes_no_place() -> None:
    study = opened()
    one, _ = label_all(study, 2)
    before = list(study.slots.order_by("pk").values())
    exclude(participant=one, reason="careless")
    assert restore(participant=one) == Restored(0, 0)
    assert list(study.slots.order_by("pk").values()) == before


def test_a_correction_of_a_label_that_was_set_aside_takes_its_standing() -> None:
    study = opened(3, labels_per_item=1)
    person = make_participant(study, "p")
    given = tickets(person)
    answer(person, *given)
    exclude(participant=person, reason="careless")
    answer(person, given[0], value=5)
    assert statuses(person) == {"counted": 3, "superseded": 1}
    top_up(study=study)
    answer(person, given[1], value=4)
    assert statuses(person) == {"replaced": 3, "superseded": 2}
    assert restore(participant=person) == Restored(counted=3, surplus=0)
    assert sorted(person.labels.filter(status="counted").values_list("value", flat=True)) == [3, 4, 5]
    check(study)


def test_a_closed_study_can_be_topped_up_and_collects_when_it_is_opened_again() -> None:
    study = opened()
    one, _ = label_all(study, 2)
    exclude(participant=one, reason="careless")
    close_study(study=study)
    top_up(study=study)
    person = make_participant(study, "new")
    assert tickets(person) == []
    open_study(study=study)
    assert len(tickets(Participant.objects.get(pk=person.pk))) == 3


def test_people_of_an_imported_study_are_excluded_too() -> None:
    study = make_study(imported=True)
    people = [make_participant(study, code) for code in "ab"]
    make_labels(make_items(study, 1)[0], [1, 5], people=people)
    exclude(participant=people[0], reason="careless")
    assert Label.objects.counted().count() == 1
    with pytest.raises(StudyError, match="Nobody excluded holds a place"):
        top_up(study=study)


def together(*acts: Callable[[], object]) -> list[object]:
    """All at once, each in a thread; what each gave, or the error that a member reads."""
    start = threading.Barrier(len(acts))
    said: list[object] = [None] * len(acts)

    def run(n: int) -> None:
        try:
            start.wait(timeout=30)
            said[n] = acts[n]()
        except StudyError as error:
            said[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    return said


@pytest.mark.django_db(transaction=True)
def test_two_members_who_press_at_once_do_it_once() -> None:
    study = opened()
    one, _ = label_all(study, 2)
    said = together(*[lambda: exclude(participant=one, reason="careless")] * 2)
    assert sum(isinstance(found, StudyError) for found in said) == 1
    said = together(*[lambda: top_up(study=study)] * 2)
    assert sorted(map(str, said))[-1].startswith("Nobody excluded holds a place")
    assert Held(labels=6, items=6) in said
    said = together(*[lambda: restore(participant=one)] * 2)
    assert Restored(counted=6, surplus=0) in said
    assert sum(isinstance(found, StudyError) for found in said) == 1
    check(study)


@pytest.mark.django_db(transaction=True)
def test_somebody_excluded_while_they_begin_holds_nothing_that_others_could_do() -> None:
    study = opened(4, labels_per_item=1, session_size=4)
    person = make_participant(study, "p")
    together(
        lambda: start_session(participant=person),
        lambda: exclude(participant=person, reason="careless"),
    )
    assert not Session.objects.filter(participant=person, ended_at=None).exists()
    assert len(tickets(make_participant(study, "next"))) == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_restoring_against_a_crowd_that_claims_counts_no_item_twice(seed: int) -> None:
    study = opened(8, labels_per_item=2, session_size=4, seed=seed)
    one, two = label_all(study, 2)
    for person in (one, two):
        exclude(participant=person, reason="careless")
    top_up(study=study)
    crowd = [make_participant(study, f"new{n}") for n in range(4)]

    def works(person: Participant) -> None:
        while given := tickets(person):
            answer(person, *given)

    together(
        *[lambda person=person: works(person) for person in crowd],  # type: ignore[misc]
        lambda: restore(participant=one),
        lambda: restore(participant=two),
    )
    check(study)
    counted = Counter(Label.objects.counted().values_list("item", flat=True))
    assert set(counted.values()) == {2}
    current = Label.objects.current().count()
    assert current == 16 + Label.objects.filter(status="surplus").count()


@pytest.mark.django_db(transaction=True)
def test_corrections_while_places_are_opened_keep_one_label_that_counts_or_waits() -> None:
    study = opened(6, labels_per_item=1, session_size=6)
    person = make_participant(study, "p")
    given = tickets(person)
    answer(person, *given)
    exclude(participant=person, reason="careless")
    together(
        lambda: [answer(person, ticket, value=5) for ticket in given],
        lambda: top_up(study=study),
        lambda: restore(participant=person),
    )
    check(study)
    assert Label.objects.current().count() == 6
    assert not Label.objects.filter(status="surplus").exists()
