"""Where the run of a scorer stands."""

from dataclasses import dataclass
from typing import Any

from annotation.models import Label
from calibration.models import Run, Score
from calibration.runs.job import recipe_of
from calibration.runs.names import scorers_named
from calibration.runs.order_bias import bias_as_dict, order_bias
from calibration.scorers.judges.bias import PositionBias
from generation.runs import standing as of_runs


@dataclass(frozen=True, kw_only=True)
class Standing(of_runs.Standing):
    """Beside what every run has,

    Attributes
    ----------
    position_bias : PositionBias or None
        Of a judge of pairs once the run rests, since all results are read for it.
    may_audit : bool
    """

    position_bias: PositionBias | None
    may_audit: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, money as text."""
        return {**super().as_dict(), "position_bias": bias_as_dict(self.position_bias)}


def standing(run: Run) -> Standing:
    """Where the run stands now, in a number of queries that does not grow with it.

    The run's row is taken as it was read.
    """
    found = of_runs.standing_fields(run)
    rests = bool(found["may_start"])
    return Standing(
        **found,
        position_bias=order_bias(run, recipe_of(run)) if rests else None,
        may_audit=rests and _may_audit(run),
    )


def _may_audit(run: Run) -> bool:
    """Whether it has scores, and the study labels that count."""
    scores = Score.objects.filter(study=run.study_id, scorer__in=scorers_named(run.scorer))
    labels = Label.objects.counted().filter(item__study=run.study_id, value__isnull=False)
    return scores.exists() and labels.exists()
