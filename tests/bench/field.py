"""A rehearsal of the paper's own design: people over HTTP until every item has its labels, on both databases.

50 forms of 15 ratings and 50 of 10 comparisons, each form by 25 people. Of a hundred people 8 leave, 3 give
their place back by a signed notice, 2 finish too late and 1 comes with two devices. Every number must come
out exactly: a row whose `ours` is not the `other` fails.

bin/bench field [--json] [--scale 0.1] [--only SQLite|PostgreSQL] [--folder FOLDER]

With a folder, what was cut off goes on where it was when it is run again.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench._rows import Row, show
from tests.postgres import postgres

FORMS, PEOPLE, AT_ONCE = 50, 25, 8
SIZES = {"rating": 15, "comparison": 10}
RIVAL_RATE = 10.5  # labels a second: a rival with gunicorn on PostgreSQL, 8 people without think time
ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    asked = arguments()
    rows: list[Row] = []
    with folder_of(asked) as folder:
        if asked.only != "PostgreSQL":
            rows += run("SQLite", f"sqlite:///{folder}/field.sqlite3", asked, folder)
        if asked.only != "SQLite":
            with postgres(folder / "postgres" if asked.folder else None) as url:
                rows += run("PostgreSQL", url, asked, folder)
    show(rows)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scale", type=float, default=1.0, help="the share of its labels")
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"])
    parser.add_argument("--folder", type=Path, help="keeps the databases, so that a run can go on")
    parser.add_argument("--measure", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


@contextmanager
def folder_of(asked: argparse.Namespace) -> Iterator[Path]:
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
        yield asked.folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="manyminds-field-") as folder:
        yield Path(folder)


def run(name: str, database: str, asked: argparse.Namespace, folder: Path) -> list[Row]:
    """The rows of one database, by a process of its own, since Django knows one database a process."""
    from tests.server import SECRET_KEY

    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "MANYMINDS_DATA": str(folder),
        "SECRET_KEY": SECRET_KEY,
        "RECRUITMENT_KEY": "",
        "DEBUG": "on",
    }
    command = [sys.executable, "-m", "tests.bench.field", "--measure", name, "--scale", str(asked.scale)]
    command += ["--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]


def measure(name: str, *, scale: float, folder: Path) -> list[Row]:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    from tests.field import SECRET
    from tests.server import serving

    call_command("migrate", verbosity=0)
    rows: list[Row] = []
    with serving(PROLIFIC_WEBHOOK_SECRET=SECRET) as server:
        for kind in SIZES:
            rows += walk(server, kind, name, scale=scale, folder=folder)
    return rows


def walk(server: Any, kind: str, name: str, *, scale: float, folder: Path) -> list[Row]:
    """One study, from where it is to its end, and what holds then."""
    from tqdm import tqdm

    from annotation.models import Study
    from tests.field import Field, field_study
    from tests.field_diary import HUNDRED, Diary, habits
    from tests.field_numbers import findings

    forms, people = max(2, round(FORMS * scale**0.5)), max(2, round(PEOPLE * scale**0.5))
    study = Study.objects.filter(slug=f"field-{kind}").first()
    study = study or field_study(f"field-{kind}", kind=kind, forms=forms, size=SIZES[kind], people=people)
    field = Field(server, study, habit=habits(HUNDRED), diary=Diary(folder / f"{name}-{kind}.jsonl"))
    wanted = study.items.count() * study.labels_per_item
    before, started = field.filled(), time.perf_counter()
    with tqdm(total=wanted, initial=before, unit=" labels", desc=f"{kind}s, {name}") as bar:
        field.run(at_once=AT_ONCE, watch=lambda filled: bar.update(filled - bar.n))
    took = time.perf_counter() - started
    if field.troubles:
        raise SystemExit("\n".join(field.troubles))
    rows = [
        Row(f"{one.what}, {kind}s, {name}", f"{one.found:,}", f"{one.wanted:,}", float(one.holds), 1)
        for one in findings(field)
    ]
    rate = (wanted - before) / took
    if before < wanted:
        label = f"labels, {AT_ONCE} people at once, {kind}s, {name}"
        rows.append(
            Row(label, f"{rate:.0f}/s", f"{RIVAL_RATE}/s (rival)", rate / RIVAL_RATE, float(scale >= 0.1))
        )
    return [*rows, *disturbances(field, f"{kind}s, {name}")]


def disturbances(field: Any, where: str) -> list[Row]:
    """How many disturbed: at least half of their share, where there are people enough to tell."""
    from tests.field_diary import HUNDRED, Habit

    diary, people = field.diary, len(field.diary.habits)
    gone, came = list(diary.gone.values()), list(diary.habits.values())
    kinds = {
        "left": (Habit.SILENT, Habit.TIMED_OUT),
        "gave it back": (Habit.RETURNED,),
        "late": (Habit.LATE,),
        "twice": (Habit.TWICE,),
    }
    numbers = {habit: gone.count(habit) for habit in Habit}
    numbers |= {Habit.LATE: len(diary.late), Habit.TWICE: came.count(Habit.TWICE)}
    rows = []
    for what, some in kinds.items():
        share = sum(numbers[habit] for habit in some) / people
        wanted = sum(HUNDRED[habit] for habit in some)
        ours, other = f"{share:.1%} of {people:,}", f"{wanted} of 100"
        rows.append(Row(f"people: {what}, {where}", ours, other, share * 100 / wanted, 0.5 * (people > 500)))
    return rows


if __name__ == "__main__":
    given = arguments()
    if given.measure:
        found = measure(given.measure, scale=given.scale, folder=given.folder)
        print(json.dumps([asdict(row) for row in found]))  # noqa: T201
    else:
        main()
