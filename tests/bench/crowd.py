"""How fast people are served, and how fast labels go in and out, on SQLite and on PostgreSQL.

The others' figures were measured on two cores with 200 tasks and 8 people without think time; theirs for
export is that of 50,000 items. Ours: the same machine runs the server, the database and the clients.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench._rows import Row, show
from tests.postgres import postgres

PEOPLE, SECONDS = 8, 15
CONSOLES, REFRESH = 5, 10
SMALL, LARGE = 200, 100_000
ITEMS, LABELS = 50_000, 25
RIVAL_RATE, RIVAL_P95, RIVAL_EXPORT = 35.0, 0.250, 121.0
TEXT = "It is a matter of taste. " * 20
ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory(prefix="manyminds-bench-") as folder, postgres() as url:
        for name, database in (("SQLite", f"sqlite:///{folder}/bench.sqlite3"), ("PostgreSQL", url)):
            rows += _rows(name, _measure(database, folder))
    show(rows)


def _rows(name: str, found: dict[str, float]) -> list[Row]:
    rows = [
        Row(
            f"next + submit, {PEOPLE} people, {name}",
            f"{found['rate']:.0f}/s",
            f"{RIVAL_RATE:.0f}/s (best rival)",
            found["rate"] / RIVAL_RATE,
            60 / RIVAL_RATE,
        ),
        Row(
            f"p95 of a request, {name}",
            f"{found['p95'] * 1000:.0f} ms",
            f"{RIVAL_P95 * 1000:.0f} ms (best rival)",
            RIVAL_P95 / found["p95"],
            RIVAL_P95 / 0.100,
        ),
        Row(
            f"next + submit with {CONSOLES} consoles open, {name}",
            f"{found['watched_rate']:.0f}/s",
            f"{found['rate']:.0f}/s (ours with none)",
            found["watched_rate"] / found["rate"],
            0.9,
        ),
        Row(
            f"next + submit at {LARGE:,} items, {name}",
            f"{found['large_rate']:.0f}/s",
            f"{found['rate']:.0f}/s (ours at {SMALL})",
            found["large_rate"] / found["rate"],
            1 / 1.3,
        ),
        Row(
            f"import {ITEMS:,} x {LABELS}, {name}",
            f"{found['import']:.0f} s",
            "60 s (wanted)",
            60 / found["import"],
            1,
        ),
    ]
    for form in ("csv", "jsonl", "parquet"):
        seconds, megabytes = found[form], found[f"{form}_mb"]
        rows.append(
            Row(
                f"export {ITEMS:,} x {LABELS}, {form}, {name}",
                f"{seconds:.0f} s, {megabytes:.0f} MB",
                f"{RIVAL_EXPORT:.0f} s, 650 MB (rival)",
                RIVAL_EXPORT / seconds,
                RIVAL_EXPORT / 15,
            )
        )
    return rows


def _measure(database: str, folder: str) -> dict[str, float]:
    """Measure in a process of its own, since Django knows one database a process."""
    environment = {**os.environ, "DATABASE_URL": database, "MANYMINDS_DATA": folder, "DEBUG": "on"}
    command = [sys.executable, "-m", "tests.bench.crowd", "--measure"]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _measure_here() -> dict[str, float]:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    found: dict[str, float] = {}
    found["rate"], found["p95"] = _serve(SMALL)
    found["watched_rate"], _ = _serve(SMALL, consoles=CONSOLES)
    found["large_rate"], found["large_p95"] = _serve(LARGE)
    return found | _files()


def _serve(count: int, *, consoles: int = 0) -> tuple[float, float]:
    from annotation.importers import import_items
    from tests.server import serving

    slug = f"bench-{count}-{consoles}"
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for n in range(count):
            file.write(json.dumps({"query": f"Query {n // 15}", "response": f"Answer {n}. {TEXT}"}) + "\n")
        file.flush()
        import_items(path=file.name, slug=slug, labels_per_item=LABELS, session_size=15, open_study=True)
    with serving() as server, _watched(server.address, f"/studies/{slug}/progress/", consoles):
        return _crowd(server.address, f"/s/{slug}/")


@contextmanager
def _watched(address: str, page: str, consoles: int) -> Iterator[None]:
    """So many members with the live console open, each refreshing it as the page does."""
    from django.contrib.auth.models import User

    from tests.people import Person

    if consoles and not User.objects.filter(username="watcher").exists():
        User.objects.create_superuser("watcher", password="watcher")
    over = threading.Event()

    def watch(number: int) -> None:
        person = Person(address, "/account/sign-in/")
        shown = person.send(person.get(person.door), username="watcher", password="watcher")
        assert "Sign out" in shown.text, shown.text
        cookies = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
        headers = {"Cookie": cookies, "HX-Request": "true", "HX-Target": "live"}
        over.wait(number * REFRESH / consoles)
        while not over.is_set():
            with urllib.request.urlopen(urllib.request.Request(address + page, headers=headers)) as answer:
                assert b'id="live"' in answer.read()
            over.wait(REFRESH)
        person.close()

    watchers = [threading.Thread(target=watch, args=(number,)) for number in range(consoles)]
    for thread in watchers:
        thread.start()
    yield
    over.set()
    for thread in watchers:
        thread.join()


def _crowd(address: str, door: str) -> tuple[float, float]:
    """Answers a second, and the 95th percentile of the seconds a request took."""
    from tests.people import Person

    answers, seconds = [0] * PEOPLE, []
    end = time.perf_counter() + SECONDS

    def label(number: int) -> None:
        rng, sitting = random.Random(number), 0
        while time.perf_counter() < end:
            person = Person(address, f"{door}?PROLIFIC_PID={number}-{sitting}")
            page, sitting = person.enter(), sitting + 1
            while page.form and page.form.choices and time.perf_counter() < end:
                page = person.send(page, label=str(rng.randint(1, 5)))
                answers[number] += 1
            seconds.extend(person.seconds)
            person.close()

    people = [threading.Thread(target=label, args=(number,)) for number in range(PEOPLE)]
    started = time.perf_counter()
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()
    took = time.perf_counter() - started
    return sum(answers) / took, sorted(seconds)[int(len(seconds) * 0.95)]


def _files() -> dict[str, float]:
    """Seconds, and for exports the most memory, of the commands."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.jsonl"
        with path.open("w", encoding="utf-8") as out:
            for n in range(ITEMS):
                row = {
                    "item_id": f"i{n}",
                    "query": f"Query {n // 15}",
                    "response": f"Answer {n}. {TEXT}",
                    "human_labels": rng.choices(range(1, 6), k=LABELS),
                    "annotators": [f"a{(n // 15 * LABELS + a) % 5000}" for a in range(LABELS)],
                }
                out.write(json.dumps(row) + "\n")
        found = {"import": _command("import_labels", str(path), "--study", "files")[0]}
        for form in ("csv", "jsonl", "parquet"):
            output = str(Path(folder) / f"out.{form}")
            arguments = ("export_labels", "files", "--format", form, "--output", output)
            found[form], found[f"{form}_mb"] = _command(*arguments)
    return found


def _command(*arguments: str) -> tuple[float, float]:
    """Seconds and peak megabytes of a command in a process of its own."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments[0]} failed")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


if __name__ == "__main__":
    if "--measure" in sys.argv:
        print(json.dumps(_measure_here()))  # noqa: T201
    else:
        main()
