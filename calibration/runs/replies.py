"""What came back of a run's calls: some of each outcome, and all as JSON lines."""

import json
from collections.abc import Iterator

from calibration.models import Call, Run

ROWS_AT_ONCE = 1_000
EXAMPLES = 3
WITHOUT_SCORE = (Call.Outcome.REFUSED, Call.Outcome.UNPARSABLE, Call.Outcome.FAILED)


def examples(run: Run) -> dict[str, list[Call]]:
    """The first calls of each outcome that makes no score, of a trial also of those that were answered."""
    about = run.calls.select_related("response", "item")
    shown = (Call.Outcome.ANSWERED, *WITHOUT_SCORE) if run.state == Run.State.DRAFT else WITHOUT_SCORE
    found = {
        str(outcome.label): [*about.filter(outcome=outcome).order_by("number")[:EXAMPLES]]
        for outcome in shown
    }
    return {outcome: calls for outcome, calls in found.items() if calls}


def reply_lines(run: Run) -> Iterator[str]:
    """Each call that was made, in the study's order, as a line of JSON."""
    made = run.calls.exclude(attempts=0).order_by("number")
    columns = {
        "number": "number",
        "item_id": "item__external_id",
        "response_id": "response__external_id",
        "query": "response__query__text",
        "query_of_item": "item__query__text",
        "response": "response__text",
        "response_1": "item__response_1__text",
        "response_2": "item__response_2__text",
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
    for row in made.values_list(*columns.values()).iterator(ROWS_AT_ONCE):
        line = dict(zip(columns, row, strict=True))
        line["query"] = line["query"] or line.pop("query_of_item")
        line.pop("query_of_item", None)
        line["outcome"] = line["outcome"] or "open"
        line["answered_at"] = line["answered_at"] and line["answered_at"].isoformat()
        yield json.dumps(line, ensure_ascii=False) + "\n"
