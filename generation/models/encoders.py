"""Encoders: what turns responses into vectors."""

from django.db import models
from django.db.models import Q


class Encoder(models.Model):
    """A way to turn texts into vectors; these are files, in a folder of the encoder’s own."""

    name = models.CharField(max_length=150, unique=True)
    # As `generation.embedding` reads it; vectors from a file are {"kind": "imported"}.
    recipe = models.JSONField()
    # Null until the first vectors are there.
    dimensions = models.PositiveIntegerField(null=True, blank=True)
    dtype = models.CharField(max_length=7, default="float32")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(dtype__in=["float32", "float16"]), name="encoder_dtype_is_known"
            ),
            models.CheckConstraint(
                condition=Q(dimensions__isnull=True) | Q(dimensions__gte=1), name="encoder_has_dimensions"
            ),
        ]

    def __str__(self) -> str:
        return self.name
