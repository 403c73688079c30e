"""Measures of what models say, as they were found once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from generation.models.encoders import Encoder
from generation.models.reports import AbstractReport
from generation.models.texts import Collection

if TYPE_CHECKING:
    from generation.measuring import DiversityMeasurer


class DiversityReport(AbstractReport):
    """How different the responses to a collection's queries are."""

    about = ("collection", "encoder")

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="diversity_reports")
    # Null where texts alone are measured.
    encoder = models.ForeignKey(
        Encoder, on_delete=models.PROTECT, null=True, blank=True, related_name="diversity_reports"
    )

    class Meta(AbstractReport.Meta):
        pass

    @property
    def measurer(self) -> DiversityMeasurer:
        from generation.measuring import DiversityMeasurer  # numpy and dask start slowly

        return DiversityMeasurer()
