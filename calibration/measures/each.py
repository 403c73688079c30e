"""Many scorers measured at once, in threads, each handed over as soon as it is done."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
from typing import Any

from threadpoolctl import threadpool_limits

from calibration.frames import ScoreColumn

# Each thread holds the replicates of one scorer.
MOST_THREADS = 4
SECONDS_BETWEEN_LOOKS = 0.5

Found = dict[str, Any]
Step = Callable[[], None]


class Stopped(Exception):
    """Nobody wants the rest."""


@contextmanager
def exact_sums() -> Iterator[None]:
    """BLAS on one thread: its threads share a sum by how many they are, which changes the last bits."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def silent(share: float) -> None:
    """Tells nobody how far the work is."""


def measure_each(
    measure_one: Callable[[ScoreColumn, Step], Found],
    columns: Sequence[ScoreColumn],
    *,
    steps: int,
    threads: int | None = None,
    watch: Callable[[float], None] = silent,
) -> Generator[tuple[ScoreColumn, Found], None, None]:
    """Measure scorers in threads, since the resampling is numpy's own loops; yields them as they are done.

    `measure_one` takes a step before each of its parts, `steps` in all. `watch` hears twice a second and
    after each scorer, in the caller's thread, which share of all steps is taken; what it raises, or closing
    the iterator, stops every thread at its next step.
    """
    stop, taken, most = Event(), list[None](), steps * len(columns)

    def step() -> None:
        if stop.is_set():
            raise Stopped
        taken.append(None)

    with ThreadPoolExecutor(threads or min(MOST_THREADS, os.cpu_count() or 1)) as pool:
        running = {pool.submit(measure_one, column, step): column for column in columns}
        try:
            while running:
                done, _ = wait(running, timeout=SECONDS_BETWEEN_LOOKS, return_when=FIRST_COMPLETED)
                for future in done:
                    column = running.pop(future)
                    yield column, _result(future, column)
                    watch(len(taken) / most)
                if not done:
                    watch(len(taken) / most)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _result(future: Future[Found], column: ScoreColumn) -> Found:
    try:
        return future.result()
    except Exception as error:
        error.add_note(f"measuring {column.name}")
        raise
