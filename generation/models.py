"""What models say: queries, language models and their responses."""

import hashlib

from django.conf import settings
from django.db import models
from django.db.models import Q


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


class ModelServer(models.Model):
    """Where models are asked, with which key, and how much it may be asked.

    The limits hold for all processes together.
    """

    name = models.CharField(max_length=100, unique=True)
    # As its documentation names it, such as https://api.example.org/v1; never with a key in it.
    base_url = models.CharField(max_length=500)
    # Only its owner uses it, unless it is shared; one that the command line made has no owner.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    shared = models.BooleanField(default=False)
    # Whether it may be at a private address: only the command line says so.
    anywhere = models.BooleanField(default=False)
    # The environment variable that holds the key, which only the command line names; or the key, sealed.
    key_variable = models.CharField(max_length=100, blank=True)
    sealed_key = models.TextField(blank=True)
    # Requests at a time.
    concurrency = models.PositiveSmallIntegerField(default=8)
    requests_a_minute = models.PositiveIntegerField(null=True, blank=True)
    # Seconds that one answer may take.
    timeout = models.PositiveSmallIntegerField(default=60)
    # It asked to be left alone until then.
    resting_until = models.DateTimeField(null=True, blank=True)
    # Where its requests a minute are limited: the next may be made then.
    next_request_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(concurrency__gte=1, concurrency__lte=512, timeout__gte=1),
                name="model_server_limits_make_sense",
            ),
            models.CheckConstraint(
                condition=Q(requests_a_minute__isnull=True) | Q(requests_a_minute__gte=1),
                name="model_server_may_be_asked",
            ),
            models.CheckConstraint(
                condition=Q(key_variable="") | Q(sealed_key=""), name="model_server_has_one_key"
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(anywhere=False, key_variable=""),
                name="model_server_of_a_person_is_public",
            ),
        ]

    def __str__(self) -> str:
        return self.name
