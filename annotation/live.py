"""A study while people label it: how far it is, who is inside, and what is left."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from annotation.counts import filled_slots, wanted_labels
from annotation.models import Label, Session, Slot, Study


@dataclass(frozen=True)
class Progress:
    """Labels of those wanted, who is inside, and when the rest will be there at the pace of the last hour."""

    items: int
    wanted: int | None
    labels: int
    inside: int
    last_hour: int
    expected_end: datetime | None

    @property
    def done(self) -> bool:
        return self.wanted is not None and self.labels >= self.wanted

    @property
    def started(self) -> bool:
        return self.labels > 0


def progress_of(study: Study) -> Progress:
    """Asked for again every few seconds, so each number comes from an index of little more than it counts."""
    now, items = timezone.now(), study.items.count()
    counted = Label.objects.filter(status=Label.Status.COUNTED)
    if study.imported:
        labels = counted.filter(item__study=study).count()
        return Progress(items=items, wanted=None, labels=labels, inside=0, last_hour=0, expected_end=None)
    labels = filled_slots().filter(study=study).count()
    leased = Slot.objects.filter(session=OuterRef("pk"), filled=False, leased_until__gt=now)
    sessions = Session.objects.filter(Exists(leased), participant__study=study, ended_at=None)
    # By way of the participant, since from there the database begins with the time and not with the study.
    newest = counted.filter(session__isnull=False, submitted_at__gt=now - timedelta(hours=1))
    last_hour = newest.filter(participant__study=study).count()
    wanted = wanted_labels(study)
    missing = wanted - labels
    running = study.state == Study.State.OPEN and missing > 0 and last_hour > 0
    return Progress(
        items=items,
        wanted=wanted,
        labels=labels,
        inside=sessions.count(),
        last_hour=last_hour,
        expected_end=now + timedelta(hours=missing / last_hour) if running else None,
    )
