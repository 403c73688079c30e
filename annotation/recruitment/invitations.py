"""Invitations: a link for one person. Whoever opens it first is that person, on any device."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from annotation.log import record
from annotation.models import Invitation, Recruitment, Session, Study
from annotation.studies import StudyError
from generation.sealing import digests

MOST = 5_000  # a study
LONGEST_NOTE = 200
INVITATION = Recruitment.Recruiter.INVITATION.value


@transaction.atomic
def invite(*, study: Study, notes: Sequence[str], by: User | None = None) -> list[Invitation]:
    """Make an invitation for each note, which only the study's members see. Raises StudyError."""
    if not notes:
        raise StudyError("Say how many invitations, or write a line for each.")
    if len(notes) + study.invitations.count() > MOST:
        raise StudyError(f"A study has {MOST:,} invitations at most.")
    long = next((note for note in notes if len(note) > LONGEST_NOTE), None)
    if long:
        raise StudyError(f"A note has {LONGEST_NOTE} characters at most; this is longer: {long[:40]}…")
    made = Invitation.objects.bulk_create([Invitation(study=study, note=note) for note in notes])
    record(study, "invited people", by=by, invitations=len(made))
    return made


@transaction.atomic
def revoke(*, invitation: Invitation, by: User | None = None) -> None:
    """Let the link open nothing any more; who is inside with it may finish on their device."""
    open_yet = Invitation.objects.filter(pk=invitation.pk, revoked_at__isnull=True)
    if open_yet.update(revoked_at=timezone.now()):
        record(invitation.study, "revoked an invitation", by=by, invitation=invitation.pk)


def is_invited(*, study: Study, code: str) -> bool:
    # No database is asked for what no code could be.
    return code.isalnum() and study.invitations.filter(code=code, revoked_at__isnull=True).exists()


def invitations_of(study: Study) -> list[dict[str, Any]]:
    """Each invitation with what became of it: unused, entered, finished or revoked."""
    done = Session.objects.filter(participant=OuterRef("participant"), ended_at__isnull=False)
    came = Recruitment.objects.filter(study=study, recruiter=INVITATION).annotate(finished=Exists(done))
    finished = dict(came.values_list("person_digest", "finished"))
    rows = []
    for invitation in study.invitations.all():
        known = [finished[key] for key in digests(study.pk, INVITATION, invitation.code) if key in finished]
        state = "revoked" if invitation.revoked_at else ""
        state = state or ("finished" if any(known) else "entered" if known else "unused")
        rows.append({"invitation": invitation, "state": state, "came": bool(known)})
    return rows
