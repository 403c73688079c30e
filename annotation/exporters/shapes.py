"""The three shapes of an export: a row a label, a row an item with its numbers, the published data set's."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from annotation.models import Item, Label, Study

ITEMS_AT_ONCE = 1000


class Column(NamedTuple):
    """A column and what its cells hold: text, int, float, bool, time or ints (a list)."""

    name: str
    holds: str


Values = tuple[Any, ...]
# Item by item: the values of the item's columns, which its rows share, and the rows' own.
Block = list[tuple[Values, list[Values]]]
Blocks = Iterable[Block]


@dataclass(frozen=True)
class Table:
    item_columns: list[Column]
    row_columns: list[Column]
    blocks: Blocks


def _columns(holds: str, *names: str) -> list[Column]:
    return [Column(name, holds) for name in names]


ITEM = _columns(
    "text", "study", "item_id", "kind", "query_id", "query", "response", "response_1", "response_2", "model",
    "model_1", "model_2",
)  # fmt: skip
# Of a study of queries alone.
CLAIM = Column("claim", "text")
LABEL = [
    Column("annotator_id", "text"),
    *_columns("int", "session_id", "block", "position"),
    Column("swapped", "bool"),
    Column("label", "int"),
    Column("cannot_judge", "bool"),
    Column("comment", "text"),
    Column("active_seconds", "float"),
    Column("submitted_at", "time"),
    *_columns("bool", "surplus", "excluded", "simulated"),
]


class _ItemRow(NamedTuple):
    pk: int
    block: int | None
    values: Values


def long_table(study: Study, with_excluded: bool | None = None) -> Table:
    """A row a label that nobody corrected, also surplus ones; excluded people are marked, or left out."""
    return Table(_item_columns(study), LABEL, _long_blocks(study, with_excluded=with_excluded is not False))


def _item_columns(study: Study) -> list[Column]:
    return ITEM if study.shown else [*ITEM, CLAIM]


def _long_blocks(study: Study, *, with_excluded: bool) -> Iterator[Block]:
    current = Label.objects.current()
    if not with_excluded:
        current = current.filter(participant__excluded_at__isnull=True)
    for items in _item_batches(study):
        labels = (
            current.filter(item__in=[item.pk for item in items])
            .order_by("item_id", "pk")
            .values_list(
                "item_id",
                "participant__code",
                "participant__excluded_at",
                "session_id",
                "position",
                "swapped",
                "value",
                "cannot_judge",
                "comment",
                "active_seconds",
                "submitted_at",
                "status",
                "simulated",
            )
        )
        blocks = {item.pk: item.block for item in items}
        rows: dict[int, list[Values]] = defaultdict(list)
        surplus = Label.Status.SURPLUS.value
        for item, code, excluded, session, position, swapped, *answer, status, simulated in labels.iterator(
            10_000
        ):
            rows[item].append(
                (
                    code,
                    session,
                    blocks[item],
                    position,
                    swapped,
                    *answer,
                    status == surplus,
                    excluded is not None,
                    simulated,
                )
            )
        yield [(item.values, rows[item.pk]) for item in items]


def items_table(
    study: Study, with_excluded: bool | None = None, *, places: Sequence[int] | None = None
) -> Table:
    """A row an item: how many counted labels of each value, and what follows from them.

    Excluded people are left out, unless they are asked for. Of all items, or of those at these places.
    """
    from annotation.agreement import item_details
    from annotation.frames import label_frame

    every = label_frame(study, with_excluded=bool(with_excluded))
    frame = every if places is None else every.at(sorted(places))
    numbers = ["mean", "sd", "entropy_bits", "entropy_bits_corrected", "dispersion", "modal_share"]
    if study.compares:
        numbers.append("prefer_response_1")
    columns = [
        *_item_columns(study),
        *_columns("int", "block", "labels", "cannot_judge", *(f"labels_{value}" for value in study.values)),
        *_columns("float", *numbers),
        Column("labels_are", "text"),
        Column("simulated", "bool"),
    ]

    def blocks() -> Iterator[Block]:
        start = 0
        for items in _item_batches(study, [int(pk) for pk in frame.item_pks]):
            part = frame.at(range(start, start + len(items)))
            start += len(items)
            yield [
                (
                    (
                        *item.values,
                        item.block,
                        details["n"],
                        details["cannot_judge"],
                        *details["counts"].values(),
                        *(details[name] for name in numbers),
                        details["kind"],
                        frame.simulated,
                    ),
                    [()],
                )
                for item, details in zip(items, item_details(part), strict=True)
            ]

    return Table(columns, [], blocks())


def infinity_chat_table(study: Study, with_excluded: bool | None = None) -> Table:
    """The columns of the published data set; simulated labels are marked by one column more.

    Excluded people are left out, unless they are asked for.
    """
    texts = ("user_query", *(study.shown or ("claim",)))
    simulated = study.simulated or Label.objects.filter(item__study=study, simulated=True).exists()
    mark = [Column("simulated", "bool")] if simulated else []
    columns = [*_columns("text", *texts), Column("human_labels", "ints"), *mark]
    names = [column.name for column in _item_columns(study)]
    places = [names.index(name.replace("user_query", "query")) for name in texts]

    def blocks() -> Iterator[Block]:
        for items in _item_batches(study):
            labels: dict[int, list[int]] = defaultdict(list)
            asked = Label.objects.counted(with_excluded=bool(with_excluded))
            counted = asked.filter(item__in=[item.pk for item in items])
            for item_pk, value in counted.order_by("pk").values_list("item_id", "value").iterator(10_000):
                if value is not None:
                    labels[item_pk].append(value)
            yield [
                ((*(item.values[n] for n in places), labels[item.pk], *([True] * len(mark))), [()])
                for item in items
            ]

    return Table(columns, [], blocks())


# With excluded people, without them, or by None as the shape has it.
SHAPES: dict[str, Callable[[Study, bool | None], Table]] = {
    "long": long_table,
    "items": items_table,
    "infinity-chat": infinity_chat_table,
}


def _item_batches(study: Study, pks: list[int] | None = None) -> Iterator[list[_ItemRow]]:
    """The study's items in their order, with their texts; one query a batch."""
    if pks is None:
        pks = list(study.items.order_by("position").values_list("pk", flat=True))
    for start in range(0, len(pks), ITEMS_AT_ONCE):
        rows = Item.objects.filter(pk__in=pks[start : start + ITEMS_AT_ONCE]).order_by("position")
        yield [
            _ItemRow(
                pk,
                block,
                (
                    *(study.slug, item_id, study.kind, query_id or f"query-{query}", *texts),
                    *(() if study.shown else (claim,)),
                ),
            )
            for pk, block, claim, item_id, query, query_id, *texts in rows.values_list(
                "pk",
                "block",
                "claim",
                "external_id",
                "query_id",
                "query__external_id",
                "query__text",
                "response__text",
                "response_1__text",
                "response_2__text",
                "response__model__name",
                "response_1__model__name",
                "response_2__model__name",
            )
        ]
