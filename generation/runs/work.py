"""Work at a run: claim calls, make them, store what comes back, until all is asked or somebody says stop."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from generation.clients import Client
from generation.models import AbstractRun, ModelServer
from generation.recipes.recipe import Recipe, RecipeError, Reply
from generation.runs import budget, callers, calls, ending
from generation.runs.errors import RunError
from generation.runs.interrupts import interrupts
from generation.runs.making import Maker
from generation.runs.pace import Pace, rest
from generation.runs.streak import Streak
from generation.servers import ServerError, client_of, may_use

logger = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R", bound=AbstractRun)

# Seconds between two looks for calls whose time has come.
LOOKS_EVERY = 0.25


def never() -> bool:
    return False


def silent(share: float) -> None:
    """Nobody is told how far it is."""


def work(*, run: R, progress: Callable[[float], None] = silent, until: Callable[[], bool] = never) -> R:
    """Work at a started run, beside whoever else does, until it has ended or `until` says to give way.

    The main thread does all database work and the others make calls. A place is given to the next call only
    when its reply is committed. SIGTERM and SIGINT have what is under way stored before this returns; a run
    that is left unfinished goes on whenever somebody works at it again. `progress` hears the share of calls
    that have ended. What no call can succeed for fails the run with one line.
    """
    with interrupts() as interrupted:
        while _work(run, progress, lambda: interrupted() or until()):
            pass
    ending.settle(run)
    with suppress(type(run).DoesNotExist):
        run.refresh_from_db()
    return run


def _work(run: AbstractRun, progress: Callable[[float], None], until: Callable[[], bool]) -> bool:
    """Work, and fail the run for what would stop every other worker too; a database may come back.

    Whether to work again, since its server has another address or key by now.
    """
    try:
        if not ending.begin(run, until):
            return False
        run.refresh_from_db()
        recipe, client = run.job.recipe(run), _client(run, run.server)
        with closing(client) if client else nullcontext():
            return _Worker(run, recipe, client, progress).work(until)
    except (OperationalError, InterfaceError):
        raise
    except (RecipeError, RunError, ServerError) as error:
        ending.fail(run, str(error))
    except Exception as error:
        if not _row(run).exists():  # deleted meanwhile
            return False
        logger.exception("run %s failed", run.pk)
        reason = str(error).strip().split("\n")[0]
        ending.fail(run, f"The run stopped: {type(error).__name__}: {reason[:300]}")
    return False


def _client(run: AbstractRun, server: ModelServer | None) -> Client | None:
    """What asks the server as it is now. Raises RunError where it is not shared any more, and ServerError."""
    asker = User.objects.filter(pk=run.created_by_id or 0).first()
    if asker and not may_use(server, asker):
        raise RunError(f"{asker} may not use the server {server} any more: have it shared again.")
    return client_of(server) if server else None


@dataclass(frozen=True)
class _UnderWay:
    """A call that is made now, since a moment of the monotonic clock."""

    call: calls.Claimed
    since: float


class _Worker:
    """One process at work: what it has under way, and what it knows of its limits."""

    def __init__(
        self, run: AbstractRun, recipe: Recipe, client: Client | None, progress: Callable[[float], None]
    ) -> None:
        self.run, self.recipe, self.client, self.progress = run, recipe, client, progress
        self.maker = Maker(recipe, client)
        self.caller = callers.join(run)
        self.jitter = random.Random(self.caller.pk)
        self.pace, self.purse, self.streak = Pace(), budget.Purse(), Streak(self.jitter)
        self.claimed: list[calls.Claimed] = []
        self.under_way: dict[int, _UnderWay] = {}
        self.heard = float("-inf")
        self.runs, self.moved = True, False
        self.idle, self.held, self.looks = False, False, 0.0
        self.ended, self.total = 0, 1

    def work(self, until: Callable[[], bool]) -> bool:
        """Whether it ended since its server has another address or key by now, or is nobody's to use."""
        came: dict[int, Reply | None] = {}
        done = False
        try:
            while not done:
                self._renew()
                self._learn(came)
                if line := self.maker.broken or self.streak.line:
                    ending.fail(self.run, line)
                goes = not line and self.runs and not self.moved and not until()
                if not goes:
                    self.maker.stop()
                short = self._commit(came, goes=goes)
                if goes:
                    self._claim()
                done = not self.under_way and (not goes or self._is_over(short))
                came = {} if done else self.maker.came(self._patience())
            self.maker.close(wait=True)
        finally:
            self.maker.close(wait=False)
            callers.leave(self.caller)
        return self.moved

    def _renew(self) -> None:
        """Say often enough that this process lives; hear how many places it has, and whether to go on."""
        if time.monotonic() < self.heard + self._hears_every():
            return
        row = _row(self.run).first()
        self.runs = row is not None and row.state == AbstractRun.State.RUNNING
        self.run = row or self.run
        wanted = max(self._busy, 1) if self.idle and not self.claimed else callers.MOST_PLACES
        while self.runs and not callers.renew(self.caller, busy=self._busy, wanted=wanted):
            self.caller, self.claimed = callers.join(self.run), []
        self.moved = self.moved or self._has_moved()
        self.heard = time.monotonic()
        if self.progress is not silent:
            self.ended, self.total = calls.counts(self.run)
            self.progress(self.ended / max(1, self.total))

    def _has_moved(self) -> bool:
        try:
            return self.runs and _client(self.run, self.caller.server) != self.client
        except (RunError, ServerError):
            return True

    def _hears_every(self) -> float:
        return callers.HEARD_EVERY if self.caller.places else callers.HUNGRY_EVERY

    @property
    def _busy(self) -> int:
        """The places that are taken: a model in this process takes one, whatever it got."""
        return int(bool(self.under_way)) if self.recipe.local else len(self.under_way)

    def _free(self) -> int:
        """How many more calls may be under way."""
        if self.recipe.local:
            return 0 if self.under_way else self._most()
        width = 0 if self.streak.rests else min(self.caller.places, self.streak.width)
        return max(0, width - len(self.under_way))

    def _most(self) -> int:
        """How many calls this process claims at most beside those under way."""
        if not self.recipe.local:
            return self.caller.places
        return max(1, self.recipe.at_once // self.run.workers)

    def _learn(self, came: dict[int, Reply | None]) -> None:
        """What the replies say of the server, which the next call heeds."""
        replies = [(self.under_way[key].since, reply) for key, reply in came.items() if reply is not None]
        self.streak.saw(replies, busy=len(self.under_way))
        waits = [reply.wait for _, reply in replies if reply.outcome == "later" and reply.wait]
        if waits and self.caller.server:
            rest(self.caller.server, max(waits))

    def _commit(self, came: dict[int, Reply | None], *, goes: bool) -> bool:
        """Store what came, and make as many of the claimed calls once that is committed.

        Whether the budget did not suffice for the next.
        """
        replies = [(self.under_way.pop(key).call, reply) for key, reply in sorted(came.items())]
        free = min(self._free(), len(self.claimed)) if goes else 0
        following = self.claimed[: self.pace.due(self.caller.server, free)]
        self.held = bool(free)
        if not replies and not following:
            return False
        begun, now, short = _again(lambda: self._store(replies, following))
        self.under_way |= {call.key: _UnderWay(call, now) for call in following[:begun]}
        self.maker.make([call.asked for call in following[:begun]])
        self.pace.use(begun)
        del self.claimed[:begun]
        self.held = begun < free
        if self.progress is not silent:
            self.progress(min(1.0, self.ended / max(1, self.total)))
        return short

    def _store(
        self, replies: Sequence[tuple[calls.Claimed, Reply | None]], following: Sequence[calls.Claimed]
    ) -> tuple[int, float, bool]:
        """How many of the following were begun, when, and whether the budget did not suffice for all."""
        with transaction.atomic():
            if budget.has_budget(self.run):
                self._lock()
            if replies:
                self.ended += calls.store(self.run, self.caller, replies, self.jitter)
            now = time.monotonic()
            if following and now < self.heard + callers.LOST_AFTER / 2:
                begun, short = calls.begin(self.run, following, self.purse)
                return begun, now, short
        return 0, now, False

    def _claim(self) -> None:
        """Have calls at hand for the places that come free, while others are under way."""
        most = 0 if self.recipe.local and self.under_way else self._most()
        if 2 * len(self.claimed) > most or time.monotonic() > self.heard + callers.LOST_AFTER / 2:
            return
        wanted = most - len(self.claimed)
        if wanted and not (self.idle and time.monotonic() < self.looks):
            found = calls.claim(self.run, self.caller, self.recipe, count=wanted)
            # Who was silent for long finds calls that it still makes itself.
            self.claimed += [call for call in found if call.key not in self.under_way]
            self.idle = len(found) < wanted
            self.looks = time.monotonic() + LOOKS_EVERY

    def _lock(self) -> None:
        """Spend alone until the transaction ends, by the budget as it is now."""
        row = _row(self.run).select_for_update(of=("self",), no_key=True).first()
        self.run = row or self.run

    def _is_over(self, short: bool) -> bool:
        """Whether there is nothing more to do, while nothing is under way here."""
        if short:
            calls.give_back(self.run, self.caller, self.claimed)
            self.claimed = []
            if not calls.any_claimed(self.run):
                ending.stop(self.run, budget.reached(self.run))
        running = _row(self.run).filter(state=AbstractRun.State.RUNNING).exists()
        return not running or not calls.any_open(self.run)

    def _patience(self) -> float:
        """Seconds after which there is something to do though no reply came."""
        until = [self.heard + self._hears_every() - time.monotonic()]
        if (moment := self.pace.wait()) is not None:
            until.append(moment)
        if not self.under_way or len(self.under_way) < self.caller.places:
            begins = self.claimed and self._free() and not self.held
            until.append(0.0 if begins else LOOKS_EVERY)
        return min(until)


def _row(run: AbstractRun) -> QuerySet[Any]:
    return type(run)._default_manager.filter(pk=run.pk)


def _again(act: Callable[[], T]) -> T:
    """What a transaction did, made once more where it and one that deletes waited for each other."""
    try:
        return act()
    except OperationalError:
        if not connection.is_usable():
            raise
        time.sleep(0.1)  # the other goes first, or both wait again
        return act()
