"""The disagreement page of a study of 750 items by 25 people, warm: on Django's test client and SQLite.

In a process of its own, with a database of its own in a temporary folder.
"""

import json
import sys
import time
from pathlib import Path
from statistics import median

import django
import numpy as np

from tests.bench._alone import last_line_of
from tests.bench._rows import Row

QUERIES, OF_A_QUERY, LABELS = 30, 25, 25
TIMES = 20
MILLISECONDS = 150


def rows() -> list[Row]:
    ours = float(last_line_of("tests.bench._pages"))
    return [
        Row(
            "disagreement page, 750 x 25, warm (test client, SQLite)",
            f"{ours:.0f} ms",
            f"{MILLISECONDS} ms wanted",
            MILLISECONDS / ours,
            1,
        )
    ]


def milliseconds(folder: Path) -> float:
    """The median of some requests after a first one."""
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client
    from django.urls import reverse

    from annotation.importers import import_labels

    call_command("migrate", verbosity=0)
    owner = User.objects.create_user("owner")
    study = "large"
    import_labels(path=_labels(folder), slug=study, owner=owner)
    client = Client(headers={"host": "localhost"})
    client.force_login(owner)
    taken = []
    for _ in range(1 + TIMES):
        start = time.perf_counter()
        page = client.get(reverse("disagreement", args=[study]))
        taken.append(1000 * (time.perf_counter() - start))
        if page.status_code != 200:
            raise RuntimeError(f"the page answers {page.status_code}")
    return median(taken[1:])


def _labels(folder: Path) -> Path:
    """Answers of a paragraph by 25 models to each query, on which some agree and some do not."""
    rng = np.random.default_rng(0)
    path = folder / "labels.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(QUERIES * OF_A_QUERY):
            query, model = divmod(number, OF_A_QUERY)
            given = rng.normal(rng.normal(3, 1), rng.uniform(0.3, 2), LABELS).round().clip(1, 5)
            row = {
                "query": f"What is the meaning of the number {query}?",
                "response": f"It is the answer of model {model}. " * 10,
                "model": f"model-{model}",
                "human_labels": given.astype(int).tolist(),
                "annotators": [f"P{(query * LABELS + person) % 200}" for person in range(LABELS)],
            }
            file.write(json.dumps(row) + "\n")
    return path


if __name__ == "__main__":
    print(milliseconds(Path(sys.argv[1])))  # noqa: T201
