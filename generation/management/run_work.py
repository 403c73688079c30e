"""A run that a command asks for: found or made, looked at, worked at here until it has ended."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

from django.core.management.base import CommandError, OutputWrapper
from django.db import IntegrityError, transaction
from tqdm import tqdm

from generation.local import LocalError
from generation.management.run_lines import bar_words, outcome_lines, price_lines, shown_lines
from generation.management.run_options import BUDGETS, PRICES, terms_of
from generation.models import AbstractRun, ModelServer
from generation.recipes.recipe import Recipe, RecipeError
from generation.runs import callers
from generation.runs.asking import change_budget, start_run, stop_run
from generation.runs.ending import UNFINISHED
from generation.runs.errors import RunError
from generation.runs.standing import standing
from generation.runs.work import work
from generation.servers import ServerError

R = TypeVar("R", bound=AbstractRun)

SECONDS_BETWEEN_LOOKS = 2.0


@contextmanager
def in_one_line() -> Iterator[None]:
    """What a person can mend is one line, and Ctrl-C is not an error of theirs."""
    try:
        yield
    except (LocalError, RecipeError, RunError, ServerError) as error:
        raise CommandError(str(error)) from None
    except KeyboardInterrupt:
        raise CommandError("Stopped. The same command goes on.", returncode=130) from None


def named(run: AbstractRun) -> dict[str, Any]:
    """What the outcome's JSON calls the run."""
    return {"name": run.name}


def outcome(run: AbstractRun) -> tuple[dict[str, Any], list[str]]:
    """What came of it, as JSON and in words."""
    now = standing(run)
    return now.as_dict(), outcome_lines(run, now)


def carry_out(
    stdout: OutputWrapper,
    options: Mapping[str, Any],
    wanted: Callable[[], R],
    *,
    named: Callable[[R], dict[str, Any]] = named,
    outcome: Callable[[R], tuple[dict[str, Any], list[str]]] = outcome,
) -> R | None:
    """Do with the run what the options ask for, and say what came of it.

    `wanted` finds or makes it. None where it was only looked at, of which nothing stays. Raises CommandError
    for a run that has not come to its end.
    """
    if options["dry_run"] or options["show"]:
        with transaction.atomic():
            run = wanted()
            lines = (
                shown_lines(run)
                if options["show"]
                else price_lines(run, named(run) if options["json"] else None)
            )
            transaction.set_rollback(True)
        stdout.write("\n".join(lines))
        return None
    run = at_work(found_or_made(wanted), trial=options["trial"])
    unfinished = why_unfinished(run)
    found, said = outcome(run)
    stdout.write(json.dumps({**named(run), "run": run.pk, **found}) if options["json"] else "\n".join(said))
    if unfinished is not None:
        raise unfinished
    return run


def found_or_made(wanted: Callable[[], R]) -> R:
    """The run; one that somebody who gave the same command makes at this moment is found the second time."""
    try:
        with transaction.atomic():
            return wanted()
    except (IntegrityError, RunError, ServerError):
        with transaction.atomic():
            return wanted()


def same(run: R, recipe: Recipe, server: ModelServer | None, options: Mapping[str, Any]) -> R:
    """The known run, with the budget that is asked for now.

    Raises CommandError for what would be another run under one name.
    """
    given = terms_of(options)
    other = f"choose another --name, or delete the run {run.pk} first."
    if run.recipe != recipe.as_dict():
        raise CommandError(f"{run.name} was asked for otherwise: {other}")
    if run.server != server:
        raise CommandError(f"{run.name} is asked of {run.server or 'no server'}: {other}")
    if any(given[field] != getattr(run, field) for field in PRICES if field in given):
        prices = f"{run.price_in:f} and {run.price_out:f} {run.currency}"
        raise CommandError(f"{run.name} was priced at {prices}: {other}")
    budgets = {field: given.get(field, getattr(run, field)) for field in BUDGETS}
    if any(budgets[field] != getattr(run, field) for field in BUDGETS):
        change_budget(run=run, **budgets)
        run.refresh_from_db()
    return run


def at_work(run: R, *, trial: int | None) -> R:
    """The run after this process worked at it: until it ended, or somebody pressed Ctrl-C.

    Raises RunError where it cannot start, and CommandError where another process does only a part of it, or
    more.
    """
    try:
        run = start_run(run=run, trial=trial)
    except RunError:
        run.refresh_from_db()
        if run.state == AbstractRun.State.FINISHED and trial is None:
            return run  # nothing was left to ask
        if run.state not in UNFINISHED:
            raise
        if run.trial != trial:
            what = f"about the first {run.trial}" if run.trial else "about everything"
            raise CommandError(f"{run.name} is being asked {what} by another process: wait for it.") from None
    with tqdm(total=1.0, disable=None, bar_format="{percentage:3.0f}% |{bar}| {desc}") as bar:
        return work(run=run, progress=_teller(run, bar))


def _teller(run: R, bar: tqdm) -> Callable[[float], None]:
    """What moves the bar, and says now and then what came back and what it took."""
    looked = float("-inf")

    def tell(share: float) -> None:
        nonlocal looked
        bar.update(share - bar.n)
        if not bar.disable and monotonic() - looked > SECONDS_BETWEEN_LOOKS:
            run.refresh_from_db(fields=["state", "started_at"])
            bar.set_description_str(bar_words(run))
            looked = monotonic()

    return tell


def why_unfinished(run: R) -> CommandError | None:
    """Why a run has not come to its end, None where it has. What nobody works at any more is stopped."""
    if run.state in UNFINISHED:
        if callers.living(run).exists():
            return CommandError("Stopped here; other processes go on with it.", returncode=130)
        stop_run(run=run)
        run.refresh_from_db()
        return CommandError("Stopped. The same command goes on.", returncode=130)
    if run.state in (AbstractRun.State.STOPPED, AbstractRun.State.FAILED):
        return CommandError(run.error)
    return None
