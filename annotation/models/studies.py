"""What is labelled: studies and their items."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q

from generation.models import Query, Response

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without 0, O, 1, I: people read codes aloud


def new_code(length: int = 8) -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))


def new_seed() -> int:
    return secrets.randbelow(2**31)


def usual_recruiters() -> list[str]:
    return ["open", "prolific", "mturk"]


class Study(models.Model):
    """One labelling campaign: a question, a scale, k labels an item, a design."""

    class Kind(models.TextChoices):
        RATING = "rating", "Rating of one response"
        COMPARISON = "comparison", "Comparison of two responses"
        PAIR = "pair", "Two responses under one question, such as: the same idea?"
        QUERY = "query", "A query alone"

    class Design(models.TextChoices):
        RANDOM = "random", "Random: each session draws its own items"
        BLOCKS = "blocks", "Blocks: fixed forms, each labelled by the same people"

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        OPEN = "open", "open"
        PAUSED = "paused", "paused"
        CLOSED = "closed", "closed"

    class Pay(models.TextChoices):
        NONE = "", "not paid here"
        TIME = "time", "by the hour"
        ITEM = "item", "by the answer"

    class AfterFailedChecks(models.TextChoices):
        FLAG = "flag", "Flag the person for you; they get the usual code"
        CODE = "code", "Flag the person; at the end they get the code of failed checks"
        END = "end", "End their session with the screened-out code"

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.RATING)
    question = models.TextField()
    instructions = models.TextField(blank=True)
    consent = models.TextField(blank=True)
    consent_version = models.PositiveIntegerField(default=1)
    # The language of the texts here, and the same texts in others: {"de": {"question": ..., "consent": ...}}.
    language = models.CharField(max_length=10, default="en", choices=settings.LANGUAGES)
    translations = models.JSONField(default=dict, blank=True)
    scale_low = models.IntegerField(default=1)
    scale_high = models.IntegerField(default=5)
    # A word for each value, in the scale's order; empty when only numbers are shown.
    scale_words = models.JSONField(default=list, blank=True)
    markdown = models.BooleanField(default=False, help_text="Render answers as Markdown, safely.")
    labels_per_item = models.PositiveIntegerField(default=25)
    session_size = models.PositiveIntegerField(default=15)
    sessions_per_person = models.PositiveIntegerField(null=True, blank=True)
    design = models.CharField(max_length=10, choices=Design, default=Design.RANDOM)
    time_limit_minutes = models.PositiveIntegerField(default=60)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    completion_code = models.CharField(max_length=40, default=new_code)
    partial_code = models.CharField(max_length=40, default=new_code)
    no_work_code = models.CharField(max_length=40, default=new_code)
    screened_out_code = models.CharField(max_length=40, default=new_code)
    failed_checks_code = models.CharField(max_length=40, default=new_code)
    # The ways in: names of recruiters, and "open" for the bare link.
    recruiters = models.JSONField(default=usual_recruiters)
    # A panel's parameters: {"person": name, "visit": [names], "return_url": address with {code} and {name}s}.
    panel = models.JSONField(default=dict, blank=True)
    random_checks = models.PositiveIntegerField(default=1, help_text="Drawn for each session.")
    failed_checks_limit = models.PositiveIntegerField(default=2)
    after_failed_checks = models.CharField(
        max_length=10, choices=AfterFailedChecks, default=AfterFailedChecks.FLAG
    )
    # Limits beyond which a person is flagged, where they differ from those in quality/limits.py.
    quality_limits = models.JSONField(default=dict, blank=True)
    pay_by = models.CharField(max_length=10, choices=Pay, default=Pay.NONE, blank=True)
    pay_rate = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    retention_until = models.DateField(null=True, blank=True)
    ids_purged_at = models.DateTimeField(null=True, blank=True)
    seed = models.BigIntegerField(default=new_seed)
    imported = models.BooleanField(default=False, help_text="The labels came from a file, not through slots.")
    simulated = models.BooleanField(default=False, help_text="The labels are simulated, not given by people.")
    members = models.ManyToManyField(User, through="Membership", related_name="studies")
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "studies"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["rating", "comparison", "pair", "query"]),
                name="study_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(scale_low__lt=F("scale_high")),
                name="study_scale_has_two_values",
                violation_error_message="The scale's lowest value must be below its highest.",
            ),
            models.CheckConstraint(
                condition=Q(scale_low__gte=-1_000, scale_high__lte=F("scale_low") + 100),
                name="study_scale_has_a_hundred_steps_at_most",
                violation_error_message="A scale begins at -1,000 or above and has 100 steps at most.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="comparison") | Q(scale_high=F("scale_low") * -1),
                name="study_comparison_scale_is_symmetric",
                violation_error_message="A comparison's scale runs as far below 0 as above, such as -2..2.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="pair") | Q(scale_low__gte=0),
                name="study_pair_scale_has_no_sides",
                violation_error_message="A pair’s scale has no sides, so it begins at 0 or above.",
            ),
            models.CheckConstraint(
                condition=~Q(imported=True, state="open"),
                name="study_imported_is_not_open",
                violation_error_message="A study whose labels were imported cannot be opened.",
            ),
            models.CheckConstraint(
                condition=Q(labels_per_item__gte=1, labels_per_item__lte=10_000),
                name="study_labels_an_item",
                violation_error_message="A study asks for at least one label an item, and 10,000 at most.",
            ),
            models.CheckConstraint(
                condition=Q(session_size__gte=1, session_size__lte=1_000),
                name="study_session_size",
                violation_error_message="A session has at least one item, and 1,000 at most.",
            ),
            models.CheckConstraint(
                condition=Q(time_limit_minutes__gte=1, time_limit_minutes__lte=100_000),
                name="study_time_limit",
                violation_error_message="The time limit is at least one minute, and 100,000 at most.",
            ),
            models.CheckConstraint(
                condition=Q(pay_by="") | (Q(pay_rate__isnull=False, pay_rate__gt=0) & ~Q(currency="")),
                name="study_that_pays_has_rate_and_currency",
                violation_error_message="Pay needs a rate above 0 and a currency, such as GBP.",
            ),
            models.CheckConstraint(
                condition=Q(failed_checks_limit__gte=1),
                name="study_failed_checks_limit",
                violation_error_message="At least one failed check leads to something.",
            ),
        ]

    # What the member who asked for it may do, where `roles.study_for` found it.
    may_edit = may_own = False

    def __str__(self) -> str:
        return self.name

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of an item's responses, in their order; none where only the query is shown."""
        return SHOWN[self.kind]

    @property
    def has_sides(self) -> bool:
        """Whether two responses are shown, each person drawing which one stands first."""
        return len(self.shown) == 2

    @property
    def compares(self) -> bool:
        """Whether values are for one of two responses or the other, so that sides have winners."""
        return self.kind == self.Kind.COMPARISON

    @property
    def of_quality(self) -> bool:
        """Whether labels say how good responses are, which is what scorers can be asked too."""
        return self.kind in (self.Kind.RATING, self.Kind.COMPARISON)

    @property
    def values(self) -> list[int]:
        """The scale's values, lowest first."""
        return list(range(self.scale_low, self.scale_high + 1))

    def word_for(self, value: int) -> str:
        """The word shown with a value; empty where the study has none."""
        words: list[Any] = self.scale_words
        index = value - self.scale_low
        return str(words[index]) if 0 <= index < len(words) else ""


SHOWN: dict[str, tuple[str, ...]] = {
    Study.Kind.RATING: ("response",),
    Study.Kind.COMPARISON: ("response_1", "response_2"),
    Study.Kind.PAIR: ("response_1", "response_2"),
    Study.Kind.QUERY: (),
}


class Item(models.Model):
    """What one screen shows, by the study's kind: a query alone, or with one response or two."""

    # Constraints below begin with the study, so it needs no index of its own; the same for participants.
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="items", db_index=False)
    external_id = models.CharField(max_length=200)
    position = models.PositiveIntegerField()
    block = models.PositiveIntegerField(null=True, blank=True)
    query = models.ForeignKey(Query, on_delete=models.PROTECT)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, null=True, related_name="+")
    response_1 = models.ForeignKey(Response, on_delete=models.PROTECT, null=True, related_name="+")
    response_2 = models.ForeignKey(Response, on_delete=models.PROTECT, null=True, related_name="+")
    # What is asked of a query alone, such as whether it is of a category.
    claim = models.TextField(blank=True)
    # Labels wanted beyond the study's own number.
    extra_labels = models.PositiveIntegerField(default=0)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "external_id"], name="item_id_once_a_study"),
            models.UniqueConstraint(fields=["study", "position"], name="item_position_once_a_study"),
            models.CheckConstraint(
                condition=Q(response_1__isnull=True, response_2__isnull=True)
                | Q(response__isnull=True, response_1__isnull=False, response_2__isnull=False),
                name="item_has_one_response_two_or_none",
            ),
            models.CheckConstraint(
                condition=Q(claim="") | Q(response__isnull=True, response_1__isnull=True),
                name="item_claim_is_of_a_query_alone",
            ),
            models.CheckConstraint(condition=Q(extra_labels__lte=10_000), name="item_extra_labels"),
        ]
        indexes = [
            models.Index(fields=["study", "block"], name="item_by_block"),
            models.Index(
                fields=["study", "extra_labels"], condition=Q(extra_labels__gt=0), name="item_with_extra"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id
