"""What came back of the calls about queries: some of each outcome, and all as JSON lines."""

import json
from collections.abc import Iterator

from generation.models import Call, Run

ROWS_AT_ONCE = 1_000
EXAMPLES = 3
WITHOUT_RESULT = (Call.Outcome.REFUSED, Call.Outcome.UNPARSABLE, Call.Outcome.FAILED)


def examples(run: Run) -> dict[str, list[Call]]:
    """The first calls of each outcome without a result, of a trial also of those that were answered."""
    about = run.calls.select_related("query", "candidate")
    shown = (Call.Outcome.ANSWERED, *WITHOUT_RESULT) if run.state == Run.State.DRAFT else WITHOUT_RESULT
    found = {
        str(outcome.label): [*about.filter(outcome=outcome).order_by("number")[:EXAMPLES]]
        for outcome in shown
    }
    return {outcome: calls for outcome, calls in found.items() if calls}


def reply_lines(run: Run) -> Iterator[str]:
    """Each call that was made, in order, as a line of JSON."""
    about = run.job.column(run.job.recipe(run))
    columns = {
        "number": "number",
        "query": f"{about}__text",
        "part": "part",
        "outcome": "outcome",
        "result": "result",
        "reply": "reply",
        "error": "error",
        "attempts": "attempts",
        "tokens_in": "tokens_in",
        "tokens_out": "tokens_out",
        "answered_at": "answered_at",
    }
    made = run.calls.exclude(attempts=0).order_by("number")
    for row in made.values_list(*columns.values()).iterator(ROWS_AT_ONCE):
        line = dict(zip(columns, row, strict=True))
        line["outcome"] = line["outcome"] or "open"
        line["answered_at"] = line["answered_at"] and line["answered_at"].isoformat()
        yield json.dumps(line, ensure_ascii=False) + "\n"
