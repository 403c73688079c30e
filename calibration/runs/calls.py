"""Calls: claimed by a caller, made, stored.

What keeps them exact under any number of processes that may be killed at any moment: a call is claimed, and
counted as made, before it is made; its reply is stored on condition that it has none; and only then is
another claimed in its place. So a kill loses at most what was under way, of which the most that it may have
cost stays counted.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from calibration.models import Call, Caller, Run
from calibration.runs import targets
from calibration.runs.budget import affordable
from calibration.scorers.recipe import Asked, Recipe, Reply, Subject

# So often no reply may come of a call before it is given up, and so often it may be made at all: a recipe may
# want another reply after one that it cannot read.
MOST_FAILURES, MOST_ATTEMPTS = 6, 50
LONGEST_WAIT = 60.0
LONGEST_ERROR = 500
MOST_TOKENS = 10_000_000
LOST = f"Made {MOST_FAILURES} times; each time the process ended before a reply came."


@dataclass(frozen=True)
class Claimed:
    """A call that this process makes, and the most tokens that it may take."""

    asked: Asked
    failures: int
    most_in: int
    most_out: int


def any_open(run: Run) -> bool:
    """Whether a call has no outcome yet, whoever makes it."""
    return run.calls.order_by().filter(outcome=Call.Outcome.OPEN).exists()


def counts(run: Run) -> tuple[int, int]:
    """How many calls have ended, and how many there are."""
    rows = run.calls.order_by()
    return rows.exclude(outcome=Call.Outcome.OPEN).count(), rows.count()


def any_under_way(run: Run) -> bool:
    """Whether a call is claimed, whoever makes it."""
    return Call.objects.filter(caller__run=run).exists()


def reopen_failed(run: Run) -> None:
    """Let the calls that failed be made again."""
    run.calls.filter(outcome=Call.Outcome.FAILED).update(
        outcome=Call.Outcome.OPEN, attempts=0, failures=0, answered_at=None, not_before=timezone.now()
    )


def claim(run: Run, caller: Caller, recipe: Recipe, *, count: int) -> tuple[list[Claimed], bool]:
    """Take up to `count` calls whose time has come, inside a transaction: nobody else gets them.

    None while the run is stopped or its server rests. Those that were under way too often when their process
    was killed fail. The second value is whether the budget did not reach for all.
    """
    rows = _due(run, of_pairs=recipe.of_pairs, count=count)
    if lost := [row[0] for row in rows if row[3] >= MOST_FAILURES]:
        fail(lost, LOST)
    claimed = [
        _claimed(recipe, key, part, attempts, failures, texts)
        for key, part, attempts, failures, *texts in rows
        if failures < MOST_FAILURES
    ]
    reaches = affordable(run, [(call.most_in, call.most_out) for call in claimed])
    short, claimed = reaches < len(claimed), claimed[:reaches]
    if claimed:
        Call.objects.filter(pk__in=[call.asked.key for call in claimed]).update(
            caller=caller,
            attempts=F("attempts") + 1,
            failures=F("failures") + 1,
            tokens_in=F("tokens_in") + _each(claimed, "most_in"),
            tokens_out=F("tokens_out") + _each(claimed, "most_out"),
        )
    return claimed, short


def give_back(caller: Caller, call: Claimed) -> None:
    """Undo the claim of a call that was not made after all."""
    Call.objects.filter(pk=call.asked.key, caller=caller).update(
        caller=None,
        attempts=F("attempts") - 1,
        failures=F("failures") - 1,
        tokens_in=F("tokens_in") - call.most_in,
        tokens_out=F("tokens_out") - call.most_out,
    )


def store(caller: Caller, call: Claimed, reply: Reply, jitter: random.Random) -> bool:
    """Store what came back, and what it took in place of the most; whether the call has ended now.

    A reply that came after its caller was taken for dead is stored like any other, unless the call was
    answered meanwhile: then only what was paid is added.
    """
    paid = {
        "tokens_in": F("tokens_in") + _counted(reply.tokens_in) - call.most_in,
        "tokens_out": F("tokens_out") + _counted(reply.tokens_out) - call.most_out,
    }
    row = Call.objects.filter(pk=call.asked.key)
    asked_again = reply.outcome == "later" and reply.wait == 0.0
    came = int(asked_again or reply.outcome in ("answered", "refused", "unparsable"))
    now = timezone.now()
    if reply.outcome == "later" and not _is_last(call, came):
        mine = row.filter(outcome=Call.Outcome.OPEN, caller=caller)
        wait = reply.wait if reply.wait is not None else backoff(call.failures + 1, jitter)
        put_back = mine.update(
            caller=None,
            failures=F("failures") - came,
            not_before=now + timedelta(seconds=wait),
            error=reply.error[:LONGEST_ERROR],
            **paid,
        )
        ended = False
    else:
        outcome = "failed" if reply.outcome == "later" else reply.outcome
        put_back = row.filter(outcome=Call.Outcome.OPEN).update(
            caller=None,
            failures=F("failures") - came,
            outcome=outcome,
            result=reply.result if outcome == "answered" else None,
            reply=reply.text,
            error=reply.error[:LONGEST_ERROR] if outcome != "answered" else "",
            answered_at=now,
            **paid,
        )
        ended = bool(put_back)
    if not put_back:
        row.update(**paid)
    return ended


def fail(keys: Sequence[int], line: str) -> None:
    """Give calls up that nobody makes."""
    Call.objects.filter(pk__in=keys, outcome=Call.Outcome.OPEN).update(
        outcome=Call.Outcome.FAILED, caller=None, error=line, answered_at=timezone.now()
    )


def backoff(failures: int, jitter: random.Random) -> float:
    """Seconds to wait after so many failures: up to 2, 4, 8 ..., drawn evenly so that callers spread."""
    return jitter.uniform(0, min(LONGEST_WAIT, 2.0**failures))


def _due(run: Run, *, of_pairs: bool, count: int) -> list[tuple[Any, ...]]:
    """Calls that may be made now, locked; those that somebody else claims at this moment are skipped."""
    now = timezone.now()
    column, texts = ("item", targets.TEXTS_OF_ITEM) if of_pairs else ("response", targets.TEXTS_OF_RESPONSE)
    open_calls = Call.objects.filter(
        run=run, outcome=Call.Outcome.OPEN, caller__isnull=True, not_before__lte=now
    )
    running = Q(run__state=Run.State.RUNNING) & (
        Q(run__server__resting_until__isnull=True) | Q(run__server__resting_until__lte=now)
    )
    rows = (
        open_calls.filter(running)
        .order_by("not_before", "number")
        .select_for_update(of=("self",), skip_locked=True)
        .values_list("pk", "part", "attempts", "failures", *(f"{column}__{text}" for text in texts))
    )
    return list(rows[:count])


def _claimed(recipe: Recipe, key: int, part: str, attempts: int, failures: int, texts: list[str]) -> Claimed:
    query, *responses = texts
    subject = Subject(query, tuple(responses))
    most = recipe.expected(subject, part)
    out = max(most.out, most.most_out)
    return Claimed(Asked(key, subject, part, attempts), failures, _counted(most.into), _counted(out))


def _each(claimed: Sequence[Claimed], name: str) -> Case:
    whens = (When(pk=call.asked.key, then=Value(getattr(call, name))) for call in claimed)
    return Case(*whens, default=Value(0))


def _is_last(call: Claimed, came: int) -> bool:
    return call.failures + 1 - came >= MOST_FAILURES or call.asked.attempt + 1 >= MOST_ATTEMPTS


def _counted(tokens: int) -> int:
    """What a server says that it counted, or what an integer column holds of it."""
    return min(max(0, int(tokens)), MOST_TOKENS)
