"""What models say: queries, language models and their responses."""

import hashlib

from django.db import models


def digest(*parts: object) -> str:
    """Hex SHA-256 that tells texts apart; parts are joined so that no two lists of parts collide."""
    joined = "".join(f"{len(str(part))}:{part}" for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()


class Query(models.Model):
    """An open-ended request to a language model; the same text is the same query everywhere."""

    external_id = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    digest = models.CharField(max_length=64, unique=True, editable=False)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "queries"

    def __str__(self) -> str:
        return self.text[:80]

    @staticmethod
    def digest_of(text: str) -> str:
        return digest(text)


class LanguageModel(models.Model):
    name = models.CharField(max_length=200, unique=True)
    metadata = models.JSONField(default=dict, blank=True)

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
    external_id = models.CharField(max_length=200, blank=True, db_index=True)
    sample = models.PositiveIntegerField(default=0)
    text = models.TextField()
    digest = models.CharField(max_length=64, unique=True, editable=False)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text[:80]

    @staticmethod
    def digest_of(*, query: str, model: str, external_id: str, sample: int, text: str) -> str:
        return digest(query, model, external_id, sample, text)
