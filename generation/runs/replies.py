"""What came back of a run's calls: some of each outcome, and all as JSON lines."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from generation.models import AbstractCall, AbstractRun, Run

ROWS_AT_ONCE = 1_000
EXAMPLES = 3
Outcome = AbstractCall.Outcome
OWN = (
    "part",
    "outcome",
    "result",
    "reply",
    "error",
    "attempts",
    "tokens_in",
    "tokens_out",
    "answered_at",
)
WITHOUT_RESULT = (Outcome.REFUSED, Outcome.UNPARSABLE, Outcome.FAILED)


def examples(run: AbstractRun, *about: str) -> dict[str, list[Any]]:
    """The first calls of each outcome without a result, of a trial also of those that were answered.

    Each comes with what it is about, in these fields.
    """
    calls = run.calls.select_related(*about)
    shown = (Outcome.ANSWERED, *WITHOUT_RESULT) if run.state == AbstractRun.State.DRAFT else WITHOUT_RESULT
    found = {
        str(outcome.label): [*calls.filter(outcome=outcome).order_by("number")[:EXAMPLES]]
        for outcome in shown
    }
    return {outcome: some for outcome, some in found.items() if some}


def reply_lines(run: Run) -> Iterator[str]:
    """Each call that was made, in order, as a line of JSON."""
    about = run.job.column(run.job.recipe(run))
    return map(as_line, replies(run, {"query": f"{about}__text"}))


def replies(run: AbstractRun, about: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Each call that was made, in order, beside the fields of what it is `about`, by the names they get."""
    made = run.calls.exclude(attempts=0).order_by("number")
    for row in made.values_list("number", *about.values(), *OWN).iterator(ROWS_AT_ONCE):
        line = dict(zip(("number", *about, *OWN), row, strict=True))
        line["outcome"] = line["outcome"] or "open"
        line["answered_at"] = line["answered_at"] and line["answered_at"].isoformat()
        yield line


def as_line(found: Mapping[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False) + "\n"
