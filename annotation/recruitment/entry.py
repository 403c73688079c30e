"""Who sends a person: what a recruiter's link carries, how a person is found again, and the way back.

A recruiter's ids stay out of sight: a keyed digest finds the person, and the visits are kept encrypted.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from urllib.parse import urlencode

from cryptography.fernet import InvalidToken, MultiFernet
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.allocation import has_returned
from annotation.models import Participant, Recruitment, Study, new_participant_code
from annotation.recruitment.invitations import is_invited
from annotation.recruitment.panels import CODE, return_address
from annotation.recruitment.submissions import is_returned, keep_submission
from annotation.rights.consents import keep_consent
from generation.sealing import digests, fernet

Recruiter = Recruitment.Recruiter
# The first parameter names the person.
PARAMETERS = {
    Recruiter.PROLIFIC: ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID"),
    Recruiter.MTURK: ("workerId", "assignmentId", "hitId", "turkSubmitTo"),
    Recruiter.INVITATION: ("invitation",),
}
# The parameter that names the submission.
SUBMISSION = {Recruiter.PROLIFIC.value: "SESSION_ID", Recruiter.MTURK.value: "assignmentId"}
OPEN = "open"  # the way in without a recruiter
PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"
PLACEHOLDER = frozenset("{}[]<>$%")
LONGEST_ID = 200
LONGEST_VALUE = 500
VISITS_KEPT = 20
PROLIFIC_EXIT = "https://app.prolific.com/submissions/complete"
MTURK_HOSTS = ("https://www.mturk.com", "https://workersandbox.mturk.com")
MTURK_FRAMES = ("https://worker.mturk.com", "https://workersandbox.mturk.com")


class InvalidEntry(Exception):
    """A link that cannot be followed; the message is for the person who followed it."""


class WrongInvitation(InvalidEntry):
    """A code that invites nobody: mistyped, revoked, or guessed."""


@dataclass(frozen=True)
class Entry:
    """One arrival at a study's door: by a recruiter's link, or by the open one (`recruiter` is empty).

    `code` becomes the participant's code if they are new, so agreeing twice makes one participant.
    """

    recruiter: str = ""
    person: str = ""
    visit: dict[str, str] = field(default_factory=dict)
    preview: bool = False
    code: str = field(default_factory=new_participant_code)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str], *, study: Study) -> "Entry":
        """Read the parameters of a study's address. Raises InvalidEntry."""
        for recruiter, (person_name, *names) in _parameters(study).items():
            person = parameters.get(person_name, "").strip()
            visit = {name: parameters[name].strip()[:LONGEST_VALUE] for name in names if name in parameters}
            if len(person) > LONGEST_ID:
                raise InvalidEntry(_("The link is damaged. Go back to where you found it and open it again."))
            if person or "assignmentId" in visit:
                # A link tried out by its maker has the recruiter's placeholder in it: nobody is there yet.
                unknown = not person or bool(PLACEHOLDER & set(person))
                preview = unknown or visit.get("assignmentId") == PREVIEW
                if recruiter == Recruiter.PANEL:
                    visit[person_name] = person  # the way back may want it
                return cls(recruiter=recruiter.value, person=person, visit=visit, preview=preview)
        return cls()

    def check(self, *, study: Study, known: bool) -> None:
        """Whether this is one of the study's ways in. Who is known goes on where they were.

        Raises InvalidEntry, and WrongInvitation here alone.
        """
        if self.recruiter == Recruiter.INVITATION and not is_invited(study=study, code=self.person):
            raise WrongInvitation(_("This invitation is not valid. Ask who sent it to you for another."))
        if known or (self.recruiter or OPEN) in study.recruiters:
            return
        if self.recruiter:
            raise InvalidEntry(_("This study is not open to people who come by this link."))
        raise InvalidEntry(
            _("Open this study by the link that you were given: this address lacks a part of it.")
        )

    def seal(self, *, study: Study) -> str:
        """The entry as encrypted text, for the form of the study's present consent page."""
        return _on_consent(study).encrypt(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def unseal(cls, text: str, *, study: Study) -> "Entry":
        """Raises InvalidEntry when the text is not ours, another study's, or of a consent that changed."""
        try:
            return cls(**json.loads(_on_consent(study).decrypt(text.encode())))
        except (InvalidToken, TypeError) as error:  # not ours, or of an older release
            raise InvalidEntry(_("This page is not valid any more. Open the study's link again.")) from error


def find(*, study: Study, entry: Entry) -> Participant | None:
    """The participant that this entry belongs to, when they have been here before."""
    people = Participant.objects.select_related("study").filter(study=study)
    if entry.recruiter:
        return people.filter(
            recruitment__study=study,
            recruitment__recruiter=entry.recruiter,
            recruitment__person_digest__in=_digests(study, entry),
        ).first()
    return people.filter(code=entry.code).first()


def admit(
    *, study: Study, entry: Entry, participant: Participant | None = None, language: str = ""
) -> Participant:
    """Record that a person consents to the study's current text, as they read it in a language.

    A new person becomes a participant.
    """
    known = participant or find(study=study, entry=entry) or _create(study, entry)
    _keep_submission(known, entry)
    if known.consent_version != study.consent_version:
        keep_consent(study=study)
        known.consented_at, known.consent_version = timezone.now(), study.consent_version
        known.language = known.consent_language = language or study.language
        known.save(update_fields=["consented_at", "consent_version", "consent_language", "language"])
    return known


def _create(study: Study, entry: Entry) -> Participant:
    try:
        with transaction.atomic():
            participant = Participant.objects.create(study=study, code=entry.code)
            if entry.recruiter:
                Recruitment.objects.create(
                    participant=participant,
                    study=study,
                    recruiter=entry.recruiter,
                    person_digest=_digests(study, entry)[0],
                    sealed=_seal([entry.visit]),
                )
            return participant
    except IntegrityError:
        # The same person's other tab was quicker; the constraints let only one of the two in.
        participant_there = find(study=study, entry=entry)
        if participant_there is None:
            raise
        return participant_there


def given_back(*, entry: Entry, known: Participant | None) -> bool:
    """Whether the recruiter says that the person gave this work back, and they have no other since."""
    if known:
        return has_returned(known)
    return is_returned(recruiter=entry.recruiter, external=_submission(entry))


@transaction.atomic
def note_visit(*, participant: Participant, entry: Entry) -> None:
    """Keep the parameters of a return: a recruiter may have opened a new submission for the person."""
    _keep_submission(participant, entry)
    recruitment = Recruitment.objects.select_for_update().filter(participant=participant).first()
    if recruitment is None:  # erased or purged while they came
        return
    visits = visits_of(recruitment)
    if not visits or visits[-1] != entry.visit:
        recruitment.sealed = _seal([*visits, entry.visit][-VISITS_KEPT:])
        recruitment.save(update_fields=["sealed"])


def visits_of(recruitment: Recruitment) -> list[dict[str, str]]:
    """The parameters of each visit, oldest first; empty when their key is gone."""
    try:
        visits: list[dict[str, str]] = json.loads(fernet("visits").decrypt(recruitment.sealed))
    except InvalidToken:
        return []
    return visits


@dataclass(frozen=True)
class WayBack:
    """How a person hands their code to the recruiter: by a link, by a form, or by hand."""

    code: str
    recruiter: str = ""
    link: str = ""
    form_action: str = ""
    assignment: str = ""


def way_back(*, participant: Participant, code: str) -> WayBack:
    recruitment = Recruitment.objects.filter(participant=participant).first()
    if recruitment is None or recruitment.recruiter == Recruiter.INVITATION:
        return WayBack(code)
    known = WayBack(code, recruitment.recruiter)
    if recruitment.recruiter == Recruiter.PROLIFIC:
        return replace(known, link=f"{PROLIFIC_EXIT}?{urlencode({'cc': code})}")
    visit = (visits_of(recruitment) or [{}])[-1]
    if recruitment.recruiter == Recruiter.PANEL:
        values = {**visit, CODE: code}
        return replace(known, link=return_address(participant.study.panel.get("return_url", ""), values))
    host = visit.get("turkSubmitTo", "").rstrip("/")
    if host not in MTURK_HOSTS or not visit.get("assignmentId"):
        return known
    return replace(known, form_action=f"{host}/mturk/externalSubmit", assignment=visit["assignmentId"])


def _parameters(study: Study) -> dict[Recruitment.Recruiter, tuple[str, ...]]:
    """Each recruiter's parameters, the one that names the person first."""
    panel = study.panel
    return PARAMETERS | ({Recruiter.PANEL: (panel["person"], *panel["visit"])} if panel else {})


def _submission(entry: Entry) -> str:
    return entry.visit.get(SUBMISSION.get(entry.recruiter, ""), "")


def _keep_submission(participant: Participant, entry: Entry) -> None:
    if external := _submission(entry):
        keep_submission(participant=participant, recruiter=entry.recruiter, external=external)


def _on_consent(study: Study) -> MultiFernet:
    # Nobody agrees to a text by the page of another.
    return fernet(f"entry {study.pk} {study.consent_version}")


def _digests(study: Study, entry: Entry) -> list[str]:
    """The person's digest with each key, the present one first."""
    # The study is part of it: one person's rows in two studies cannot be matched.
    return digests(study.pk, entry.recruiter, entry.person)


def _seal(visits: list[dict[str, str]]) -> str:
    return fernet("visits").encrypt(json.dumps(visits).encode()).decode()
