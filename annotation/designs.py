"""The two designs: the order in which an open study's slots are leased."""

from django.db import connection, transaction

from annotation.models import Item, Study
from generation.models import digest


@transaction.atomic
def lay_slots(*, study: Study) -> int:
    """Make `labels_per_item` slots for each item, in the order in which they will be leased.

    `random`: a round holds one slot of every item, and within a round items of one query are kept apart.
    `blocks`: a round holds every form once, each form whole. The study's seed decides the shuffles.
    """
    if study.design == Study.Design.BLOCKS:
        _form_blocks(study)
        order = f"number, {_draw('block')}, {_draw('position')}"
    else:
        order = f"number, turn, {_draw('position')}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE numbers (number) AS (
                SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < %(k)s
            ), places AS (
                SELECT id, number, block, position, ROW_NUMBER() OVER (
                    PARTITION BY number, query_id ORDER BY {_draw("position")}
                ) AS turn
                FROM annotation_item CROSS JOIN numbers WHERE study_id = %(study)s
            )
            INSERT INTO annotation_slot (study_id, item_id, number, "order", filled)
            SELECT %(study)s, id, number, ROW_NUMBER() OVER (ORDER BY {order}), FALSE FROM places
            """,
            {"k": study.labels_per_item, "study": study.pk, "seed": str(study.seed)},
        )
        return int(cursor.rowcount)


def _draw(column: str) -> str:
    """SQL for a shuffle key that depends on the study's seed, the round and the column alone."""
    return f"MD5(%(seed)s || ':' || CAST(number AS TEXT) || ':' || CAST({column} AS TEXT))"


def _form_blocks(study: Study) -> None:
    """Sort the items into forms of `session_size`, items of one query kept apart where possible."""
    rows = list(Item.objects.filter(study=study).values_list("pk", "query_id", "position"))
    rows.sort(key=lambda row: digest(study.seed, "form", row[2]))
    turns: dict[int, int] = {}
    dealt = []
    for pk, query, _ in rows:
        turns[query] = turns.get(query, 0) + 1
        dealt.append((turns[query], pk))
    dealt.sort(key=lambda pair: pair[0])  # stable: every query's first item, then every second one
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE annotation_item SET block = %s WHERE id = %s",
            [(n // study.session_size + 1, pk) for n, (_, pk) in enumerate(dealt)],
        )
