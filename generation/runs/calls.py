"""Calls: claimed by a caller, made, stored.

What keeps them exact under any number of processes that may be killed at any moment: a call is claimed by one
process, and counted as made before it is made; its reply is stored on condition that it has none; and only
then is another made in its place. So a kill loses at most what was under way, of which the most that it may
have cost stays counted.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet

from generation.models import AbstractCall, AbstractRun, Caller
from generation.recipes.recipe import Asked, Recipe, Reply, Subject
from generation.runs import callers, clock
from generation.runs.budget import Purse, Spent

# So often no reply may come of a call before it is given up, and so often it may be made at all: a recipe may
# want another reply after one that it cannot read.
MOST_FAILURES, MOST_ATTEMPTS = 6, 50
LONGEST_WAIT = 60.0
LONGEST_ERROR, LONGEST_REPLY = 500, 100_000
MOST_TOKENS = 10_000_000
LOST = f"Made {MOST_FAILURES} times; each time the process ended before a reply came."

# What every call takes while its place waits: several times as fast as by the ORM.
GOES = """
SELECT 1 FROM {run} AS run LEFT JOIN generation_modelserver AS server ON server.id = server_id
WHERE run.id = %s AND state = 'running'
    AND (server.resting_until IS NULL OR server.resting_until <= %s)
"""
BEGIN = """
UPDATE {call}
SET attempts = attempts + 1, failures = failures + 1,
    tokens_in = tokens_in + %s, tokens_out = tokens_out + %s
WHERE id = %s
"""
END = """
UPDATE {call}
SET caller_id = NULL, failures = failures - %s, tokens_in = tokens_in + %s, tokens_out = tokens_out + %s,
    outcome = %s, result = %s, reply = %s, error = %s, answered_at = %s
WHERE id = %s AND outcome = ''
"""


@dataclass(frozen=True)
class Claimed:
    """A call that this process makes, and the most tokens that it may take."""

    asked: Asked
    failures: int
    most: Spent

    @property
    def key(self) -> int:
        return self.asked.key


def any_open(run: AbstractRun) -> bool:
    """Whether a call has no outcome yet, whoever makes it."""
    return run.calls.order_by().filter(outcome=AbstractCall.Outcome.OPEN).exists()


def claimed(run: AbstractRun) -> QuerySet[Any]:
    """The calls that somebody has claimed, found by who they are."""
    calls: QuerySet[Any] = run.calls.model._default_manager.filter(caller__at=run.label)
    return calls


def any_claimed(run: AbstractRun) -> bool:
    """Whether somebody has claimed a call."""
    return claimed(run).exists()


def counts(run: AbstractRun) -> tuple[int, int]:
    """How many calls have ended, and how many there are."""
    rows = run.calls.order_by()
    return rows.exclude(outcome=AbstractCall.Outcome.OPEN).count(), rows.count()


def reopen_failed(run: AbstractRun) -> None:
    """Let the calls that failed be made again."""
    run.calls.filter(outcome=AbstractCall.Outcome.FAILED).update(
        outcome=AbstractCall.Outcome.OPEN, failures=0, answered_at=None, not_before=clock.now()
    )


@transaction.atomic
def claim(run: AbstractRun, caller: Caller, recipe: Recipe, *, count: int) -> list[Claimed]:
    """Take up to `count` calls whose time has come: nobody else gets them, while the caller lives.

    None of a run that is stopped, or for a caller that was taken for dead. Those that were under way too
    often when their process was killed fail.
    """
    if not callers.keeps(caller):
        return []
    found = _due(run, recipe, count=count)
    if lost := [call.key for call in found if call.failures >= MOST_FAILURES]:
        run.calls.filter(pk__in=lost).update(
            outcome=AbstractCall.Outcome.FAILED, error=LOST, answered_at=clock.now()
        )
        found = [call for call in found if call.failures < MOST_FAILURES]
    if found:
        run.calls.filter(pk__in=[call.key for call in found]).update(caller=caller)
    return found


def begin(run: AbstractRun, claimed: Sequence[Claimed], purse: Purse) -> tuple[int, bool]:
    """Count the first of the calls as made: how many, and whether that is all that the budget suffices for.

    None while the run is stopped or its server rests. The caller was heard of lately, so they are its own.
    """
    with connection.cursor() as cursor:
        cursor.execute(_sql(GOES, run), [run.pk, connection.ops.adapt_datetimefield_value(clock.now())])
        if cursor.fetchone() is None:
            return 0, False
        reaches = purse.reaches(run, [call.most for call in claimed])
        if reaches:
            rows = [(call.most.into, call.most.out, call.key) for call in claimed[:reaches]]
            cursor.executemany(_sql(BEGIN, run), rows)
    return reaches, reaches < len(claimed)


def give_back(run: AbstractRun, caller: Caller, claimed: Sequence[Claimed]) -> None:
    """Let others have calls that were claimed and not begun."""
    run.calls.filter(pk__in=[call.key for call in claimed], caller=caller).update(caller=None)


def store(
    run: AbstractRun, caller: Caller, came: Sequence[tuple[Claimed, Reply | None]], jitter: random.Random
) -> int:
    """Store what came back, and what it took in place of the most; how many calls have ended now.

    None for a call that was not made after all. A reply that came after its caller was taken for dead is
    stored like any other, unless the call was answered meanwhile: then only what was paid is added.
    """
    now = clock.now()
    ended = []
    for call, reply in came:
        if reply is None:
            _undo(run, caller, call)
        elif _ends(call, reply):
            ended.append((call, reply))
        elif not _put_back(run, caller, call, reply, now, jitter):
            _add(run, call, reply, now)
    return _end(run, ended, now) if ended else 0


def _end(run: AbstractRun, ended: Sequence[tuple[Claimed, Reply]], now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.executemany(_sql(END, run), [_row(call, reply, now) for call, reply in ended])
        count: int = cursor.rowcount
    if count < len(ended):
        keys = [call.key for call, _ in ended]
        mine = set(run.calls.filter(pk__in=keys, answered_at=now).values_list("pk", flat=True))
        for call, reply in ended:
            if call.key not in mine:
                _add(run, call, reply, now)
    return count


def backoff(failures: int, jitter: random.Random) -> float:
    """Seconds to wait after so many failures: up to 2, 4, 8 ..., drawn evenly so that callers spread."""
    return jitter.uniform(0, min(LONGEST_WAIT, 2.0**failures))


def _due(run: AbstractRun, recipe: Recipe, *, count: int) -> list[Claimed]:
    """Calls that may be made now, locked; those that somebody else claims at this moment are skipped."""
    due = (
        run.calls.filter(run__state=AbstractRun.State.RUNNING)
        .filter(outcome=AbstractCall.Outcome.OPEN, caller__isnull=True, not_before__lte=clock.now())
        .order_by("not_before", "number")
        .select_for_update(of=("self",), skip_locked=True)
        .values_list("pk", "part", "attempts", "failures")
    )
    rows = list(due[:count])
    subjects = run.job.subjects(run, recipe, [key for key, *_ in rows]) if rows else {}
    return [_claimed(recipe, subjects[key], key, *rest) for key, *rest in rows]


def _claimed(recipe: Recipe, subject: Subject, key: int, part: str, attempts: int, failures: int) -> Claimed:
    most = recipe.expected(subject, part)
    out = max(most.out, most.most_out)
    asked = Asked(key, subject, part, attempts - failures)
    return Claimed(asked, failures, Spent(_counted(most.into), _counted(out)))


def _sql(statement: str, run: AbstractRun) -> str:
    """With the tables of the run's own app."""
    return statement.format(run=run._meta.db_table, call=run.calls.model._meta.db_table)


def _ends(call: Claimed, reply: Reply) -> bool:
    """Whether the call is not made again."""
    if reply.outcome != "later":
        return True
    failures = call.failures + 1 - _came(reply)
    return failures >= MOST_FAILURES or call.asked.attempt + 1 >= MOST_ATTEMPTS


def _came(reply: Reply) -> int:
    """1 where the server replied, though the recipe may want another reply at once."""
    return int(reply.outcome in ("answered", "refused", "unparsable") or reply.wait == 0.0)


def _row(call: Claimed, reply: Reply, now: datetime) -> tuple[Any, ...]:
    """The parameters of END."""
    answered = reply.outcome == "answered"
    return (
        _came(reply),
        _counted(reply.tokens_in) - call.most.into,
        _counted(reply.tokens_out) - call.most.out,
        "failed" if reply.outcome == "later" else reply.outcome,
        json.dumps(reply.result) if answered else None,
        reply.text[:LONGEST_REPLY],
        "" if answered else reply.error[:LONGEST_ERROR] or "No reason was given.",
        connection.ops.adapt_datetimefield_value(now),
        call.key,
    )


def _put_back(
    run: AbstractRun, caller: Caller, call: Claimed, reply: Reply, now: datetime, jitter: random.Random
) -> bool:
    """Have the call made again after the others; whether it was the caller's still."""
    wait = backoff(call.failures + 1, jitter) if reply.wait is None else reply.wait
    mine = run.calls.filter(pk=call.key, outcome=AbstractCall.Outcome.OPEN, caller=caller)
    return bool(
        mine.update(
            caller=None,
            failures=F("failures") - _came(reply),
            not_before=now + timedelta(seconds=wait),
            error=reply.error[:LONGEST_ERROR],
            **_paid(call, reply),
        )
    )


def _undo(run: AbstractRun, caller: Caller, call: Claimed) -> None:
    """Count the call as if it was never begun."""
    run.calls.filter(pk=call.key, caller=caller).update(
        caller=None,
        attempts=F("attempts") - 1,
        failures=F("failures") - 1,
        tokens_in=F("tokens_in") - call.most.into,
        tokens_out=F("tokens_out") - call.most.out,
    )


def _add(run: AbstractRun, call: Claimed, reply: Reply, now: datetime) -> None:
    """Count what came too late; of a call that has ended as what it took now."""
    row = run.calls.filter(pk=call.key)
    row.update(**_paid(call, reply))
    row.exclude(outcome=AbstractCall.Outcome.OPEN).update(answered_at=now)


def _paid(call: Claimed, reply: Reply) -> Mapping[str, Any]:
    """What a reply took in place of the most that it could."""
    return {
        "tokens_in": F("tokens_in") + _counted(reply.tokens_in) - call.most.into,
        "tokens_out": F("tokens_out") + _counted(reply.tokens_out) - call.most.out,
    }


def _counted(tokens: int) -> int:
    """What a server says that it counted, or what an integer column holds of it."""
    return min(max(0, int(tokens)), MOST_TOKENS)
