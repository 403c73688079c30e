"""Promises of responses and vectors read from files alone."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from generation.diversity.responses import DataSet, Source
from generation.files import FileError
from generation.response_files import data_set

ROWS: list[dict[str, Any]] = [
    {"query": "Time?", "response": "a river", "model": "b", "response_id": "r1", "class": "water"},
    {"query": "Why?", "response": "because", "model": "a", "response_id": "r2", "class": "x"},
    {"query": "Time?", "response": "a weaver", "model": "a", "response_id": "r3", "class": "cloth"},
    {"query": "Time?", "response": "a river", "model": "b", "response_id": "r4", "class": "water"},
    {"query": "Why?", "response": "why not", "model": "a", "response_id": "r5", "class": None},
]
VECTORS = np.array([[3, 0, 4], [0, 2, 0], [1, 0, 0], [3, 0, 4], [0, 0, 5]], dtype=np.float32)


def written(
    folder: Path, rows: list[dict[str, Any]], suffix: str = ".jsonl", name: str = "responses"
) -> Path:
    path = folder / f"{name}{suffix}"
    if suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif suffix == ".csv":
        csv.write_csv(pa.Table.from_pylist(rows), path)
    else:
        parquet.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    return path


def vectors_written(
    folder: Path, vectors: npt.NDArray[np.float32], suffix: str, ids: list[str] | None = None
) -> Path:
    path = folder / f"vectors{suffix}"
    if suffix == ".npy":
        np.save(path, vectors)
        return path
    columns: dict[str, Any] = {} if ids is None else {"response_id": ids}
    if suffix == ".jsonl":
        rows: list[dict[str, Any]] = [{"vector": vector} for vector in vectors.tolist()]
        for row, one in zip(rows, ids or [], strict=False):
            row["response_id"] = one
        return written(folder, rows, name="vectors")
    fixed = pa.FixedSizeListArray.from_arrays(vectors.ravel(), vectors.shape[1])
    table = pa.table(columns | {"embedding": fixed})
    if suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=2)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as file:
            file.write_table(table, max_chunksize=2)
    return path


def read(folder: Path, responses: Path, **given: Any) -> DataSet:
    into = folder / "into"
    into.mkdir(exist_ok=True)
    return data_set(responses, folder=into, **given)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_responses_stand_by_query_whatever_the_order_of_rows(tmp_path: Path, suffix: str) -> None:
    data = read(tmp_path, written(tmp_path, ROWS, suffix))
    assert data.sources == (Source("a"), Source("b"))
    time, why = [query for part in pickle.loads(pickle.dumps(data)).partitions for query in part.load()]
    assert (time.text, why.text) == ("Time?", "Why?")
    assert list(time.texts) == ["a river", "a weaver", "a river"]
    assert time.source.tolist() == [1, 0, 1]
    assert list(time.keys) == ["r1", "r3", "r4"]
    assert time.classes is not None and time.classes.tolist() == [0, 1, 0]
    assert why.classes is not None and why.classes.tolist() == [0, -1]
    assert time.vectors is None


@pytest.mark.parametrize(
    ("suffix", "named"),
    [(".npy", False), *((suffix, named) for suffix in (".parquet", ".arrow", ".jsonl") for named in (0, 1))],
)
def test_vectors_go_with_their_responses_by_row_or_by_id(tmp_path: Path, suffix: str, named: bool) -> None:
    order = [4, 2, 0, 3, 1] if named else [0, 1, 2, 3, 4]
    ids = [str(ROWS[row]["response_id"]) for row in order] if named else None
    data = read(
        tmp_path,
        written(tmp_path, ROWS),
        embeddings=vectors_written(tmp_path, VECTORS[order], suffix, ids),
        encoder="some-encoder",
    )
    assert data.encoder == "some-encoder"
    time, why = data.load()
    assert time.vectors is not None and why.vectors is not None
    np.testing.assert_allclose(time.vectors, [[0.6, 0, 0.8], [1, 0, 0], [0.6, 0, 0.8]], atol=1e-7)
    np.testing.assert_allclose(why.vectors, [[0, 1, 0], [0, 0, 1]], atol=1e-7)


def test_only_chosen_models_and_conditions_are_read(tmp_path: Path) -> None:
    rows = [row | {"condition": "plain" if n % 2 else ""} for n, row in enumerate(ROWS)]
    path = written(tmp_path, rows)
    assert read(tmp_path, path, models=["a"]).sources == (Source("a"), Source("a", "plain"))
    data = read(tmp_path, path, models=["a"], conditions=["plain"])
    assert data.sources == (Source("a", "plain"),)
    assert [list(query.texts) for query in data.load()] == [["because"]]
    with pytest.raises(FileError, match=r"No response is of the model 'c'; there are: a, b\."):
        read(tmp_path, path, models=["c"])


def test_many_queries_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    rows = [{"query": f"q{n % 30}", "response": f"r{n}", "model": "m"} for n in range(90)]
    vectors = np.random.default_rng(0).normal(size=(90, 4)).astype(np.float32)
    responses = written(tmp_path, rows, ".parquet")
    data = read(tmp_path, responses, embeddings=vectors_written(tmp_path, vectors, ".npy"))
    assert len(data.partitions) > 1
    queries = list(data.load())
    assert [query.text for query in queries] == [f"q{n}" for n in range(30)]
    assert list(queries[17].texts) == ["r17", "r47", "r77"]
    expected = vectors[[17, 47, 77]] / np.linalg.norm(vectors[[17, 47, 77]], axis=1, keepdims=True)
    np.testing.assert_allclose(queries[17].vectors, expected, atol=1e-6)


def responses_with(tmp_path: Path, *rows: dict[str, Any]) -> dict[str, Any]:
    return {"responses": written(tmp_path, [*ROWS, *rows])}


def embeddings_with(tmp_path: Path, vectors: Any, suffix: str, ids: Any = None) -> dict[str, Any]:
    vectors = np.asarray(vectors, dtype=np.float32)
    return {
        "responses": written(tmp_path, ROWS),
        "embeddings": vectors_written(tmp_path, vectors, suffix, ids),
    }


def raw(tmp_path: Path, name: str, content: bytes) -> dict[str, Any]:
    (tmp_path / name).write_bytes(content)
    return {"responses": written(tmp_path, ROWS), "embeddings": tmp_path / name}


IDS = ["r1", "r2", "r3", "r4", "r5"]
WRONG = {
    "responses.jsonl, line 6: no response.": lambda t: responses_with(t, {"query": "Time?"}),
    "responses.jsonl: its column idea is empty, so there are no classes.": lambda t: (
        responses_with(t) | {"classes": "idea"}
    ),
    "the name must end in .parquet, .arrow, .npy or .jsonl.": lambda t: raw(t, "v.bin", b"x"),
    "v.npy is not a readable .npy file": lambda t: raw(t, "v.npy", b"not numbers"),
    "v.parquet is not a readable parquet file": lambda t: raw(t, "v.parquet", b"not a table"),
    "v.arrow is not a readable Arrow IPC file": lambda t: raw(t, "v.arrow", b"not a table"),
    "vectors.npy has 4 vectors, responses.jsonl 5 responses": lambda t: embeddings_with(
        t, VECTORS[:4], ".npy"
    ),
    "vectors.npy has 6 vectors, responses.jsonl 5 responses": lambda t: embeddings_with(
        t, np.ones((6, 2)), ".npy"
    ),
    "vectors.npy, row 3: the embedding holds a number that is not finite": lambda t: embeddings_with(
        t, [[1, 2], [1, 2], [np.nan, 1], [1, 2], [1, 2]], ".npy"
    ),
    "vectors.parquet: a response_id has two vectors": lambda t: embeddings_with(
        t, VECTORS, ".parquet", [*IDS[:4], "r1"]
    ),
    "has no vector for 1 response of responses.jsonl, the first 'r5'.": lambda t: embeddings_with(
        t, VECTORS, ".arrow", [*IDS[:4], "r9"]
    ),
    "vectors.npy, row 3: the embedding is all 0, which has no direction.": lambda t: embeddings_with(
        t, VECTORS * [[1], [1], [0], [1], [1]], ".npy"
    ),
    "v.jsonl, line 2: the embedding has 1 numbers, the others 2.": lambda t: raw(
        t, "v.jsonl", b'{"vector": [1, 2]}\n{"vector": [1]}\n'
    ),
    "v.jsonl, line 1: no embedding or vector.": lambda t: raw(t, "v.jsonl", b'{"name": 3}\n'),
    "No such file": lambda t: responses_with(t) | {"embeddings": t / "absent.npy"},
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(FileError) as caught:
        read(tmp_path, **WRONG[line](tmp_path))
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("Nothing was measured.")
