"""A study's labels as one thing to show and to choose by: counts, agreement, and numbers of every item."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.agreement import Interval, agreement_of, item_columns, item_details
from annotation.frames import LabelFrame, label_frame
from annotation.freshness import kept, model_names
from annotation.models import Item, Study
from annotation.statistics.counts import FloatArray

# What items are sorted by: the column's name in `item_details`, or the item's own place.
SORTS = {
    "mean": "mean",
    "sd": "sd",
    "entropy": "entropy_bits",
    "dispersion": "dispersion",
    "modal": "modal_share",
    "n": "n",
}


@dataclass(frozen=True)
class Summary:
    """The labels as counts, the agreement's numbers, and what the items are sorted and drawn by.

    Arrays, since a cache packs and unpacks them at every request: rows are made for the items on a page.
    """

    frame: LabelFrame
    agreement: dict[str, Any]
    columns: dict[str, FloatArray]
    kinds: list[str | None]
    models: list[str]

    @classmethod
    def of(cls, frame: LabelFrame, models: list[str]) -> "Summary":
        found, kinds = item_columns(frame)
        found["n"] = frame.counts.sum(axis=1).astype(float)
        columns = {name: found[name] for name in SORTS.values()}
        return cls(frame, agreement_of(frame), columns, kinds, models)

    def column(self, name: str) -> FloatArray:
        """One number an item, NaN where it is undefined."""
        return self.columns[name]

    def rows(self, places: list[int]) -> list[dict[str, Any]]:
        """The numbers of the items at these places."""
        return item_details(self.frame.at(places))

    def places(self, sort: str) -> list[int]:
        """The items' places in an order of SORTS, falling after a minus; what is undefined stands last."""
        name, falling = SORTS.get(sort.removeprefix("-")), sort.startswith("-")
        if name is None:  # by position, the order of the rows
            places = range(len(self.kinds))
            return list(reversed(places) if falling else places)
        column = self.column(name)
        order: list[int] = np.argsort(-column if falling else column, kind="stable").tolist()
        return order

    def place_of(self, item: Item) -> int:
        return int(np.flatnonzero(self.frame.item_pks == item.pk)[0])


def summary_of(study: Study, *, with_excluded: bool = False) -> Summary:
    """The study's summary, kept until something changes it."""
    return kept(
        study,
        "summary-with-excluded" if with_excluded else "summary",
        lambda: Summary.of(label_frame(study, with_excluded=with_excluded), _models(study)),
        model_names(),
    )


def agreement_by(study: Study, summary: Summary, interval: Interval) -> dict[str, Any]:
    """The summary's agreement, with other intervals than its own by clusters."""
    if interval == "cluster":
        return summary.agreement
    frame = summary.frame
    name = f"agreement-{interval}" + ("-with-excluded" if frame.with_excluded else "")
    return kept(study, name, lambda: agreement_of(frame, interval=interval))


def _models(study: Study) -> list[str]:
    """The models whose responses are shown, by name."""
    fields = [f"{response}__model__name" for response in ("response", "response_1", "response_2")]
    rows = study.items.order_by().values_list(*fields).distinct()
    return sorted({name for row in rows for name in row if name})
