"""Measures a data set by its partitions: with threads of this process, or on a Dask cluster.

Only partitions, which say where their queries lie, travel to the workers, and only small tables come back.
Each partition is measured alone, so the numbers do not depend on where or in what order that happens.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

import dask
from dask.callbacks import Callback
from threadpoolctl import threadpool_limits

from generation.diversity.centring import centre_of, sum_of
from generation.diversity.measures import SAMPLE, Measure, Setting
from generation.diversity.responses import DataSet, UnusableResponses
from generation.diversity.tables import Table, merge, table_of

LOCAL = ("threads", "processes", "synchronous")

TIMEOUT = 10
JOINED = 8

# Told how many steps of how many are done.
Progress = Callable[[int, int], None]
Work = Callable[[], Any]
Join = Callable[[list[Any]], Any]
Engine = Callable[[Sequence[Work], Join, Callable[[int], None]], Any]


class SchedulingError(Exception):
    """Why a cluster cannot measure, in one line."""


def measure(
    data: DataSet,
    measures: Sequence[Measure],
    *,
    scheduler: str = "threads",
    seed: int = 0,
    sample: int = SAMPLE,
    progress: Progress = lambda done, steps: None,
) -> Table:
    """Measure a data set.

    Parameters
    ----------
    data : DataSet
        A thread or worker holds one query at a time; each takes one partition after the other.
    measures : sequence of Measure
        If one needs the centre, the vectors are read twice.
    scheduler : str
        "threads": one a core, each with one core's linear algebra. "processes" is faster where texts are
        measured more than vectors. "synchronous": one partition at a time. Else the address of a Dask
        scheduler, such as tcp://10.0.0.1:8786, whose workers have this package and see the same files under
        the same names.
    seed : int
        Of all that is drawn while measuring.
    sample : int
        How many responses are drawn for the distribution of the floor; 0 for none.
    progress : callable, optional

    Returns
    -------
    Table

    Raises
    ------
    UnusableResponses
        If there are no partitions, or what they hold cannot be measured.
    SchedulingError
        If the cluster cannot be reached or its workers die again and again.
    """
    if not data.partitions:
        raise UnusableResponses("there are no responses to measure")
    centred = any("centre" in measure.needs for measure in measures)
    with _engine(scheduler) as run:
        vector, done = None, 0
        steps = len(data.partitions) * (2 if centred else 1)
        if centred:
            centres = [partial(centre_of, part, sources=len(data.sources)) for part in data.partitions]
            vector, done = run(centres, sum_of, lambda n: progress(n, steps)).vector, len(centres)
            if vector is None:
                raise UnusableResponses("no response has a vector")
        setting = Setting(len(data.sources), vector, seed, sample)
        parts = [partial(table_of, part, measures=measures, setting=setting) for part in data.partitions]
        table: Table = run(parts, partial(merge, sample=sample), lambda n: progress(done + n, steps))
        return table


@contextmanager
def _engine(scheduler: str) -> Iterator[Engine]:
    """Yield what does pieces of work and joins their results in order."""
    if scheduler in LOCAL:
        # Threads over partitions and threads inside a product of matrices would wait for each other.
        with threadpool_limits(1, user_api="blas"):
            yield partial(_locally, scheduler)
    else:
        try:
            from distributed import Client
        except ImportError:
            raise SchedulingError(
                "A cluster needs the package distributed: pip install -r requirements-cluster.txt"
            ) from None
        try:
            client = Client(scheduler, timeout=TIMEOUT, set_as_default=False)
        except (OSError, ValueError, TypeError):
            raise SchedulingError(f"No Dask scheduler answers at {scheduler}.") from None
        with client:
            yield partial(_on_cluster, client)


def _planned(work: Sequence[Work], join: Join) -> tuple[list[Any], Any]:
    """Each piece of work, and their results joined a few at a time, so that memory holds few of them."""
    each = level = [dask.delayed(one, pure=False, traverse=False)() for one in work]
    while len(level) > 1:
        joined = dask.delayed(join, pure=False, traverse=False)
        level = [joined(level[start : start + JOINED]) for start in range(0, len(level), JOINED)]
    return each, level[0]


def _locally(scheduler: str, work: Sequence[Work], join: Join, told: Callable[[int], None]) -> Any:
    each, whole = _planned(work, join)
    keys, done = {one.key for one in each}, count(1)

    def tell(key: str, *_: object) -> None:
        if key in keys:
            told(next(done))

    with Callback(posttask=tell):
        return whole.compute(scheduler=scheduler, num_workers=os.cpu_count(), optimize_graph=False)


def _on_cluster(client: Any, work: Sequence[Work], join: Join, told: Callable[[int], None]) -> Any:
    from distributed import KilledWorker, as_completed

    each, whole = _planned(work, join)
    *parts, result = client.compute([*each, whole], optimize_graph=False)
    try:
        # A worker keeps a part for as long as its future is held here.
        finished = as_completed(parts, loop=client.loop)
        del parts
        for done, future in enumerate(finished, start=1):
            future.result()
            told(done)
        return result.result()
    except KilledWorker:
        raise SchedulingError(
            "Workers died again and again: give each more memory, or fewer threads."
        ) from None
    finally:
        client.cancel(result)
