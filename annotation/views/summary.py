"""What a study's pages show: how far it is, how much people disagree, and its items in an order."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.agreement import agreement_of, item_details
from annotation.counts import filled_slots
from annotation.frames import LabelFrame, label_frame
from annotation.models import Item, Label, Session, Slot, Study

FloatArray = npt.NDArray[np.float64]

ITEMS_A_PAGE = 25
# What the table sorts by: the column's name in `item_details`, or the item's own place.
SORTS = {"mean": "mean", "sd": "sd", "entropy": "entropy_bits", "dispersion": "dispersion", "n": "n"}
DEFAULT_SORT = "-entropy"
SUMMARY_SECONDS = 3600
# Labels get their keys before they are committed, so a label of a lower key may come after one of a higher.
ON_THEIR_WAY = 1000


@dataclass(frozen=True)
class Progress:
    """Labels of those wanted, who is inside, and when the rest will be there at the pace of the last hour."""

    items: int
    wanted: int | None
    labels: int
    inside: int
    last_hour: int
    expected_end: datetime | None

    @property
    def done(self) -> bool:
        return self.wanted is not None and self.labels >= self.wanted

    @property
    def started(self) -> bool:
        return self.labels > 0


def progress_of(study: Study) -> Progress:
    """Asked for again every few seconds, so each number comes from an index of little more than it counts."""
    now, items = timezone.now(), study.items.count()
    counted = Label.objects.filter(status=Label.Status.COUNTED)
    if study.imported:
        labels = counted.filter(item__study=study).count()
        return Progress(items=items, wanted=None, labels=labels, inside=0, last_hour=0, expected_end=None)
    labels = filled_slots().filter(study=study).count()
    leased = Slot.objects.filter(session=OuterRef("pk"), filled=False, leased_until__gt=now)
    sessions = Session.objects.filter(Exists(leased), participant__study=study, ended_at=None)
    # By way of the participant, since from there the database begins with the time and not with the study.
    newest = counted.filter(session__isnull=False, submitted_at__gt=now - timedelta(hours=1))
    last_hour = newest.filter(participant__study=study).count()
    wanted = study.labels_per_item * items
    missing = wanted - labels
    running = study.state == Study.State.OPEN and missing > 0 and last_hour > 0
    return Progress(
        items=items,
        wanted=wanted,
        labels=labels,
        inside=sessions.count(),
        last_hour=last_hour,
        expected_end=now + timedelta(hours=missing / last_hour) if running else None,
    )


@dataclass(frozen=True)
class Summary:
    """The labels as counts, the agreement's numbers, and what the items are sorted and drawn by.

    Arrays, since a cache packs and unpacks them at every request: rows are made for the items on a page.
    """

    frame: LabelFrame
    agreement: dict[str, Any]
    columns: dict[str, FloatArray]
    kinds: list[str | None]

    @classmethod
    def of(cls, frame: LabelFrame) -> "Summary":
        agreement = agreement_of(frame)
        rows = agreement.pop("items_detail")
        # None, where a number is undefined, becomes NaN.
        columns = {name: np.array([row[name] for row in rows], dtype=float) for name in SORTS.values()}
        return cls(frame, agreement, columns, [row["kind"] for row in rows])

    def column(self, name: str) -> FloatArray:
        """One number an item, NaN where it is undefined."""
        return self.columns[name]

    def rows(self, places: list[int]) -> list[dict[str, Any]]:
        """The numbers of the items at these places."""
        frame = self.frame
        part = replace(
            frame,
            item_ids=[frame.item_ids[n] for n in places],
            counts=frame.counts[places],
            cannot_judge=frame.cannot_judge[places],
        )
        return item_details(part)

    def row_of(self, item: Item) -> dict[str, Any]:
        return self.rows([int(np.flatnonzero(self.frame.item_pks == item.pk)[0])])[0]


def summary_of(study: Study) -> Summary:
    """The study's summary, kept until a label, an exclusion or the scale changes it."""
    key = f"summary:{study.pk}"
    kept: tuple[int, Any, Summary] | None = cache.get(key)
    if kept is not None and kept[1] == _label_state(study, since=kept[0]):
        return kept[2]
    since = (Label.objects.aggregate(Max("pk"))["pk__max"] or 0) - ON_THEIR_WAY
    state = _label_state(study, since=since)
    summary = Summary.of(label_frame(study))
    cache.set(key, (since, state, summary), timeout=SUMMARY_SECONDS)
    return summary


def _label_state(study: Study, *, since: int) -> tuple[Any, ...]:
    """What tells two states apart; labels are append-only, so those after the key `since` tell of all."""
    labels = Label.objects.filter(item__study=study, pk__gt=since).count()
    excluded = study.participants.aggregate(Count("excluded_at"), Max("excluded_at"))
    settings = (study.scale_low, study.scale_high, study.design, study.imported, study.simulated)
    return (labels, *excluded.values(), *settings, study.items.count())


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
        for n in _order(summary, sort)
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


def _order(summary: Summary, sort: str) -> list[int]:
    name, falling = SORTS.get(sort.removeprefix("-")), sort.startswith("-")
    if name is None:  # by position, the order of the rows
        places = range(len(summary.kinds))
        return list(reversed(places) if falling else places)
    column = summary.column(name)
    # NaN, what is undefined, stands last in both directions.
    order: list[int] = np.argsort(-column if falling else column, kind="stable").tolist()
    return order


def _matching(study: Study, search: str) -> set[int]:
    texts = ("query__text", "response__text", "response_1__text", "response_2__text", "external_id")
    found = Q()
    for name in texts:
        found |= Q(**{f"{name}__icontains": search})
    items: QuerySet[Item] = study.items.filter(found)
    return set(items.values_list("pk", flat=True))
