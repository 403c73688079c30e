"""Runs: models asked live, call by call; what is common to all of them, and those of this app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from generation.models.mining import Candidate
from generation.models.servers import ModelServer
from generation.models.texts import Collection, Query

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from generation.runs.job import Job


class AbstractRun(models.Model):
    """What is asked of a model, and where it stands.

    A draft is looked at, priced and tried on a few targets before it is started. What it has done is counted
    from its calls.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        STOPPED = "stopped", "stopped"
        FINISHED = "finished", "finished"
        FAILED = "failed", "failed"

    # As the app's own reader of recipes takes it: everything that decides what is asked.
    recipe = models.JSONField()
    # Null for a model in this process.
    server = models.ForeignKey(
        ModelServer, on_delete=models.PROTECT, null=True, blank=True, related_name="%(app_label)s_runs"
    )
    # For a million tokens.
    price_in = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    price_out = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    currency = models.CharField(max_length=3, default="USD")
    budget_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    budget_money = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    # How many workers are sent for at a time.
    workers = models.PositiveSmallIntegerField(default=1)
    # Of a trial: how many targets it asks about; null for all.
    trial = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    # Why it stopped or failed.
    error = models.TextField(blank=True)
    # Up to which of its calls the replies were collected; -1 before the first.
    collected = models.IntegerField(default=-1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(app_label)s_runs",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:
        calls: RelatedManager[Any]

    class Meta:
        abstract = True
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "waiting", "running", "stopped", "finished", "failed"]),
                name="%(app_label)s_run_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["stopped", "failed"]) | ~Q(error=""),
                name="%(app_label)s_run_says_why_it_ended",
            ),
            models.CheckConstraint(
                condition=~Q(state="finished") | Q(finished_at__isnull=False, trial__isnull=True),
                name="%(app_label)s_run_finished_asked_all",
            ),
            models.CheckConstraint(
                condition=Q(workers__gte=1, price_in__gte=0, price_out__gte=0),
                name="%(app_label)s_run_asks_what_makes_sense",
            ),
            models.CheckConstraint(
                condition=Q(trial__isnull=True) | Q(trial__gte=1),
                name="%(app_label)s_run_trial_asks_something",
            ),
        ]

    @property
    def label(self) -> str:
        """What names the run among those of all apps."""
        return f"{self._meta.label_lower}.{self.pk}"

    if TYPE_CHECKING:
        # What a person calls it.
        name: Any

        @property
        def job(self) -> Job[Any]:
            """What the app does for the engine."""


class Caller(models.Model):
    """A process that works at a run, and how many of the server's places it holds.

    One that is not heard of for long was killed: its row is deleted, which frees its calls and its places.
    """

    # The run's label.
    at = models.CharField(max_length=60)
    server = models.ForeignKey(ModelServer, on_delete=models.CASCADE, null=True, related_name="callers")
    places = models.PositiveSmallIntegerField(default=0)
    # How many it could use.
    wanted = models.PositiveSmallIntegerField(default=0)
    heard_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["server", "heard_at"], name="callers_of_a_server"),
            models.Index(fields=["at", "heard_at"], name="callers_at_a_run"),
        ]

    def __str__(self) -> str:
        return f"caller {self.pk} at {self.at}"


class AbstractCall(models.Model):
    """One request of a run, about one of its targets, and what came back.

    It is open until it has an outcome; the reply is stored before the next call takes its place.
    """

    class Outcome(models.TextChoices):
        OPEN = "", "open"
        ANSWERED = "answered", "answered"
        REFUSED = "refused", "refused"
        UNPARSABLE = "unparsable", "unparsable"
        FAILED = "failed", "failed"

    # By targets, as they stand in what the run is about.
    number = models.PositiveIntegerField()
    # Which of a target's calls: the order of a pair, the number of a vote or sample.
    part = models.CharField(max_length=40, blank=True)
    caller = models.ForeignKey(
        Caller, on_delete=models.SET_NULL, null=True, related_name="%(app_label)s_calls"
    )
    # In this order calls are made, so that one that failed comes after those that were not made yet.
    not_before = models.DateTimeField(default=timezone.now)
    # How often it was asked, and how often of these no reply came; the one under way counts.
    attempts = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default=Outcome.OPEN)
    # What was read from the reply.
    result = models.JSONField(null=True)
    reply = models.TextField(blank=True)
    # Why there is no result, or why it is asked again.
    error = models.TextField(blank=True)
    # Of all attempts together, so that what was paid in vain counts; of one under way or lost with its
    # caller the most that it may take.
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    answered_at = models.DateTimeField(null=True)

    if TYPE_CHECKING:
        run_id: int

    class Meta:
        abstract = True
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="%(app_label)s_one_call_a_number"),
            models.CheckConstraint(
                condition=Q(outcome="answered", result__isnull=False)
                | Q(outcome__in=["", "refused", "unparsable", "failed"], result__isnull=True),
                name="%(app_label)s_call_answered_has_result",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", answered_at__isnull=True)
                | (~Q(outcome="") & Q(answered_at__isnull=False, caller__isnull=True)),
                name="%(app_label)s_call_ended_is_nobodys",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "answered"]) | ~Q(error=""),
                name="%(app_label)s_call_without_result_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["run", "not_before", "number"],
                condition=Q(outcome="", caller__isnull=True),
                name="%(app_label)s_calls_to_be_made",
            ),
            models.Index(fields=["run", "answered_at"], name="%(app_label)s_calls_ended"),
            models.Index(
                fields=["run", "outcome", "answered_at", "attempts", "tokens_in", "tokens_out"],
                name="%(app_label)s_calls_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.number} of run {self.run_id}"


class Run(AbstractRun):
    """Models asked about queries: to judge mined ones, to classify, to answer, to embed answers."""

    class Kind(models.TextChoices):
        MINE = "mine", "mining queries"
        CLASSIFY = "classify", "classifying queries"
        SAMPLE = "sample", "sampling responses"
        EMBED = "embed", "embedding responses"
        FORMAT = "format", "sorting responses into formats"

    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=150, unique=True)
    # The queries that it asks about; null for the candidates of `mining`.
    collection = models.ForeignKey(
        Collection, on_delete=models.PROTECT, null=True, blank=True, related_name="runs"
    )
    mining = models.ForeignKey(
        "generation.Mining", on_delete=models.CASCADE, null=True, blank=True, related_name="runs"
    )

    class Meta(AbstractRun.Meta):
        constraints = [
            *AbstractRun.Meta.constraints,
            models.CheckConstraint(
                condition=Q(kind="mine", mining__isnull=False, collection__isnull=True)
                | Q(
                    kind__in=["classify", "sample", "embed", "format"],
                    mining__isnull=True,
                    collection__isnull=False,
                ),
                name="generation_run_is_about_something",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def job(self) -> Job[Run]:
        from generation.runs.jobs import job_of  # which reads these models

        return job_of(self.kind)


class Call(AbstractCall):
    """One request of a run: about a query, or a candidate for one."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="calls")
    query = models.ForeignKey(Query, on_delete=models.CASCADE, null=True, related_name="+")
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta(AbstractCall.Meta):
        constraints = [
            *AbstractCall.Meta.constraints,
            models.UniqueConstraint(
                fields=["run", "query", "part"],
                condition=Q(query__isnull=False),
                name="one_call_a_query_and_part",
            ),
            models.UniqueConstraint(
                fields=["run", "candidate", "part"],
                condition=Q(candidate__isnull=False),
                name="one_call_a_candidate_and_part",
            ),
            models.CheckConstraint(
                condition=Q(query__isnull=True, candidate__isnull=False)
                | Q(query__isnull=False, candidate__isnull=True),
                name="call_about_a_query_or_a_candidate",
            ),
        ]
