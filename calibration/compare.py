"""Two scorers of finished audits, compared from what those audits read, whatever was labelled since."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core.cache import cache

from annotation.models import Study
from calibration.frozen import NothingFrozen, column_of, people_of
from calibration.measures.comparison import Side, compared
from calibration.measures.keys import VERSION
from calibration.measures.people import People
from calibration.models import Audit, Measurement

# What was compared does not change: kept so that the page, its files and its JSON compute it once.
KEPT_SECONDS = 3600
MOST_AUDITS = 200
# A page waits for it, seconds: of many items fewer replicates are drawn than an audit asked for.
MOST_DRAWS, ENOUGH_REPLICATES = 10_000_000, 1000


class NotComparable(Exception):
    """What cannot be compared, and why: one line for a person."""


@dataclass(frozen=True)
class Choice:
    """A scorer of an audit; in an address `AUDIT:SCORER`."""

    audit: Audit
    scorer: str

    def __str__(self) -> str:
        return f"{self.audit.pk}:{self.scorer}"

    def as_dict(self) -> dict[str, Any]:
        audit = self.audit
        return {
            "audit": audit.pk,
            "study": audit.study.slug,
            "scorer": self.scorer,
            "data_hash": audit.data_hash,
            "simulated": bool((audit.result or {}).get("simulated")),
            "simulated_people": self.scorer in _simulated(audit),
            "with_excluded": audit.with_excluded,
        }


def _simulated(audit: Audit) -> set[str]:
    """The audit's scorers whose votes are of people who were made up."""
    scorers = (audit.result or {}).get("scorers", [])
    return {scorer["name"] for scorer in scorers if scorer.get("simulated")}


def choices(studies: Iterable[Study]) -> list[tuple[Audit, list[str]]]:
    """The finished audits of these studies that keep what they read, the latest first, and their scorers."""
    finished = Audit.objects.filter(study__in=studies, state=Audit.State.FINISHED, labels__isnull=False)
    audits = finished.select_related("study").defer("labels", "result").order_by("-pk")[:MOST_AUDITS]
    scorers: dict[int, list[str]] = {audit.pk: [] for audit in audits}
    rows = Measurement.objects.filter(audit__in=scorers).order_by("scorer").values_list("audit_id", "scorer")
    for audit, scorer in rows:
        scorers[audit].append(scorer)
    return [(audit, scorers[audit.pk]) for audit in audits]


def compare(first: Choice, second: Choice) -> dict[str, Any]:
    """The first less the second, as JSON. Raises NotComparable."""
    if str(first) == str(second):
        raise NotComparable("Choose two: a scorer does not differ from itself.")
    audits = "-".join(f"{side.audit.pk}-{side.audit.created_at.timestamp()}" for side in (first, second))
    key = f"compared:{VERSION}:{audits}"
    kept = cache.get(key, {})
    names = (first.scorer, second.scorer)
    if names not in kept:
        kept |= {names: compared(_side(first), _side(second))}
        cache.set(key, kept, timeout=KEPT_SECONDS)
    found: dict[str, Any] = kept[names]
    return {"first": first.as_dict(), "second": second.as_dict(), "version": settings.VERSION, **found}


def _side(choice: Choice) -> Side:
    audit = choice.audit
    if audit.state != Audit.State.FINISHED:
        raise NotComparable(
            f"Audit {audit.pk} is {audit.get_state_display()}, not finished: nothing to compare yet."
        )
    try:
        return Side(_soon(people_of(audit)), column_of(audit, choice.scorer))
    except NothingFrozen as error:
        raise NotComparable(str(error)) from None


def _soon(people: People) -> People:
    """The same with no more replicates than a page waits for; the comparison says how many there were."""
    most = max(ENOUGH_REPLICATES, MOST_DRAWS // len(people.frame.item_ids))
    asked = replace(people.asked, replicates=min(people.asked.replicates, most))
    return People(people.frame, asked)
