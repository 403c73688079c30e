"""The first of what was chosen, as a preview shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.selected.choosing import Selection
from generation.models import Query, Response

FIRST = 5


@dataclass(frozen=True)
class Sample:
    """The texts of one item, and what is known of the choice."""

    query: str
    claim: str
    responses: list[Response]
    about: Mapping[str, Any]


def sample_of(selection: Selection, *, number: int = FIRST) -> list[Sample]:
    """So many items, spread evenly over all, in two queries."""
    every = selection.items
    items = [every[n * len(every) // number] for n in range(number)] if len(every) > number else every
    queries = Query.objects.in_bulk([item.query for item in items])
    keys = [key for item in items for key in item.responses]
    responses = Response.objects.select_related("model").in_bulk(keys)
    return [
        Sample(queries[item.query].text, item.claim, [responses[key] for key in item.responses], item.about)
        for item in items
    ]
