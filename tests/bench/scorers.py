"""How well runs keep a model server busy, what they hold in memory, what a kill costs; perplexities' speed.

The server is on this machine, in a process of its own, and takes 200 ms for each judgment.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench import _perplexity
from tests.bench._model_server import Server, serving
from tests.bench._rows import Row, show
from tests.bench._runs import PLACES, done, process

LATENCY = 0.2
MANY, FEW, KILLED = 15_000, 1_500, 3_000
BUSY = 0.9
# Peak memory of many judgments over that of few.
GROWS = 1.1


def rows() -> list[Row]:
    with serving(LATENCY) as server:
        few, _ = _whole(server, FEW)
        many, counts = _whole(server, MANY)
        plain, plainly = _plain(server)
        killed = _killed(server)
    busy = _busy(counts)
    what = f"{MANY:,} judgments, {PLACES} at a time, {LATENCY * 1000:.0f} ms each"
    return [
        Row(
            f"{what}: places that are busy",
            f"{busy:.1%}, processor {many['processor'] / MANY * 1000:.1f} ms each",
            f"{BUSY:.0%} wanted; {PLACES} threads with the openai package that store nothing: "
            f"{_busy(plainly):.1%}, {plain['processor'] / MANY * 1000:.1f} ms each",
            busy / BUSY,
            1,
        ),
        Row(
            "as many requests at a time as allowed, at most",
            f"{counts['most']}",
            f"{PLACES}",
            PLACES / counts["most"],
            1,
        ),
        Row(
            f"peak memory after {MANY:,} judgments",
            f"{many['peak'] / 1e6:.0f} MB",
            f"{few['peak'] / 1e6:.0f} MB after {FEW:,}",
            few["peak"] / many["peak"],
            1 / GROWS,
        ),
        Row(
            f"{KILLED:,} judgments, SIGKILL half-way and resumed: lost, asked twice",
            f"{KILLED - killed['answered']}, {killed['again']}",
            f"0, {PLACES} at most: those under way",
            float(killed["answered"] == killed["scores"] == KILLED and killed["again"] <= PLACES),
            1,
        ),
        *_perplexity.rows(),
    ]


def _busy(counts: dict[str, Any]) -> float:
    """The share of the places that were busy from the first request to the last reply."""
    return float(counts["busy"] / counts["seconds"] / PLACES)


@contextmanager
def _started(server: Server, answers: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="manyminds-bench-") as folder:
        done(Path(folder), "start", server.url, answers)
        server.counts(forget=True)
        yield Path(folder)


def _whole(server: Server, answers: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run from start to end, and what the server counted of it."""
    with _started(server, answers) as folder:
        return done(folder, "work"), server.counts()


def _killed(server: Server) -> dict[str, Any]:
    """A run whose process is killed half-way and whose next process ends it."""
    with _started(server, KILLED) as folder:
        first = process(folder, "work")
        while server.counts()["asked"] < KILLED / 2:
            time.sleep(0.05)
        first.kill()
        first.wait()
        return done(folder, "work") | {"again": server.counts()["again"]}


def _plain(server: Server) -> tuple[dict[str, Any], dict[str, Any]]:
    server.counts(forget=True)
    with tempfile.TemporaryDirectory(prefix="manyminds-bench-") as folder:
        return done(Path(folder), "plain", server.url, MANY), server.counts()


if __name__ == "__main__":
    show(rows())
