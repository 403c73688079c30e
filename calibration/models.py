"""Whether scorers know: scorers, their scores and audits."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.models import Item, Study
from generation.models import Response


class Scorer(models.Model):
    """A reward model, LM judge, perplexity model or metric."""

    class Family(models.TextChoices):
        REWARD_MODEL = "reward_model", "reward model"
        LM_JUDGE = "lm_judge", "LM judge"
        PERPLEXITY = "perplexity", "perplexity (lower is better)"
        OTHER = "other", "other"

    name = models.CharField(max_length=200, unique=True)
    family = models.CharField(max_length=20, choices=Family, default=Family.OTHER)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def sign(self) -> int:
        """-1 where a lower number is better."""
        return -1 if self.family == self.Family.PERPLEXITY else 1


class Score(models.Model):
    """A scorer's number, distribution over the scale, or votes, for a response or an item of a study.

    Stored as it was given: perplexities are not negated, votes are not averaged.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="scores")
    scorer = models.ForeignKey(Scorer, on_delete=models.CASCADE, related_name="scores")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, null=True, related_name="+")
    response = models.ForeignKey(Response, on_delete=models.CASCADE, null=True, related_name="+")
    value = models.FloatField(null=True)
    distribution = models.JSONField(null=True)
    votes = models.JSONField(null=True)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scorer", "item"], condition=Q(item__isnull=False), name="one_score_an_item"
            ),
            models.UniqueConstraint(
                fields=["study", "scorer", "response"],
                condition=Q(response__isnull=False),
                name="one_score_a_response_and_study",
            ),
            models.CheckConstraint(
                condition=Q(item__isnull=True, response__isnull=False)
                | Q(item__isnull=False, response__isnull=True),
                name="score_of_an_item_or_a_response",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False, distribution__isnull=True, votes__isnull=True)
                | Q(value__isnull=True, distribution__isnull=False, votes__isnull=True)
                | Q(value__isnull=True, distribution__isnull=True, votes__isnull=False),
                name="score_is_number_distribution_or_votes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scorer_id}: {self.value}"


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


class Plan(models.Model):
    """How many items, people and labels a study would take: what was asked, and what simulation found."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"
        FAILED = "failed", "failed"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="plans")
    # Whose labels the simulated people are like.
    pilot = models.ForeignKey(Study, on_delete=models.SET_NULL, null=True, blank=True, related_name="plans")
    specification = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    progress = models.FloatField(default=0.0)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="finished") | Q(result__isnull=False, finished_at__isnull=False),
                name="plan_finished_has_result",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error=""),
                name="plan_failed_says_why",
            ),
            models.CheckConstraint(
                condition=Q(progress__gte=0, progress__lte=1),
                name="plan_progress_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return f"plan {self.pk} by {self.owner_id}"

    @property
    def goal(self) -> str:
        return str(self.specification["goal"])
