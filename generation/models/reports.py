"""Reports: what was asked about data that stand here, and what was found, frozen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from generation.reports import Measurer

# So long a worker that lives is never silent about a report: a partition takes seconds.
LOST_AFTER = timedelta(minutes=5)


class AbstractReport(models.Model):
    """A question asked of stored data once: its specification, and the result with what it rests on."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"
        FAILED = "failed", "failed"

    # The fields that say what it is about, beside the specification.
    about: ClassVar[tuple[str, ...]] = ()

    # Everything that decides what is measured, such as models, replicates, the seed.
    specification = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    progress = models.FloatField(default=0.0)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    # Of all data that were read.
    data_hash = models.CharField(max_length=64, blank=True)
    version = models.CharField(max_length=40, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    heard_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "finished", "failed"]),
                name="%(class)s_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="finished")
                | (Q(result__isnull=False, finished_at__isnull=False) & ~Q(data_hash="")),
                name="%(class)s_finished_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error=""), name="%(class)s_failed_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_lost(self) -> bool:
        """Whether what measured it was killed, as far as one can tell: for long nothing was heard of it."""
        silent = self.heard_at is None or self.heard_at < timezone.now() - LOST_AFTER
        return self.state == self.State.RUNNING and silent

    @property
    def label(self) -> str:
        """What names the report among those of all apps."""
        return f"{self._meta.label_lower}.{self.pk}"

    if TYPE_CHECKING:

        @property
        def measurer(self) -> Measurer[Any]:
            """What reads its data and answers it."""
