"""What models say: queries, collections of them, language models and their responses."""

import hashlib

from django.db import models
from django.db.models import Q


def digest(*parts: object) -> str:
    """Hex SHA-256 that tells texts apart; parts are joined so that no two lists of parts collide."""
    joined = "".join(f"{len(str(part))}:{part}" for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()


class Query(models.Model):
    """An open-ended request to a language model; the same text is the same query everywhere."""

    class Openness(models.TextChoices):
        OPEN = "open", "open-ended"
        CLOSED = "closed", "closed-ended"

    external_id = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Whether many different answers are good; empty where nobody has asked.
    openness = models.CharField(max_length=6, choices=Openness, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "queries"
        constraints = [
            models.CheckConstraint(
                condition=Q(openness__in=["", "open", "closed"]), name="query_openness_is_known"
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]

    @staticmethod
    def digest_of(text: str) -> str:
        return digest(text)


class Collection(models.Model):
    """Queries under one name, about which models are asked and measures are taken."""

    name = models.SlugField(max_length=80, unique=True)
    # Where they come from.
    note = models.TextField(blank=True)
    queries = models.ManyToManyField(Query, related_name="collections")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class LanguageModel(models.Model):
    name = models.CharField(max_length=200, unique=True)
    # Of a checkpoint: which training it is of, and after how many steps.
    family = models.CharField(max_length=200, blank=True)
    step = models.PositiveBigIntegerField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(step__isnull=True) | ~Q(family=""), name="model_at_a_step_has_a_family"
            ),
            models.UniqueConstraint(
                fields=["family", "step"], condition=Q(step__isnull=False), name="one_model_a_family_and_step"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Condition(models.Model):
    """How responses were asked for: with which prompts, and how tokens were drawn.

    Frozen: the same strategy, template and decoding are the same condition everywhere.
    """

    name = models.CharField(max_length=150, unique=True)
    # As `generation.strategies` names it, with the version of its template.
    strategy = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    # What was sent, with {query} in the query's place.
    template = models.JSONField()
    # Such as {"temperature": 1.0, "top_p": 0.9, "max_tokens": 2048}.
    decoding = models.JSONField()
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Response(models.Model):
    """One text that a language model gave for a query.

    A model may give the same text twice: `sample` numbers its draws, so importing a file again finds
    the responses that are already there instead of doubling them.
    """

    query = models.ForeignKey(Query, on_delete=models.CASCADE, related_name="responses")
    model = models.ForeignKey(
        LanguageModel, on_delete=models.PROTECT, related_name="responses", null=True, blank=True
    )
    # Null where nobody said how it was asked for.
    condition = models.ForeignKey(
        Condition, on_delete=models.PROTECT, related_name="responses", null=True, blank=True
    )
    external_id = models.CharField(max_length=200, blank=True, db_index=True)
    sample = models.PositiveIntegerField(default=0)
    text = models.TextField()
    digest = models.CharField(max_length=64, unique=True, editable=False)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text[:80]

    @staticmethod
    def digest_of(
        *, query: str, model: str, external_id: str, sample: int, text: str, condition: str = ""
    ) -> str:
        """Of what tells a response from others; `condition` is the name of how it was asked for."""
        return digest(query, model, external_id, sample, text, *([condition] if condition else []))
