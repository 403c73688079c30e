"""Reports that take scores: whether a panel finds people's effects, and what several voices are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from annotation.models import Study
from generation.models import AbstractReport, Collection, Encoder

if TYPE_CHECKING:
    from calibration.effects.measuring import EffectMeasurer
    from calibration.voices.measuring import VoicesMeasurer


class EffectReport(AbstractReport):
    """Which effects among people a scorer's votes replicate; the specification holds the contrasts."""

    about = ("study",)

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="effect_reports")

    class Meta(AbstractReport.Meta):
        pass

    @property
    def measurer(self) -> EffectMeasurer:
        from calibration.effects.measuring import EffectMeasurer  # scipy starts slowly

        return EffectMeasurer()


class VoicesReport(AbstractReport):
    """What conditions buy of different good answers with as many calls, or as many tokens."""

    about = ("collection", "encoder")

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="voices_reports")
    encoder = models.ForeignKey(Encoder, on_delete=models.PROTECT, related_name="voices_reports")

    class Meta(AbstractReport.Meta):
        pass

    @property
    def measurer(self) -> VoicesMeasurer:
        from calibration.voices.measuring import VoicesMeasurer  # numpy starts slowly

        return VoicesMeasurer()
