"""What recruiters call people, kept apart from the opaque code: ids, submissions, notices, invitations."""

from django.db import models
from django.db.models import Q

from annotation.models.people import Participant
from annotation.models.studies import Study, new_code


def new_invitation() -> str:
    return new_code(20)


class Recruitment(models.Model):
    """Who a participant is to the recruiter, kept apart from the opaque code.

    `person_digest` (keyed) finds a person who comes back; `sealed` holds the entry parameters, encrypted.
    """

    class Recruiter(models.TextChoices):
        PROLIFIC = "prolific", "Prolific"
        MTURK = "mturk", "Mechanical Turk"
        PANEL = "panel", "another panel"
        INVITATION = "invitation", "an invitation"

    participant = models.OneToOneField(Participant, on_delete=models.CASCADE, related_name="recruitment")
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="+", db_index=False)
    recruiter = models.CharField(max_length=20, choices=Recruiter)
    person_digest = models.CharField(max_length=64)
    sealed = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "recruiter", "person_digest"], name="one_participant_a_recruited_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recruiter} {self.person_digest[:8]}"


class Submission(models.Model):
    """One piece of paid work as the recruiter counts it, and where it stands there.

    `digest` (keyed) finds it when the recruiter tells of it; `sealed` holds its id, encrypted. Nobody's
    while the recruiter has told of it and its person has not come here yet.
    """

    class Status(models.TextChoices):
        UNKNOWN = "", "not told"
        RESERVED = "RESERVED", "reserved"
        ACTIVE = "ACTIVE", "active"
        TIMED_OUT = "TIMED-OUT", "timed out"
        AWAITING_REVIEW = "AWAITING REVIEW", "awaiting review"
        APPROVED = "APPROVED", "approved"
        RETURNED = "RETURNED", "returned"
        REJECTED = "REJECTED", "rejected"
        SCREENED_OUT = "SCREENED OUT", "screened out"

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, null=True, related_name="submissions"
    )
    recruiter = models.CharField(max_length=20, choices=Recruitment.Recruiter)
    digest = models.CharField(max_length=64)
    sealed = models.TextField(blank=True)
    status = models.CharField(max_length=20, choices=Status, blank=True)
    status_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recruiter", "digest"], name="submission_once_a_recruiter"),
            models.CheckConstraint(
                condition=Q(participant__isnull=False) | Q(sealed=""),
                name="submission_of_nobody_has_no_id",
            ),
            models.CheckConstraint(
                condition=Q(status="", status_at__isnull=True) | (~Q(status="") & Q(status_at__isnull=False)),
                name="submission_status_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recruiter} {self.digest[:8]}"


class Notice(models.Model):
    """A recruiter's notice that was acted on, so that its repeat is not."""

    recruiter = models.CharField(max_length=20, choices=Recruitment.Recruiter)
    event = models.CharField(max_length=200)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recruiter", "event"], name="notice_once_a_recruiter"),
        ]

    def __str__(self) -> str:
        return f"{self.recruiter} {self.event}"


class Invitation(models.Model):
    """A link for one person; whoever opens it first is that person."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invitations")
    code = models.CharField(max_length=40, unique=True, default=new_invitation)
    note = models.CharField(max_length=200, blank=True, help_text="Whom it is for; only you see it.")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.note or f"invitation {self.pk}"
