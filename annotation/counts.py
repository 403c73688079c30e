"""How many rows a study has, each number from an index that holds little more than what it counts."""

from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from annotation.models import Item, Label, Participant, Slot, Study


def filled_slots() -> QuerySet[Slot]:
    """As many as there are counted labels of studies labelled here.

    A filled slot has a participant anyway; saying so leads SQLite to the index of filled slots.
    """
    return Slot.objects.filter(filled=True, participant__isnull=False)


def _number(rows: QuerySet[Any], study: str = "study") -> Subquery:
    """Rows of the outer query's study; `study` is the way from a row to it.

    COUNT as a plain function, since around the aggregate Django groups.
    """
    return _of_all("COUNT", "pk", rows.filter(**{study: OuterRef("pk")}))


def _of_all(function: str, column: str, rows: QuerySet[Any]) -> Subquery:
    found = Func(F(column), function=function, output_field=IntegerField())
    return Subquery(rows.order_by().annotate(found=found).values("found"))


ITEMS, FILLED = _number(Item.objects.all()), _number(filled_slots())
# From an index of the items that have some.
EXTRA = Coalesce(
    _of_all("SUM", "extra_labels", Item.objects.filter(study=OuterRef("pk"), extra_labels__gt=0)), 0
)
COUNTS: dict[str, Any] = {
    "number_of_items": ITEMS,
    "people": _number(Participant.objects.all()),
    # None before a study has slots: every item has as many as it should, so they need not be counted.
    "wanted": Case(
        When(
            Exists(Slot.objects.filter(study=OuterRef("pk"))),
            then=F("labels_per_item") * ITEMS + EXTRA,
        ),
        default=Value(None),
        output_field=IntegerField(),
    ),
    "filled": FILLED,
    "number_of_labels": Case(
        When(imported=True, then=_number(Label.objects.filter(status=Label.Status.COUNTED), "item__study")),
        default=FILLED,
        output_field=IntegerField(),
    ),
}


def wanted_labels(study: Study) -> int:
    """How many labels the study's items are to have, all in all."""
    extra = study.items.filter(extra_labels__gt=0).aggregate(sum=Sum("extra_labels"))["sum"] or 0
    return study.labels_per_item * study.items.count() + int(extra)


def with_counts(studies: QuerySet[Study], *names: str) -> QuerySet[Study]:
    """The studies with the named ones of COUNTS, in one query."""
    return studies.annotate(**{name: COUNTS[name] for name in names})
