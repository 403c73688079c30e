"""What came of a run's calls, and what they took: counted in the database, whatever their number."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from generation.models import AbstractCall, AbstractRun
from generation.runs.budget import cost
from generation.runs.calls import claimed

ENDED = ["answered", "refused", "unparsable", "failed"]


@dataclass(frozen=True)
class Counted:
    """How many calls there are, and how many of them gave a score, or will never give one."""

    calls: int = 0
    answered: int = 0
    without: int = 0


@dataclass(frozen=True)
class Sums:
    """Calls by their outcome, how often they were made in all, and what that took.

    `under_way` have been taken by a caller, and count with the most tokens that they may take; `waiting` are
    to be made. The money is in the run's currency.
    """

    answered: int
    refused: int
    unparsable: int
    failed: int
    under_way: int
    waiting: int
    attempts: int
    tokens_in: int
    tokens_out: int
    money: Decimal
    currency: str

    @property
    def ended(self) -> int:
        return self.answered + self.refused + self.unparsable + self.failed

    @property
    def calls(self) -> int:
        return self.ended + self.under_way + self.waiting

    def share(self, outcome: str) -> float | None:
        """Of the calls that have ended; None before the first has."""
        return getattr(self, outcome) / self.ended if self.ended else None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self) | {"money": str(self.money)}


def sums_of(run: AbstractRun) -> Sums:
    """In two queries, of which an index answers the longer alone."""
    rows = (
        run.calls.order_by()
        .values_list("outcome")
        .annotate(Count("pk"), Sum("attempts"), Sum("tokens_in"), Sum("tokens_out"))
    )
    found = {outcome: sums for outcome, *sums in rows}
    numbers = {outcome: sums[0] for outcome, sums in found.items()}
    attempts, into, out = (sum(sums[n] for sums in found.values()) for n in (1, 2, 3))
    under_way = claimed(run).filter(outcome=AbstractCall.Outcome.OPEN).count()
    return Sums(
        **{outcome: numbers.get(outcome, 0) for outcome in ENDED},
        under_way=under_way,
        waiting=max(0, numbers.get(AbstractCall.Outcome.OPEN, 0) - under_way),
        attempts=attempts,
        tokens_in=into,
        tokens_out=out,
        money=cost(run, into, out),
        currency=run.currency,
    )


def counted(runs: QuerySet[Any]) -> Mapping[int, Counted]:
    """Of each of the runs how many calls there are; in one query, which an index answers alone."""
    found: dict[int, Counted] = defaultdict(Counted)
    calls = runs.model._meta.get_field("calls").related_model._default_manager
    rows = calls.filter(run__in=runs.order_by().values("pk")).order_by()
    for run, outcome, number in rows.values_list("run", "outcome").annotate(Count("pk")):
        before = found[run]
        found[run] = Counted(
            before.calls + number,
            before.answered + number * (outcome == AbstractCall.Outcome.ANSWERED),
            before.without + number * (outcome in ENDED and outcome != AbstractCall.Outcome.ANSWERED),
        )
    return found
