"""A run over a study of many answers, in a process and a database of its own.

Usage: python -m tests.bench._runs start URL ANSWERS | work | plain URL ANSWERS
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django

PLACES = 32
QUERY = "Write me a poem about the sea that a child would like, and say in a line why it would."


def answer(number: int) -> str:
    """About as long as the answers of the paper's study."""
    return f"Answer {number}. " + "The sea is wide and the waves come and go like breath. " * 12


def process(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    """One of the works above, over the database in the folder."""
    environment = os.environ | {
        "DEBUG": "off",
        "ALLOWED_HOSTS": "localhost",
        "SECRET_KEY": "of a benchmark",
        "MANYMINDS_DATA": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "-m", "tests.bench._runs", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def done(folder: Path, *arguments: object) -> dict[str, Any]:
    """What such a work tells at its end."""
    told, _ = process(folder, *arguments).communicate()
    found: dict[str, Any] = json.loads(told)
    return found


def _start(url: str, answers: str) -> dict[str, Any]:
    from django.core.management import call_command

    from annotation.models import Item, Study
    from calibration.runs.asking import create_run
    from calibration.scorers.judges.judge import JudgeRecipe
    from calibration.scorers.judges.rubrics import BUILT_IN
    from generation.models import ModelServer, Query, Response
    from generation.runs.asking import start_run

    call_command("migrate", verbosity=0)
    query = Query.objects.create(text=QUERY, digest=Query.digest_of(QUERY))
    study = Study.objects.create(slug="bench", name="Bench", question="How good is it?")
    responses = Response.objects.bulk_create(
        (Response(query=query, text=answer(n), digest=f"{n}") for n in range(int(answers))), batch_size=2000
    )
    Item.objects.bulk_create(
        (
            Item(study=study, external_id=str(n), position=n, query=query, response=response)
            for n, response in enumerate(responses)
        ),
        batch_size=2000,
    )
    server = ModelServer.objects.create(name="bench", base_url=url, anywhere=True, concurrency=PLACES)
    recipe = JudgeRecipe(model="bench", rubric=BUILT_IN["overall"])
    start_run(run=create_run(study=study, scorer="judge", recipe=recipe, server=server))
    return {}


def _work() -> dict[str, Any]:
    from django.db import connection

    from calibration.models import Call, Run, Score
    from generation.runs.work import work

    # What SQLite keeps of its file grows with it, up to a limit; what the run holds should not grow at all.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size = -2048")
    run = work(run=Run.objects.get())
    return {
        "state": run.state,
        "error": run.error,
        "answered": Call.objects.filter(outcome="answered").count(),
        "scores": Score.objects.count(),
        **_used(),
    }


def _plain(url: str, answers: str) -> dict[str, Any]:
    """What somebody writes for themselves: threads that ask, and keep nothing."""
    import openai

    client = openai.OpenAI(base_url=url, api_key="-", max_retries=0)

    def ask(number: int) -> None:
        messages = [{"role": "user", "content": f"{QUERY}\n\n{answer(number)}"}]
        client.chat.completions.create(model="bench", messages=messages, max_tokens=1024)  # type: ignore[arg-type]

    with ThreadPoolExecutor(PLACES) as threads:
        for _ in threads.map(ask, range(int(answers))):
            pass
    return _used()


def _used() -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"processor": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * 1024}


if __name__ == "__main__":
    django.setup()
    kind, *rest = sys.argv[1:]
    works: dict[str, Callable[..., dict[str, Any]]] = {"start": _start, "work": _work, "plain": _plain}
    print(json.dumps(works[kind](*rest)))  # noqa: T201
