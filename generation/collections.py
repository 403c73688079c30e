"""Collections: queries under one name."""

from collections.abc import Iterable
from hashlib import sha256
from heapq import nsmallest

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from generation.models import Collection, Query

ROWS_AT_ONCE = 2_000


class CollectionError(Exception):
    """What cannot be done with a collection, and why, in one line."""


def name_problem(name: str) -> str:
    """What keeps a text from being a collection's name, in one line; "" for nothing."""
    try:
        Collection(name=name).clean_fields(exclude=["note"])
    except ValidationError:
        return f"{name[:80]!r} is no name for a collection: it takes up to 80 letters, digits, - and _."
    return ""


def collection_named(name: str) -> Collection:
    """Raises CollectionError where there is none."""
    found = Collection.objects.filter(name=name).first()
    if found is not None:
        return found
    known = list(Collection.objects.values_list("name", flat=True)[:9])
    others = f"there are {', '.join(known[:8])}{' and others' if len(known) > 8 else ''}"
    raise CollectionError(
        f"There is no collection {name[:80]}: {others if known else 'there is none so far'}."
    )


def add_queries(name: str, keys: Iterable[int], *, note: str = "") -> Collection:
    """Put queries into a collection; one that is made for them says where they come from."""
    collection, _ = Collection.objects.get_or_create(name=name, defaults={"note": note})
    through = Collection.queries.through
    through.objects.bulk_create(
        (through(collection_id=collection.pk, query_id=key) for key in sorted(set(keys))),
        ignore_conflicts=True,
        batch_size=ROWS_AT_ONCE,
    )
    return collection


@transaction.atomic
def make_from(
    *,
    name: str,
    source: Collection,
    queries: QuerySet[Query] | None = None,
    only_open: bool = False,
    sample: int | None = None,
    seed: int = 0,
) -> tuple[Collection, bool]:
    """A collection of another's queries, all or some of them, and whether it is new.

    One of this name that holds exactly these is taken as it is. Raises CollectionError.
    """
    if problem := name_problem(name):
        raise CollectionError(problem)
    if sample is not None and sample < 1:
        raise CollectionError(f"A sample has at least one query, not {sample}.")
    found = source.queries.all() if queries is None else queries
    if only_open:
        found = found.filter(openness=Query.Openness.OPEN)
    keys = list(found.values_list("pk", flat=True)) if sample is None else drawn(found, sample, seed)
    if len(keys) < (sample or 1):
        what = "open-ended queries" if only_open else "such queries"
        raise CollectionError(f"{source} has only {len(keys):,} {what}.")
    if known := Collection.objects.filter(name=name).first():
        if set(known.queries.values_list("pk", flat=True)) != set(keys):
            raise CollectionError(
                f"There is a collection {name} already, of other queries: choose another name."
            )
        return known, False
    which = f"{len(keys):,} drawn with seed {seed}" if sample else f"{len(keys):,}"
    return add_queries(name, keys, note=f"Of {source}: {which}{', open-ended' if only_open else ''}."), True


def drawn(queries: QuerySet[Query], number: int, seed: int) -> list[int]:
    """So many queries, as a lot that the seed and their texts cast: the same wherever they are stored."""
    rows = queries.order_by().values_list("digest", "pk").iterator(ROWS_AT_ONCE)
    lots = ((sha256(f"{seed}:{digest}".encode()).digest(), key) for digest, key in rows)
    return sorted(key for _, key in nsmallest(number, lots))


@transaction.atomic
def delete_collection(*, collection: Collection, by: User | AnonymousUser) -> None:
    """Its queries and their responses stay. Raises CollectionError where others use it, or `by` may not."""
    if not by.is_superuser:
        raise CollectionError("Only administrators delete collections: others may work with them.")
    runs = collection.runs.count()
    if runs or hasattr(collection, "mining"):
        what = f"{runs:,} run{'s' if runs != 1 else ''}" if runs else "its mining"
        raise CollectionError(f"{collection} is used by {what}: it stays.")
    collection.delete()
