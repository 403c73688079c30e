"""When a server may be asked: so many requests in any minute, and not while it asks for patience."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from generation.models import ModelServer
from generation.runs import clock

# The minute is a second longer, for what the way to the server takes sometimes more and sometimes less.
MINUTE = 61.0
# A moment that passed by this long is not used any more, nor is one taken further ahead.
LATE, AHEAD = timedelta(seconds=0.5), timedelta(seconds=2)


class Pace:
    """The moments at which this process may make a request of its server.

    All processes take them from one row, evenly spaced, so that no 60 seconds hold more than the limit.
    """

    def __init__(self) -> None:
        self.moments: list[datetime] = []

    def due(self, server: ModelServer | None, room: int) -> int:
        """How many requests, of at most `room`, may be made at this moment."""
        if server is None or server.requests_a_minute is None or not room:
            return room
        now = clock.now()
        self.moments = [moment for moment in self.moments if moment > now - LATE]
        if not self.moments:
            self.moments = take(server, room, now)
        return min(room, sum(moment <= now for moment in self.moments))

    def use(self, count: int) -> None:
        """So many were made."""
        del self.moments[:count]

    def wait(self) -> float | None:
        """Seconds until the next moment; None where none is waited for."""
        if not self.moments:
            return None
        return max(0.0, (self.moments[0] - clock.now()).total_seconds())


@transaction.atomic
def take(server: ModelServer, count: int, now: datetime) -> list[datetime]:
    """The next moments that nobody has taken, up to `count`; none that are far ahead."""
    row = ModelServer.objects.select_for_update(no_key=True).get(pk=server.pk)
    if row.requests_a_minute is None:
        return [now] * count
    apart = timedelta(seconds=MINUTE / row.requests_a_minute)
    first = max(now, row.next_request_at or now)
    if first > now + AHEAD:
        return []
    moments = [first + n * apart for n in range(count) if first + n * apart <= now + AHEAD]
    row.next_request_at = moments[-1] + apart
    row.save(update_fields=["next_request_at"])
    return moments


def rest(server: ModelServer, seconds: float) -> None:
    """Let every process leave the server alone for so long, as it asked."""
    until = clock.now() + timedelta(seconds=seconds)
    sooner = Q(resting_until__isnull=True) | Q(resting_until__lt=until)
    ModelServer.objects.filter(sooner, pk=server.pk).update(resting_until=until)
