"""Numbers of a study's labels, kept until they change."""

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeGuard, TypeVar, cast
from weakref import WeakValueDictionary

from django.core.cache import cache
from django.db.models import Count, Exists, Max, OuterRef

from annotation.models import Act, Item, Label, Study
from generation.models import LanguageModel, digest

KEPT_SECONDS = 3600
# Labels get their keys before they are committed, so a label of a lower key may come after one of a higher.
ON_THEIR_WAY = 1000

T = TypeVar("T")
# The key that labels are counted after, what tells the state apart, and what was made.
Kept = tuple[int, Any, Any]
# A lock for each name and study, as long as some thread makes it or waits for it.
_turns: WeakValueDictionary[str, Any] = WeakValueDictionary()


def kept(study: Study, name: str, make: Callable[[], T], *more: Any) -> T:
    """What `make` gives, under a name, until a label, an exclusion, the scale or one of `more` changes it.

    Threads that ask for the same at once take turns, so that a process makes it once for all of them.
    """
    key = f"{name}:{study.pk}"
    found: Kept | None = cache.get(key)
    if _is_fresh(found, study, more):
        return cast(T, found[2])
    with _turns.setdefault(key, Lock()):
        before, found = found, cache.get(key)
        if found and (before is None or found[:2] != before[:2]) and _is_fresh(found, study, more):
            return cast(T, found[2])
        since = (Label.objects.aggregate(Max("pk"))["pk__max"] or 0) - ON_THEIR_WAY
        state = _state(study, since=since)
        made = make()
        cache.set(key, (since, (state, more), made), timeout=KEPT_SECONDS)
        return made


def model_names() -> str:
    """What tells whether a model was renamed, for what names models."""
    return digest(*LanguageModel.objects.order_by("pk").values_list("name", flat=True))


def _is_fresh(found: Kept | None, study: Study, more: tuple[Any, ...]) -> TypeGuard[Kept]:
    return found is not None and found[1] == (_state(study, since=found[0]), more)


def _state(study: Study, *, since: int) -> tuple[Any, ...]:
    """What tells two states apart.

    Labels are append-only, so those after the key `since` tell of all, but for what a restoring or a topping
    up makes of them: both are acts.
    """
    # By the labels' keys, of which few are later: a join may read all the study's items first.
    of_study = Exists(Item.objects.filter(pk=OuterRef("item_id"), study=study))
    labels = Label.objects.filter(of_study, pk__gt=since).count()
    excluded = study.participants.aggregate(Count("excluded_at"), Max("excluded_at"))
    last = Act.objects.filter(study=study, what__in=("restored", "topped up")).aggregate(Max("pk"))
    settings = (study.scale_low, study.scale_high, study.design, study.imported, study.simulated)
    return (labels, *excluded.values(), *last.values(), *settings, study.items.count())
