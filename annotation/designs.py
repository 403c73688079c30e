"""The two designs: the order in which a study's slots are leased."""

from django.db import connection, transaction
from django.db.models import Max

from annotation.models import Slot, Study
from generation.models import digest

# A slot's order is its round and then a place within it, so that slots laid later join their rounds.
ROUND = 2**40


def lay_slots(*, study: Study) -> int:
    """Make the slots that the study's items lack, in the order in which they will be leased.

    `random`: a round holds one slot of every item, and within a round items of one query are kept apart.
    `blocks`: a round holds every form once, each form whole. The study's seed decides the shuffles.
    The rounds beyond the study's own number hold the items that have extra labels, and no other.
    A round is a transaction, so that a large study does not keep others from writing; laying that was
    cut off goes on where it was.
    """
    if study.design == Study.Design.BLOCKS:
        _form_blocks(study)
    laid = sum(_lay_round(study, number) for number in range(1, study.labels_per_item + 1))
    laid += lay_extra(study=study)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # people come at once, before the server looks by itself
            cursor.execute("ANALYZE annotation_item, annotation_slot")
    return laid


def lay_extra(*, study: Study, first: int = 1) -> int:
    """Make the slots that items with extra labels lack, from the first extra round that lacks any."""
    most = study.items.filter(extra_labels__gt=0).aggregate(most=Max("extra_labels"))["most"] or 0
    return sum(_lay_round(study, study.labels_per_item + extra) for extra in range(first, most + 1))


@transaction.atomic
def lay_new_items(*, study: Study, after: int) -> int:
    """Make the slots of the items at positions after this one: they stand first in rounds that are done.

    So they catch up with the others before these get more. In a block design they make forms of their own.
    """
    if study.design == Study.Design.BLOCKS:
        _form_blocks(study)
    return sum(_lay_round(study, number, after=after) for number in range(1, study.labels_per_item + 1))


@transaction.atomic
def _lay_round(study: Study, number: int, *, after: int = -1) -> int:
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # two people who open it take turns
    in_blocks = study.design == Study.Design.BLOCKS
    order = f"{_draw('block')}, {_draw('position')}" if in_blocks else f"turn, {_draw('position')}"
    beyond = number - study.labels_per_item
    # Said as the index of items with extra labels has it, for SQLite.
    wants = "extra_labels > 0 AND extra_labels >= %(beyond)s" if beyond > 0 else "position > %(after)s"
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
                WHERE study_id = %(study)s AND {wants} AND NOT EXISTS (
                    SELECT 1 FROM annotation_slot WHERE item_id = item.id AND number = %(number)s
                )
            ) AS places
            """,
            {
                "study": study.pk,
                "number": number,
                "beyond": beyond,
                "after": after,
                "before": number * ROUND + _last_key(),
                "salt": f"{study.seed}:{number}:",
            },
        )
        return int(cursor.rowcount)


def _last_key() -> int:
    """Places in a round count on from here: a study's earlier slots have lower ones, as keys only rise."""
    return Slot.objects.aggregate(last=Max("pk"))["last"] or 0


def _draw(column: str) -> str:
    """SQL for a shuffle key that depends on the study's seed, the round and the column alone."""
    return f"MD5(%(salt)s || CAST({column} AS TEXT))"


@transaction.atomic
def _form_blocks(study: Study) -> None:
    """Sort the items that came without a form into forms of `session_size`, after the forms there are.

    Items of one query are kept apart where possible.
    """
    without = study.items.filter(block__isnull=True)
    rows = list(without.order_by("position").values_list("pk", "query_id", "position"))
    if not rows:
        return
    last = study.items.aggregate(last=Max("block"))["last"] or 0
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
            [(last + n // study.session_size + 1, pk) for n, (_, pk) in enumerate(dealt)],
        )
