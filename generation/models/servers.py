"""Where models are asked."""

from django.conf import settings
from django.db import models
from django.db.models import Q


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
