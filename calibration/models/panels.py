"""Persona panels: described people, whom a judge model answers for."""

from django.conf import settings
from django.db import models

from annotation.models import Study


class Panel(models.Model):
    """A set of described people. Frozen: who was asked stays as it was."""

    name = models.SlugField(max_length=100, unique=True)
    # As `calibration.scorers.panels.personas` reads them.
    personas = models.JSONField()
    digest = models.CharField(max_length=64, editable=False)
    # Where they come from: a file's name, or the survey margins they were drawn from, with the seed.
    source = models.JSONField(default=dict, blank=True)
    # Whose margins; null where they were imported, and where that study is gone.
    study = models.ForeignKey(Study, on_delete=models.SET_NULL, null=True, blank=True, related_name="panels")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def size(self) -> int:
        """How many personas: no number of people."""
        return len(self.personas)
