"""Runs: a scorer asked live about a study's responses, call by call."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from annotation.models import Item, Study
from generation.models import AbstractCall, AbstractRun, Response

if TYPE_CHECKING:
    from calibration.runs.job import ScoringJob


class Run(AbstractRun):
    """A scorer asked live about a study."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="runs")
    # Its scores are stored under this name; those of several heads add theirs.
    scorer = models.CharField(max_length=150)

    class Meta(AbstractRun.Meta):
        constraints = [
            *AbstractRun.Meta.constraints,
            # Two runs under one name would overwrite each other's scores.
            models.UniqueConstraint(fields=["study", "scorer"], name="one_run_a_study_and_scorer"),
        ]

    def __str__(self) -> str:
        return f"{self.scorer} of study {self.study_id}"

    @property
    def name(self) -> str:
        return self.scorer

    @property
    def simulated(self) -> bool:
        """Whether it asks for people who were made up."""
        return bool(self.recipe["kind"] == "panel")

    @property
    def job(self) -> "ScoringJob":
        from calibration.runs.job import ScoringJob  # which reads these models

        return ScoringJob()


class Call(AbstractCall):
    """One request of a run: about a response or a comparison."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="calls")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, null=True, related_name="+")
    response = models.ForeignKey(Response, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta(AbstractCall.Meta):
        constraints = [
            *AbstractCall.Meta.constraints,
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
        ]
