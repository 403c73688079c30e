"""The two designs: the order in which an open study's slots are leased."""

from django.db import connection, transaction

from annotation.models import Item, Study
from generation.models import digest


def lay_slots(*, study: Study) -> int:
    """Make the slots that the study's items lack, in the order in which they will be leased.

    `random`: a round holds one slot of every item, and within a round items of one query are kept apart.
    `blocks`: a round holds every form once, each form whole. The study's seed decides the shuffles.
    A round is a transaction, so that a large study does not keep others from writing; laying that was
    cut off goes on where it was.
    """
    if study.design == Study.Design.BLOCKS:
        _form_blocks(study)
    laid = sum(_lay_round(study, number) for number in range(1, study.labels_per_item + 1))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # people come at once, before the server looks by itself
            cursor.execute("ANALYZE annotation_item, annotation_slot")
    return laid


@transaction.atomic
def _lay_round(study: Study, number: int) -> int:
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # two people who open it take turns
    in_blocks = study.design == Study.Design.BLOCKS
    order = f"{_draw('block')}, {_draw('position')}" if in_blocks else f"turn, {_draw('position')}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO annotation_slot (study_id, item_id, number, "order", filled)
            SELECT %(study)s, id, %(number)s, %(before)s + ROW_NUMBER() OVER (ORDER BY {order}), FALSE
            FROM (
                SELECT id, block, position, ROW_NUMBER() OVER (
                    PARTITION BY query_id ORDER BY {_draw("position")}
                ) AS turn
                FROM annotation_item AS item
                WHERE study_id = %(study)s AND NOT EXISTS (
                    SELECT 1 FROM annotation_slot WHERE item_id = item.id AND number = %(number)s
                )
            ) AS places
            """,
            {
                "study": study.pk,
                "number": number,
                "before": (number - 1) * study.items.count(),
                "salt": f"{study.seed}:{number}:",
            },
        )
        return int(cursor.rowcount)


def _draw(column: str) -> str:
    """SQL for a shuffle key that depends on the study's seed, the round and the column alone."""
    return f"MD5(%(salt)s || CAST({column} AS TEXT))"


@transaction.atomic
def _form_blocks(study: Study) -> None:
    """Keep the forms that the items came with, or sort them into forms of `session_size`.

    Items of one query are kept apart where possible.
    """
    if not study.items.filter(block__isnull=True).exists():
        return
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
