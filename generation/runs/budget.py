"""What a run may spend: what was spent, and what is under way at its most, never pass the budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from generation.models import AbstractCall, AbstractRun
from generation.runs import clock

MILLION = Decimal(1_000_000)
# What ended so long ago is committed everywhere.
SETTLED = timedelta(seconds=10)


@dataclass(frozen=True)
class Spent:
    """Tokens that went in and came out."""

    into: int = 0
    out: int = 0

    @property
    def tokens(self) -> int:
        return self.into + self.out

    def money(self, run: AbstractRun) -> Decimal:
        """What they cost, in the run's currency."""
        return cost(run, self.into, self.out)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.into + other.into, self.out + other.out)


class Purse:
    """What a run has spent, as one process follows it: what ended long ago is summed up once."""

    def __init__(self) -> None:
        self._before = Spent()
        self._until: datetime | None = None

    def spent(self, run: AbstractRun) -> Spent:
        """What the run's calls took, those under way at their most."""
        ended, settled = run.calls.exclude(outcome=AbstractCall.Outcome.OPEN), clock.now() - SETTLED
        if self._until is None:
            self._before, self._until = _sum(ended.filter(answered_at__lte=settled)), settled
        elif settled - self._until > SETTLED:
            self._before += _sum(ended.filter(answered_at__gt=self._until, answered_at__lte=settled))
            self._until = settled
        since = _sum(ended.filter(answered_at__gt=self._until))
        tried = run.calls.filter(outcome=AbstractCall.Outcome.OPEN, answered_at__isnull=True, attempts__gt=0)
        return self._before + since + _sum(tried)

    def reaches(self, run: AbstractRun, most: Sequence[Spent]) -> int:
        """For how many of the calls, each of which takes so much at most, the budget still suffices.

        `run` is locked, so that no two processes spend the same.
        """
        if not most or not has_budget(run):
            return len(most)
        spent = self.spent(run)
        for count, more in enumerate(most):
            spent += more
            if run.budget_tokens is not None and spent.tokens > run.budget_tokens:
                return count
            if run.budget_money is not None and spent.money(run) > run.budget_money:
                return count
        return len(most)


def cost(run: AbstractRun, into: int, out: int) -> Decimal:
    """What so many tokens cost, in the run's currency."""
    return (into * run.price_in + out * run.price_out) / MILLION


def has_budget(run: AbstractRun) -> bool:
    return run.budget_tokens is not None or run.budget_money is not None


def reached(run: AbstractRun) -> str:
    """Why a run stops whose next call the budget does not reach for."""
    spent, parts = Purse().spent(run), []
    if run.budget_tokens is not None:
        parts.append(f"{spent.tokens:,} of {run.budget_tokens:,} tokens")
    if run.budget_money is not None:
        parts.append(f"{spent.money(run):.4f} of {run.budget_money:.4f} {run.currency}")
    return (
        f"The budget does not reach for the next call: {' and '.join(parts)} are spent. Raise the budget and "
        "start the run again to go on."
    )


def _sum(calls: QuerySet[Any]) -> Spent:
    sums = calls.order_by().aggregate(into=Sum("tokens_in", default=0), out=Sum("tokens_out", default=0))
    return Spent(sums["into"], sums["out"])
