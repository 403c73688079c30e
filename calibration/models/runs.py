"""Runs: a scorer asked live about a study's responses, call by call."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.models import Item, Study
from generation.models import ModelServer, Response


class Run(models.Model):
    """A scorer asked live about a study: what was asked for, and where it stands.

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

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="runs")
    # Its scores are stored under this name; those of several heads add theirs.
    scorer = models.CharField(max_length=150)
    # As `calibration.scorers.recipe` reads it: everything that decides what is asked.
    recipe = models.JSONField()
    # Null for a model in this process.
    server = models.ForeignKey(
        ModelServer, on_delete=models.PROTECT, null=True, blank=True, related_name="runs"
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
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "waiting", "running", "stopped", "finished", "failed"]),
                name="run_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["stopped", "failed"]) | ~Q(error=""), name="run_says_why_it_ended"
            ),
            models.CheckConstraint(
                condition=~Q(state="finished") | Q(finished_at__isnull=False, trial__isnull=True),
                name="run_finished_asked_all",
            ),
            models.CheckConstraint(
                condition=Q(workers__gte=1, price_in__gte=0, price_out__gte=0),
                name="run_asks_what_makes_sense",
            ),
            models.CheckConstraint(
                condition=Q(trial__isnull=True) | Q(trial__gte=1), name="run_trial_asks_something"
            ),
            # Two runs under one name would overwrite each other's scores.
            models.UniqueConstraint(fields=["study", "scorer"], name="one_run_a_study_and_scorer"),
        ]

    def __str__(self) -> str:
        return f"{self.scorer} of study {self.study_id}"


class Caller(models.Model):
    """A process that works at a run, and how many of the server's places it holds.

    One that is not heard of for long was killed: its row is deleted, which frees its calls and its places.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="callers")
    server = models.ForeignKey(ModelServer, on_delete=models.CASCADE, null=True, related_name="callers")
    places = models.PositiveSmallIntegerField(default=0)
    # How many it could use.
    wanted = models.PositiveSmallIntegerField(default=0)
    heard_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["server", "heard_at"])]

    def __str__(self) -> str:
        return f"caller {self.pk} of run {self.run_id}"


class Call(models.Model):
    """One request of a run: about a response or a comparison, and what came back.

    It is open until it has an outcome; the reply is stored before the next call takes its place.
    """

    class Outcome(models.TextChoices):
        OPEN = "", "open"
        ANSWERED = "answered", "answered"
        REFUSED = "refused", "refused"
        UNPARSABLE = "unparsable", "unparsable"
        FAILED = "failed", "failed"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="calls")
    # By targets, as they stand in the study.
    number = models.PositiveIntegerField()
    item = models.ForeignKey(Item, on_delete=models.CASCADE, null=True, related_name="+")
    response = models.ForeignKey(Response, on_delete=models.CASCADE, null=True, related_name="+")
    # Which of a target's calls: the order of a pair, the number of a vote.
    part = models.CharField(max_length=40, blank=True)
    caller = models.ForeignKey(Caller, on_delete=models.SET_NULL, null=True, related_name="calls")
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

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_call_a_number"),
            models.UniqueConstraint(
                fields=["run", "item", "part"],
                condition=Q(item__isnull=False),
                name="one_call_an_item_and_part",
            ),
            models.UniqueConstraint(
                fields=["run", "response", "part"],
                condition=Q(response__isnull=False),
                name="one_call_a_response_and_part",
            ),
            models.CheckConstraint(
                condition=Q(item__isnull=True, response__isnull=False)
                | Q(item__isnull=False, response__isnull=True),
                name="call_about_an_item_or_a_response",
            ),
            models.CheckConstraint(
                condition=Q(outcome="answered", result__isnull=False)
                | Q(outcome__in=["", "refused", "unparsable", "failed"], result__isnull=True),
                name="call_answered_has_result",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", answered_at__isnull=True)
                | (~Q(outcome="") & Q(answered_at__isnull=False, caller__isnull=True)),
                name="call_ended_is_nobodys",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "answered"]) | ~Q(error=""), name="call_without_result_says_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["run", "not_before", "number"],
                condition=Q(outcome="", caller__isnull=True),
                name="calls_to_be_made",
            ),
            models.Index(fields=["run", "answered_at"]),
            models.Index(
                fields=["run", "outcome", "answered_at", "attempts", "tokens_in", "tokens_out"],
                name="calls_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.number} of run {self.run_id}"
