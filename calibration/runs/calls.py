"""Calls: claimed by a caller, made, stored.

What keeps them exact under any number of processes that may be killed at any moment: a call is claimed, and
counted as made, before it is made; its reply is stored on condition that it has none; and only then is
another claimed in its place. So a kill loses at most what was under way, of which the most that it may have
cost stays counted.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q

from calibration.models import Call, Caller, Run
from calibration.runs import clock, targets
from calibration.runs.budget import Purse, Spent
from calibration.scorers.recipe import Asked, Recipe, Reply, Subject

# So often no reply may come of a call before it is given up, and so often it may be made at all: a recipe may
# want another reply after one that it cannot read.
MOST_FAILURES, MOST_ATTEMPTS = 6, 50
LONGEST_WAIT = 60.0
LONGEST_ERROR, LONGEST_REPLY = 500, 100_000
MOST_TOKENS = 10_000_000
LOST = f"Made {MOST_FAILURES} times; each time the process ended before a reply came."

# The two that every call takes, a row each: several times as fast as the ORM's.
CLAIM = """
UPDATE calibration_call
SET caller_id = %s, attempts = attempts + 1, failures = failures + 1,
    tokens_in = tokens_in + %s, tokens_out = tokens_out + %s
WHERE id = %s
"""
END = """
UPDATE calibration_call
SET caller_id = NULL, failures = failures - %s, tokens_in = tokens_in + %s, tokens_out = tokens_out + %s,
    outcome = %s, result = %s, reply = %s, error = %s, answered_at = %s
WHERE id = %s
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


def any_open(run: Run) -> bool:
    """Whether a call has no outcome yet, whoever makes it."""
    return run.calls.order_by().filter(outcome=Call.Outcome.OPEN).exists()


def any_under_way(run: Run) -> bool:
    """Whether a call is claimed, whoever makes it."""
    return Call.objects.filter(caller__run=run).exists()


def counts(run: Run) -> tuple[int, int]:
    """How many calls have ended, and how many there are."""
    rows = run.calls.order_by()
    return rows.exclude(outcome=Call.Outcome.OPEN).count(), rows.count()


def reopen_failed(run: Run) -> None:
    """Let the calls that failed be made again."""
    run.calls.filter(outcome=Call.Outcome.FAILED).update(
        outcome=Call.Outcome.OPEN, failures=0, answered_at=None, not_before=clock.now()
    )


def claim(
    run: Run, caller: Caller, recipe: Recipe, purse: Purse, *, count: int
) -> tuple[list[Claimed], bool]:
    """Take up to `count` calls whose time has come, inside a transaction: nobody else gets them.

    None while the run is stopped or its server rests. Those that were under way too often when their process
    was killed fail. The second value is whether the budget did not reach for all.
    """
    found = _due(run, recipe, count=count)
    if lost := [call.key for call in found if call.failures >= MOST_FAILURES]:
        Call.objects.filter(pk__in=lost).update(
            outcome=Call.Outcome.FAILED, error=LOST, answered_at=clock.now()
        )
        found = [call for call in found if call.failures < MOST_FAILURES]
    claimed = found[: purse.reaches(run, [call.most for call in found])]
    if claimed:
        with connection.cursor() as cursor:
            rows = [(caller.pk, call.most.into, call.most.out, call.key) for call in claimed]
            cursor.executemany(CLAIM, rows)
    return claimed, len(claimed) < len(found)


def store(caller: Caller, came: Sequence[tuple[Claimed, Reply | None]], jitter: random.Random) -> int:
    """Store what came back, and what it took in place of the most; how many calls have ended now.

    None for a call that was not made after all. A reply that came after its caller was taken for dead is
    stored like any other, unless the call was answered meanwhile: then only what was paid is added.
    """
    now = clock.now()
    locked = Call.objects.select_for_update(no_key=True).filter(pk__in=[call.key for call, _ in came])
    callers = dict(locked.filter(outcome=Call.Outcome.OPEN).order_by().values_list("pk", "caller"))
    ended = []
    for call, reply in came:
        mine = callers.get(call.key, 0) == caller.pk
        if reply is None:
            if mine:
                _give_back(call)
        elif call.key in callers and _ends(call, reply):
            ended.append(_row(call, reply, now))
        elif mine:
            _put_back(call, reply, now, jitter)
        else:
            _add(call, reply, now)
    if ended:
        with connection.cursor() as cursor:
            cursor.executemany(END, ended)
    return len(ended)


def backoff(failures: int, jitter: random.Random) -> float:
    """Seconds to wait after so many failures: up to 2, 4, 8 ..., drawn evenly so that callers spread."""
    return jitter.uniform(0, min(LONGEST_WAIT, 2.0**failures))


def _due(run: Run, recipe: Recipe, *, count: int) -> list[Claimed]:
    """Calls that may be made now, locked; those that somebody else claims at this moment are skipped."""
    now = clock.now()
    column, texts = (
        ("item", targets.TEXTS_OF_ITEM) if recipe.of_pairs else ("response", targets.TEXTS_OF_RESPONSE)
    )
    rested = Q(run__server__resting_until__isnull=True) | Q(run__server__resting_until__lte=now)
    rows = (
        Call.objects.filter(rested, run=run, run__state=Run.State.RUNNING)
        .filter(outcome=Call.Outcome.OPEN, caller__isnull=True, not_before__lte=now)
        .order_by("not_before", "number")
        .select_for_update(of=("self",), skip_locked=True)
        .values_list("pk", "part", "attempts", "failures", *(f"{column}__{text}" for text in texts))
    )
    return [_claimed(recipe, *row) for row in rows[:count]]


def _claimed(
    recipe: Recipe, key: int, part: str, attempts: int, failures: int, query: str, *responses: str
) -> Claimed:
    subject = Subject(query, responses)
    most = recipe.expected(subject, part)
    out = max(most.out, most.most_out)
    asked = Asked(key, subject, part, attempts - failures)
    return Claimed(asked, failures, Spent(_counted(most.into), _counted(out)))


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


def _put_back(call: Claimed, reply: Reply, now: datetime, jitter: random.Random) -> None:
    wait = backoff(call.failures + 1, jitter) if reply.wait is None else reply.wait
    Call.objects.filter(pk=call.key).update(
        caller=None,
        failures=F("failures") - _came(reply),
        not_before=now + timedelta(seconds=wait),
        error=reply.error[:LONGEST_ERROR],
        **_paid(call, reply),
    )


def _give_back(call: Claimed) -> None:
    Call.objects.filter(pk=call.key).update(
        caller=None,
        attempts=F("attempts") - 1,
        failures=F("failures") - 1,
        tokens_in=F("tokens_in") - call.most.into,
        tokens_out=F("tokens_out") - call.most.out,
    )


def _add(call: Claimed, reply: Reply, now: datetime) -> None:
    """Count what came too late; of a call that has ended as what it took now."""
    row = Call.objects.filter(pk=call.key)
    row.update(**_paid(call, reply))
    row.exclude(outcome=Call.Outcome.OPEN).update(answered_at=now)


def _paid(call: Claimed, reply: Reply) -> Mapping[str, Any]:
    """What a reply took in place of the most that it could."""
    return {
        "tokens_in": F("tokens_in") + _counted(reply.tokens_in) - call.most.into,
        "tokens_out": F("tokens_out") + _counted(reply.tokens_out) - call.most.out,
    }


def _counted(tokens: int) -> int:
    """What a server says that it counted, or what an integer column holds of it."""
    return min(max(0, int(tokens)), MOST_TOKENS)
