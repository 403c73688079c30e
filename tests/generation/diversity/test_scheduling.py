import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from threading import Thread

import numpy as np
import pytest
from distributed import Client, LocalCluster

from generation.diversity import scheduling
from generation.diversity.centring import CENTRED
from generation.diversity.neighbours import NEIGHBOURS
from generation.diversity.pairs import PAIRS
from generation.diversity.responses import DataSet, Held, UnusableResponses, unit
from generation.diversity.scheduling import SchedulingError, measure
from generation.diversity.similarity import SIMILARITY
from generation.diversity.spectrum import VENDI
from tests.generation.diversity.sets import Fatal, every, simulated

MEASURES = [SIMILARITY, CENTRED, PAIRS, NEIGHBOURS, VENDI]


@pytest.fixture
def data():
    queries = every(simulated(np.random.default_rng(0), queries=6))
    return DataSet(simulated(np.random.default_rng(0)).sources, [Held([query]) for query in queries])


@pytest.fixture(scope="module")
def address():
    """A scheduler, and two workers in processes of their own, on loopback."""
    with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=None, silence_logs=50) as cluster:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address]
        options = ["--no-nanny", "--no-dashboard", "--nthreads", "1", "--host", "127.0.0.1"]
        workers = [
            subprocess.Popen(
                command + options, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL
            )
            for _ in range(2)
        ]
        with Client(cluster, set_as_default=False) as client:
            client.wait_for_workers(2)
        yield cluster.scheduler_address
        for worker in workers:
            worker.kill()
            worker.wait()


def same(one, other):
    assert (one.keys, one.texts) == (other.keys, other.texts)
    assert np.array_equal(one.counts, other.counts)
    assert one.columns.keys() == other.columns.keys()
    for name, column in one.columns.items():
        assert other.columns[name] == pytest.approx(column, abs=1e-12, nan_ok=True), name
    assert np.array_equal(one.sample.vectors, other.sample.vectors)


def test_threads_and_one_after_the_other_give_the_same_numbers_and_tell_each_step(data):
    told = []
    plain = measure(data, MEASURES, scheduler="synchronous")
    same(plain, measure(data, MEASURES, progress=lambda *step: told.append(step)))
    assert sorted(told) == [(step, 12) for step in range(1, 13)]


def test_partitions_do_not_change_the_numbers(data):
    whole = replace(data, partitions=[Held(list(data.load()))])
    same(measure(data, MEASURES), measure(whole, MEASURES))


def test_two_workers_give_the_same_numbers_even_if_one_is_killed_half_way(data, address, tmp_path):
    told = []
    one = list(data.partitions[3].load())
    partitions = [*data.partitions[:3], Fatal(tmp_path, one), *data.partitions[4:]]

    def kill() -> None:
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

    killer = Thread(target=kill, daemon=True)
    killer.start()
    found = measure(
        replace(data, partitions=partitions),
        MEASURES,
        scheduler=address,
        progress=lambda *step: told.append(step),
    )
    killer.join()
    assert int((tmp_path / "pid").read_text()) != os.getpid()
    same(measure(data, MEASURES, scheduler="synchronous"), found)
    assert sorted(told) == [(step, 12) for step in range(1, 13)]


def test_what_cannot_be_measured_is_told_by_the_worker_as_here(address):
    held = simulated(np.random.default_rng(0), queries=2)
    other = [replace(query, vectors=unit(np.ones((len(query), 3))), key="x") for query in held.load()]
    mixed = replace(held, partitions=[*held.partitions, Held(other)])
    for scheduler in ("threads", address):
        with pytest.raises(UnusableResponses, match="vectors of 40 and of 3 dimensions"):
            measure(mixed, [CENTRED], scheduler=scheduler)
    bare = [replace(query, vectors=None) for query in held.load()]
    with pytest.raises(UnusableResponses, match="no response has a vector"):
        measure(replace(held, partitions=[Held(bare)]), [CENTRED])
    with pytest.raises(UnusableResponses, match="no responses to measure"):
        measure(DataSet((), []), [SIMILARITY])


def test_a_cluster_that_cannot_be_had_is_told_in_one_line(data, monkeypatch):
    monkeypatch.setattr(scheduling, "TIMEOUT", 0.2)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(SchedulingError, match=f"No Dask scheduler answers at {address}"):
            measure(data, MEASURES, scheduler=address)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SchedulingError, match=r"pip install -r requirements-cluster\.txt"):
        measure(data, MEASURES, scheduler="tcp://127.0.0.1:9")
