"""Where a run stands: what came of its calls, how long it still goes, and what may be done."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max
from django.db.models.functions import Coalesce

from annotation.models import Label
from calibration.models import Run, Score
from calibration.runs import callers, clock
from calibration.runs.asking import recipe_of
from calibration.runs.ending import UNFINISHED
from calibration.runs.names import scorers_named
from calibration.runs.order_bias import bias_as_dict, order_bias
from calibration.runs.sums import Sums, sums_of
from calibration.scorers.judges.bias import PositionBias

# What the rate is measured over.
LATELY = timedelta(minutes=1)
NOBODY = (
    "It waits for a worker: if that lasts more than a minute, none runs. bin/serve starts one, and so does "
    "manage.py db_worker."
)
MOST_ERRORS = 5


@dataclass(frozen=True)
class Said:
    """An error's line, of how many calls, and of which outcome: "" for those that will be made again."""

    outcome: str
    line: str
    calls: int


@dataclass(frozen=True, kw_only=True)
class Standing(Sums):
    """Where a run stands: beside its calls by outcome, and what they took,

    Attributes
    ----------
    targets : int
        Responses or pairs that it has calls about so far.
    rate : float or None
        Calls that ended a minute, in the last minute.
    seconds_left : float or None
        Until the last call ends, at that rate.
    no_time : str
        Why there is no rate, in words; empty if there is one.
    position_bias : PositionBias or None
        Of a judge of pairs once the run rests, since all results are read for it.
    errors : tuple of Said
        The latest, the latest first.
    may_start, may_stop, may_audit : bool
    """

    state: str
    error: str
    targets: int
    rate: float | None
    seconds_left: float | None
    no_time: str
    position_bias: PositionBias | None
    errors: tuple[Said, ...]
    may_start: bool
    may_stop: bool
    may_audit: bool

    @property
    def share_done(self) -> float:
        """Of the calls that there are, from 0 to 1."""
        return self.ended / self.calls if self.calls else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, money as text."""
        shares = {f"{outcome}_share": self.share(outcome) for outcome in ("refused", "unparsable")}
        return {
            **super().as_dict(),
            **shares,
            "calls": self.calls,
            "ended": self.ended,
            "position_bias": bias_as_dict(self.position_bias),
        }


def standing(run: Run) -> Standing:
    """Where the run stands now, in a number of queries that does not grow with it.

    The run's row is taken as it was read.
    """
    sums, under_way, recipe = sums_of(run), run.state in UNFINISHED, recipe_of(run)
    rate, no_time = _rate(run, sums, clock.now())
    return Standing(
        **{field.name: getattr(sums, field.name) for field in fields(sums)},
        state=run.state,
        error=run.error,
        targets=sums.calls // len(recipe.parts()),
        rate=rate,
        seconds_left=None if rate is None else (sums.calls - sums.ended) / rate * 60,
        no_time=no_time,
        position_bias=None if under_way else order_bias(run, recipe),
        errors=_errors(run),
        may_start=not under_way,
        may_stop=under_way,
        may_audit=not under_way and _may_audit(run),
    )


def _rate(run: Run, sums: Sums, now: datetime) -> tuple[float | None, str]:
    """Calls a minute, or why that is undefined."""
    if run.state not in UNFINISHED:
        return None, "It does not run."
    if not callers.living(run).exists():
        return None, NOBODY
    since = max(now - LATELY, run.started_at or now)
    ended = run.calls.order_by().filter(answered_at__gt=since).count()
    if not ended or now <= since:
        return None, "No call has ended in the last minute." if sums.ended else "No call has ended yet."
    return ended / ((now - since) / timedelta(minutes=1)), ""


def _errors(run: Run) -> tuple[Said, ...]:
    rows = (
        run.calls.order_by()
        .exclude(error="")
        .values_list("outcome", "error")
        .annotate(calls=Count("pk"), last=Max(Coalesce("answered_at", "not_before")))
        .order_by("-last", "error")[:MOST_ERRORS]
    )
    return tuple(Said(outcome, line, calls) for outcome, line, calls, _ in rows)


def _may_audit(run: Run) -> bool:
    """Whether it has scores, and the study labels that count."""
    scores = Score.objects.filter(study=run.study_id, scorer__in=scorers_named(run.scorer))
    labels = Label.objects.counted().filter(item__study=run.study_id, value__isnull=False)
    return scores.exists() and labels.exists()
