"""One act on the categories at a time: each decides by how all of them stand."""

from django.db import connection

TAXONOMY = 0x6D616E7A  # any number that nothing else locks


def alone() -> None:
    """Wait until nobody else changes categories, and have them until the transaction ends.

    SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TAXONOMY])
