"""What training does to what models say: formats of responses, and tasks trained one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from generation.models.encoders import Encoder
from generation.models.reports import AbstractReport
from generation.models.texts import Collection, Response

if TYPE_CHECKING:
    from generation.formats.measuring import FormatMeasurer
    from generation.task_order.measuring import TaskOrderMeasurer


class FormatRules(models.Model):
    """How responses are sorted into formats. Frozen: the same rules are the same everywhere."""

    name = models.CharField(max_length=150, unique=True)
    # As `generation.formats.rules` reads them.
    rules = models.JSONField()
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "format rules"

    def __str__(self) -> str:
        return self.name


class ResponseFormat(models.Model):
    """The format of one response by some rules, and whether it is correct where that is known."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="formats")
    rules = models.ForeignKey(FormatRules, on_delete=models.PROTECT, related_name="formats")
    format = models.CharField(max_length=60)
    correct = models.BooleanField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["response", "rules"], name="one_format_a_response_and_rules"),
            models.CheckConstraint(condition=~Q(format=""), name="response_format_is_named"),
        ]

    def __str__(self) -> str:
        return self.format


class FormatReport(AbstractReport):
    """How the formats of responses change over the training of a family, which the specification names."""

    about = ("collection", "rules", "encoder")

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="format_reports")
    rules = models.ForeignKey(FormatRules, on_delete=models.PROTECT, related_name="reports")
    # Null where no similarity is measured.
    encoder = models.ForeignKey(
        Encoder, on_delete=models.PROTECT, null=True, blank=True, related_name="format_reports"
    )

    class Meta(AbstractReport.Meta):
        pass

    @property
    def measurer(self) -> FormatMeasurer:
        from generation.formats.measuring import FormatMeasurer  # numpy starts slowly

        return FormatMeasurer()


class TaskOrderReport(AbstractReport):
    """Which order of tasks forgets least, by a table of scores after stages of training."""

    about = ("table",)

    name = models.CharField(max_length=150)
    # Rows as `generation.task_order.table` reads them.
    table = models.JSONField()

    class Meta(AbstractReport.Meta):
        pass

    @property
    def measurer(self) -> TaskOrderMeasurer:
        from generation.task_order.measuring import TaskOrderMeasurer  # numpy starts slowly

        return TaskOrderMeasurer()
