"""Who somebody is can be erased, purged, shown to them and found; what they answered stays."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Barrier, Thread
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.agreement import study_agreement
from annotation.allocation import session_slots, start_session, submit
from annotation.exporters import SHAPES, stream_labels
from annotation.models import (
    Act,
    Check,
    CheckAnswer,
    Invitation,
    Label,
    Participant,
    Question,
    Recruitment,
    Reply,
    Session,
    Slot,
    Study,
    Submission,
)
from annotation.pay import owed
from annotation.quality.exclusion import exclude, restore
from annotation.recruitment.entry import Entry, admit, find, note_visit
from annotation.recruitment.submissions import hear, keep_submission
from annotation.rights.held import held_on, holdings
from annotation.rights.identity import erase_identity, find_person, hand_out, purge_ids
from annotation.studies import StudyError, close_study, open_study
from annotation.tickets import Answer, InvalidAnswer, Ticket
from generation.sealing import fernet
from tests.factory import make_items, make_study

pytestmark = pytest.mark.django_db

PURPOSES = ("visits", "submission")


def ids(name: str) -> list[str]:
    """What the recruiter calls one person: their id, their submission, the study's there."""
    return [f"5f1b2c3d{name}", f"submission-{name}", f"study-of-{name}"]


def entry_of(name: str, **visit: str) -> Entry:
    _, submission, at_theirs = ids(name)
    shown = {"SESSION_ID": submission, "STUDY_ID": at_theirs} | visit
    return Entry(recruiter="prolific", person=ids(name)[0], visit=shown)


def recruit(study: Study, name: str) -> Participant:
    entry = entry_of(name)
    participant = admit(study=study, entry=entry)
    keep_submission(participant=participant, recruiter=entry.recruiter, external=entry.visit["SESSION_ID"])
    return participant


def answer(participant: Participant, *, count: int, comment: str = "") -> None:
    session = start_session(participant=participant)
    assert session
    for n, slot in enumerate(session_slots(session=session)[:count]):
        given = Answer(value=1 + (participant.pk + n) % 5, comment=comment if n == 0 else f"remark {n}")
        submit(participant=participant, ticket=Ticket.for_slot(slot), answer=given)


def open_for(slug: str = "answers") -> Study:
    study = make_study(slug, labels_per_item=3, session_size=4, consent="You may stop.")
    make_items(study, 4)
    return open_study(study=study)


@pytest.fixture
def study() -> Study:
    return open_for()


@pytest.fixture
def ana(study: Study) -> Participant:
    """Somebody who left traces wherever one can: in comments, replies, checks, a reason."""
    person = recruit(study, "ana")
    asked = Question.objects.create(study=study, place="before", position=1, name="id", text="Your id?")
    Reply.objects.create(participant=person, question=asked, value=ids("ana")[0], replied_at=timezone.now())
    check = Check.objects.create(study=study, purpose="practice", query="2 + 2", response="4", accepted=[5])
    answer(person, count=3, comment=f"I am {ids('ana')[0]}.")
    CheckAnswer.objects.create(
        participant=person,
        check_asked=check,
        value=5,
        passed=True,
        answered_at=timezone.now(),
        comment=ids("ana")[1],
        changed_to={"value": 4, "cannot_judge": False, "comment": f"({ids('ana')[0]})"},
    )
    Participant.objects.filter(pk=person.pk).update(
        language="de", excluded_at=timezone.now(), exclusion_reason=f"{ids('ana')[0]} wrote to us"
    )
    person.refresh_from_db()
    return person


def everything() -> str:
    """All that the app's tables say, with what is sealed deciphered."""
    return "\n".join(_texts())


def _texts() -> Iterator[str]:
    for model in apps.get_app_config("annotation").get_models():
        for row in model._default_manager.all():
            for field in model._meta.concrete_fields:
                value = getattr(row, field.attname)
                if isinstance(field, models.CharField | models.TextField | models.JSONField) and value:
                    yield f"{model.__name__}.{field.name}: {json.dumps(value)} {_deciphered(str(value))}"


def _deciphered(text: str) -> str:
    for purpose in PURPOSES:
        try:
            return fernet(purpose).decrypt(text).decode()
        except InvalidToken:
            continue
    return ""


def traces(name: str) -> list[str]:
    text = everything()
    return [external for external in ids(name) if external in text]


def exports(study: Study) -> str:
    shapes = [b"".join(stream_labels(study=study, format="jsonl", shape=shape)).decode() for shape in SHAPES]
    return "\n".join(shapes)


def numbers(study: Study) -> Any:
    labels = Label.objects.filter(item__study=study).order_by("pk")
    fields = [field.name for field in Label._meta.concrete_fields if field.name != "comment"]
    return (
        study_agreement(study),
        list(labels.values(*fields)),
        list(Slot.objects.filter(filled=True).values()),
    )


def test_what_is_scanned_would_find_the_ids(study: Study, ana: Participant) -> None:
    assert set(traces("ana")) == set(ids("ana"))
    assert ids("ana")[0] in exports(study)


def test_after_an_erasure_nothing_here_or_in_an_export_leads_to_the_person(
    study: Study, ana: Participant
) -> None:
    before = numbers(study)
    erased = erase_identity(participant=ana)
    assert traces("ana") == []
    assert not any(external in exports(study) for external in [*ids("ana"), ana.code])
    assert numbers(study) == before
    assert erased.identity_erased_at
    assert (erased.code, erased.language) != (ana.code, "de")
    assert not Recruitment.objects.exists() and not Submission.objects.exists() and not Reply.objects.exists()
    assert find_person(study=study, external_id=ids("ana")[0]) is None
    assert [act.what for act in Act.objects.filter(study=study)][:1] == ["erased a person's identity"]


def test_an_erasure_ends_a_running_session_and_gives_its_places_back(study: Study, ana: Participant) -> None:
    erase_identity(participant=ana)
    session = Session.objects.get(participant=ana)
    assert session.outcome == Session.Outcome.STOPPED
    assert not Slot.objects.filter(participant=ana, filled=False).exists()


def test_comments_stay_unless_they_repeat_an_id_or_are_asked_to_go(study: Study, ana: Participant) -> None:
    def said() -> list[str]:
        return list(Label.objects.filter(participant=ana).order_by("pk").values_list("comment", flat=True))

    erase_identity(participant=ana)
    assert said() == ["", "remark 1", "remark 2"]
    ben = recruit(study, "ben")
    answer(ben, count=2, comment="I am Ben.")
    erase_identity(participant=ben, comments=True)
    assert set(Label.objects.filter(participant=ben).values_list("comment", flat=True)) == {""}
    assert said() == ["", "remark 1", "remark 2"]


def test_an_erased_person_who_comes_back_is_a_new_one_by_link_and_by_card(
    client: Client, study: Study
) -> None:
    door, instructions = reverse("door", args=[study.slug]), reverse("instructions", args=[study.slug])
    client.post(f"{door}?PROLIFIC_PID={ids('eve')[0]}&SESSION_ID={ids('eve')[1]}")
    eve = Participant.objects.get()
    client.post(instructions)
    assert client.get(instructions).status_code == 200
    page = client.get(client.get(reverse("next-task", args=[study.slug])).headers["Location"])
    erase_identity(participant=eve)
    late = client.post(page.request["PATH_INFO"], {"label": "3", "token": page.context["token"]})
    assert late.status_code == 400
    assert not Label.objects.exists()
    assert client.get(instructions).headers["Location"].startswith(door)
    assert find(study=study, entry=entry_of("eve")) is None
    client.post(f"{door}?PROLIFIC_PID={ids('eve')[0]}&SESSION_ID={ids('eve')[1]}")
    assert Participant.objects.filter(study=study).count() == 2


def test_an_answer_on_its_way_while_its_person_is_erased_is_not_stored(study: Study) -> None:
    ana = recruit(study, "ana")
    session = start_session(participant=ana)
    assert session
    ticket = Ticket.for_slot(session_slots(session=session)[0])
    erase_identity(participant=ana)
    with pytest.raises(InvalidAnswer):
        submit(participant=ana, ticket=ticket, answer=Answer(value=3))
    assert start_session(participant=ana) is None
    assert not Label.objects.exists()


def test_the_list_of_pay_keeps_an_erased_persons_work_and_says_that_nobody_knows_whose(
    study: Study, ana: Participant
) -> None:
    before = owed(study=study).rows
    erased = erase_identity(participant=ana)
    after = owed(study=study).rows
    assert [row.erased for row in before + after] == [False, True]
    assert (after[0].code, after[0].answers) == (erased.code, before[0].answers)


def test_who_arrives_while_they_are_erased_leaves_no_id_behind(study: Study) -> None:
    ana = recruit(study, "ana")
    erase_identity(participant=ana)
    again = entry_of("ana", SESSION_ID="submission-2")
    note_visit(participant=ana, entry=again)
    assert traces("ana") == [] and "submission-2" not in everything()


def test_the_log_tells_after_an_erasure_neither_the_old_code_nor_an_id(
    study: Study, ana: Participant
) -> None:
    restore(participant=ana)
    exclude(participant=ana, reason=f"{ids('ana')[0]} clicked through")
    restore(participant=ana)
    exclude(participant=ana, reason="clicked through")
    ben = exclude(participant=recruit(study, "ben"), reason=f"sits beside {ids('ana')[0]}, {ana.code}")
    hand_out(participant=ana)
    erased = erase_identity(participant=ana)
    assert traces("ana") == [] and ana.code not in everything()
    lines = [act for act in Act.objects.filter(study=study) if "participant" in act.detail]
    assert all(erased.code not in str(act.detail) for act in lines)
    assert {act.detail["participant"] for act in lines} == {ben.code, "erased with the identity"}
    assert [act.detail["reason"] for act in lines if act.what == "excluded"] == [
        "erased with the identity",
        "clicked through",
        "erased with the identity",
    ]
    assert erased.exclusion_reason == "clicked through"


def test_a_purge_takes_ids_out_of_every_reason_and_leaves_codes(study: Study, ana: Participant) -> None:
    ben = exclude(participant=recruit(study, "ben"), reason=f"sits beside {ids('ana')[0]}")
    dan = exclude(participant=recruit(study, "dan"), reason="too fast")
    close_study(study=study)
    purge_ids(study=study)
    assert traces("ana") == traces("ben") == traces("dan") == []
    excluded = Act.objects.filter(study=study, what="excluded").order_by("pk")
    assert [act.detail for act in excluded] == [
        {"participant": ben.code, "reason": "erased with the identity"},
        {"participant": dan.code, "reason": "too fast"},
    ]


def test_erasing_twice_is_erasing_once(study: Study, ana: Participant) -> None:
    once = erase_identity(participant=ana)
    again = erase_identity(participant=ana)
    assert (again.code, again.identity_erased_at) == (once.code, once.identity_erased_at)
    assert Act.objects.filter(what__startswith="erased").count() == 1


def test_the_note_of_an_erased_persons_invitation_goes_and_its_link_admits_nobody_else(study: Study) -> None:
    theirs = Invitation.objects.create(study=study, note="Ana of the third row")
    others = Invitation.objects.create(study=study, note="Ben")
    ana = admit(study=study, entry=Entry(recruiter="invitation", person=theirs.code))
    assert held_on(ana)["invitation"]["note"] == "Ana of the third row"
    erase_identity(participant=ana)
    theirs.refresh_from_db()
    others.refresh_from_db()
    assert (theirs.note, theirs.revoked_at is None) == ("", False)
    assert (others.note, others.revoked_at) == ("Ben", None)


def test_after_a_purge_nothing_leads_to_anybody_of_the_study_and_another_is_untouched(
    study: Study, ana: Participant
) -> None:
    recruit(study, "ben")
    Invitation.objects.create(study=study, note="Cleo")
    other = open_for("other")
    answer(recruit(other, "dan"), count=2, comment=f"I am {ids('dan')[0]}.")
    before, untouched = numbers(study), held_on(Participant.objects.get(study=other))
    close_study(study=study)
    purged = purge_ids(study=study)
    assert (purged.people, purged.submissions, purged.notes) == (2, 2, 1)
    assert traces("ana") == traces("ben") == []
    assert "Cleo" not in everything()
    assert numbers(study) == before
    assert held_on(Participant.objects.get(study=other)) == untouched
    assert set(traces("dan")) == set(ids("dan"))
    assert Participant.objects.get(pk=ana.pk).code == ana.code
    study.refresh_from_db()
    assert study.ids_purged_at and holdings(study).ids == 0


def test_a_purge_again_finds_nothing_and_says_nothing_new(study: Study, ana: Participant) -> None:
    close_study(study=study)
    purge_ids(study=study)
    study.refresh_from_db()
    first, acts = study.ids_purged_at, Act.objects.count()
    assert not purge_ids(study=study)
    study.refresh_from_db()
    assert (study.ids_purged_at, Act.objects.count()) == (first, acts)


def test_ids_are_not_purged_while_people_may_come_back(study: Study, ana: Participant) -> None:
    with pytest.raises(StudyError, match="answers is open: close it first"):
        purge_ids(study=study)
    assert Recruitment.objects.exists()


def test_a_person_is_found_by_what_the_recruiter_calls_them_in_their_own_study(
    study: Study, ana: Participant
) -> None:
    assert find_person(study=study, external_id=f" {ids('ana')[0]} ") == ana
    assert find_person(study=study, external_id=ana.code) == ana
    assert find_person(study=study, external_id="somebody") is None
    assert find_person(study=open_for("other"), external_id=ids("ana")[0]) is None


def test_all_that_is_held_on_a_person_is_shown_in_clear(study: Study, ana: Participant) -> None:
    note_visit(participant=ana, entry=entry_of("ana", SESSION_ID="submission-2"))
    hear(
        recruiter="prolific", event="e1", external=ids("ana")[1], status="AWAITING REVIEW", at=timezone.now()
    )
    held = held_on(ana)
    assert json.loads(json.dumps(held, default=str))
    assert held["consent"]["text"] == "You may stop."
    assert [visit["SESSION_ID"] for visit in held["recruiter"]["visits"]] == [ids("ana")[1], "submission-2"]
    first, second = held["submissions"]
    assert (first["id"], first["status"]) == (ids("ana")[1], "AWAITING REVIEW")
    assert (second["id"], second["status"]) == ("submission-2", "")
    assert [row["comment"] for row in held["labels"]][1:] == ["remark 1", "remark 2"]
    assert all(row["submitted_at"] and row["value"] for row in held["labels"])
    assert held["survey"][0]["answer"] == ids("ana")[0]
    assert (held["checks"][0]["passed"], held["sessions"][0]["size"]) == (True, 4)


def test_nothing_of_who_they_were_is_shown_after_an_erasure(study: Study, ana: Participant) -> None:
    shown = json.dumps(held_on(erase_identity(participant=ana)), default=str)
    assert not any(external in shown for external in ids("ana"))
    assert len(json.loads(shown)["labels"]) == 3


@pytest.mark.django_db(transaction=True)
def test_an_erasure_a_notice_and_answers_at_once_wait_for_each_other() -> None:
    study, errors = make_study(labels_per_item=9, session_size=4), []
    make_items(study, 4)
    open_study(study=study)
    for turn in range(6):
        name = f"eve{turn}"
        person = recruit(study, name)
        session = start_session(participant=person)
        assert session
        tickets = [Ticket.for_slot(slot) for slot in session_slots(session=session)]
        begin = Barrier(3)

        def erase(person: Participant = person) -> None:
            erase_identity(participant=person)

        def tell(name: str = name) -> None:
            told = {"event": f"e-{name}", "external": ids(name)[1], "status": "RETURNED"}
            hear(recruiter="prolific", at=timezone.now(), **told)

        def label(person: Participant = person, tickets: list[Ticket] = tickets, name: str = name) -> None:
            given = Answer(value=3, comment=ids(name)[0])
            for ticket in tickets:
                with suppress(InvalidAnswer):
                    submit(participant=person, ticket=ticket, answer=given)

        def at_once(act: Callable[[], None], begin: Barrier = begin) -> None:
            try:
                begin.wait(timeout=30)
                act()
            except Exception as error:
                errors.append(error)
            finally:
                connection.close()

        threads = [Thread(target=at_once, args=(act,)) for act in (erase, tell, label)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert traces(name) == []
        assert not Slot.objects.filter(participant=person, filled=False).exists()
    assert errors == []


@pytest.mark.django_db(transaction=True)
def test_a_purge_notices_and_a_return_at_once_wait_for_each_other_and_leave_no_id() -> None:
    for turn in range(6):
        study = open_for(f"purged{turn}")
        name = f"kim{turn}"
        person, errors, begin = recruit(study, name), [], Barrier(3)
        for more in range(9):
            keep_submission(participant=person, recruiter="prolific", external=f"{name}-more-{more}")
        start_session(participant=person)
        close_study(study=study)

        def tell(name: str = name) -> None:
            for more in reversed(range(9)):
                told = {"event": f"{name}-{more}", "external": f"{name}-more-{more}", "status": "RETURNED"}
                hear(recruiter="prolific", at=timezone.now(), **told)

        def at_once(
            act: Callable[[], object], begin: Barrier = begin, errors: list[Exception] = errors
        ) -> None:
            try:
                begin.wait(timeout=30)
                act()
            except Exception as error:
                errors.append(error)
            finally:
                connection.close()

        def purge(study: Study = study) -> None:
            purge_ids(study=study)

        def comes(person: Participant = person, name: str = name) -> None:
            note_visit(participant=person, entry=entry_of(name, SESSION_ID=f"{name}-again"))

        threads = [Thread(target=at_once, args=(act,)) for act in (purge, tell, comes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert errors == []
        assert holdings(study).ids == 0
