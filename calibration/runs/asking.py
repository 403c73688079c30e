"""What may be asked of a run, and a person's acts on it: make, start, stop, delete."""

from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from annotation.currencies import CODES
from annotation.log import record
from annotation.models import Study
from calibration.models import Call, Run
from calibration.runs import callers, calls, clock, ending, targets
from calibration.runs.errors import RunError
from calibration.runs.names import check_name
from calibration.scorers.reading import read_recipe
from calibration.scorers.recipe import Recipe, RecipeError
from generation.models import ModelServer
from generation.servers import may_use

__all__ = [
    "RunError", "change_budget", "create_run", "delete_run", "may_try", "recipe_of", "start_run", "stop_run",
]  # fmt: skip

MOST_WORKERS, MOST_CALLS = 64, 1_000_000


@transaction.atomic
def create_run(
    *,
    study: Study,
    scorer: str,
    recipe: Recipe,
    server: ModelServer | None = None,
    price_in: Decimal | float = 0,
    price_out: Decimal | float = 0,
    currency: str = "USD",
    budget_tokens: int | None = None,
    budget_money: Decimal | float | None = None,
    workers: int = 1,
    created_by: User | None = None,
) -> Run:
    """Write down what is to be asked: a draft, of which nothing is asked before it is started.

    Prices are for a million tokens. Without a budget there is no limit. Whether `created_by` may use the
    server is the caller's to check. Raises RunError for whatever makes no sense.
    """
    _check_study(study, recipe)
    _check_size(study, recipe)
    _check_server(recipe, server)
    _check_prices(price_in, price_out, currency)
    _check_budget(budget_tokens, budget_money, priced=bool(price_in or price_out))
    if not 1 <= workers <= MOST_WORKERS:
        raise RunError(f"A run has 1 to {MOST_WORKERS} workers, not {workers}.")
    name = " ".join(scorer.split())
    asked = recipe.as_dict()
    _check_free(study, name, asked)
    run = Run.objects.create(
        study=study,
        scorer=name,
        recipe=asked,
        server=server,
        price_in=price_in,
        price_out=price_out,
        currency=currency,
        budget_tokens=budget_tokens,
        budget_money=budget_money,
        workers=workers,
        created_by=created_by,
    )
    record(study, "made a run", by=created_by, run=run.pk, scorer=name)
    return run


@transaction.atomic
def start_run(*, run: Run, by: User | None = None, trial: int | None = None) -> Run:
    """Have the run's calls made that have no answer yet, by whoever works at it from now on.

    Of many calls most are written down by who works at it first: nobody waits for them here.
    A `trial` asks about the first targets only, and can be made until the run is started as a whole. Calls
    that failed are made again; so are, once more, those for what was added to the study. Raises RunError,
    also for a server that is not `by`'s to use: its key pays.
    """
    run = _locked(run)
    if by is not None and not may_use(run.server, by):
        raise RunError(f"{run.server} is somebody else’s: only who may use it can start this run.")
    recipe = recipe_of(run)
    if run.state in ending.UNFINISHED and _lives(run):
        raise RunError(f"{run.scorer} runs already.")
    _check_study(run.study, recipe)
    _check_size(run.study, recipe)
    if trial is not None:
        _check_trial(run, trial)
    calls.reopen_failed(run)
    after = targets.prepare(run, recipe, targets=trial)
    while after is not None and not calls.any_open(run):
        after = targets.prepare(run, recipe, targets=trial, after=after)
    if not calls.any_open(run):
        what = f"about the first {trial}" if trial is not None else f"about {run.study.slug}"
        raise RunError(f"{run.scorer} has nothing left to ask {what}.")
    run.state, run.trial, run.error = Run.State.WAITING, trial, ""
    run.started_at, run.finished_at = clock.now(), None
    run.save(update_fields=["state", "trial", "error", "started_at", "finished_at"])
    what = "started a run" if trial is None else "tried a run"
    record(run.study, what, by=by, run=run.pk, scorer=run.scorer)
    return run


@transaction.atomic
def stop_run(*, run: Run, by: User | None = None) -> Run:
    """Have nothing more asked; what is under way is still stored. A run that has ended stays as it is."""
    run = _locked(run)
    if run.state in ending.UNFINISHED:
        who = by.get_username() if by else "the command line"
        ending.stop(run, f"Stopped by {who}. Start it again to go on.")
        ending.settle(run)
        record(run.study, "stopped a run", by=by, run=run.pk, scorer=run.scorer)
        run.refresh_from_db()
    return run


@transaction.atomic
def change_budget(
    *,
    run: Run,
    budget_tokens: int | None,
    budget_money: Decimal | float | None,
    by: User | None = None,
) -> Run:
    """Set both budgets, None for no limit; of a run under way from its next call on. Raises RunError."""
    run = _locked(run)
    _check_budget(budget_tokens, budget_money, priced=bool(run.price_in or run.price_out))
    run.budget_tokens = budget_tokens
    run.budget_money = None if budget_money is None else Decimal(str(budget_money))
    run.save(update_fields=["budget_tokens", "budget_money"])
    record(run.study, "changed a run's budget", by=by, run=run.pk, scorer=run.scorer)
    return run


@transaction.atomic
def delete_run(*, run: Run, by: User | None = None) -> None:
    """Delete a run that nobody works at, with its calls; the scores that it gave stay. Raises RunError."""
    run = _locked(run, joins=False)
    if callers.living(run).exists():
        raise RunError(f"{run.scorer} runs: stop it first.")
    record(run.study, "deleted a run", by=by, run=run.pk, scorer=run.scorer)
    run.delete()


def recipe_of(run: Run) -> Recipe:
    """The run's recipe. Raises RunError where this version cannot read it."""
    try:
        return read_recipe(run.recipe)
    except RecipeError as error:
        raise RunError(f"The recipe of {run.scorer} cannot be read: {error}") from None


def may_try(run: Run) -> bool:
    """Whether a trial is worth its while: before the run is started, and until one has told something."""
    told = run.calls.exclude(outcome=Call.Outcome.FAILED)
    return run.trial is not None or (run.state == Run.State.DRAFT and not told.exists())


def _locked(run: Run, *, joins: bool = True) -> Run:
    """The run's row as it is now, until the transaction ends; whether a caller may join meanwhile."""
    found = Run.objects.select_for_update(of=("self",), no_key=joins).select_related("study", "server")
    row = found.filter(pk=run.pk).first()
    if row is None:
        raise RunError(f"{run.scorer} was deleted.")
    return row


def _lives(run: Run) -> bool:
    """Whether somebody works at it, or was sent for just now."""
    just_now = clock.now() - timedelta(seconds=callers.LOST_AFTER)
    return callers.living(run).exists() or (run.started_at is not None and run.started_at > just_now)


def _check_study(study: Study, recipe: Recipe) -> None:
    if study.kind not in Study.Kind.values:
        raise RunError(f"Scorers are asked about ratings and comparisons: {study.slug} is neither.")
    if recipe.of_pairs and study.kind != Study.Kind.COMPARISON:
        raise RunError(f"This scorer compares two responses, and {study.slug} shows one at a time.")
    if not study.items.exists():
        raise RunError(f"The study {study.slug} has no responses yet: import some first.")


def _check_server(recipe: Recipe, server: ModelServer | None) -> None:
    if recipe.local and server is not None:
        raise RunError("This scorer runs in this process: name no server.")
    if not recipe.local and server is None:
        raise RunError("This scorer is asked through a server: name one.")


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


def _check_free(study: Study, name: str, asked: dict[str, object]) -> None:
    if not 1 <= len(name) <= 150:
        raise RunError("A scorer needs a name, of 150 characters at most.")
    if Run.objects.filter(study=study, scorer=name).exists():
        raise RunError(f"{study.slug} has a run of {name} already: start that one, or choose another name.")
    for other in Run.objects.filter(scorer=name).values_list("recipe", flat=True):
        if other != asked:
            raise RunError(f"{name} is the name of another recipe's run: choose another.")
    check_name(study, name, asked)


def _check_size(study: Study, recipe: Recipe) -> None:
    asked = targets.count_targets(study, of_pairs=recipe.of_pairs) * len(recipe.parts())
    if asked > MOST_CALLS:
        raise RunError(f"That would be {asked:,} calls, and a run makes {MOST_CALLS:,} at most.")


def _check_trial(run: Run, trial: int) -> None:
    if not 1 <= trial <= MOST_CALLS:
        raise RunError(f"A trial asks about 1 to {MOST_CALLS:,}, not {trial}.")
    if run.trial is None and run.state != Run.State.DRAFT:
        raise RunError(f"{run.scorer} was started already: a trial comes before.")
