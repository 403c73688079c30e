"""What a run may spend: what was spent, and what is under way at its most, never pass the budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from calibration.models import Run

MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Spent:
    """Tokens, and what they cost in the run's currency."""

    tokens: int
    money: Decimal

    def __str__(self) -> str:
        return f"{self.tokens:,} tokens"


def spent(run: Run) -> Spent:
    """What the run's calls took, those under way at their most."""
    sums = run.calls.order_by().aggregate(into=Sum("tokens_in", default=0), out=Sum("tokens_out", default=0))
    return cost(run, sums["into"], sums["out"])


def cost(run: Run, into: int, out: int) -> Spent:
    return Spent(into + out, (into * run.price_in + out * run.price_out) / MILLION)


def affordable(run: Run, most: Sequence[tuple[int, int]]) -> int:
    """How many of the calls, each of so many tokens in and out at most, the budget still reaches for.

    Without a budget, all. With one, other callers wait until the transaction ends.
    """
    if not most or (run.budget_tokens is None and run.budget_money is None):
        return len(most)
    run = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
    sums = spent(run)
    tokens, money = sums.tokens, sums.money
    for count, (into, out) in enumerate(most):
        more = cost(run, into, out)
        tokens, money = tokens + more.tokens, money + more.money
        if _passes(run, tokens, money):
            return count
    return len(most)


def _passes(run: Run, tokens: int, money: Decimal) -> bool:
    return (run.budget_tokens is not None and tokens > run.budget_tokens) or (
        run.budget_money is not None and money > run.budget_money
    )


def reached(run: Run) -> str:
    """Why a run stops whose next call the budget does not reach for."""
    sums = spent(run)
    parts = []
    if run.budget_tokens is not None:
        parts.append(f"{sums.tokens:,} of {run.budget_tokens:,} tokens")
    if run.budget_money is not None:
        parts.append(f"{sums.money:.4f} of {run.budget_money:.4f} {run.currency}")
    return f"The budget does not reach for the next call: {' and '.join(parts)} are spent. Raise it to go on."
