"""Whether scorers know: scorers, their scores, the runs that ask for them, audits and plans."""

from calibration.models.audits import HEAVY, Audit, Measurement
from calibration.models.panels import Panel
from calibration.models.plans import Plan
from calibration.models.reports import EffectReport, VoicesReport
from calibration.models.rubrics import Rubric
from calibration.models.runs import Call, Run
from calibration.models.scores import Score, Scorer

__all__ = [
    "HEAVY",
    "Audit",
    "Call",
    "EffectReport",
    "Measurement",
    "Panel",
    "Plan",
    "Rubric",
    "Run",
    "Score",
    "Scorer",
    "VoicesReport",
]
