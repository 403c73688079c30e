"""A page of a study's items, in the order and of the kind that somebody asked for."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from annotation.models import Item, Study
from annotation.summary import Summary

ITEMS_A_PAGE = 25
DEFAULT_SORT = "-entropy"


@dataclass(frozen=True)
class ItemRow:
    item: Item
    counts: list[int]
    numbers: dict[str, Any]


def items_page(study: Study, summary: Summary, *, search: str, kind: str, sort: str, page: str) -> Page[Any]:
    """One page of the study's items with their labels, in the wanted order; ties by position."""
    wanted = _matching(study, search) if search else None
    pks = summary.frame.item_pks.tolist()
    chosen = [
        n
        for n in summary.places(sort)
        if (wanted is None or pks[n] in wanted) and (not kind or summary.kinds[n] == kind)
    ]
    shown: Page[Any] = Paginator(chosen, ITEMS_A_PAGE).get_page(page)
    places = list(shown.object_list)
    texts = Item.objects.select_related("query", "response", "response_1", "response_2")
    found = texts.in_bulk([pks[n] for n in places])
    shown.object_list = [
        ItemRow(found[pks[n]], summary.frame.counts[n].tolist(), numbers)
        for n, numbers in zip(places, summary.rows(places), strict=True)
    ]
    return shown


def _matching(study: Study, search: str) -> set[int]:
    texts = ("query__text", "response__text", "response_1__text", "response_2__text", "external_id")
    found = Q()
    for name in texts:
        found |= Q(**{f"{name}__icontains": search})
    items: QuerySet[Item] = study.items.filter(found)
    return set(items.values_list("pk", flat=True))
