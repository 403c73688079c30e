"""The time by which processes agree on who lives, who waits and what is settled: the database's."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The same on every machine, whose own clocks may differ by more than a caller may be silent."""
    if connection.vendor != "postgresql":  # SQLite's processes are on one machine
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found
