"""The border between the ORM and arrays: a study's counted labels as counts, items by values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    item_pks : int array, shape (items,)
    queries, clusters : int arrays, shape (items,)
        The query of each item, and what intervals resample, both numbered as they come up, so that nothing
        drawn at random depends on the database's keys. Clusters are queries; they are forms only where every
        query lies whole in one form. Queries spread over forms make the forms alike, and intervals from
        resampling those would be far too narrow. Another unit is what a caller chose.
    item_ids : list of str
    values : int array, shape (V,)
        The scale, rising.
    counts : int array, shape (items, V)
    cannot_judge : int array, shape (items,)
        Counted beside, never inside `counts`.
    annotators : int or None
        Different people; None when an imported file named none.
    cluster_unit : {"query", "form", "item"}
    simulated : bool
    with_excluded : bool
        Whether labels of excluded people are among them.
    """

    kind: str
    item_pks: IntArray
    item_ids: list[str]
    queries: IntArray
    clusters: IntArray
    values: IntArray
    counts: IntArray
    cannot_judge: IntArray
    annotators: int | None
    cluster_unit: str
    simulated: bool
    with_excluded: bool = False

    def at(self, places: Sequence[int]) -> "LabelFrame":
        """The items at these places alone; the people and the numbers of queries and clusters stay."""
        arrays = ("item_pks", "queries", "clusters", "counts", "cannot_judge")
        rows = {name: getattr(self, name)[list(places)] for name in arrays}
        return replace(self, item_ids=[self.item_ids[n] for n in places], **rows)


def label_frame(study: Study, *, with_excluded: bool = False, cluster_unit: str | None = None) -> LabelFrame:
    """Counts of the study's labels, in four queries whatever its size; by default without excluded people.

    `cluster_unit` chooses what intervals resample: queries, forms or items. Raises ValueError where there
    are no forms.
    """
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
    queries, forms = [row[2] for row in rows], [row[3] for row in rows]
    whole = None not in forms and len(set(zip(queries, forms, strict=True))) == len(set(queries))
    unit = cluster_unit or ("form" if study.design == Study.Design.BLOCKS and whole else "query")
    if unit == "form" and None in forms:
        raise ValueError(f"the items of {study.slug} lie in no forms")
    units: dict[str, Sequence[int | None]] = {
        "query": queries,
        "form": forms,
        "item": [row[0] for row in rows],
    }
    return LabelFrame(
        kind=str(study.kind),
        item_pks=_column([row[0] for row in rows]),
        item_ids=[row[1] for row in rows],
        queries=_numbered(queries),
        clusters=_numbered(units[unit]),
        values=_column(study.values),
        counts=counts,
        cannot_judge=cannot_judge,
        annotators=_annotators(study, with_excluded=with_excluded),
        cluster_unit=unit,
        simulated=study.simulated,
        with_excluded=with_excluded,
    )


def _annotators(study: Study, *, with_excluded: bool) -> int | None:
    labels = Label.objects.counted(with_excluded=with_excluded).filter(item__study=study).order_by()
    found = labels.aggregate(
        people=Count("participant", distinct=True), unnamed=Count("pk", filter=Q(participant__isnull=True))
    )
    return None if found["unnamed"] else int(found["people"])


def _numbered(keys: Sequence[int | None]) -> IntArray:
    """Keys as numbers from 0 in the order in which they first come up."""
    number = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    return _column([number[key] for key in keys])


def _column(values: list[int]) -> IntArray:
    return np.array(values, dtype=np.int64)
