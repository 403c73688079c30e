"""What a run would still ask for, and cost: a dry run, of which nobody is asked."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from calibration.models import Call, Run
from calibration.runs.asking import recipe_of
from calibration.runs.budget import cost
from calibration.runs.targets import count_targets, subjects
from calibration.scorers.recipe import Recipe, Subject

# Outcomes that a start leaves as they are.
DONE = [Call.Outcome.ANSWERED, Call.Outcome.REFUSED, Call.Outcome.UNPARSABLE]

# Of more calls the tokens of every so many are estimated: that takes longer than reading them.
MOST_READ = 4_000


@dataclass(frozen=True)
class Price:
    """What starting a run asks for, estimated.

    Attributes
    ----------
    of_pairs : bool
        Whether it asks about pairs, else about responses.
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

    of_pairs: bool
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
    """Tokens expected of some calls: of the targets of every `step`-th, whose texts are read."""

    step: int
    targets: int = 0
    calls: int = 0
    read: int = 0
    into: int = 0
    out: int = 0
    most_out: int = 0

    def add(self, recipe: Recipe, subject: Subject, parts: Sequence[str]) -> None:
        if not parts:
            return
        if self.targets % self.step == 0:
            self.read += len(parts)
            for tokens in (recipe.expected(subject, part) for part in parts):
                self.into += tokens.into
                self.out += tokens.out
                self.most_out += max(tokens.out, tokens.most_out)
        self.targets += 1
        self.calls += len(parts)

    def all(self, read: int) -> float:
        """Of all calls, by what those take whose texts were read."""
        return read * self.calls / self.read if self.read else 0.0


def price_of(run: Run) -> Price:
    """What starting the run would ask for from now on.

    Once some calls were made, such as by a trial, the estimates are multiplied by the ratio of what those
    took, with all their attempts, to what was estimated of them. Of very many calls not every text is read.
    """
    recipe = recipe_of(run)
    parts, of_pairs = recipe.parts(), recipe.of_pairs
    done = _done(run, "item_id" if of_pairs else "response_id")
    made_calls = sum(map(len, done.values()))
    every = count_targets(run.study, of_pairs=of_pairs) * len(parts)
    made, rest = _Tally(_step(made_calls)), _Tally(_step(every - made_calls))
    for key, subject in subjects(run.study, of_pairs=of_pairs):
        ended = done.get(key, ())
        made.add(recipe, subject, [part for part in parts if part in ended])
        rest.add(recipe, subject, [part for part in parts if part not in ended])
    into_ratio, out_ratio = _ratios(run, made)
    into, out = round(rest.all(rest.into) * into_ratio), round(rest.all(rest.out) * out_ratio)
    most = max(out, round(rest.all(rest.most_out)))
    return Price(
        of_pairs=of_pairs,
        targets=rest.targets,
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


def _done(run: Run, column: str) -> dict[int, set[str]]:
    """The parts of each target that need no call any more."""
    found: dict[int, set[str]] = defaultdict(set)
    rows = run.calls.order_by().filter(outcome__in=DONE).values_list(column, "part")
    for key, part in rows.iterator():
        found[key].add(part)
    return found


def _ratios(run: Run, made: _Tally) -> tuple[float, float]:
    """How many times what was expected in and out the calls took that were made."""
    ended = run.calls.order_by().filter(outcome__in=DONE)
    took = ended.aggregate(into=Sum("tokens_in", default=0), out=Sum("tokens_out", default=0))
    return (
        took["into"] / made.all(made.into) if made.into else 1.0,
        took["out"] / made.all(made.out) if made.out else 1.0,
    )
