"""Places for labels, and the labels."""

from django.db import models
from django.db.models import Q

from annotation.models.people import Participant, Session
from annotation.models.studies import Item, Study


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
            # With `filled`, labels an item are counted from it alone.
            models.Index(fields=["study", "item", "filled"], name="slot_by_study"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}/{self.number}"


class LabelQuerySet(models.QuerySet["Label"]):
    def counted(self, *, with_excluded: bool = False) -> "LabelQuerySet":
        """Labels that statistics use: counted, and by nobody excluded; or with theirs."""
        if with_excluded:
            return self.filter(status__in=[Label.Status.COUNTED, Label.Status.REPLACED])
        return self.filter(status=Label.Status.COUNTED, participant__excluded_at__isnull=True)

    def current(self) -> "LabelQuerySet":
        """What nobody has corrected, counted or not."""
        return self.filter(status__in=[Label.Status.COUNTED, Label.Status.SURPLUS, Label.Status.REPLACED])


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
        REPLACED = "replaced", "set aside: its person is excluded, and the place went to somebody else"

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
    # The page that sent it, and which of that page's answers it is: a late older one supersedes nothing.
    page = models.CharField(max_length=16, blank=True)
    attempt = models.PositiveIntegerField(default=0)
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
                condition=Q(participant__isnull=False) & Q(status__in=["counted", "surplus", "replaced"]),
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
            models.Index(
                fields=["participant"],
                condition=Q(status__in=["surplus", "replaced"]),
                name="label_set_aside",
            ),
        ]

    def __str__(self) -> str:
        return "cannot judge" if self.value is None else str(self.value)
