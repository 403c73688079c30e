"""Scorers measured for an audit: stored as each is done, so that none is measured twice."""

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Min

from calibration.frames import ScoreColumn
from calibration.frozen import freeze_column
from calibration.models import Audit, Measurement

Found = dict[str, Any]
RUNNING = Audit.State.RUNNING


class Superseded(Exception):
    """The audit was cancelled, deleted, finished or handed out anew: nobody wants what this worker does."""


def plain(found: Found) -> Found:
    """What was found as any database gives it back: NaN would raise, and PostgreSQL knows no minus zero."""
    return _read(json.dumps(found, allow_nan=False))


@contextmanager
def running(audit: Audit) -> Iterator[None]:
    """A transaction in which nobody cancels the audit or takes it away. Raises Superseded if somebody did."""
    with transaction.atomic():
        if not Audit.objects.filter(pk=audit.pk, state=RUNNING).update(state=RUNNING):
            raise Superseded
        yield


def known(audit: Audit, keys: Mapping[str, str]) -> dict[str, Found]:
    """What is measured already under these keys, by scorer, for this audit or for another.

    What another audit has is copied, so that each audit keeps what it rests on, and deleting one takes
    nothing from another.
    """
    mine = {row.key: row for row in audit.measurements.filter(key__in=keys.values()).defer("column")}
    others = Measurement.objects.filter(key__in=set(keys.values()) - set(mine))
    firsts = others.values("key").annotate(first=Min("pk")).values("first")
    copies = [_copy(row, audit) for row in Measurement.objects.filter(pk__in=firsts)]
    with running(audit):
        Measurement.objects.bulk_create(copies, ignore_conflicts=True)
    rows = mine | {row.key: row for row in copies}
    return {name: _found(rows[key].found) for name, key in keys.items() if key in rows}


def store(audit: Audit, *, key: str, column: ScoreColumn, found: Found) -> Found:
    """Keep what was measured of one scorer; the same from two workers once. Raises Superseded."""
    text = json.dumps(found, allow_nan=False)
    row = Measurement(
        audit=audit,
        key=key,
        scorer=column.name,
        found=zlib.compress(text.encode()),
        column=freeze_column(column),
    )
    with running(audit):
        Measurement.objects.bulk_create([row], ignore_conflicts=True)
    return _read(text)


def _copy(row: Measurement, audit: Audit) -> Measurement:
    kept = ("key", "scorer", "found", "column", "measured_at")
    return Measurement(audit=audit, **{name: getattr(row, name) for name in kept})


def _found(stored: bytes | memoryview) -> Found:
    return _read(zlib.decompress(stored).decode())


def _read(text: str) -> Found:
    found: Found = json.loads(text, parse_float=lambda number: float(number) + 0.0)
    return found
