"""An item's own page: its labels, and the items of its query beside it."""

from collections import defaultdict
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from annotation.charts.labels import shares_of, value_in_words
from annotation.models import Item, Label, Study
from annotation.roles import study_for
from annotation.summary import SORTS, Summary, summary_of
from annotation.views.excluded import both_ways, with_excluded
from annotation.views.items import TEXTS, item_rows
from generation.pages import ConsoleRequest, page

BESIDE_SORTS = ("mean", "entropy")
# So many stand on the page at once; the others are unfolded.
BESIDE_AT_ONCE = 12
# Of a query with more items, the first in the order; the list of items has them all.
MOST_BESIDE = 120


@login_required
@require_GET
def item(request: ConsoleRequest, slug: str, pk: int) -> HttpResponse:
    study, asked = study_for(request.user, slug), with_excluded(request)
    shown = get_object_or_404(Item.objects.select_related(*TEXTS), study=study, pk=pk)
    summary = summary_of(study, with_excluded=asked)
    place = summary.place_of(shown)
    numbers = summary.rows([place])[0]
    counts = list(numbers["counts"].values())
    other = both_ways(study, with_excluded=asked)["other"]
    labels = list(
        Label.objects.current().filter(item=shown).select_related("participant").order_by("value", "pk")
    )
    left_out = [label for label in labels if label.participant and label.participant.excluded_at]
    sort = request.GET.get("sort", "")
    sort = sort if sort.removeprefix("-") in BESIDE_SORTS else "-mean"
    context: dict[str, Any] = {
        "study": study,
        "item": shown,
        "numbers": numbers,
        "with_excluded": asked,
        "excluded": len(left_out),
        "other": other.rows([place])[0] if left_out and other else None,
        "counts": counts,
        "shares": shares_of(study, counts),
        "labels": [(label, _answer(study, label)) for label in labels],
        "by_value": _by_value(study, labels),
        "named": any(label.participant_id for label in labels),
        "timed": any(label.active_seconds is not None for label in labels),
        "telling": any(label.participant_id or label.comment or label.active_seconds for label in labels),
        "previous": study.items.filter(position__lt=shown.position).last(),
        "following": study.items.filter(position__gt=shown.position).first(),
        "most_bits": log2(len(study.values)),
        "among": _among(summary, place),
        "sort": sort,
        **_beside(summary, place, sort),
    }
    return page(request, "annotation/item.html", context)


def _answer(study: Study, label: Label) -> str:
    return "cannot judge" if label.value is None else value_in_words(study, label.value)


def _by_value(study: Study, labels: list[Label]) -> list[tuple[str, str, list[Label]]]:
    """Of each value that somebody gave, and of cannot judge: its words, its colour and its labels."""
    given: dict[int | None, list[Label]] = defaultdict(list)
    for label in labels:
        given[label.value].append(label)
    rows = [
        (share.words, share.colour, given[share.value]) for share in shares_of(study, [0] * len(study.values))
    ]
    return [row for row in (*rows, ("cannot judge", "", given[None])) if row[2]]


@dataclass(frozen=True)
class Standing:
    """Where an item stands among those that have the number: how many lie below, and how many are equal."""

    name: str
    below: float
    equal: int
    items: int


def _among(summary: Summary, place: int) -> list[Standing]:
    found = []
    for name in ("mean", "entropy"):
        column = summary.column(SORTS[name])
        own, defined = column[place], column[np.isfinite(column)]
        if np.isfinite(own) and len(defined) > 1:
            # Computed numbers that are the same may differ by a rounding.
            below = int((defined < own - 1e-9).sum())
            equal = int((np.abs(defined - own) <= 1e-9).sum()) - 1
            found.append(Standing(name, below / (len(defined) - 1), equal, len(defined)))
    return found


def _beside(summary: Summary, place: int, sort: str) -> dict[str, Any]:
    """The items of the same query, this one among them."""
    queries = summary.frame.queries
    order = np.array(summary.places(sort), dtype=np.int64)
    every = order[queries[order] == queries[place]].tolist()
    places = every[:MOST_BESIDE]
    rows = item_rows(summary, places) if len(places) > 1 else []
    return {
        "beside": rows[:BESIDE_AT_ONCE],
        "further": rows[BESIDE_AT_ONCE:],
        "item_further": place in places[BESIDE_AT_ONCE:],
        "beyond": len(every) - len(places),
    }
