"""A page of a study's items, in the order and of the kinds that somebody asked for."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from annotation.forms.items import ItemsForm
from annotation.models import Item, Study
from annotation.summary import Summary

ITEMS_A_PAGE = 25
TEXTS = ("query", "response__model", "response_1__model", "response_2__model")


@dataclass(frozen=True)
class ItemRow:
    item: Item
    counts: list[int]
    numbers: dict[str, Any]


def items_context(request: HttpRequest, study: Study, summary: Summary) -> dict[str, Any]:
    """What `annotation/_items.html` shows."""
    form = ItemsForm(request.GET, study=study, summary=summary)
    shown: Page[Any] = Paginator(form.places(), ITEMS_A_PAGE).get_page(request.GET.get("page"))
    shown.object_list = item_rows(summary, list(shown.object_list))
    return {"page": shown, "filter": form, "sort": form.sort_by}


def item_rows(summary: Summary, places: list[int]) -> list[ItemRow]:
    """The items at these places with their texts and numbers, in two queries."""
    frame = summary.frame
    pks = frame.item_pks[places].tolist() if places else []
    found = Item.objects.select_related(*TEXTS).in_bulk(pks)
    return [
        ItemRow(found[pk], frame.counts[n].tolist(), numbers)
        for pk, n, numbers in zip(pks, places, summary.rows(places), strict=True)
    ]
