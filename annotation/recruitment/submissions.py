"""What a recruiter says of a person's paid work: returned and timed-out submissions give their slots back.

Locks are taken in the order that `allocation.py` names.
"""

from datetime import datetime

from django.db import models, transaction

from annotation.allocation import end_leases, stop_session
from annotation.log import RECRUITER, record
from annotation.models import Notice, Participant, Recruitment, Session, Submission
from generation.sealing import digests, fernet

Status = Submission.Status
# Of two notices of one second, the one that is further on holds.
FURTHER_ON = {status: place for place, status in enumerate(Status.values)}


@transaction.atomic
def keep_submission(*, participant: Participant, recruiter: str, external: str) -> None:
    """Note that a person came with this submission, and act on what the recruiter told of it before.

    A submission that somebody else came with stays theirs.
    """
    if _rows(recruiter, external).filter(participant=participant).exists():
        return
    submission = _locked(recruiter, external)
    if submission.participant_id is not None:
        return
    Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    if not Recruitment.objects.filter(participant=participant).exists():  # erased or purged while they came
        return
    submission.participant = participant
    submission.sealed = fernet("submission").encrypt(external.encode()).decode()
    submission.save(update_fields=["participant", "sealed"])
    _act(submission)


@transaction.atomic
def hear(*, recruiter: str, event: str, external: str, status: str, at: datetime) -> bool:
    """Take in a notice, once; False for its repeat.

    RETURNED ends the running session and frees what it has not answered. TIMED-OUT lets others have it, but
    what nobody takes may still be finished. Any other status leaves the slots alone. An older notice that
    comes late changes nothing, and one about a submission that nobody came with yet is kept.
    """
    _, new = Notice.objects.get_or_create(recruiter=recruiter, event=event)
    if not new:
        return False
    submission = _locked(recruiter, external)
    known = submission.status_at
    if known and (at, FURTHER_ON[status]) <= (known, FURTHER_ON[submission.status]):
        return True
    submission.status, submission.status_at = status, at
    submission.save(update_fields=["status", "status_at"])
    _act(submission)
    return True


def is_returned(*, recruiter: str, external: str) -> bool:
    return _rows(recruiter, external).filter(status=Status.RETURNED).exists()


def external_id(submission: Submission) -> str:
    """The recruiter's own id of a submission that somebody came with. Raises InvalidToken without its key."""
    return fernet("submission").decrypt(submission.sealed).decode()


def find_submissions(*, recruiter: str, externals: list[str]) -> dict[str, Submission]:
    """The submissions that people came with, by the recruiter's ids."""
    ids = {digest: external for external in externals for digest in _digests(recruiter, external)}
    rows = Submission.objects.filter(recruiter=recruiter, participant__isnull=False)
    rows = rows.select_related("participant__study")
    found: dict[str, Submission] = {}
    digest_list = list(ids)
    for start in range(0, len(digest_list), 500):
        for row in rows.filter(digest__in=digest_list[start : start + 500]):
            found[ids[row.digest]] = row
    return found


def _act(submission: Submission) -> None:
    """Free what a returned or timed-out submission holds, if its person did not come with another since."""
    if submission.participant_id is None or submission.status not in (Status.RETURNED, Status.TIMED_OUT):
        return
    people = Participant.objects.select_related("study").select_for_update(of=("self",), no_key=True)
    participant = people.get(pk=submission.participant_id)
    session = participant.sessions.filter(ended_at__isnull=True).first()
    if session is None or participant.submissions.filter(pk__gt=submission.pk).exists():
        return
    if submission.status == Status.RETURNED:
        stop_session(session=session, outcome=Session.Outcome.RETURNED)
    else:
        end_leases(session=session)
    what = f"told that a submission is {submission.get_status_display()}"
    record(participant.study, what, who=RECRUITER, participant=participant.code)


def _locked(recruiter: str, external: str) -> Submission:
    """The submission's row under its lock; made where it is new."""
    while True:  # an erasure may delete the row that this waits for
        if not _rows(recruiter, external).exists():
            Submission.objects.get_or_create(recruiter=recruiter, digest=_digests(recruiter, external)[0])
        if locked := _rows(recruiter, external).select_for_update().order_by("pk").first():
            return locked


def _rows(recruiter: str, external: str) -> models.QuerySet[Submission]:
    return Submission.objects.filter(recruiter=recruiter, digest__in=_digests(recruiter, external))


def _digests(recruiter: str, external: str) -> list[str]:
    return digests("submission", recruiter, external)
