"""The border between the ORM and arrays: a study's counted labels as counts, items by values."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db.models import Count, Q

from annotation.models import Item, Label, Study

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelFrame:
    """Counted labels of a study, one row an item in the items' order; items without labels are zero rows.

    Attributes
    ----------
    item_pks, queries, clusters : int arrays, shape (items,)
        `queries` are primary keys of queries; `clusters` is what intervals resample.
    blocks : int array, shape (items,), or None
        The form of each item; None outside a block design.
    item_ids : list of str
    values : int array, shape (V,)
        The scale, rising.
    counts : int array, shape (items, V)
    cannot_judge : int array, shape (items,)
        Counted beside, never inside `counts`.
    annotators : int or None
        Different people; None when an imported file named none.
    cluster_unit : {"query", "form"}
    simulated : bool
    """

    kind: str
    item_pks: IntArray
    item_ids: list[str]
    queries: IntArray
    blocks: IntArray | None
    values: IntArray
    counts: IntArray
    cannot_judge: IntArray
    annotators: int | None
    simulated: bool

    @property
    def cluster_unit(self) -> str:
        return "query" if self.blocks is None else "form"

    @property
    def clusters(self) -> IntArray:
        return self.queries if self.blocks is None else self.blocks


def label_frame(study: Study, *, with_excluded: bool = False) -> LabelFrame:
    """Counts of the study's labels, in four queries whatever its size; by default without excluded people."""
    rows = list(
        Item.objects.filter(study=study)
        .order_by("position")
        .values_list("pk", "external_id", "query_id", "block")
    )
    index = {pk: n for n, (pk, *_) in enumerate(rows)}
    counts = np.zeros((len(rows), len(study.values)), dtype=np.int64)
    cannot_judge = np.zeros(len(rows), dtype=np.int64)
    labels = Label.objects.counted(with_excluded=with_excluded).filter(item__study=study)
    tallies = labels.order_by().values_list("item_id", "value").annotate(labels=Count("pk"))
    for item, value, number in tallies.iterator(chunk_size=10_000):
        if value is None:
            cannot_judge[index[item]] = number
        else:
            counts[index[item], value - study.scale_low] = number
    in_forms = study.design == Study.Design.BLOCKS and all(row[3] is not None for row in rows)
    return LabelFrame(
        kind=str(study.kind),
        item_pks=_column([row[0] for row in rows]),
        item_ids=[row[1] for row in rows],
        queries=_column([row[2] for row in rows]),
        blocks=_column([row[3] or 0 for row in rows]) if in_forms and rows else None,
        values=_column(study.values),
        counts=counts,
        cannot_judge=cannot_judge,
        annotators=_annotators(study, with_excluded=with_excluded),
        simulated=study.simulated,
    )


def _annotators(study: Study, *, with_excluded: bool) -> int | None:
    labels = Label.objects.counted(with_excluded=with_excluded).filter(item__study=study)
    if labels.filter(participant__isnull=True).exists():
        return None
    people = study.participants.filter(labels__status=Label.Status.COUNTED)
    if not with_excluded:
        people = people.filter(Q(excluded_at__isnull=True))
    return people.distinct().count()


def _column(values: list[int]) -> IntArray:
    return np.array(values, dtype=np.int64)
