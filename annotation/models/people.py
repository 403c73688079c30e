"""Who labels: participants, what they agreed to, and their sessions."""

from django.db import models
from django.db.models import F, Q

from annotation.models.studies import Study, new_code


def new_participant_code() -> str:
    return new_code(10)


class Participant(models.Model):
    """One person in one study, known by an opaque code."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="participants", db_index=False)
    code = models.CharField(max_length=200, default=new_participant_code)
    consented_at = models.DateTimeField(null=True, blank=True)
    consent_version = models.PositiveIntegerField(null=True, blank=True)
    # In which they read what they agreed to: `language` may change after it.
    consent_language = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=10, blank=True)
    simulated = models.BooleanField(default=False)
    excluded_at = models.DateTimeField(null=True, blank=True)
    exclusion_reason = models.TextField(blank=True)
    identity_erased_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="participant_code_once_a_study"),
            models.CheckConstraint(
                condition=Q(consented_at__isnull=True, consent_version__isnull=True)
                | Q(consented_at__isnull=False, consent_version__isnull=False),
                name="consent_has_time_and_version",
            ),
            models.CheckConstraint(
                condition=Q(excluded_at__isnull=True, exclusion_reason="")
                | (Q(excluded_at__isnull=False) & ~Q(exclusion_reason="")),
                name="exclusion_reason_of_the_excluded",
            ),
        ]
        indexes = [models.Index(fields=["study", "created_at"], name="participant_by_time")]

    def __str__(self) -> str:
        return self.code


class ConsentText(models.Model):
    """A consent text that somebody agreed to, as it read then: the study's own may change."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="consent_texts", db_index=False)
    version = models.PositiveIntegerField()
    language = models.CharField(max_length=10)
    text = models.TextField(blank=True)
    kept_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "version", "language"], name="one_consent_text_a_version_and_language"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.version}, {self.language}"


class Session(models.Model):
    """One person's sitting: the slots leased together."""

    class Outcome(models.TextChoices):
        COMPLETED = "completed", "completed"
        STOPPED = "stopped", "stopped early"
        EXPIRED = "expired", "the time ran out, and others did the rest"
        SCREENED = "screened", "screened out after failed checks"
        RETURNED = "returned", "returned to the recruiter"
        EXCLUDED = "excluded", "ended when the person was excluded"

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="sessions")
    size = models.PositiveIntegerField(help_text="How many items were leased when it started.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(ended_at__isnull=True),
                name="one_running_session_a_person",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="session_ended_has_outcome",
            ),
            models.CheckConstraint(condition=Q(size__gte=1), name="session_has_an_item"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="session_ends_after_it_started",
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.pk}"
