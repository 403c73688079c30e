"""Runs of two apps share a server, each worked at by several processes, one of which is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from calibration.models import Score
from generation.models import Caller, ModelServer, Response
from generation.runs.asking import start_run
from tests.calibration.runs.running import score, started
from tests.generation.sampled import make_run, says_its_seed
from tests.model_server import Answer, Asked, serving
from tests.server import SECRET_KEY, database_url

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES, ITEMS, PLACES = 25, 60, 4
# Forked after the imports, so that all begin at once, two a run; each writes its run, process and caller.
WORKERS = """
import os, sys, django
django.setup()
from generation.runs import callers, ending
from generation.runs.work import work
from generation.tasks import labelled
import generation.clients, generation.sampling, openai
callers.HEARD_EVERY, callers.HUNGRY_EVERY = 0.2, 0.1
join = callers.join
def told(run):
    caller = join(run)
    os.write(1, b"%s %d %d\\n" % (run.label.encode(), os.getpid(), caller.pk))
    return caller
callers.join = told
import generation.sampling as sampling
sampling.CALLS_AT_ONCE = 10
for label in sys.argv[1:] * 2:
    if not os.fork():
        work(run=labelled(label))
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


class Counting:
    """What the server itself sees of both runs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked: Counter[str] = Counter()
        self.at_once = self.most = 0

    def answer(self, asked: Asked) -> Answer:
        samples = "messages" in asked.body
        with self.lock:
            self.asked["sampled" if samples else "scored"] += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.02)
        with self.lock:
            self.at_once -= 1
        return says_its_seed(asked) if samples else score(asked)


@pytest.mark.django_db(transaction=True)
def test_two_runs_keep_to_their_servers_limit_and_each_reply_is_stored_once_though_a_worker_is_killed() -> (
    None
):
    counting = Counting()
    with serving(counting.answer) as server:
        sampling = start_run(run=make_run(server.url, samples=SAMPLES))
        ModelServer.objects.update(concurrency=PLACES)
        scoring = started(ModelServer.objects.get(), items=ITEMS)
        connection.close()
        environment = os.environ | {
            "DATABASE_URL": database_url(),
            "SECRET_KEY": SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        command = [sys.executable, "-c", WORKERS, sampling.label, scoring.label]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as workers:
            assert workers.stdout is not None
            lines = [workers.stdout.readline().split() for _ in range(4)]
            killed, caller = next((pid, key) for label, pid, key in lines if label == sampling.label)
            while counting.asked["sampled"] < SAMPLES:
                time.sleep(0.005)
            os.kill(int(killed), signal.SIGKILL)
            # As if silent for long: on a busy machine a short patience would take others for dead.
            Caller.objects.filter(pk=caller).update(heard_at=timezone.now() - timedelta(hours=1))
            connection.close()
            assert workers.wait(timeout=60) == 0
    for run in (sampling, scoring):
        run.refresh_from_db()
        assert (run.state, run.error) == ("finished", "")
    assert 1 < counting.most <= PLACES
    assert Counter(Response.objects.exclude(sample=0).values_list("sample", flat=True)) == dict.fromkeys(
        range(1, SAMPLES + 1), 3
    )
    assert Score.objects.count() == ITEMS == counting.asked["scored"]
    # Asked twice at most what the killed process had under way.
    assert 0 <= counting.asked["sampled"] - 3 * SAMPLES <= PLACES
