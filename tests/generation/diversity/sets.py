"""Sets of responses whose diversity is known."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generation.diversity.responses import DataSet, Held, QueryResponses, Source, unit


def planted(each: np.ndarray, *, sources: int, responses: int) -> DataSet:
    """Queries whose vectors are given, shape (queries, sources * responses, d), in two partitions."""
    source = np.repeat(np.arange(sources), responses)
    held = [
        QueryResponses(str(number), f"Query {number}", source, (), vectors.astype(np.float32))
        for number, vectors in enumerate(each)
    ]
    middle = len(held) // 2
    parts = [Held(held[:middle]), Held(held[middle:])]
    return DataSet(tuple(Source(f"model {number}") for number in range(sources)), parts, "planted")


def all_equal(*, queries: int = 4, sources: int = 3, responses: int = 4) -> DataSet:
    """Every response to a query is the same; those to different queries are orthogonal."""
    each = np.repeat(np.eye(queries)[:, None], sources * responses, axis=1)
    return planted(each, sources=sources, responses=responses)


def all_different(*, queries: int = 4, sources: int = 3, responses: int = 4) -> DataSet:
    """Every two responses are orthogonal, of one query or of two."""
    every = np.eye(queries * sources * responses)
    return planted(every.reshape(queries, -1, len(every)), sources=sources, responses=responses)


def simulated(
    rng: np.random.Generator,
    *,
    queries: int = 12,
    sources: int = 3,
    responses: int = 5,
    dimensions: int = 40,
    common: float = 1.0,
) -> DataSet:
    """All responses share one direction, those to a query another, each has its own."""
    direction = rng.normal(size=dimensions)
    direction *= common * dimensions**0.5 / np.linalg.norm(direction)
    each = [
        unit(direction + rng.normal(size=dimensions) + rng.normal(size=(sources * responses, dimensions)))
        for _ in range(queries)
    ]
    return planted(np.stack(each), sources=sources, responses=responses)


def every(data: DataSet) -> Sequence[QueryResponses]:
    return list(data.load())


@dataclass(frozen=True)
class Fatal:
    """A partition that waits to be killed with its process the first time, and tells which that is."""

    folder: Path
    queries: Sequence[QueryResponses]

    def load(self) -> Iterator[QueryResponses]:
        told = self.folder / "pid"
        if not told.exists():
            (self.folder / "new").write_text(str(os.getpid()))
            (self.folder / "new").rename(told)
            time.sleep(60)
        yield from self.queries
