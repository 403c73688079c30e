"""Whether scorers know: scorers, their scores and audits."""

from django.conf import settings
from django.db import models
from django.db.models import Q

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


class Audit(models.Model):
    """A frozen comparison of scorers with a study's labels: its specification and its result."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"
        FAILED = "failed", "failed"

    class Preset(models.TextChoices):
        PAPER = "paper", "paper: the subsets of the paper and nothing else"
        STANDARD = "standard", "standard"
        FULL = "full", "full: every subset rule"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="audits")
    scorers = models.ManyToManyField(Scorer, related_name="audits")
    preset = models.CharField(max_length=10, choices=Preset, default=Preset.STANDARD)
    seed = models.BigIntegerField(default=0)
    replicates = models.PositiveIntegerField(default=1000)
    epsilon = models.FloatField(default=0.2)
    with_excluded = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
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
                condition=~Q(state="finished") | (Q(result__isnull=False) & ~Q(data_hash="")),
                name="audit_finished_has_result",
            ),
        ]

    def __str__(self) -> str:
        return f"audit {self.pk} of {self.study_id}"


class Plan(models.Model):
    """How many items, people and labels a study would take: what was asked, and what simulation found."""

    State = Audit.State

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="plans")
    # Whose labels the simulated people are like.
    pilot = models.ForeignKey(Study, on_delete=models.SET_NULL, null=True, blank=True, related_name="plans")
    specification = models.JSONField()
    state = models.CharField(max_length=10, choices=Audit.State, default=Audit.State.WAITING)
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
