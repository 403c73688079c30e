"""What came back of a run's calls about a study, as JSON lines."""

from collections.abc import Iterator

from calibration.models import Run
from generation.runs.replies import as_line, replies

ABOUT = {
    "item_id": "item__external_id",
    "response_id": "response__external_id",
    "query": "response__query__text",
    "query_of_item": "item__query__text",
    "response": "response__text",
    "response_1": "item__response_1__text",
    "response_2": "item__response_2__text",
}


def reply_lines(run: Run) -> Iterator[str]:
    """Each call that was made, in the study's order, as a line of JSON."""
    for line in replies(run, ABOUT):
        of_item = line.pop("query_of_item")
        line["query"] = line["query"] or of_item
        yield as_line(line)
