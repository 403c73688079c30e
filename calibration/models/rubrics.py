"""Rubrics of one's own, each version as it was written."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Rubric(models.Model):
    """What a judge is told to look at: a version is never changed, a new one is written instead."""

    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField(default=1)
    # As `calibration.scorers.judges.rubrics.Rubric` reads it: its texts, criteria and scale.
    content = models.JSONField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_rubric_a_version"),
            models.CheckConstraint(condition=Q(version__gte=1), name="rubric_version_starts_at_1"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
