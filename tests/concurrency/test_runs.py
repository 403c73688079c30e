"""Several processes work at one run, while some are killed and the server dies and returns."""

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

from calibration.models import Call, Run, Score
from generation.models import Caller
from tests.calibration.runs.running import TOKENS, make_server, score, started
from tests.model_server import Answer, Asked, serving
from tests.server import SECRET_KEY, database_url

ROOT = Path(__file__).resolve().parent.parent.parent
ANSWERS, PLACES = 160, 6

# Forked after the imports, so that all begin at once; each writes its process's id and its caller's.
WORKERS = """
import os, sys, django
django.setup()
from calibration.models import Run
from generation.runs import callers
from generation.runs.work import work
import generation.clients, openai
callers.HEARD_EVERY, callers.HUNGRY_EVERY = 0.2, 0.1
join = callers.join
def told(run):
    caller = join(run)
    os.write(1, b"%d %d\\n" % (os.getpid(), caller.pk))
    return caller
callers.join = told
for _ in range(int(sys.argv[1])):
    if not os.fork():
        work(run=Run.objects.get())
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


class Counting:
    """What the server itself sees: who was asked how often, and how many requests there were at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.at_once = self.most = 0
        self.dies_at, self.deaths = ANSWERS // 2, 0

    def answer(self, asked: Asked) -> Answer:
        about = asked.body["response"]
        with self.lock:
            self.asked[about] += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            dead = sum(self.asked.values()) > self.dies_at and self.deaths < PLACES + 1
            self.deaths += dead
        time.sleep(0.02)
        with self.lock:
            self.at_once -= 1
            if not dead:
                self.answered[about] += 1
        return Answer(cut=True) if dead else score(asked)

    def wait_for(self, count: int) -> None:
        while sum(self.asked.values()) < count:
            time.sleep(0.005)


@pytest.mark.django_db(transaction=True)
def test_a_run_is_finished_together_each_call_paid_once_though_workers_are_killed() -> None:
    counting = Counting()
    with serving(counting.answer) as server:
        run = started(make_server(server.url, concurrency=PLACES), items=ANSWERS)
        connection.close()
        environment = os.environ | {
            "DATABASE_URL": database_url(),
            "SECRET_KEY": SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        command = [sys.executable, "-c", WORKERS, "3"]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as workers:
            assert workers.stdout is not None
            (killed, caller), (ended, _), _ = (map(int, workers.stdout.readline().split()) for _ in range(3))
            counting.wait_for(ANSWERS // 4)
            os.kill(killed, signal.SIGKILL)
            # As if silent for long: on a busy machine a short patience would take others for dead.
            Caller.objects.filter(pk=caller).update(heard_at=timezone.now() - timedelta(hours=1))
            connection.close()
            counting.wait_for(3 * ANSWERS // 4)
            os.kill(ended, signal.SIGTERM)
            assert workers.wait(timeout=60) == 0
    run.refresh_from_db()
    assert (run.state, run.error) == (Run.State.FINISHED, "")
    calls = Call.objects.filter(run=run)
    assert calls.filter(outcome="answered").count() == ANSWERS == Score.objects.count()
    assert counting.most <= PLACES
    # Paid twice at most what the killed process had under way, and that is counted.
    again = sum(counting.answered.values()) - ANSWERS
    assert 0 <= again <= PLACES
    lost = sum(calls.values_list("attempts", flat=True)) - ANSWERS - counting.deaths
    assert again <= lost <= PLACES
    assert sum(calls.values_list("tokens_in", flat=True)) >= TOKENS * (ANSWERS + again)
