"""What invented models say, mined, sorted, measured and shown to people: for pictures and scans."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management import call_command

from annotation.models import Study
from annotation.rehearsal import rehearse
from generation.diversity.report.specification import Specification
from generation.diversity.responses import unit
from generation.encoders import encoder_of, store_of
from generation.measuring import create_report
from generation.mining.gates import Limits
from generation.mining.reading import read_log
from generation.models import (
    Collection,
    DiversityReport,
    Mining,
    ModelServer,
    Query,
    Response,
    Run,
    TaskOrderReport,
)
from generation.reports import run_report
from generation.runs.asking import start_run
from generation.runs.work import work
from generation.task_order import measuring as task_orders
from generation.task_order.specification import Specification as TaskOrder
from generation.task_order.table import read_table
from tests.factory import make_response
from tests.generation.formats.trained import measured_training
from tests.generation.mining import planted
from tests.generation.mining.mined import judged
from tests.generation.sampled import make_run
from tests.generation.task_order.test_table import EXAMPLE
from tests.generation.taxonomy.classified import classified, make_collection, says
from tests.model_server import chat, serving

NAME, ENCODER = "open-questions", "sentence-encoder"
SUBJECTS = ("time", "rain", "a quiet harbour", "old maps", "bread", "silence", "a lost letter", "the moon")
IDEAS = (
    "is a river that carries us all towards the same sea",
    "is a weaver at the loom, and each of us a thread of the cloth",
    "is a thief who takes nothing that you notice",
    "is a gardener who does not hurry the seed",
    "is a mirror that forgets every face it saw",
)
ENDS = (".", ", gently and without asking.", ", until one day it is not.", "; nobody saw it begin.")
DIMENSIONS, SAMPLES = 24, 6
DROPPED: tuple[dict[str, Any], ...] = {"language": "German"}, {"toxic": True}, {}


@dataclass(frozen=True)
class Said:
    collection: Collection
    query: Query
    report: DiversityReport
    mining: Mining
    draft: Run
    finished: Run
    pairs: Study
    trained: Collection
    ordered: TaskOrderReport


def what_models_say(folder: Path, *, models: int = 12, subjects: int = 8) -> Said:
    """All of it; the vectors are planted, so that no model is needed."""
    asked = [f"Write a metaphor about {subject}." for subject in SUBJECTS[:subjects]]
    collection = make_collection(asked, NAME, openness=Query.Openness.OPEN)
    query = collection.queries.order_by("pk")[0]
    _answer(
        collection,
        [f"{tree}-{size}b" for size in (8, 32, 70) for tree in ("ash", "birch", "cedar", "elm")][:models],
    )
    encoder = encoder_of(name=ENCODER, recipe={"kind": "imported"})
    report = run_report(
        report=create_report(collection=collection, encoder=encoder, asked=Specification(replicates=100))
    )
    classified(collection, {text: says(["Writing Genres"], ["Figures of speech"]) for text in asked})
    draft = make_run("http://127.0.0.1:9/v1", f"{NAME}: ash-8b", collection, model="ash-8b")
    with serving(lambda _: chat("Time is a tide.")) as server:
        finished = make_run(server.url, f"{NAME}: elm-8b", collection, model="elm-8b")
        ModelServer.objects.update(base_url=server.url)
        finished = work(run=start_run(run=finished))
    mining = _mining(folder, SUBJECTS[:subjects])
    call_command(
        "make_study", NAME, study="alike", kind="pair", pairs="near", threshold=0.8, pairs_per_query=6,
        below=4, encoder=ENCODER, labels_per_item=5, verbosity=0,
    )  # fmt: skip
    pairs = Study.objects.get(slug="alike")
    rehearse(study=pairs, participants=20, seed=1)
    return Said(collection, query, report, mining, draft, finished, pairs, measured_training(), _ordered())


def _ordered() -> TaskOrderReport:
    """The table that the page offers to begin with, measured."""
    rows = read_table(EXAMPLE)
    return run_report(report=task_orders.create_report(name=EXAMPLE.stem, rows=rows, asked=TaskOrder(200)))


def _answer(collection: Collection, models: list[str]) -> None:
    """Answers of every model, near those of one idea, with vectors that say so."""
    lot, noise = random.Random(1), np.random.default_rng(1)
    encoder = encoder_of(name=ENCODER, recipe={"kind": "imported"})
    shared = noise.normal(size=DIMENSIONS)
    for query in collection.queries.order_by("pk"):
        subject = query.text.removeprefix("Write a metaphor about ").rstrip(".")
        about, ideas = noise.normal(size=DIMENSIONS) * 2, noise.normal(size=(len(IDEAS), DIMENSIONS))
        rows: list[Response] = []
        vectors = []
        for place, model in enumerate(models):
            for sample in range(SAMPLES):
                idea = min(len(IDEAS) - 1, int(lot.expovariate(0.8)))
                text = f"{subject.capitalize()} {IDEAS[idea]}{lot.choice(ENDS)}"
                rows.append(make_response(query.text, text, model, sample))
                spread = (0.25 + 0.04 * place) * noise.normal(size=DIMENSIONS)
                vectors.append(shared + about + ideas[idea] + spread)
        store_of(encoder).write(query.pk, [row.pk for row in rows], unit(np.array(vectors, dtype=np.float32)))
    encoder.dimensions = DIMENSIONS
    encoder.save()


def _mining(folder: Path, subjects: Sequence[str]) -> Mining:
    """A log of some hundred conversations, judged."""
    lot = random.Random(1)
    talks = planted.TALKS + [
        (f"{verb} {thing} about {subject}, as {lot.choice('abcdefgh')} would.", lot.choice(DROPPED))
        for verb in ("Write", "Invent", "Describe") for thing in ("a story", "a song", "an essay")
        for subject in subjects
    ]  # fmt: skip
    mining = read_log(path=planted.as_jsonl(folder / "chats.jsonl", planted.wildchat(talks)), limits=Limits())
    judged(mining, name="chats by m")
    return mining
