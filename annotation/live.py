"""A study while people label it: how far it is, who is inside, and what its items still need.

Asked for again every few seconds, so each number comes from an index that holds little more than what it
counts, and is shared by all who look.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TypeVar

from django.core.cache import cache
from django.db.models import Count, Exists, Min, OuterRef, Q, TextField
from django.db.models.functions import Cast, Left
from django.utils import timezone

from annotation.counts import filled_slots, wanted_labels
from annotation.models import Item, Label, Participant, Session, Slot, Study
from annotation.steps.standing import Step, next_steps

SHARED_SECONDS = 5
# What takes long is shared for longer: each number gets half a hundredth of a process's time at most.
SHARE = 200
# Somebody who came in so lately and has not begun to label is taken to be there still.
LATELY = timedelta(minutes=30)
SOON = timedelta(minutes=5)
HOUR, DAY, LEAST_PACE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=5)
MOST_NEWCOMERS, MOST_SHOWN, FIRST_OPEN = 1000, 50, 200
HOURS, DAYS = 48, 92
# A label is dated a moment before it is committed.
GRACE = timedelta(minutes=2)

T = TypeVar("T")


def shared(study: Study, name: str, make: Callable[[], T], *, anew: bool = False) -> T:
    """What `make` gives, the same for all who ask within some seconds; `anew` for who has just acted."""
    key = f"live-{name}:{study.pk}:{study.created_at.timestamp()}:{study.state}"
    found: T | None = None if anew else cache.get(key)
    if found is not None:
        return found
    started = monotonic()
    made = make()
    cache.set(key, made, timeout=seconds_shared(monotonic() - started))
    return made


def seconds_shared(took: float) -> float:
    return max(SHARED_SECONDS, SHARE * took)


@dataclass(frozen=True)
class Progress:
    """Labels of those wanted, who is inside, and when the rest will be there at the pace of the last hour.

    Of a study that was opened since, at its pace from then on.
    """

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

    @property
    def missing(self) -> int:
        return max(0, (self.wanted or 0) - self.labels)


def progress_of(study: Study) -> Progress:
    now, items = timezone.now(), study.items.count()
    counted = Label.objects.filter(status=Label.Status.COUNTED)
    if study.imported:
        labels = counted.filter(item__study=study).count()
        return Progress(items=items, wanted=None, labels=labels, inside=0, last_hour=0, expected_end=None)
    labels = filled_slots().filter(study=study).count()
    leased = Slot.objects.filter(session=OuterRef("pk"), filled=False, leased_until__gt=now)
    sessions = Session.objects.filter(Exists(leased), participant__study=study, ended_at=None)
    # By way of the participant, since from there the database begins with the time and not with the study.
    newest = counted.filter(session__isnull=False, submitted_at__gt=now - HOUR)
    last_hour = newest.filter(participant__study=study).count()
    wanted = wanted_labels(study)
    missing = wanted - labels
    running = study.state == Study.State.OPEN and missing > 0 and last_hour > 0
    took = min(HOUR, max(LEAST_PACE, now - (study.opened_at or now)))
    return Progress(
        items=items,
        wanted=wanted,
        labels=labels,
        inside=sessions.count(),
        last_hour=last_hour,
        expected_end=now + took * (missing / last_hour) if running else None,
    )


@dataclass(frozen=True)
class Person:
    """Somebody inside who labels: what they have left, and when their lease ends."""

    code: str
    answered: int
    size: int
    started_at: datetime
    leased_until: datetime


@dataclass(frozen=True)
class Inside:
    """Who is inside: those who label, soonest end of lease first, and how many stand at which step."""

    labelling: list[Person]
    steps: list[tuple[Step, int]]
    leases: int
    ending_soon: int

    @property
    def people(self) -> int:
        return sum(number for _, number in self.steps)

    @property
    def shown(self) -> list[Person]:
        return self.labelling[:MOST_SHOWN]


def inside(study: Study) -> Inside:
    """Newcomers count by what they have done: of somebody without a session nobody knows if they left."""
    now = timezone.now()
    running = Session.objects.filter(participant__study=study, ended_at=None)
    leases = (
        Slot.objects.filter(session__in=running, filled=False, leased_until__gt=now)
        .order_by()
        .values_list("session", "session__participant__code", "session__size", "session__started_at")
        .annotate(left=Count("*"), until=Min("leased_until"))
    )
    labelling = [
        Person(code, max(0, size - left), size, started, until)
        for _, code, size, started, left, until in leases
    ]
    labelling.sort(key=lambda person: person.leased_until)
    newcomers = Participant.objects.filter(study=study, created_at__gt=now - LATELY, simulated=False)
    newest = newcomers.order_by("-created_at").values_list("pk", flat=True)[:MOST_NEWCOMERS]
    standing = Counter(next_steps(Participant.objects.filter(pk__in=list(newest))).values())
    # Who has a session is inside by their lease, and who is done is not.
    standing[Step.TASK] = len(labelling)
    standing.pop(Step.DONE, None)
    return Inside(
        labelling=labelling,
        steps=[(step, standing[step]) for step in Step if standing[step]],
        leases=sum(person.size - person.answered for person in labelling),
        ending_soon=sum(person.leased_until < now + SOON for person in labelling),
    )


@dataclass(frozen=True)
class Needing:
    """An item that lacks labels."""

    item: Item
    labels: int
    in_hands: int
    wanted: int


def needing(study: Study, most: int = 10) -> list[Needing]:
    """Items that need more people, fewest labels first.

    Looked for among those whose turn is next: slots are leased in rounds, so items that lag are there.
    """
    now = timezone.now()
    first = Slot.objects.filter(study=study, filled=False).order_by("order").values_list("item_id", flat=True)
    found = list(dict.fromkeys(first[:FIRST_OPEN]))
    slots = Slot.objects.filter(item__in=found).values_list("item", "filled", "leased_until")
    labels, hands = Counter[int](), Counter[int]()
    for item, filled, leased_until in slots:
        labels[item] += filled
        hands[item] += not filled and leased_until is not None and leased_until > now
    lowest = sorted(found, key=lambda item: labels[item])[:most]
    items = Item.objects.select_related("query").in_bulk(lowest)
    return [
        Needing(items[pk], labels[pk], hands[pk], study.labels_per_item + items[pk].extra_labels)
        for pk in lowest
    ]


def labels_per_item(study: Study) -> Counter[int]:
    """How many items have how many labels."""
    slots = Slot.objects.filter(study=study).order_by().values("item")
    counted = slots.annotate(given=Count("filled", filter=Q(filled=True)))
    return Counter(counted.values_list("given", flat=True))


@dataclass(frozen=True)
class Span:
    """An hour or a day, and how many answers came in it."""

    start: datetime
    answers: int


def by_hour(study: Study) -> list[Span]:
    """Answers in each of the last hours, corrections and late ones too, up to the end of a closed study."""
    return _spans(study, HOUR, HOURS)


def by_day(study: Study) -> list[Span]:
    """The same by the days of UTC, of a study that ran longer than its hours show; else nothing."""
    end = study.closed_at or timezone.now()
    short = study.opened_at is None or end - study.opened_at < HOUR * (HOURS - 1)
    return [] if short else _spans(study, DAY, DAYS)


def _spans(study: Study, length: timedelta, most: int) -> list[Span]:
    """Labels are never deleted, so a span that is over is counted once and kept."""
    end = study.closed_at or timezone.now()
    last = end.replace(hour=0 if length == DAY else end.hour, minute=0, second=0, microsecond=0)
    starts = [last - length * n for n in reversed(range(most))]
    opened = study.opened_at or end
    starts = [start for start in starts if start > opened - length]
    key = f"live-spans-{length.total_seconds():.0f}:{study.pk}:{study.created_at.timestamp()}"
    counts: dict[datetime, int] = cache.get(key, {})
    if missing := [start for start in starts if start not in counts]:
        counts |= dict.fromkeys(missing, 0) | _answers_since(study, missing[0], length)
        now = timezone.now()
        over = {start: counts[start] for start in starts if now > start + length + GRACE}
        cache.set(key, over, timeout=(length * most).total_seconds())
    return [Span(start, counts[start]) for start in starts]


def _answers_since(study: Study, start: datetime, length: timedelta) -> dict[datetime, int]:
    """Grouped by the date's text, which both databases do without calling Python for each row."""
    digits, form = (10, "%Y-%m-%d") if length == DAY else (13, "%Y-%m-%d %H")
    labels = Label.objects.filter(session__isnull=False, submitted_at__gte=start, participant__study=study)
    span = Left(Cast("submitted_at", TextField()), digits)
    found = labels.order_by().annotate(span=span).values_list("span").annotate(answers=Count("*"))
    return {datetime.strptime(f"{text}+0000", f"{form}%z"): answers for text, answers in found}
