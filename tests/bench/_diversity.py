"""A large data set of responses that are not there: vectors and texts on the disk, as embedding leaves them.

As a module it measures a stored data set in a process of its own and prints its peak memory.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from generation.diversity.centring import CENTRED
from generation.diversity.pairs import PAIRS
from generation.diversity.responses import DataSet, Source, Vectors, unit
from generation.diversity.scheduling import measure
from generation.diversity.similarity import SIMILARITY
from generation.stored_queries import SCHEMA, UNCLASSED, StoredQueries
from generation.vectors import Store

SOURCES, QUERIES, RESPONSES, DIMENSIONS = 25, 100, 50, 1_536
IDEAS, QUERIES_A_PARTITION = 20, 8
WORDS = [f"{start}{middle}{end}" for start in "bdfgklmnprst" for middle in "aeiou" for end in "nrsltd"]


def make(folder: Path, queries: int) -> DataSet:
    """Write the responses to so many queries; more than 100 share the files of the first 100."""
    store = Store(folder / "vectors")
    rng = np.random.default_rng(0)
    common = rng.normal(size=DIMENSIONS)
    for query in range(min(queries, QUERIES)):
        store.write(query, np.arange(SOURCES * RESPONSES), vectors_of(rng, common))
    for query in range(QUERIES, queries):
        (store.folder / str(query)).mkdir()
        for path in (store.folder / str(query % QUERIES)).iterdir():
            (store.folder / str(query) / path.name).hardlink_to(path)
    _write_texts(folder / "texts.arrow", rng, queries)
    return stored(folder, queries)


def vectors_of(rng: np.random.Generator, common: np.ndarray) -> Vectors:
    """Responses to one query: a few ideas, of which a source has some more often than others."""
    query = rng.normal(size=DIMENSIONS)
    ideas = rng.normal(size=(IDEAS, DIMENSIONS))
    taken = np.concatenate(
        [rng.choice(IDEAS, RESPONSES, p=rng.dirichlet(np.ones(IDEAS))) for _ in range(SOURCES)]
    )
    own = rng.standard_normal((SOURCES * RESPONSES, DIMENSIONS), dtype=np.float32)
    return unit((common + query).astype(np.float32) + ideas.astype(np.float32)[taken] + own * 0.5)


def texts_of(rng: np.random.Generator, number: int, words: int = 80) -> list[str]:
    """Texts of words that are common or rare, as words are."""
    drawn = np.minimum(rng.zipf(1.3, size=(number, words)) - 1, len(WORDS) - 1)
    return [" ".join(WORDS[place] for place in row) + "." for row in drawn]


def stored(folder: Path, queries: int) -> DataSet:
    """The data set that `make` wrote."""
    sources = tuple(Source(f"model {number:02}") for number in range(SOURCES))
    path, store = folder / "texts.arrow", Store(folder / "vectors")
    starts = range(0, queries, QUERIES_A_PARTITION)
    partitions = [
        StoredQueries(path, start, min(start + QUERIES_A_PARTITION, queries), store) for start in starts
    ]
    return DataSet(sources, partitions, "planted")


def _write_texts(path: Path, rng: np.random.Generator, queries: int) -> None:
    source = np.repeat(np.arange(SOURCES, dtype=np.int32), RESPONSES)
    texts = texts_of(rng, len(source), words=20)
    columns: Sequence[object] = (
        np.arange(len(source)),
        source,
        np.full(len(source), UNCLASSED, dtype=np.int32),
        texts,
    )
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, SCHEMA, strict=True)]
    with pa.OSFile(str(path), "wb") as stream, pa.ipc.new_file(stream, SCHEMA) as writer:
        for query in range(queries):
            about = {"key": str(query), "text": f"Query {query}"}
            writer.write_batch(pa.record_batch(arrays, schema=SCHEMA), custom_metadata=about)


def peak() -> int:
    """The most memory that this process has held, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    table = measure(stored(Path(sys.argv[1]), int(sys.argv[2])), [SIMILARITY, CENTRED, PAIRS])
    assert len(table) == int(sys.argv[2])
    print(peak())  # noqa: T201
