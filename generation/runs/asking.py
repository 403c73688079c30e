"""What may be asked of a run, and a person's acts on it: make, start, stop, delete."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import transaction

from generation.currencies import CODES
from generation.models import AbstractCall, AbstractRun, Collection, Mining, ModelServer, Run
from generation.recipes.recipe import Recipe
from generation.runs import callers, calls, clock, ending
from generation.runs.errors import RunError
from generation.servers import may_use

R = TypeVar("R", bound=AbstractRun)

MOST_WORKERS, MOST_CALLS, MOST_NAME = 64, 1_000_000, 150


@dataclass(frozen=True)
class Terms:
    """Where a run is asked, what that costs, and how much it may. Prices are for a million tokens.

    Without a budget there is no limit; of a model in this process there is no server.
    """

    server: ModelServer | None = None
    price_in: Decimal | float = 0
    price_out: Decimal | float = 0
    currency: str = "USD"
    budget_tokens: int | None = None
    budget_money: Decimal | float | None = None
    workers: int = 1

    def check(self, recipe: Recipe) -> None:
        """Raises RunError for whatever makes no sense."""
        _check_server(recipe, self.server)
        _check_prices(self.price_in, self.price_out, self.currency)
        _check_budget(self.budget_tokens, self.budget_money, priced=bool(self.price_in or self.price_out))
        if not 1 <= self.workers <= MOST_WORKERS:
            raise RunError(f"A run has 1 to {MOST_WORKERS} workers, not {self.workers}.")

    def as_fields(self) -> dict[str, Any]:
        """What a run keeps of them."""
        return dict(vars(self))


@transaction.atomic
def create_run(
    *,
    kind: str,
    name: str,
    recipe: Recipe,
    collection: Collection | None = None,
    mining: Mining | None = None,
    created_by: User | None = None,
    **terms: Any,
) -> Run:
    """Write down what is to be asked about queries: a draft, of which nothing is asked before it is started.

    `terms` are those of `Terms`. Whether `created_by` may use the server is the caller's to check. Raises
    RunError for whatever makes no sense.
    """
    asked_by, name = Terms(**terms), " ".join(name.split())
    asked_by.check(recipe)
    if not 1 <= len(name) <= MOST_NAME:
        raise RunError(f"A run needs a name, of {MOST_NAME} characters at most.")
    if Run.objects.filter(name=name).exists():
        raise RunError(f"There is already a run {name}: start that one, or choose another name.")
    run = Run(
        kind=kind,
        name=name,
        recipe=recipe.as_dict(),
        collection=collection,
        mining=mining,
        created_by=created_by,
        **asked_by.as_fields(),
    )
    run.job.check(run, recipe)
    run.save()
    return run


@transaction.atomic
def start_run(*, run: R, by: User | None = None, trial: int | None = None) -> R:
    """Have the run's calls made that have no answer yet, by whoever works at it from now on.

    Of many calls most are written down by who works at it first: nobody waits for them here.
    A `trial` asks about the first targets only, and can be made until the run is started as a whole. Calls
    that failed are made again; so are, once more, those for what was added since. Raises RunError,
    also for a server that is not `by`'s to use: its key pays.
    """
    run = _locked(run)
    if by is not None and not may_use(run.server, by):
        raise RunError(f"{run.server} is somebody else’s: only who may use it can start this run.")
    job = run.job
    recipe = job.recipe(run)
    if run.state in ending.UNFINISHED and _lives(run):
        raise RunError(f"{run.name} runs already.")
    job.check(run, recipe)
    if trial is not None:
        _check_trial(run, trial)
    calls.reopen_failed(run)
    after = job.prepare(run, recipe, targets=trial, after=-1)
    while after is not None and not calls.any_open(run):
        after = job.prepare(run, recipe, targets=trial, after=after)
    if not calls.any_open(run):
        what = "" if trial is None else f" about the first {trial}"
        raise RunError(f"{run.name} has nothing left to ask{what}.")
    run.state, run.trial, run.error, run.collected = AbstractRun.State.WAITING, trial, "", -1
    run.started_at, run.finished_at = clock.now(), None
    run.save(update_fields=["state", "trial", "error", "collected", "started_at", "finished_at"])
    job.record(run, "started a run" if trial is None else "tried a run", by)
    return run


def stop_run(*, run: R, by: User | None = None) -> R:
    """Have nothing more asked; what is under way is still stored. A run that has ended stays as it is."""
    with transaction.atomic():
        run = _locked(run)
        stops = run.state in ending.UNFINISHED
        if stops:
            who = by.get_username() if by else "the command line"
            ending.stop(run, f"Stopped by {who}. Start it again to go on.")
            run.job.record(run, "stopped a run", by)
    if stops:
        ending.settle(run)
        with suppress(type(run).DoesNotExist):
            run.refresh_from_db()
    return run


@transaction.atomic
def change_budget(
    *,
    run: R,
    budget_tokens: int | None,
    budget_money: Decimal | float | None,
    by: User | None = None,
) -> R:
    """Set both budgets, None for no limit; of a run under way from its next call on. Raises RunError."""
    run = _locked(run)
    _check_budget(budget_tokens, budget_money, priced=bool(run.price_in or run.price_out))
    run.budget_tokens = budget_tokens
    run.budget_money = None if budget_money is None else Decimal(str(budget_money))
    run.save(update_fields=["budget_tokens", "budget_money"])
    run.job.record(run, "changed a run's budget", by)
    return run


@transaction.atomic
def delete_run(*, run: R, by: User | None = None) -> None:
    """Delete a run that nobody works at, with its calls; the scores that it gave stay. Raises RunError."""
    run = _locked(run, joins=False)
    if callers.living(run).exists():
        raise RunError(f"{run.name} runs: stop it first.")
    run.job.record(run, "deleted a run", by)
    callers.forget(run)
    run.delete()


def may_try(run: AbstractRun) -> bool:
    """Whether a trial is worth its while: before the run is started, and until one has told something."""
    told = run.calls.exclude(outcome=AbstractCall.Outcome.FAILED)
    return run.trial is not None or (run.state == AbstractRun.State.DRAFT and not told.exists())


def _locked(run: R, *, joins: bool = True) -> R:
    """The run's row as it is now, until the transaction ends; whether a caller may join meanwhile."""
    rows = type(run)._default_manager.select_for_update(of=("self",), no_key=joins)
    row = rows.select_related("server").filter(pk=run.pk).first()
    if row is None:
        raise RunError(f"{run.name} was deleted.")
    return row


def _lives(run: AbstractRun) -> bool:
    """Whether somebody works at it, or was sent for just now."""
    just_now = clock.now() - timedelta(seconds=callers.LOST_AFTER)
    return callers.living(run).exists() or (run.started_at is not None and run.started_at > just_now)


def check_size(asked: int) -> None:
    """Raises RunError for more calls than a run makes."""
    if asked > MOST_CALLS:
        raise RunError(f"That would be {asked:,} calls, and a run makes {MOST_CALLS:,} at most.")


def _check_server(recipe: Recipe, server: ModelServer | None) -> None:
    if recipe.local and server is not None:
        raise RunError("That model runs in this process: name no server.")
    if not recipe.local and server is None:
        raise RunError("That model is asked through a server: name one.")


def _check_prices(price_in: Decimal | float, price_out: Decimal | float, currency: str) -> None:
    for price in (price_in, price_out):
        if not (Decimal(price).is_finite() and 0 <= price < 1_000_000):
            raise RunError(f"A price for a million tokens is at least 0 and below 1,000,000, not {price}.")
    if currency not in CODES:
        raise RunError(f"There is no currency {currency[:10]!r}: use its three letters, such as USD.")


def _check_budget(tokens: int | None, money: Decimal | float | None, *, priced: bool) -> None:
    if tokens is not None and not 0 < tokens < 10**18:
        raise RunError(f"A budget of tokens is more than 0 and has at most 18 digits, not {tokens}.")
    if money is not None and not (Decimal(money).is_finite() and 0 < money < 10**8):
        raise RunError(f"A budget of money is more than 0 and below 100,000,000, not {money}.")
    if money is not None and not priced:
        raise RunError("A budget of money needs the prices of tokens.")


def _check_trial(run: AbstractRun, trial: int) -> None:
    if not 1 <= trial <= MOST_CALLS:
        raise RunError(f"A trial asks about 1 to {MOST_CALLS:,}, not {trial}.")
    if run.trial is None and run.state != AbstractRun.State.DRAFT:
        raise RunError(f"{run.name} was started already: a trial comes before.")
