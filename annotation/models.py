"""What people think: studies, items, participants, slots, sessions and labels.

The rules of allocation are constraints here; `allocation.py` only has to keep to them.
"""

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from generation.models import Query, Response

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without 0, O, 1, I: people read codes aloud


def new_code(length: int = 8) -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))


def new_participant_code() -> str:
    return new_code(10)


def new_seed() -> int:
    return secrets.randbelow(2**31)


class Study(models.Model):
    """One labelling campaign: a question, a scale, k labels an item, a design."""

    class Kind(models.TextChoices):
        RATING = "rating", "Rating of one response"
        COMPARISON = "comparison", "Comparison of two responses"

    class Design(models.TextChoices):
        RANDOM = "random", "Random: each session draws its own items"
        BLOCKS = "blocks", "Blocks: fixed forms, each labelled by the same people"

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        OPEN = "open", "open"
        PAUSED = "paused", "paused"
        CLOSED = "closed", "closed"

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.RATING)
    question = models.TextField()
    instructions = models.TextField(blank=True)
    consent = models.TextField(blank=True)
    consent_version = models.PositiveIntegerField(default=1)
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
    seed = models.BigIntegerField(default=new_seed)
    imported = models.BooleanField(default=False, help_text="The labels came from a file, not through slots.")
    simulated = models.BooleanField(default=False, help_text="The labels are simulated, not given by people.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "studies"
        ordering = ["-created_at"]
        constraints = [
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
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def values(self) -> list[int]:
        """The scale's values, lowest first."""
        return list(range(self.scale_low, self.scale_high + 1))

    def word_for(self, value: int) -> str:
        """The word shown with a value; empty where the study has none."""
        words: list[Any] = self.scale_words
        index = value - self.scale_low
        return str(words[index]) if 0 <= index < len(words) else ""


class Item(models.Model):
    """What one screen shows: a response to rate, or two to compare."""

    # Constraints below begin with the study, so it needs no index of its own; the same for participants.
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="items", db_index=False)
    external_id = models.CharField(max_length=200)
    position = models.PositiveIntegerField()
    block = models.PositiveIntegerField(null=True, blank=True)
    query = models.ForeignKey(Query, on_delete=models.PROTECT)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, null=True, related_name="+")
    response_1 = models.ForeignKey(Response, on_delete=models.PROTECT, null=True, related_name="+")
    response_2 = models.ForeignKey(Response, on_delete=models.PROTECT, null=True, related_name="+")
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "external_id"], name="item_id_once_a_study"),
            models.UniqueConstraint(fields=["study", "position"], name="item_position_once_a_study"),
            models.CheckConstraint(
                condition=Q(response__isnull=False, response_1__isnull=True, response_2__isnull=True)
                | Q(response__isnull=True, response_1__isnull=False, response_2__isnull=False),
                name="item_has_one_response_or_two",
            ),
        ]
        indexes = [models.Index(fields=["study", "block"], name="item_by_block")]

    def __str__(self) -> str:
        return self.external_id


class Participant(models.Model):
    """One person in one study, known by an opaque code."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="participants", db_index=False)
    code = models.CharField(max_length=200, default=new_participant_code)
    consented_at = models.DateTimeField(null=True, blank=True)
    consent_version = models.PositiveIntegerField(null=True, blank=True)
    simulated = models.BooleanField(default=False)
    excluded_at = models.DateTimeField(null=True, blank=True)
    exclusion_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="participant_code_once_a_study"),
            models.CheckConstraint(
                condition=Q(consented_at__isnull=True, consent_version__isnull=True)
                | Q(consented_at__isnull=False, consent_version__isnull=False),
                name="consent_has_time_and_version",
            ),
            models.CheckConstraint(
                condition=Q(excluded_at__isnull=False) | Q(exclusion_reason=""),
                name="exclusion_reason_of_the_excluded",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Recruitment(models.Model):
    """Who a participant is to the recruiter, kept apart from the opaque code.

    `person_digest` (keyed) finds a person who comes back; `sealed` holds the entry parameters, encrypted.
    """

    class Recruiter(models.TextChoices):
        PROLIFIC = "prolific", "Prolific"
        MTURK = "mturk", "Mechanical Turk"

    participant = models.OneToOneField(Participant, on_delete=models.CASCADE, related_name="recruitment")
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="+", db_index=False)
    recruiter = models.CharField(max_length=20, choices=Recruiter)
    person_digest = models.CharField(max_length=64)
    sealed = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "recruiter", "person_digest"], name="one_participant_a_recruited_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recruiter} {self.person_digest[:8]}"


class Session(models.Model):
    """One person's sitting: the slots leased together."""

    class Outcome(models.TextChoices):
        COMPLETED = "completed", "completed"
        STOPPED = "stopped", "stopped early"
        EXPIRED = "expired", "the time ran out, and others did the rest"

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="sessions")
    size = models.PositiveIntegerField(help_text="How many items were leased when it started.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(ended_at__isnull=True),
                name="one_running_session_a_person",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="session_ended_has_outcome",
            ),
            models.CheckConstraint(condition=Q(size__gte=1), name="session_has_an_item"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="session_ends_after_it_started",
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.pk}"


class Slot(models.Model):
    """A place for one person's label on one item; an item has exactly k, numbered from 1.

    Open: no participant, or unfilled with a lease that ran out. `filled` says that its label is counted.
    """

    # Denormalised from the item, so that claiming reads one index.
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="slots", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="slots", db_index=False)
    number = models.PositiveIntegerField()
    order = models.PositiveBigIntegerField()
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, null=True, db_index=False)
    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, null=True, related_name="slots", db_index=False
    )
    position = models.PositiveIntegerField(null=True)
    swapped = models.BooleanField(null=True)
    leased_until = models.DateTimeField(null=True)
    filled = models.BooleanField(default=False)

    answer: "Label | None"  # set by allocation.session_slots

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="slot_number_once_an_item"),
            models.UniqueConstraint(
                fields=["participant", "item"],
                condition=Q(participant__isnull=False),
                name="one_slot_a_person_and_item",
            ),
            models.UniqueConstraint(
                fields=["session", "position"],
                condition=Q(session__isnull=False),
                name="one_slot_a_position",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="slot_number_from_one"),
            models.CheckConstraint(
                condition=Q(
                    participant__isnull=True,
                    session__isnull=True,
                    position__isnull=True,
                    swapped__isnull=True,
                    leased_until__isnull=True,
                    filled=False,
                )
                | Q(
                    participant__isnull=False,
                    session__isnull=False,
                    position__isnull=False,
                    swapped__isnull=False,
                    leased_until__isnull=False,
                ),
                name="slot_free_or_leased_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["study", "order"], condition=Q(filled=False), name="slot_unfilled_in_order"),
            models.Index(fields=["study", "participant"], condition=Q(filled=True), name="slot_filled"),
            models.Index(fields=["study", "item"], name="slot_by_study"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}/{self.number}"


class LabelQuerySet(models.QuerySet["Label"]):
    def counted(self, *, with_excluded: bool = False) -> "LabelQuerySet":
        """Labels that statistics use: counted, and unless asked, not by an excluded person."""
        labels = self.filter(status=Label.Status.COUNTED)
        return labels if with_excluded else labels.filter(participant__excluded_at__isnull=True)

    def current(self) -> "LabelQuerySet":
        """Counted and surplus labels: what nobody has corrected."""
        return self.filter(status__in=[Label.Status.COUNTED, Label.Status.SURPLUS])


class Label(models.Model):
    """One answer. Rows are never deleted or rewritten; a correction supersedes.

    `value` is null exactly when the person could not judge; for comparisons it is positive when
    response_1 is better, whatever side it was shown on. Imported labels have no slot and no session,
    and no participant where the file names none.
    """

    class Status(models.TextChoices):
        COUNTED = "counted", "counted"
        SURPLUS = "surplus", "surplus: came after the slot went to somebody else"
        SUPERSEDED = "superseded", "superseded by the same person's correction"

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="labels")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, null=True, related_name="labels", db_index=False)
    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, null=True, related_name="labels", db_index=False
    )
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, null=True, related_name="labels", db_index=False
    )
    value = models.IntegerField(null=True)
    cannot_judge = models.BooleanField(default=False)
    comment = models.TextField(blank=True)
    active_seconds = models.FloatField(null=True)
    wall_seconds = models.FloatField(null=True)
    position = models.PositiveIntegerField(null=True)
    swapped = models.BooleanField(null=True)
    submitted_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.COUNTED)
    # Digest of the page's token and the answer: the same answer sent twice is one label.
    key = models.CharField(max_length=64, null=True)  # noqa: DJ001  (imported labels have none)
    simulated = models.BooleanField(default=False)

    objects = LabelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(status="counted", slot__isnull=False),
                name="one_counted_label_a_slot",
            ),
            models.UniqueConstraint(
                fields=["participant", "item"],
                condition=Q(participant__isnull=False) & Q(status__in=["counted", "surplus"]),
                name="one_current_label_a_person_and_item",
            ),
            models.UniqueConstraint(
                fields=["key"], condition=Q(key__isnull=False), name="one_label_a_submission"
            ),
            models.CheckConstraint(
                condition=Q(cannot_judge=True, value__isnull=True)
                | Q(cannot_judge=False, value__isnull=False),
                name="label_has_value_or_cannot_judge",
            ),
            models.CheckConstraint(
                condition=Q(slot__isnull=True, session__isnull=True, key__isnull=True)
                | Q(
                    slot__isnull=False,
                    session__isnull=False,
                    participant__isnull=False,
                    key__isnull=False,
                    submitted_at__isnull=False,
                ),
                name="label_through_slot_or_imported",
            ),
        ]
        indexes = [
            models.Index(fields=["session"], condition=Q(session__isnull=False), name="label_by_session"),
            models.Index(fields=["submitted_at"], condition=Q(session__isnull=False), name="label_by_time"),
        ]

    def __str__(self) -> str:
        return "cannot judge" if self.value is None else str(self.value)
