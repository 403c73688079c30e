"""What a process makes of failures: it asks for less at a time, rests, and at last gives up."""

import random
import time
from collections.abc import Sequence

from generation.recipes.recipe import Reply
from generation.runs.callers import MOST_PLACES
from generation.runs.calls import backoff

# So many failures without a success between them end a run: nobody pays for thousands of errors.
LONGEST = 20


class Streak:
    """Failures since the last success.

    Calls that were under way together fail together when a server dies: those count once.

    Attributes
    ----------
    width : int
        How many calls may be under way: half as many when the server fails again or asks for patience, and
        one more with each success.
    """

    def __init__(self, jitter: random.Random) -> None:
        self.jitter = jitter
        self.width = MOST_PLACES
        self._failures, self._error = 0, ""
        self._failed_at = self._rests_until = float("-inf")

    @property
    def line(self) -> str:
        """Why the run has failed; empty while it has not."""
        if self._failures < LONGEST:
            return ""
        return (
            f"{self._failures} calls in a row failed, the last so: {self._error} Start the run again when "
            "that is mended."
        )

    @property
    def rests(self) -> bool:
        return time.monotonic() < self._rests_until

    def saw(self, replies: Sequence[tuple[float, Reply]], *, busy: int) -> None:
        """Replies that came together, each with the moment since which it was under way, as `busy` were."""
        worked = sum(_worked(reply) for _, reply in replies)
        later = [reply for since, reply in replies if not _worked(reply) and since > self._failed_at]
        failed = sum(reply.outcome == "failed" for reply in later)
        if worked:
            self._failures = 0
            self.width = min(MOST_PLACES, self.width + worked)
        elif later:
            self._failures += failed or 1
            self._error = later[-1].error
        if len(later) == failed:
            return
        self._failed_at = time.monotonic()
        if self._failures > 1 or any(reply.wait for reply in later):
            self.width = max(1, min(self.width, busy) // 2)
        if self._failures > 1:
            self._rests_until = self._failed_at + backoff(self._failures, self.jitter)


def _worked(reply: Reply) -> bool:
    """Whether the server did its part: a recipe may want another reply all the same, at once."""
    return reply.outcome not in ("failed", "later") or (reply.outcome == "later" and reply.wait == 0.0)
