"""Audits of a study of ratings and one of comparisons, in a process and a database of their own."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import numpy as np
import numpy.typing as npt

from tests.bench._alone import last_line_of

# The paper's design: 50 forms, a query each, of 15 answers or 10 pairs, each form labelled by 25 people.
QUERIES, LABELS = 50, 25
OF_A_QUERY = {"rating": 15, "comparison": 10}
SCALE = {"rating": (1, 5), "comparison": (-2, 2)}
SCORERS, REPLICATES = 56, 1000
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Drawn:
    """One study: its labels, and the scores of one scorer more than are audited at first."""

    kind: str
    labels: npt.NDArray[np.int64]
    queries: npt.NDArray[np.int64]
    quality: Array
    scores: Array

    @property
    def values(self) -> npt.NDArray[np.int64]:
        low, high = SCALE[self.kind]
        return np.arange(low, high + 1)


def draw(kind: str) -> Drawn:
    rng = np.random.default_rng(0)
    queries = np.repeat(np.arange(QUERIES), OF_A_QUERY[kind])
    low, high = SCALE[kind]
    quality = (low + high) / 2 + 0.5 * rng.normal(size=QUERIES)[queries] + 0.8 * rng.normal(size=len(queries))
    spread = rng.uniform(0.6, 1.6, size=len(queries))
    labels = quality[:, None] + spread[:, None] * rng.normal(size=(len(queries), LABELS))
    scores = quality + rng.normal(size=(SCORERS + 1, len(queries)))
    return Drawn(kind, labels.round().clip(low, high).astype(np.int64), queries, quality, scores.round(4))


def measure() -> dict[str, Any]:
    """Seconds of each preset and of one scorer more, peak memory, and how many were measured for that one."""
    found: dict[str, Any] = json.loads(last_line_of("tests.bench._audits"))
    return found


def _measure(folder: Path) -> dict[str, Any]:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for kind in OF_A_QUERY:
        _import(draw(kind), folder)
    # The full preset first: the highest memory that the process has held then tells its own.
    full, full_processors, audits = _run("full")
    peak = _peak()
    paper, paper_processors, _ = _run("paper")
    more, measured = _add(audits)
    processors = {"full": full_processors, "paper": paper_processors}
    return {
        "full": full,
        "paper": paper,
        "processors": processors,
        "peak": peak,
        "more": more,
        "measured": measured,
    }


def _run(preset: str) -> tuple[float, float, list[Any]]:
    """Seconds of the audits of both studies, seconds of the processors, and the audits."""
    from annotation.models import Study
    from calibration.audit import create_audit, run_audit

    names = [_name(number) for number in range(SCORERS)]
    audits = [
        create_audit(study=study, preset=preset, scorers=names, replicates=REPLICATES)
        for study in Study.objects.order_by("slug")
    ]
    start, start_processors = time.perf_counter(), time.process_time()
    for audit in audits:
        _finished(run_audit(audit=audit))
    return time.perf_counter() - start, time.process_time() - start_processors, audits


def _add(audits: list[Any]) -> tuple[float, int]:
    """Seconds of finished audits with one scorer more, and how many scorers were measured for each."""
    from calibration.audit import add_scorers, run_audit
    from calibration.models import Measurement

    before = Measurement.objects.values("key").distinct().count()
    added = [add_scorers(audit=audit, scorers=[_name(SCORERS)]) for audit in audits]
    start = time.perf_counter()
    for audit in added:
        _finished(run_audit(audit=audit))
    seconds = time.perf_counter() - start
    measured = Measurement.objects.values("key").distinct().count() - before
    return seconds, measured // len(audits)


def _finished(audit: Any) -> None:
    if audit.state != "finished":
        raise RuntimeError(f"the audit is {audit.state}: {audit.error}")


def _peak() -> int:
    """Bytes of memory that the process has held at most."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def _import(drawn: Drawn, folder: Path) -> None:
    from django.contrib.auth.models import User

    from annotation.importers import import_labels
    from calibration.importers import import_scores

    owner, _ = User.objects.get_or_create(username="owner")
    slug = f"{drawn.kind}s"
    import_labels(path=_written(folder / f"{slug}.jsonl", _label_rows(drawn)), slug=slug, owner=owner)
    import_scores(path=_written(folder / f"{slug}-scores.jsonl", _score_rows(drawn)), slug=slug)


def _label_rows(drawn: Drawn) -> Iterator[dict[str, Any]]:
    for item, given in enumerate(drawn.labels):
        query = int(drawn.queries[item])
        sides = ("response",) if drawn.kind == "rating" else ("response_1", "response_2")
        yield {
            "item_id": f"item-{item}",
            "query": f"What is the meaning of the number {query}?",
            **{side: f"{side} {item} says that it is the answer. " * 5 for side in sides},
            "human_labels": given.tolist(),
            "annotators": [f"{drawn.kind}-{query}-{person}" for person in range(LABELS)],
        }


def _score_rows(drawn: Drawn) -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(1)
    for number, scores in enumerate(drawn.scores):
        for item, score in enumerate(scores.tolist()):
            row = {"scorer": _name(number), "item_id": f"item-{item}"}
            yield row | _given(number, score, drawn, rng)


def _given(number: int, score: float, drawn: Drawn, rng: np.random.Generator) -> dict[str, Any]:
    """Of ten scorers one states a distribution and one votes; the others give a number."""
    low, high = SCALE[drawn.kind]
    if number % 10 == 8:
        closeness = np.exp(-0.5 * np.square(drawn.values - score))
        return {"family": "lm_judge", "distribution": (closeness / closeness.sum()).tolist()}
    if number % 10 == 9:
        votes = (score + rng.normal(size=10)).round().clip(low, high)
        return {"family": "lm_judge", "votes": votes.astype(int).tolist()}
    return {"family": "reward_model", "score": score}


def _name(number: int) -> str:
    return f"scorer-{number:02}"


def _written(path: Path, rows: Iterator[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]))))  # noqa: T201
