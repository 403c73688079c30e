"""Plans of studies to come."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models import Study


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
