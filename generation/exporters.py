"""Responses as lines of a file, which `import_responses` reads again."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from generation.models import Collection, LanguageModel, Response

ROWS_AT_ONCE = 1_000


def response_lines(collection: Collection) -> Iterator[str]:
    """A JSON line for each response to a collection's queries, query by query, in flat memory."""
    found = Response.objects.filter(query__collections=collection).order_by("query", "pk")
    rows = found.select_related("query", "model", "condition").iterator(ROWS_AT_ONCE)
    while page := list(islice(rows, ROWS_AT_ONCE)):
        yield "".join(json.dumps(_row(response), ensure_ascii=False) + "\n" for response in page)


def _row(response: Response) -> dict[str, Any]:
    return {
        "query_id": response.query.external_id,
        "query": response.query.text,
        "response_id": response.external_id,
        "response": response.text,
        "model": response.model.name if response.model else None,
        "condition": response.condition.name if response.condition else None,
        "sample": response.sample,
        **response.metadata,
        **_checkpoint(response.model),
    }


def _checkpoint(model: LanguageModel | None) -> dict[str, Any]:
    if model is None or not model.family:
        return {}
    return {"family": model.family} | ({} if model.step is None else {"step": model.step})
