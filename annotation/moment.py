"""The database as it was at one moment, for what reads it in several queries."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def one_moment() -> Iterator[None]:
    """Whatever is read inside is the database of one moment, while others go on writing.

    `transaction.atomic` would not do: on SQLite it keeps others from writing, on PostgreSQL every query has a
    moment of its own. Inside a transaction it is that one's reads.
    """
    if connection.in_atomic_block:
        yield
        return
    snapshot = " ISOLATION LEVEL REPEATABLE READ, READ ONLY" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"BEGIN{snapshot}")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
