"""Minings of chat logs: what was read, and which texts may be queries."""

from django.db import models
from django.db.models import F, Q

from generation.models.texts import Collection, Query


class Mining(models.Model):
    """One chat log that was read for queries, and how many of its conversations each gate let through."""

    name = models.SlugField(max_length=80, unique=True)
    # The file's name, its schema, and the limits that held: everything that decides what was kept.
    specification = models.JSONField()
    # Of the file's gates, in order: [{"gate": ..., "left": ..., "dropped": ...}, ...].
    funnel = models.JSONField(default=list)
    # The queries that came of it.
    collection = models.OneToOneField(
        Collection, on_delete=models.PROTECT, null=True, blank=True, related_name="mining"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name


class Candidate(models.Model):
    """A first turn that passed the file's gates, and what a model said of it."""

    mining = models.ForeignKey(Mining, on_delete=models.CASCADE, related_name="candidates", db_index=False)
    # Where it stands in the file, from 1.
    line = models.PositiveBigIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=64, editable=False)
    # One that says nearly the same and came before; nobody is asked about this one.
    near = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="echoes")
    # The model's verdicts, null where it was not asked so far, or an earlier gate had dropped it.
    revised = models.TextField(blank=True)
    meaningful = models.BooleanField(null=True)
    about_the_model = models.BooleanField(null=True)
    many_answers = models.BooleanField(null=True)
    # The model's reasons by gate.
    reasons = models.JSONField(default=dict, blank=True)
    # What became of it.
    query = models.ForeignKey(
        Query, on_delete=models.SET_NULL, null=True, blank=True, related_name="candidates"
    )
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(fields=["mining", "digest"], name="candidate_once_a_mining"),
            models.CheckConstraint(
                condition=Q(near__isnull=True) | ~Q(near=F("id")), name="candidate_is_not_near_itself"
            ),
            models.CheckConstraint(
                condition=Q(near__isnull=True) | Q(meaningful__isnull=True, query__isnull=True),
                name="candidate_near_another_was_not_asked_about",
            ),
            models.CheckConstraint(
                condition=Q(many_answers__isnull=True) | Q(meaningful=True, about_the_model=False),
                name="candidate_passed_its_gates_in_order",
            ),
        ]
        indexes = [models.Index(fields=["mining", "line"], name="candidates_in_order")]

    def __str__(self) -> str:
        return self.text[:80]
