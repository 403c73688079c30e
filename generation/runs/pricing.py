"""What a run would still ask for, and cost: a dry run, of which nobody is asked."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from generation.models import AbstractCall, AbstractRun
from generation.recipes.recipe import Recipe, Subject
from generation.runs.budget import cost

# Outcomes that a start leaves as they are.
DONE = [AbstractCall.Outcome.ANSWERED, AbstractCall.Outcome.REFUSED, AbstractCall.Outcome.UNPARSABLE]

# Of more calls the tokens of every so many are estimated: that takes longer than reading them.
MOST_READ = 4_000


@dataclass(frozen=True)
class Price:
    """What starting a run asks for, estimated.

    Attributes
    ----------
    about : str
        What it asks about: "response", "item" for a comparison, "query", "candidate".
    targets, calls : int
        What it asks about, and the calls that are still to be made.
    tokens_in, tokens_out : int
        What these likely take.
    most_out : int
        What comes out if every reply is as long as it may be. Calls that are made again come on top.
    money, most_money : Decimal
        The same in the run's currency.
    measured : bool
        Whether tokens are as the server counted them so far, not as they were estimated from the texts.
    n : int
        Calls that this rests on; 0 if it is not measured.
    """

    about: str
    targets: int
    calls: int
    tokens_in: int
    tokens_out: int
    most_out: int
    money: Decimal
    most_money: Decimal
    currency: str
    measured: bool
    n: int

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, money as text."""
        return asdict(self) | {"money": str(self.money), "most_money": str(self.most_money)}


@dataclass
class _Tally:
    """Tokens expected of some calls: of every `step`-th, whose texts are read."""

    step: int
    calls: int = 0
    read: int = 0
    into: int = 0
    out: int = 0
    most_out: int = 0

    def add(self, recipe: Recipe, subject: Subject, part: str) -> None:
        if self.calls % self.step == 0:
            tokens = recipe.expected(subject, part)
            self.read += 1
            self.into += tokens.into
            self.out += tokens.out
            self.most_out += max(tokens.out, tokens.most_out)
        self.calls += 1

    def all(self, read: int) -> float:
        """Of all calls, by what those take whose texts were read."""
        return read * self.calls / self.read if self.read else 0.0


def price_of(run: AbstractRun) -> Price:
    """What starting the run would ask for from now on.

    Once some calls were made, such as by a trial, the estimates are multiplied by the ratio of what those
    took, with all their attempts, to what was estimated of them. Of very many calls not every text is read.
    """
    job = run.job
    recipe = job.recipe(run)
    column = job.column(recipe)
    done = _done(run, f"{column}_id")
    made_calls = sum(map(len, done.values()))
    made, rest = _Tally(_step(made_calls)), _Tally(_step(job.size(run, recipe) - made_calls))
    targets = set()
    for key, part, subject in job.every(run, recipe):
        if part in done.get(key, ()):
            made.add(recipe, subject, part)
        else:
            rest.add(recipe, subject, part)
            targets.add(key)
    into_ratio, out_ratio = _ratios(run, made)
    into, out = round(rest.all(rest.into) * into_ratio), round(rest.all(rest.out) * out_ratio)
    most = max(out, round(rest.all(rest.most_out)))
    return Price(
        about=column,
        targets=len(targets),
        calls=rest.calls,
        tokens_in=into,
        tokens_out=out,
        most_out=most,
        money=cost(run, into, out),
        most_money=cost(run, into, most),
        currency=run.currency,
        measured=made.calls > 0,
        n=made.calls,
    )


def _step(calls: int) -> int:
    return max(1, -(-calls // MOST_READ))


def _done(run: AbstractRun, column: str) -> dict[int, set[str]]:
    """The parts of each target that need no call any more."""
    found: dict[int, set[str]] = defaultdict(set)
    rows = run.calls.order_by().filter(outcome__in=DONE).values_list(column, "part")
    for key, part in rows.iterator():
        found[key].add(part)
    return found


def _ratios(run: AbstractRun, made: _Tally) -> tuple[float, float]:
    """How many times what was expected in and out the calls took that were made."""
    ended = run.calls.order_by().filter(outcome__in=DONE)
    took = ended.aggregate(into=Sum("tokens_in", default=0), out=Sum("tokens_out", default=0))
    return (
        took["into"] / made.all(made.into) if made.into else 1.0,
        took["out"] / made.all(made.out) if made.out else 1.0,
    )
