"""People's rights: erase who somebody is, forget what recruiters call people, find a person by their id.

What people answered stays, under a code that leads to nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from annotation.allocation import stop_session
from annotation.log import GONE, forget, record
from annotation.models import (
    CheckAnswer,
    Label,
    Participant,
    Recruitment,
    Reply,
    Study,
    Submission,
    new_participant_code,
)
from annotation.recruitment.entry import LONGEST_ID, Entry, find
from annotation.rights.held import SHORTEST_ID, Ids, held_on, ids_of, invitation_of
from annotation.studies import StudyError
from generation.files import counted


@transaction.atomic
def erase_identity(
    *, participant: Participant, by: User | None = None, comments: bool = False
) -> Participant:
    """Keep a person's labels and forget who they are; a second time changes nothing.

    Their recruiter's ids, visits, submissions, the note of their invitation, their language and their
    replies to surveys go; a running session is stopped first. They get a new code, so that neither the card
    in their browser nor a list or an export made before leads to their labels: who comes back is a new
    person. Labels keep their values, times and places; comments go where they repeat one of the person's
    ids, and all of them when `comments` says so. Nothing else ever changes a row in Label. The log loses the
    old code, and reasons that repeat it or an id, or else a line would lead from one code to the other.
    """
    _lock(Submission.objects.filter(participant=participant))
    # The reasons of others may repeat an id of this person.
    _lock(participant.study.participants.filter(Q(pk=participant.pk) | ~Q(exclusion_reason="")))
    people = Participant.objects.filter(pk=participant.pk)
    person = people.select_related("study").select_for_update(of=("self",)).get()
    if person.identity_erased_at:
        return person
    for session in person.sessions.filter(ended_at__isnull=True):
        stop_session(session=session)
    ids = _with_code(ids_of(person), person.code)
    if invitation := invitation_of(person):
        invitation.note, invitation.revoked_at = "", invitation.revoked_at or timezone.now()
        invitation.save(update_fields=["note", "revoked_at"])
    _blank_comments(people, ids=None if comments else {person.pk: ids})
    Reply.objects.filter(participant=person).delete()
    Recruitment.objects.filter(participant=person).delete()
    Submission.objects.filter(participant=person).delete()
    forget(study=person.study, code=person.code, tells=ids.are_in)
    person.code, person.language, person.consent_language = new_participant_code(), "", ""
    person.identity_erased_at = timezone.now()
    person.save(update_fields=["code", "language", "consent_language", "identity_erased_at"])
    _drop_reasons(person.study, ids)
    # Without the code: the log would say which labels are theirs.
    record(person.study, "erased a person's identity", by=by, comments=comments)
    return people.select_related("study").get()


@dataclass(frozen=True)
class Purged:
    """How many people's recruiter ids, submissions and notes of invitations went."""

    people: int
    submissions: int
    notes: int

    def __bool__(self) -> bool:
        return bool(self.people or self.submissions or self.notes)

    def sentence(self) -> str:
        if not self:
            return "There was nothing to purge: no recruiter's id is held."
        return (
            f"Purged the recruiter's ids of {counted(self.people, 'people')}, "
            f"{counted(self.submissions, 'submissions')} and {counted(self.notes, 'notes')} of invitations."
        )


@transaction.atomic
def purge_ids(*, study: Study, by: User | None = None, who: str = "") -> Purged:
    """Forget what recruiters call the study's people, all of them; a second time finds nothing.

    Labels, codes and replies stay; comments and replies that repeat an id of their person do not.
    Invitations are revoked, as nothing tells any more which were used. Raises StudyError while people may
    still come: they would be taken for new ones.
    """
    _lock(Submission.objects.filter(participant__study=study))
    recruited = study.participants.filter(recruitment__isnull=False)
    _lock(recruited)
    study = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if study.state in (Study.State.OPEN, Study.State.PAUSED):
        raise StudyError(
            f"{study.slug} is {study.state}: close it first. Without their ids, people who come back would "
            "be taken for new ones."
        )
    found = recruited.select_related("recruitment").prefetch_related("submissions")
    ids = {person.pk: ids_of(person) for person in found}
    _blank_comments(recruited, ids=ids)
    _drop_replies(recruited, ids=ids)
    anybodys = Ids.together(ids.values())
    _drop_reasons(study, anybodys)
    forget(study=study, tells=anybodys.are_in)
    notes = study.invitations.exclude(note="").count()
    study.invitations.update(note="", revoked_at=Coalesce("revoked_at", Now()))
    submissions, _ = Submission.objects.filter(participant__study=study).delete()
    Recruitment.objects.filter(study=study).delete()
    purged = Purged(people=len(ids), submissions=submissions, notes=notes)
    if purged:
        study.ids_purged_at = timezone.now()
        study.save(update_fields=["ids_purged_at"])
        record(
            study, "purged recruiters' ids", by=by, who=who,
            people=len(ids), submissions=submissions, notes=notes,
        )  # fmt: skip
    return purged


def find_person(*, study: Study, external_id: str) -> Participant | None:
    """The participant whom a recruiter calls so; the id is looked up and stored nowhere."""
    wanted = external_id.strip()
    if not wanted or len(wanted) > LONGEST_ID:
        return None
    for recruiter in Recruitment.Recruiter.values:
        if person := find(study=study, entry=Entry(recruiter=recruiter, person=wanted)):
            return person
    return study.participants.filter(code=wanted).first()


@transaction.atomic
def hand_out(*, participant: Participant, by: User | None = None) -> dict[str, Any]:
    """All that is held on one person, to give to them; the log says that it was handed out."""
    record(participant.study, "exported what is held on a person", by=by, participant=participant.code)
    return held_on(participant)


def _with_code(ids: Ids, code: str) -> Ids:
    """The ids, and the code that goes with them; a file's may be so short that it is in texts by chance."""
    return replace(ids, known=ids.known | {code}) if len(code) >= SHORTEST_ID else ids


def _drop_reasons(study: Study, ids: Ids) -> None:
    """Reasons for leaving people out go where they repeat an id, be it another person's."""
    excluded = study.participants.exclude(exclusion_reason="").values_list("pk", "exclusion_reason")
    telling = [pk for pk, reason in excluded if ids.are_in(reason)]
    study.participants.filter(pk__in=telling).update(exclusion_reason=GONE)


def _lock(rows: QuerySet[Submission] | QuerySet[Participant]) -> None:
    """Submissions first, then people: the order of locks, see `submissions.py`."""
    list(rows.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", flat=True))


def _blank_comments(people: QuerySet[Participant], *, ids: Mapping[int, Ids] | None) -> None:
    """Blank the people's comments, those that repeat one of the `ids` of who wrote them, or all of them."""
    for answers in (Label.objects.all(), CheckAnswer.objects.all()):
        said = answers.filter(participant__in=people).exclude(comment="")
        rows = said.values_list("pk", "participant_id", "comment").iterator()
        telling = [pk for pk, person, comment in rows if ids is None or ids[person].are_in(comment)]
        answers.filter(pk__in=telling).update(comment="")
    for check in CheckAnswer.objects.filter(participant__in=people).exclude(changed_to={}):
        if ids is None or ids[check.participant_id].are_in(check.changed_to.get("comment", "")):
            check.changed_to["comment"] = ""
            check.save(update_fields=["changed_to"])


def _drop_replies(people: QuerySet[Participant], *, ids: Mapping[int, Ids]) -> None:
    """Delete the replies to surveys that repeat an id of who gave them: studies like to ask for it."""
    replies = Reply.objects.filter(participant__in=people, declined=False)
    rows = replies.values_list("pk", "participant_id", "value").iterator()
    Reply.objects.filter(pk__in=[pk for pk, person, value in rows if ids[person].are_in(value)]).delete()
