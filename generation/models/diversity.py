"""Measures of what models say, as they were found once."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from generation.models.encoders import Encoder
from generation.models.texts import Collection


class DiversityReport(models.Model):
    """How different the responses to a collection's queries are: what was asked, and the frozen result."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"
        FAILED = "failed", "failed"

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="diversity_reports")
    # Null where texts alone are measured.
    encoder = models.ForeignKey(
        Encoder, on_delete=models.PROTECT, null=True, blank=True, related_name="diversity_reports"
    )
    # Everything that decides what is measured: models, conditions, replicates, the seed.
    specification = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    progress = models.FloatField(default=0.0)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    # Of the responses and vectors that were read.
    data_hash = models.CharField(max_length=64, blank=True)
    version = models.CharField(max_length=40, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    heard_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "finished", "failed"]),
                name="diversity_report_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="finished")
                | (Q(result__isnull=False, finished_at__isnull=False) & ~Q(data_hash="")),
                name="diversity_report_finished_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error=""), name="diversity_report_failed_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"diversity of {self.collection_id}"
