from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.allocation import (
    session_slots,
    sessions_left,
    start_session,
    stop_session,
    submit,
    work_left,
)
from annotation.designs import lay_slots
from annotation.models import Label, Participant, Recruitment, Session, Slot, Study
from annotation.studies import StudyError, close_study, open_study, pause_study
from annotation.tickets import Answer, InvalidAnswer, Ticket
from tests.factory import make_items, make_participant, make_study

pytestmark = pytest.mark.django_db


def opened(count: int = 12, *, queries: int = 4, **fields: object) -> Study:
    study = make_study(**({"labels_per_item": 3, "session_size": 4} | fields))
    make_items(study, count, queries=queries)
    return open_study(study=study)


def begin(person: Participant) -> Session:
    session = start_session(participant=person)
    assert session is not None
    return session


def tickets(session: Session) -> list[Ticket]:
    return [Ticket.for_slot(slot) for slot in session_slots(session=session)]


def finish(person: Participant) -> Session | None:
    session = start_session(participant=person)
    for ticket in tickets(session) if session else []:
        submit(participant=person, ticket=ticket, answer=Answer(value=3))
    return session


def let_leases_run_out(session: Session) -> None:
    session.slots.filter(filled=False).update(leased_until=timezone.now() - timedelta(seconds=1))


def counted_per_item(study: Study) -> set[int]:
    counted = Counter(Label.objects.counted().filter(item__study=study).values_list("item_id", flat=True))
    return set(counted.values())


def test_opening_makes_k_slots_an_item_that_fill_evenly_and_keep_queries_apart() -> None:
    study = opened(12, queries=4)
    slots = list(study.slots.order_by("order").select_related("item"))
    assert len(slots) == 36
    for round_, start in enumerate(range(0, 36, 12), start=1):
        ring = slots[start : start + 12]
        assert {slot.number for slot in ring} == {round_}
        assert len({slot.item_id for slot in ring}) == 12
        for four in (ring[:4], ring[4:8], ring[8:]):
            assert len({slot.item.query_id for slot in four}) == 4
    first, second = ([slot.item_id for slot in slots[n : n + 12]] for n in (0, 12))
    assert first != second, "each round has its own order"


def test_every_item_ends_with_exactly_k_labels_of_different_people() -> None:
    study = opened(10)
    people = [make_participant(study, f"p{n}") for n in range(12)]
    for person in people:
        while finish(person):
            pass
    assert counted_per_item(study) == {3}
    assert not Label.objects.exclude(status="counted").exists()
    assert start_session(participant=people[0]) is None


def test_blocks_are_fixed_forms_each_labelled_by_the_same_k_people() -> None:
    study = opened(12, design="blocks", session_size=4)
    for n in range(9):
        assert finish(make_participant(study, f"p{n}"))
    assert counted_per_item(study) == {3}
    people_by_block: dict[int, set[frozenset[str]]] = {}
    for item in study.items.all():
        people = frozenset(item.labels.values_list("participant__code", flat=True))
        people_by_block.setdefault(item.block or 0, set()).add(people)
    assert len(people_by_block) == 3
    assert all(len(groups) == 1 for groups in people_by_block.values())
    assert start_session(participant=make_participant(study, "late")) is None


def test_what_somebody_left_of_a_form_is_finished_by_another() -> None:
    study = opened(8, design="blocks", labels_per_item=1, session_size=4)
    leaver = make_participant(study, "leaver")
    session = begin(leaver)
    submit(participant=leaver, ticket=tickets(session)[0], answer=Answer(value=1))
    stop_session(session=session)
    for n in range(2):
        finish(make_participant(study, f"p{n}"))
    assert counted_per_item(study) == {1}


def test_the_same_answer_sent_twice_is_stored_once() -> None:
    study = opened()
    person = make_participant(study, "p")
    ticket = tickets(begin(person))[0]
    labels = [submit(participant=person, ticket=ticket, answer=Answer(value=4)) for _ in range(3)]
    assert {label.pk for label in labels} == set(Label.objects.values_list("pk", flat=True))


def test_a_correction_supersedes_and_a_late_repeat_of_the_first_answer_changes_nothing() -> None:
    study = opened()
    person = make_participant(study, "p")
    session = begin(person)
    first, again = tickets(session)[0], tickets(session)[0]
    submit(participant=person, ticket=first, answer=Answer(value=4))
    submit(participant=person, ticket=again, answer=Answer(value=2))
    submit(participant=person, ticket=first, answer=Answer(value=4))
    assert list(Label.objects.order_by("pk").values_list("value", "status")) == [
        (4, "superseded"),
        (2, "counted"),
    ]


def test_a_late_answer_counts_while_nobody_took_the_slot_and_is_surplus_after() -> None:
    study = opened(4, labels_per_item=1)
    slow, quick = make_participant(study, "slow"), make_participant(study, "quick")
    session = begin(slow)
    mine = tickets(session)
    let_leases_run_out(session)
    assert submit(participant=slow, ticket=mine[0], answer=Answer(value=1)).status == "counted"
    finish(quick)
    late = submit(participant=slow, ticket=mine[1], answer=Answer(value=5))
    assert late.status == "surplus"
    assert counted_per_item(study) == {1}
    assert Label.objects.filter(value=5).count() == 1


def test_people_who_take_an_item_and_leave_keep_it_for_the_time_limit_and_no_longer() -> None:
    study = opened(25, labels_per_item=1, session_size=1, time_limit_minutes=30)
    for n in range(25):
        begin(make_participant(study, f"leaves {n}"))
    assert start_session(participant=make_participant(study, "early")) is None
    held = Slot.objects.filter(study=study)
    assert held.filter(leased_until__lte=timezone.now() + timedelta(minutes=30)).count() == 25
    held.update(leased_until=timezone.now())
    for n in range(25):
        finish(make_participant(study, f"comes later {n}"))
    assert counted_per_item(study) == {1} and Label.objects.count() == 25


def test_somebody_who_comes_back_gets_their_slots_again_and_others_for_those_that_went() -> None:
    study = opened(12, labels_per_item=1, session_size=4)
    away, other = make_participant(study, "away"), make_participant(study, "other")
    session = begin(away)
    submit(participant=away, ticket=tickets(session)[0], answer=Answer(value=1))
    let_leases_run_out(session)
    begin(other)
    assert session.slots.count() < 4
    assert start_session(participant=away) == session
    assert session.slots.count() == 4
    assert not session.slots.filter(filled=False, leased_until__lte=timezone.now()).exists()


def test_stopping_gives_the_unanswered_items_back_at_once() -> None:
    study = opened(4, labels_per_item=1)
    person = make_participant(study, "p")
    session = begin(person)
    submit(participant=person, ticket=tickets(session)[0], answer=Answer(value=1))
    stop_session(session=session)
    session.refresh_from_db()
    assert session.outcome == "stopped"
    other = make_participant(study, "other")
    assert len(tickets(begin(other))) == 3


def test_the_last_answer_ends_the_session_as_completed() -> None:
    session = finish(make_participant(opened(), "p"))
    assert session is not None
    session.refresh_from_db()
    assert (session.outcome, session.ended_at is not None) == ("completed", True)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(value=99),
        Answer(value=0),
        Answer(value=None),
        Answer(value=3, cannot_judge=True),
        Answer(value=3, comment="x" * 5001),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_written(answer: Answer) -> None:
    person = make_participant(opened(), "p")
    ticket = tickets(begin(person))[0]
    with pytest.raises(InvalidAnswer):
        submit(participant=person, ticket=ticket, answer=answer)
    assert not Label.objects.exists()


def test_a_ticket_of_somebody_else_or_an_altered_one_is_refused() -> None:
    study = opened()
    thief = make_participant(study, "thief")
    ticket = tickets(begin(make_participant(study, "owner")))[0]
    with pytest.raises(InvalidAnswer):
        submit(participant=thief, ticket=ticket, answer=Answer(value=3))
    with pytest.raises(InvalidAnswer):
        Ticket.unseal(ticket.seal()[:-2] + "xx")
    assert Ticket.unseal(ticket.seal()) == ticket


def test_sides_and_order_are_drawn_for_each_person_and_kept_with_the_label() -> None:
    study = opened(16, kind="comparison", labels_per_item=4, session_size=16)
    drawn = []
    for n in range(4):
        person = make_participant(study, f"p{n}")
        session = begin(person)
        shown = {slot.item_id: (slot.position, slot.swapped) for slot in session_slots(session=session)}
        for ticket in tickets(session):
            label = submit(participant=person, ticket=ticket, answer=Answer(value=2))
            assert (label.position, label.swapped) == shown[ticket.item]
        drawn.append(tuple(sorted(shown.items())))
    assert len(set(drawn)) == 4
    assert {swapped for shown in drawn for _, (_, swapped) in shown} == {True, False}


def test_sessions_are_limited_as_the_study_says_and_to_one_for_recruited_people() -> None:
    study = opened(12, sessions_per_person=2)
    person = make_participant(study, "p")
    assert finish(person) and finish(person)
    assert start_session(participant=person) is None
    recruited = make_participant(study, "r")
    Recruitment.objects.create(
        participant=recruited, study=study, recruiter="prolific", person_digest="d", sealed="s"
    )
    assert finish(recruited)
    assert sessions_left(participant=recruited) == 0


def test_a_paused_or_closed_study_starts_nobody_and_keeps_the_answers_of_people_inside() -> None:
    study = opened()
    inside, outside = make_participant(study, "inside"), make_participant(study, "outside")
    waiting = tickets(begin(inside))
    pause_study(study=study)
    assert start_session(participant=outside) is None
    close_study(study=study)
    assert submit(participant=inside, ticket=waiting[0], answer=Answer(value=2)).status == "counted"


def test_whether_work_is_left_is_looked_for_in_the_order_of_the_index() -> None:
    study = make_study(labels_per_item=1, session_size=2)
    make_items(study, 2)
    person = make_participant(open_study(study=study), "p")
    with CaptureQueriesContext(connection) as queries:
        assert work_left(participant=person)
    assert 'ORDER BY "annotation_slot"."order"' in queries[-1]["sql"]


def test_claiming_reads_no_more_queries_when_the_study_is_larger(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    counts = []
    for size in (20, 200):
        study = opened(size, slug=f"s{size}")
        person = make_participant(study, "p")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            begin(person)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_database_refuses_what_the_code_must_never_do() -> None:
    study = opened(4)
    people = [make_participant(study, f"p{n}") for n in range(2)]
    label = submit(participant=people[0], ticket=tickets(begin(people[0]))[0], answer=Answer(value=1))
    slot = Slot.objects.get(pk=label.slot_id)
    whole = {
        "item_id": label.item_id,
        "session_id": label.session_id,
        "submitted_at": timezone.now(),
        "value": 1,
    }
    forbidden = [
        lambda: Label.objects.create(slot=slot, participant=people[1], key="a", **whole),
        lambda: Label.objects.create(slot=slot, participant=people[0], key="b", status="surplus", **whole),
        lambda: Slot.objects.create(study=study, item=slot.item, number=slot.number, order=99),
        lambda: (
            Slot.objects.filter(item=slot.item)
            .exclude(pk=slot.pk)
            .update(
                participant=people[0],
                session=slot.session,
                position=9,
                swapped=False,
                leased_until=timezone.now(),
            )
        ),
        lambda: Slot.objects.filter(participant=None).update(filled=True),
        lambda: Session.objects.bulk_create(
            Session(participant=people[0], started_at=timezone.now(), size=1) for _ in range(2)
        ),
    ]
    for act in forbidden:
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_somebody_whose_slots_all_went_is_not_completed_and_gets_other_work_while_there_is_some() -> None:
    study = opened(8, labels_per_item=1, session_size=4)
    away = make_participant(study, "away")
    session = begin(away)
    late = tickets(session)[0]
    let_leases_run_out(session)
    finish(make_participant(study, "quick"))
    assert submit(participant=away, ticket=late, answer=Answer(value=5)).status == "surplus"
    session.refresh_from_db()
    assert session.outcome == "", "one answer of four is not the whole work"
    assert start_session(participant=away) == session
    assert [ticket.position for ticket in tickets(session)] == [2, 3, 4], "no answer's position comes twice"
    for ticket in tickets(session):
        submit(participant=away, ticket=ticket, answer=Answer(value=3))
    session.refresh_from_db()
    assert session.outcome == "completed"


def test_when_others_did_everything_a_session_ends_as_expired_not_as_completed() -> None:
    study = opened(4, labels_per_item=1, session_size=4)
    away = make_participant(study, "away")
    session = begin(away)
    let_leases_run_out(session)
    finish(make_participant(study, "quick"))
    assert start_session(participant=away) is None
    session.refresh_from_db()
    assert session.outcome == "expired"


def test_looking_in_again_neither_renews_a_lease_nor_lengthens_a_short_session() -> None:
    study = opened(4, labels_per_item=2, session_size=4)
    for name in ("a", "b"):
        person = make_participant(study, name)
        submit(participant=person, ticket=tickets(begin(person))[0], answer=Answer(value=1))
        if name == "a":
            stop_session(session=Session.objects.get(participant=person))
    third = make_participant(study, "c")
    session = begin(third)
    leased = [(ticket.position, ticket.item) for ticket in tickets(session)]
    until = set(session.slots.values_list("leased_until", flat=True))
    stop_session(session=Session.objects.get(participant__code="b"))
    assert start_session(participant=third) == session
    assert [(ticket.position, ticket.item) for ticket in tickets(session)] == leased
    assert set(session.slots.values_list("leased_until", flat=True)) == until


def test_a_closed_study_keeps_first_answers_and_refuses_corrections() -> None:
    study = opened()
    person = make_participant(study, "p")
    first, second, *_ = tickets(begin(person))
    again = Ticket.for_slot(Slot.objects.get(pk=first.slot))
    submit(participant=person, ticket=first, answer=Answer(value=4))
    close_study(study=study)
    with pytest.raises(InvalidAnswer, match="closed"):
        submit(participant=person, ticket=again, answer=Answer(value=1))
    submit(participant=person, ticket=second, answer=Answer(value=2))
    assert sorted(Label.objects.counted().values_list("value", flat=True)) == [2, 4]


def test_a_page_that_sends_4_then_2_then_4_has_said_4() -> None:
    person = make_participant(opened(), "p")
    ticket = tickets(begin(person))[0]
    for attempt, value in enumerate((4, 2, 4)):
        submit(participant=person, ticket=ticket, answer=Answer(value=value, attempt=attempt))
    submit(participant=person, ticket=ticket, answer=Answer(value=2, attempt=1))
    assert Label.objects.counted().get().value == 4
    assert Label.objects.count() == 3


def test_an_older_answer_of_a_page_that_comes_after_its_newer_one_is_kept_and_supersedes_nothing() -> None:
    person = make_participant(opened(), "p")
    session = begin(person)
    page, later = tickets(session)[0], tickets(session)[0]
    submit(participant=person, ticket=page, answer=Answer(value=2, attempt=2))
    assert submit(participant=person, ticket=page, answer=Answer(value=4, attempt=1)).status == "superseded"
    assert Label.objects.counted().get().value == 2
    submit(participant=person, ticket=later, answer=Answer(value=5, attempt=1))
    assert Label.objects.counted().get().value == 5, "another page's numbers are its own"
    submit(participant=person, ticket=page, answer=Answer(value=1, attempt=1))
    assert Label.objects.counted().get().value == 5
    assert sorted(Label.objects.values_list("value", flat=True)) == [1, 2, 4, 5]


def test_forms_that_the_items_came_with_are_kept() -> None:
    study = make_study(design="blocks", labels_per_item=1, session_size=2)
    for item in make_items(study, 6):
        item.block = 7 if item.position < 4 else 9
        item.save()
    study = open_study(study=study)
    sizes = [len(tickets(begin(make_participant(study, f"p{n}")))) for n in range(2)]
    assert sorted(sizes) == [2, 4]
    mixed = make_study("mixed", design="blocks")
    for item in make_items(mixed, 2)[:1]:
        item.block = 1
        item.save()
    with pytest.raises(StudyError, match="some have none"):
        open_study(study=mixed)


def test_laying_that_was_cut_off_goes_on_and_an_open_study_has_every_slot() -> None:
    study = make_study(labels_per_item=3)
    make_items(study, 5)
    lay_slots(study=study)
    study.slots.filter(number__gte=2).delete()
    assert open_study(study=study).slots.count() == 15
