"""Invitations: one person each, on any device, until they are revoked."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.allocation import sessions_left, start_session, stop_session
from annotation.models import Act, Invitation, Participant, Study
from annotation.recruitment.entry import Entry, InvalidEntry, WrongInvitation, admit, find, way_back
from annotation.recruitment.invitations import invitations_of, invite, revoke
from annotation.studies import StudyError
from tests.visitor import Visitor, opened

pytestmark = pytest.mark.django_db


def invited(**fields: object) -> Study:
    return opened(recruiters=["invitation"], **fields)  # type: ignore[arg-type]


def entry_of(study: Study, invitation: Invitation) -> Entry:
    return Entry.from_parameters({"invitation": invitation.code}, study=study)


def come(study: Study, invitation: Invitation) -> Participant:
    entry = entry_of(study, invitation)
    entry.check(study=study, known=find(study=study, entry=entry) is not None)
    return admit(study=study, entry=entry)


def test_each_invitation_is_one_person_whatever_device_opens_it() -> None:
    study = invited()
    ann, bob = invite(study=study, notes=["Ann", "Bob"])
    phone, laptop = Visitor(study, invitation=ann.code), Visitor(study, invitation=ann.code)
    phone.start()
    phone.send(label=4)
    laptop.enter()
    assert laptop.here == "/s/answers/task/2/"
    assert Participant.objects.count() == 1
    come(study, bob)
    assert Participant.objects.count() == 2


def test_codes_differ_and_cannot_be_guessed() -> None:
    codes = {invitation.code for invitation in invite(study=invited(), notes=[""] * 200)}
    assert len(codes) == 200 and {len(code) for code in codes} == {20}


@pytest.mark.parametrize("code", ["WRONG", "A" * 20, "\x00", "é", "x" * 200])
def test_a_code_that_invites_nobody_is_refused_kindly(code: str) -> None:
    study = invited()
    invite(study=study, notes=["Ann"])
    with pytest.raises(WrongInvitation):
        Entry.from_parameters({"invitation": code}, study=study).check(study=study, known=False)
    page = Visitor(study, invitation=code).enter()
    assert page.status_code == 400 and "This invitation is not valid" in page.content.decode()
    assert not Participant.objects.exists()


def test_an_invitation_of_another_study_opens_nothing() -> None:
    other = opened("other", recruiters=["invitation"])
    code = invite(study=other, notes=["Ann"])[0].code
    assert Visitor(invited(), invitation=code).enter().status_code == 400


def test_a_study_that_does_not_invite_takes_no_invitation() -> None:
    study = opened(recruiters=["open"])
    entry = entry_of(study, invite(study=study, notes=["Ann"])[0])
    with pytest.raises(InvalidEntry):
        entry.check(study=study, known=False)


def test_a_revoked_link_opens_nothing_and_who_is_inside_may_finish() -> None:
    study = invited(items=2)
    invitation = invite(study=study, notes=["Ann"])[0]
    person = Visitor(study, invitation=invitation.code)
    person.start()
    for _ in range(2):
        revoke(invitation=invitation)
    assert Visitor(study, invitation=invitation.code).enter().status_code == 400
    person.send(label=4)
    person.send(label=5)
    assert study.completion_code in person.text
    assert Act.objects.filter(what="revoked an invitation").count() == 1


def test_the_list_says_what_became_of_each_in_few_queries() -> None:
    study = invited()
    unused, entered, finished, revoked = invite(study=study, notes=["a", "b", "c", "d"])
    come(study, entered)
    session = start_session(participant=come(study, finished))
    assert session
    stop_session(session=session)
    revoke(invitation=revoked)
    with CaptureQueriesContext(connection) as queries:
        rows = invitations_of(study)
    assert [row["state"] for row in rows] == ["unused", "entered", "finished", "revoked"]
    assert len(queries) == 2
    assert unused.note == "a"


def test_an_invited_person_has_as_many_sessions_as_the_study_allows_and_no_recruiter_to_go_back_to() -> None:
    study = invited(sessions_per_person=3)
    person = come(study, invite(study=study, notes=["Ann"])[0])
    assert sessions_left(participant=person) == 3
    back = way_back(participant=person, code="CODE")
    assert (back.code, back.link, back.recruiter) == ("CODE", "", "")


def test_too_many_and_too_long_are_refused_and_nothing_is_made() -> None:
    study = invited()
    for notes in ([], [""] * 5_001, ["ok", "x" * 201]):
        with pytest.raises(StudyError):
            invite(study=study, notes=notes)
    assert not Invitation.objects.exists()
