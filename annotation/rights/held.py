"""What is held on people: all of one person, and how much of a study's."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from cryptography.fernet import InvalidToken

from annotation.models import (
    CheckAnswer,
    Invitation,
    Label,
    Participant,
    Recruitment,
    Reply,
    Study,
    Submission,
)
from annotation.recruitment.entry import visits_of
from annotation.recruitment.submissions import external_id
from annotation.rights.consents import agreed_text
from generation.sealing import digests

WORD = re.compile(r"[\w-]+")
# Shorter ones stand in texts by chance.
SHORTEST_ID = 6


@dataclass(frozen=True)
class Ids:
    """What recruiters call one person, or several. A person's own id is known by its digest alone."""

    known: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    sources: frozenset[tuple[int, str]] = frozenset()  # of the digests: the study and the recruiter

    @classmethod
    def together(cls, several: Iterable["Ids"]) -> "Ids":
        rows = list(several)
        return cls(
            frozenset().union(*(one.known for one in rows)),
            frozenset().union(*(one.digests for one in rows)),
            frozenset().union(*(one.sources for one in rows)),
        )

    def are_in(self, text: str) -> bool:
        """Whether the text repeats one of the ids."""
        if not text:
            return False
        return any(known in text for known in self.known) or any(map(self._is_one, _words(text)))

    def _is_one(self, word: str) -> bool:
        return any(not self.digests.isdisjoint(digests(*source, word)) for source in self.sources)


def _words(text: str) -> set[str]:
    return {text.strip(), *text.split(), *WORD.findall(text)}


def recruitment_of(participant: Participant) -> Recruitment | None:
    return getattr(participant, "recruitment", None)


def ids_of(participant: Participant) -> Ids:
    """The ids by which a person's recruiter knows them."""
    recruitment = recruitment_of(participant)
    visits = visits_of(recruitment) if recruitment else []
    values = {value for visit in visits for value in visit.values()}
    values |= {_unsealed(submission) or "" for submission in participant.submissions.all()}
    known = frozenset(value for value in values if len(value) >= SHORTEST_ID)
    return replace(_person_id(recruitment), known=known) if recruitment else Ids(known)


def _person_id(recruitment: Recruitment) -> Ids:
    source = (recruitment.study_id, recruitment.recruiter)
    return Ids(digests=frozenset({recruitment.person_digest}), sources=frozenset({source}))


def invitation_of(participant: Participant) -> Invitation | None:
    """The invitation that somebody came by."""
    recruitment = recruitment_of(participant)
    if recruitment is None or recruitment.recruiter != Recruitment.Recruiter.INVITATION:
        return None
    ids = _person_id(recruitment)
    invitations = Invitation.objects.filter(study=recruitment.study_id)
    return next((invitation for invitation in invitations if ids.are_in(invitation.code)), None)


def _unsealed(submission: Submission) -> str | None:
    """The recruiter's id of a submission; None when its key is gone."""
    try:
        return external_id(submission)
    except InvalidToken:
        return None


def held_on(participant: Participant) -> dict[str, Any]:
    """All that is held on one person, in plain JSON; what a recruiter calls them is deciphered."""
    study, recruitment, invitation = (
        participant.study,
        recruitment_of(participant),
        invitation_of(participant),
    )
    return {
        "study": study.slug,
        "study_name": study.name,
        "code": participant.code,
        "first_seen": participant.created_at,
        "language": participant.language,
        "simulated": participant.simulated,
        "identity_erased_at": participant.identity_erased_at,
        "consent": participant.consented_at
        and {
            "version": participant.consent_version,
            "at": participant.consented_at,
            "text": agreed_text(participant),
        },
        "exclusion": participant.excluded_at
        and {"at": participant.excluded_at, "reason": participant.exclusion_reason},
        # The person's own id there is not kept, only what recognises it.
        "recruiter": recruitment
        and {
            "name": recruitment.recruiter,
            "person_digest": recruitment.person_digest,
            "visits": visits_of(recruitment),
        },
        "invitation": invitation and {"note": invitation.note, "made_at": invitation.created_at},
        "submissions": [
            {
                "recruiter": row.recruiter,
                "id": _unsealed(row),
                "status": row.status,
                "status_at": row.status_at,
                "first_seen": row.created_at,
            }
            for row in participant.submissions.order_by("pk")
        ],
        "sessions": list(
            participant.sessions.order_by("pk").values("id", "started_at", "ended_at", "outcome", "size")
        ),
        **_given(participant),
    }


def _given(participant: Participant) -> dict[str, Any]:
    """What the person answered: labels and their corrections, checks, comprehension, surveys."""
    answer = ("value", "cannot_judge", "comment", "active_seconds", "wall_seconds", "position", "swapped")
    labels = participant.labels.select_related("item__query").order_by("pk")
    checks = participant.check_answers.select_related("check_asked").order_by("pk")
    attempts = participant.comprehension_attempts.order_by("number")
    replies = participant.replies.select_related("question").order_by("pk")
    return {
        "labels": [
            {"item": row.item.external_id, "query": row.item.query.text, "session": row.session_id}
            | {name: getattr(row, name) for name in (*answer, "submitted_at", "status")}
            for row in labels
        ],
        "checks": [
            {"purpose": row.check_asked.purpose, "query": row.check_asked.query, "session": row.session_id}
            | {name: getattr(row, name) for name in (*answer, "passed", "changed_to", "answered_at")}
            for row in checks
        ],
        "comprehension": list(attempts.values("number", "answers", "passed", "attempted_at")),
        "survey": [
            {
                "question": row.question.name,
                "text": row.question.text,
                "answer": None if row.declined else row.value,
                "declined": row.declined,
                "at": row.replied_at,
            }
            for row in replies
        ],
    }


@dataclass(frozen=True)
class Holdings:
    """How much of people's own a study holds, by kind."""

    people: int
    recruited: int
    submissions: int
    notes: int
    replies: int
    comments: int
    erased: int

    @property
    def ids(self) -> int:
        """What a purge would remove."""
        return self.recruited + self.submissions + self.notes


def holdings(study: Study) -> Holdings:
    people = study.participants
    said = Label.objects.filter(item__study=study).exclude(comment="").count()
    beside = CheckAnswer.objects.filter(participant__study=study).exclude(comment="").count()
    return Holdings(
        people=people.count(),
        recruited=Recruitment.objects.filter(study=study).count(),
        submissions=Submission.objects.filter(participant__study=study).count(),
        notes=study.invitations.exclude(note="").count(),
        replies=Reply.objects.filter(participant__study=study).count(),
        comments=said + beside,
        erased=people.filter(identity_erased_at__isnull=False).count(),
    )
