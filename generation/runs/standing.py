"""Where a run stands: what came of its calls, how long it still goes, and what may be done."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max
from django.db.models.functions import Coalesce

from generation.models import AbstractRun
from generation.runs import callers, clock
from generation.runs.ending import UNFINISHED
from generation.runs.sums import Sums, sums_of

# What the rate is measured over.
LATELY = timedelta(minutes=1)
NOBODY = (
    "It waits for a worker: if that lasts more than a minute, none runs. bin/serve starts one, and so does "
    "manage.py db_worker."
)
STORES = "All is asked: a worker stores what came of it, a page at a time."
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
        What it has calls about so far.
    rate : float or None
        Calls that ended a minute, in the last minute.
    seconds_left : float or None
        Until the last call ends, at that rate.
    no_time : str
        Why there is no rate, in words; empty if there is one.
    errors : tuple of Said
        The latest, the latest first.
    may_start, may_stop : bool
    """

    state: str
    error: str
    targets: int
    rate: float | None
    seconds_left: float | None
    no_time: str
    errors: tuple[Said, ...]
    may_start: bool
    may_stop: bool

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
        }


def standing(run: AbstractRun) -> Standing:
    """Where the run stands now, in a number of queries that does not grow with it.

    The run's row is taken as it was read.
    """
    return Standing(**standing_fields(run))


def standing_fields(run: AbstractRun) -> dict[str, Any]:
    """What a Standing is made of."""
    sums, under_way = sums_of(run), run.state in UNFINISHED
    rate, no_time = _rate(run, sums, clock.now())
    return {
        **{field.name: getattr(sums, field.name) for field in fields(sums)},
        "state": run.state,
        "error": run.error,
        "targets": run.job.asked(run.job.recipe(run), sums.calls),
        "rate": rate,
        "seconds_left": None if rate is None else (sums.calls - sums.ended) / rate * 60,
        "no_time": no_time,
        "errors": _errors(run),
        "may_start": not under_way,
        "may_stop": under_way,
    }


def _rate(run: AbstractRun, sums: Sums, now: datetime) -> tuple[float | None, str]:
    """Calls a minute, or why that is undefined."""
    if run.state not in UNFINISHED:
        return None, "It does not run."
    if sums.calls and sums.ended == sums.calls:
        return None, STORES
    if not callers.living(run).exists():
        return None, NOBODY
    since = max(now - LATELY, run.started_at or now)
    ended = run.calls.order_by().filter(answered_at__gt=since).count()
    if not ended or now <= since:
        return None, "No call has ended in the last minute." if sums.ended else "No call has ended yet."
    return ended / ((now - since) / timedelta(minutes=1)), ""


def _errors(run: AbstractRun) -> tuple[Said, ...]:
    rows = (
        run.calls.order_by()
        .exclude(error="")
        .values_list("outcome", "error")
        .annotate(calls=Count("pk"), last=Max(Coalesce("answered_at", "not_before")))
        .order_by("-last", "error")[:MOST_ERRORS]
    )
    return tuple(Said(outcome, line, calls) for outcome, line, calls, _ in rows)
