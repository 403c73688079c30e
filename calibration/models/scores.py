"""Scorers and their scores."""

from collections.abc import Mapping
from typing import Any

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
        PERSONA_PANEL = "persona_panel", "persona panel (simulated people)"
        OTHER = "other", "other"

    name = models.CharField(max_length=200, unique=True)
    family = models.CharField(max_length=20, choices=Family, default=Family.OTHER)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def metadata_for(self, studies: Mapping[int, str]) -> dict[str, Any]:
        """What somebody may know of it who may see these studies, given by key with their short names.

        How it was asked, and what came of it, is told to those who may see a study where it was.
        """
        given: dict[str, Any] = self.metadata
        if "studies" not in given:
            return given
        seen = {studies[int(key)]: told for key, told in given["studies"].items() if int(key) in studies}
        told = given if seen else {name: given[name] for name in ("definition", "version") if name in given}
        return told | {"studies": seen}

    @property
    def simulated(self) -> bool:
        """Whether its votes are of people who were made up."""
        return self.family == self.Family.PERSONA_PANEL

    @property
    def called(self) -> str:
        """Its name, marked where its votes are of people who were made up: for choices, which take no tag."""
        return f"{self.name} (simulated people)" if self.simulated else self.name

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
