"""Who works at runs: processes that share a server's places among each other.

Every process writes down under the lock of the server's row how many places it holds, and never has more
calls under way than that. Their sum is never above what the server allows.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from generation.models import AbstractRun, Caller, ModelServer
from generation.runs import clock

# Seconds after which somebody who was not heard of was killed.
LOST_AFTER = 30.0
# As many as one server may have.
MOST_PLACES = 512
# Seconds between two signs of life; one who waits for a place looks more often.
HEARD_EVERY, HUNGRY_EVERY = 3.0, 0.5


def join(run: AbstractRun) -> Caller:
    """A new caller of the run, without places yet."""
    return Caller.objects.create(at=run.label, server=run.server, heard_at=clock.now())


@transaction.atomic
def renew(caller: Caller, *, busy: int, wanted: int) -> bool:
    """Say that the caller lives and has `busy` calls under way, and share the places again.

    `wanted` is how many it could use. It never gives up a place that is busy, and takes only free ones, so a
    newcomer's share comes to it as the others' calls end. False where it was taken for dead meanwhile: then
    it holds nothing any more.
    """
    server = _locked(caller)
    forget_lost(caller)
    others = list(Caller.objects.filter(server=server)) if server else [caller]
    if not Caller.objects.filter(pk=caller.pk).exists():
        return False
    for other in others:
        if other.pk == caller.pk:
            other.wanted = wanted
    concurrency = server.concurrency if server else 1
    others.sort(key=lambda other: other.pk)
    fair = dict(
        zip(
            [other.pk for other in others],
            shares([other.wanted for other in others], concurrency),
            strict=True,
        )
    )
    free = concurrency - sum(other.places for other in others if other.pk != caller.pk)
    caller.server = server
    caller.places = max(busy, min(fair[caller.pk], free))
    caller.wanted, caller.heard_at = wanted, clock.now()
    caller.save(update_fields=["places", "wanted", "heard_at"])
    return True


def leave(caller: Caller) -> None:
    """Give the caller's places back, and whatever it has claimed."""
    Caller.objects.filter(pk=caller.pk).delete()


def forget(run: AbstractRun) -> None:
    """Delete whoever worked at the run."""
    Caller.objects.filter(at=run.label).delete()


def living(run: AbstractRun) -> QuerySet[Caller]:
    return Caller.objects.filter(at=run.label, heard_at__gte=_lost())


def forget_lost(caller: Caller) -> None:
    """Free the places and the calls of whoever was killed, at the caller's run or server."""
    lost = Caller.objects.filter(heard_at__lt=_lost()).exclude(pk=caller.pk)
    lost = lost.filter(server=caller.server_id) if caller.server_id else lost.filter(at=caller.at)
    # Locked, so that none of them claims a call meanwhile.
    keys = [*lost.order_by("pk").select_for_update().values_list("pk", flat=True)]
    if keys:
        Caller.objects.filter(pk__in=keys).delete()


def keeps(caller: Caller) -> bool:
    """Whether nobody has taken the caller for dead, nor does until the transaction ends."""
    found = Caller.objects.select_for_update(no_key=True).filter(pk=caller.pk)
    return found.values_list("pk", flat=True).first() is not None


def shares(wanted: Sequence[int], places: int) -> list[int]:
    """The places that each gets: nobody more than it wants, and nobody less so that another gets more.

    What cannot be split goes to the first.
    """
    given = [0] * len(wanted)
    left = places
    order = sorted(range(len(wanted)), key=lambda n: (wanted[n], -n))
    for rank, n in enumerate(order):
        given[n] = min(wanted[n], left // (len(order) - rank))
        left -= given[n]
    return given


def _lost() -> object:
    return clock.now() - timedelta(seconds=LOST_AFTER)


def _locked(caller: Caller) -> ModelServer | None:
    if caller.server_id is None:
        return None
    return ModelServer.objects.select_for_update(no_key=True).get(pk=caller.server_id)
