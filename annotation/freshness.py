"""Numbers of a study's labels, kept until they change."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Count, Max

from annotation.models import Act, Label, Study

KEPT_SECONDS = 3600
# Labels get their keys before they are committed, so a label of a lower key may come after one of a higher.
ON_THEIR_WAY = 1000

T = TypeVar("T")


def kept(study: Study, name: str, make: Callable[[], T], *more: Any) -> T:
    """What `make` gives, under a name, until a label, an exclusion, the scale or one of `more` changes it."""
    key = f"{name}:{study.pk}"
    found: tuple[int, Any, T] | None = cache.get(key)
    if found is not None and found[1] == (_state(study, since=found[0]), more):
        return found[2]
    since = (Label.objects.aggregate(Max("pk"))["pk__max"] or 0) - ON_THEIR_WAY
    state = _state(study, since=since)
    made = make()
    cache.set(key, (since, (state, more), made), timeout=KEPT_SECONDS)
    return made


def _state(study: Study, *, since: int) -> tuple[Any, ...]:
    """What tells two states apart.

    Labels are append-only, so those after the key `since` tell of all, but for what a restoring or a topping
    up makes of them: both are acts.
    """
    labels = Label.objects.filter(item__study=study, pk__gt=since).count()
    excluded = study.participants.aggregate(Count("excluded_at"), Max("excluded_at"))
    last = Act.objects.filter(study=study, what__in=("restored", "topped up")).aggregate(Max("pk"))
    settings = (study.scale_low, study.scale_high, study.design, study.imported, study.simulated)
    return (labels, *excluded.values(), *last.values(), *settings, study.items.count())
