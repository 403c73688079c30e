"""Audits, and each scorer's measurement in one."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.models import Study
from calibration.models.scores import Scorer

# What lists of audits need not read.
HEAVY = ("result", "labels")


class Audit(models.Model):
    """A frozen comparison of scorers with a study's labels: its specification and its result."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    class Preset(models.TextChoices):
        PAPER = "paper", "paper: the subsets of the paper and nothing else"
        STANDARD = "standard", "standard"
        FULL = "full", "full: every subset rule"

    class ClusterUnit(models.TextChoices):
        QUERY = "query", "queries"
        FORM = "form", "forms"
        ITEM = "item", "items"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="audits")
    scorers = models.ManyToManyField(Scorer, related_name="audits")
    preset = models.CharField(max_length=10, choices=Preset, default=Preset.STANDARD)
    seed = models.BigIntegerField(default=0)
    replicates = models.PositiveIntegerField(default=1000)
    epsilon = models.FloatField(default=0.2)
    # In steps of the scale: pairs whose mean label is surely nearer to the middle are equally good.
    margin = models.FloatField(default=0.5)
    # The share beyond which a scorer is confident of a pair.
    confident = models.FloatField(default=0.75)
    # What intervals resample; empty for what the study's design chooses.
    cluster_unit = models.CharField(max_length=5, choices=ClusterUnit, blank=True, default="")
    # Rules with their parameters; null for those of the preset.
    subsets = models.JSONField(null=True, blank=True)
    with_excluded = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    progress = models.FloatField(default=0.0)
    # When its worker last said that it is at it.
    heard_at = models.DateTimeField(null=True, blank=True)
    # The counts of labels that a finished audit read: see `frozen.py`.
    labels = models.BinaryField(null=True)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    data_hash = models.CharField(max_length=64, blank=True)
    version = models.CharField(max_length=40, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "finished", "failed", "cancelled"]),
                name="audit_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="finished")
                | (Q(result__isnull=False, finished_at__isnull=False, progress=1) & ~Q(data_hash="")),
                name="audit_finished_has_result",
            ),
            models.CheckConstraint(
                condition=Q(state="finished") | Q(result__isnull=True, labels__isnull=True),
                name="audit_unfinished_has_no_result",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error=""),
                name="audit_failed_says_why",
            ),
            models.CheckConstraint(
                condition=Q(progress__gte=0, progress__lte=1),
                name="audit_progress_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(preset__in=["paper", "standard", "full"]),
                name="audit_preset_is_known",
            ),
            models.CheckConstraint(
                condition=Q(cluster_unit__in=["", "query", "form", "item"]),
                name="audit_cluster_unit_is_known",
            ),
            models.CheckConstraint(
                condition=Q(seed__gte=0, replicates__gte=1, epsilon__gte=0, epsilon__lt=1)
                & Q(margin__gt=0, confident__gte=0.5, confident__lt=1),
                name="audit_asks_what_makes_sense",
            ),
        ]

    def __str__(self) -> str:
        return f"audit {self.pk} of {self.study_id}"


class Measurement(models.Model):
    """One scorer measured for one audit, and the scores that were read: stored when it is done.

    A worker that takes the audit up again, and an audit of the same with more scorers, need not measure
    it again: the key says of what, how and by which version it was made. See `measurements.py`.
    """

    audit = models.ForeignKey(Audit, on_delete=models.CASCADE, related_name="measurements")
    key = models.CharField(max_length=64, db_index=True)
    scorer = models.CharField(max_length=200)
    found = models.BinaryField()
    column = models.BinaryField()
    # When it was computed; a copy for another audit keeps it.
    measured_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["audit", "key"], name="measured_once_an_audit"),
        ]

    def __str__(self) -> str:
        return f"{self.scorer} in audit {self.audit_id}"
