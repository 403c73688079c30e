"""Threads that make calls; what came back waits for the main thread, which alone uses the database."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event

from generation.clients import Client, ServerRefuses
from generation.local import LocalError
from generation.recipes.recipe import Asked, Recipe, Reply
from generation.runs.callers import MOST_PLACES

logger = logging.getLogger(__name__)


class Maker:
    """Makes calls of a recipe: of a server one in a thread, of a model in this process all in one.

    Attributes
    ----------
    broken : str
        Why no call can succeed any more, in one line; empty while they may.
    """

    def __init__(self, recipe: Recipe, client: Client | None) -> None:
        self.recipe, self.client = recipe, client
        self.broken = ""
        self._came: SimpleQueue[tuple[int, Reply | None]] = SimpleQueue()
        self._stopped = Event()
        self._threads = ThreadPoolExecutor(1 if recipe.local else MOST_PLACES, "call")

    def make(self, asked: Sequence[Asked]) -> None:
        """Begin to make the calls."""
        if self.recipe.local and asked:
            self._threads.submit(self._make, asked)
            return
        for one in asked:
            self._threads.submit(self._make, [one])

    def came(self, patience: float) -> dict[int, Reply | None]:
        """The replies that are there by the calls' keys, waiting so many seconds for the first.

        None for a call that was not made after all.
        """
        found: dict[int, Reply | None] = {}
        try:
            key, reply = self._came.get(timeout=max(0.0, patience))
            found[key] = reply
            while True:
                key, reply = self._came.get_nowait()
                found[key] = reply
        except Empty:
            return found

    def stop(self) -> None:
        """Begin nothing more; a model in this process ends after what it is at."""
        self._stopped.set()

    def close(self, *, wait: bool) -> None:
        self.stop()
        self._threads.shutdown(wait=wait, cancel_futures=True)

    def _make(self, asked: Sequence[Asked]) -> None:
        left = [one.key for one in asked]
        try:
            if not self._stopped.is_set():
                for one, reply in self.recipe.ask(asked, self.client):
                    left.remove(one.key)
                    self._came.put((one.key, reply))
                    if self._stopped.is_set():
                        break
                else:
                    for key in left:
                        self._came.put((key, Reply("failed", error="The recipe gave no reply.")))
                    left = []
        except (ServerRefuses, LocalError) as error:
            self.broken = str(error)
        except Exception as error:
            logger.exception("a call of a %s recipe stopped", self.recipe.kind)
            reason = str(error).strip().split("\n")[0]
            self.broken = f"A call stopped: {type(error).__name__}: {reason[:300]}"
        finally:
            for key in left:
                self._came.put((key, None))
