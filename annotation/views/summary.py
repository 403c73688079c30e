"""What a study's pages show: how far it is, how much people disagree, and its items in an order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.agreement import agreement_of
from annotation.frames import LabelFrame, label_frame
from annotation.models import Item, Label, Slot, Study

FloatArray = npt.NDArray[np.float64]

ITEMS_A_PAGE = 25
# What the table sorts by: the column's name in `item_details`, or the item's own place.
SORTS = {"mean": "mean", "sd": "sd", "entropy": "entropy_bits", "dispersion": "dispersion", "n": "n"}
DEFAULT_SORT = "-entropy"


@dataclass(frozen=True)
class Progress:
    """Labels of those wanted, who is inside, and when the rest will be there at the pace of the last hour."""

    items: int
    wanted: int | None
    labels: int
    inside: int
    people: int
    last_hour: int
    expected_end: datetime | None

    @property
    def done(self) -> bool:
        return self.wanted is not None and self.labels >= self.wanted

    @property
    def started(self) -> bool:
        return self.labels > 0


def progress_of(study: Study) -> Progress:
    now = timezone.now()
    slots = Slot.objects.filter(study=study)
    wanted = None if study.imported else study.labels_per_item * study.items.count()
    counted = Label.objects.filter(item__study=study, status=Label.Status.COUNTED)
    labels = counted.count() if study.imported else slots.filter(filled=True).count()
    inside = slots.filter(filled=False, leased_until__gt=now).values("participant").distinct().count()
    last_hour = 0 if study.imported else counted.filter(submitted_at__gt=now - timedelta(hours=1)).count()
    missing = (wanted or 0) - labels
    running = study.state == Study.State.OPEN and missing > 0 and last_hour > 0
    return Progress(
        items=study.items.count(),
        wanted=wanted,
        labels=labels,
        inside=inside,
        people=study.participants.filter(Exists(counted.filter(participant=OuterRef("pk")))).count(),
        last_hour=last_hour,
        expected_end=now + timedelta(hours=missing / last_hour) if running else None,
    )


@dataclass(frozen=True)
class Summary:
    """The labels as counts, the agreement's numbers, and the items' rows."""

    frame: LabelFrame
    agreement: dict[str, Any]
    rows: list[dict[str, Any]]

    def column(self, name: str) -> FloatArray:
        """One number an item, NaN where it is undefined."""
        return np.array([np.nan if row[name] is None else row[name] for row in self.rows], dtype=float)

    def row_of(self, item: Item) -> dict[str, Any]:
        return self.rows[int(np.flatnonzero(self.frame.item_pks == item.pk)[0])]


def summary_of(study: Study) -> Summary:
    """The study's summary, kept until a label, an exclusion or the scale changes it."""
    key, state = f"summary:{study.pk}", _label_state(study)
    kept: tuple[Any, Summary] | None = cache.get(key)
    if kept is not None and kept[0] == state:
        return kept[1]
    frame = label_frame(study)
    agreement = agreement_of(frame)
    summary = Summary(frame, agreement, agreement.pop("items_detail"))
    cache.set(key, (state, summary), timeout=3600)
    return summary


def _label_state(study: Study) -> tuple[Any, ...]:
    """Labels are append-only, so their number and the last key tell any two states apart."""
    labels = Label.objects.filter(item__study=study).aggregate(Max("pk"), Count("pk"))
    excluded = study.participants.aggregate(Count("excluded_at"), Max("excluded_at"))
    settings = (study.scale_low, study.scale_high, study.design, study.simulated, study.items.count())
    return (*labels.values(), *excluded.values(), *settings)


@dataclass(frozen=True)
class ItemRow:
    item: Item
    counts: list[int]
    numbers: dict[str, Any]


def items_page(study: Study, summary: Summary, *, search: str, kind: str, sort: str, page: str) -> Page[Any]:
    """One page of the study's items with their labels, in the wanted order; ties by position."""
    order = _order(summary, sort)
    wanted = _matching(study, search) if search else None
    pks = summary.frame.item_pks
    chosen = [
        n
        for n in order
        if (wanted is None or int(pks[n]) in wanted) and (not kind or summary.rows[n]["kind"] == kind)
    ]
    shown: Page[Any] = Paginator(chosen, ITEMS_A_PAGE).get_page(page)
    texts = Item.objects.select_related("query", "response", "response_1", "response_2")
    found = texts.in_bulk([int(pks[n]) for n in shown.object_list])
    shown.object_list = [
        ItemRow(found[int(pks[n])], summary.frame.counts[n].tolist(), summary.rows[n])
        for n in shown.object_list
    ]
    return shown


def _order(summary: Summary, sort: str) -> list[int]:
    name = SORTS.get(sort.removeprefix("-"))
    if name is None:  # by position, the order of the rows
        rows = list(range(len(summary.rows)))
        return rows[::-1] if sort.startswith("-") else rows
    column = summary.column(name)
    falling = sort.startswith("-")
    # What is undefined stands last in both directions.
    keys = [(not isfinite(value), -value if falling else value) for value in column.tolist()]
    return sorted(range(len(keys)), key=keys.__getitem__)


def _matching(study: Study, search: str) -> set[int]:
    texts = ("query__text", "response__text", "response_1__text", "response_2__text", "external_id")
    found = Q()
    for name in texts:
        found |= Q(**{f"{name}__icontains": search})
    items: QuerySet[Item] = study.items.filter(found)
    return set(items.values_list("pk", flat=True))
