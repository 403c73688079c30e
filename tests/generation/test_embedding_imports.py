"""Vectors from files: each to its response, and every row that names none is named itself."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from django.core.management import CommandError, call_command
from numpy.testing import assert_allclose
from pyarrow import parquet

from generation.embedding_imports import import_embeddings
from generation.encoders import encoder_for, encoder_named, store_of
from generation.files import FileError, ImportReport
from generation.models import Encoder, Response
from generation.recipes.encoding import EncodingRecipe
from tests.factory import make_response

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def responses(settings: Any, tmp_path: Path) -> list[Response]:
    """Four to two queries; the last two of one text, under one model's two draws."""
    settings.MANYMINDS_DATA = tmp_path / "data"
    made = [
        make_response("Why?", "because", sample=0),
        make_response("Why?", "no reason", sample=1),
        make_response("How?", "so", sample=0),
        make_response("How?", "so", sample=1),
    ]
    for number, one in enumerate(made):
        one.external_id = f"r{number}"
        one.save()
    return made


def vectors(*responses: Response, name: str = "mine") -> list[list[float]]:
    store = store_of(encoder_named(name))
    found = []
    for one in responses:
        rows, read = store.read(one.query_id, [one.pk])
        assert len(rows) == 1, one
        found += read.tolist()
    return found


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def take(path: Path, **how: Any) -> ImportReport:
    return import_embeddings(path=path, encoder="mine", **how)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_rows_name_their_responses_by_id_or_by_query_and_text(
    tmp_path: Path, responses: list[Response], suffix: str
) -> None:
    by_id = [{"response_id": f"r{number}", "embedding": [1.0, 0.0, 0.0]} for number in (1, 0)]
    by_text = [{"query": "How?", "response": "so", "embedding": [0.0, 3.0, 4.0]}]
    report = take(write(tmp_path / f"ids{suffix}", by_id))
    assert report.sentence() == "Imported 2 vectors into mine."
    report = take(write(tmp_path / f"texts{suffix}", by_text))
    # The same text has the same vector, whichever draw it is.
    assert report.created == {"vectors": 2}
    assert_allclose(vectors(*responses), [[1, 0, 0]] * 2 + [[0, 0.6, 0.8]] * 2, atol=1e-6)
    assert encoder_named("mine").dimensions == 3
    again = take(write(tmp_path / f"again{suffix}", [*by_text, *by_text]))
    assert again.sentence() == "Imported 0 vectors into mine. 2 responses had one already."


def test_a_npy_file_has_its_ids_beside_it(tmp_path: Path, responses: list[Response]) -> None:
    np.save(tmp_path / "vectors.npy", np.eye(4, dtype=np.float16))
    ids = write(tmp_path / "ids.jsonl", [{"response_id": f"r{number}"} for number in range(4)])
    take(tmp_path / "vectors.npy", ids=ids, half=True)
    assert encoder_named("mine").dtype == "float16"
    assert_allclose(vectors(*responses), np.eye(4))
    short = write(tmp_path / "short.jsonl", [{"response_id": "r0"}])
    for wrong, says in (({"ids": short}, "has 4 rows and short.jsonl fewer"), ({}, "give --ids FILE")):
        with pytest.raises(FileError, match=says):
            take(tmp_path / "vectors.npy", **wrong)


BAD = [
    ({"response_id": "r9", "embedding": [1.0, 2.0]}, "there is no response of the id r9"),
    (
        {"query": "Why?", "response": "else", "embedding": [1.0, 2.0]},
        "there is no response 'else' to this query",
    ),
    ({"response_id": "r1"}, "no embedding or vector"),
    ({"response_id": "r1", "embedding": [1.0]}, "the embedding has 1 numbers, the others 2"),
    ({"response_id": "r1", "embedding": [0.0, 0.0]}, "the embedding is all 0, which has no direction"),
    ({"response_id": "r1", "embedding": [1e39, 0.0]}, "a number that is not finite, or too large"),
    ({"response_id": "r1", "embedding": [None, 0.0]}, "not"),
    ({"response_id": "r1", "embedding": ["1", "2"]}, "not a list of numbers"),
    ({"response_id": "r1", "embedding": 7}, "not a list"),
    ({"response": "because", "embedding": [1.0, 2.0]}, "neither response_id nor query and response"),
    ({"response_id": "r0", "embedding": [1.0, 2.0]}, "its response has a vector in line 1 already"),
    (
        {"response_id": "twice", "embedding": [1.0, 2.0]},
        "2 responses have the id twice: give their query too",
    ),
]


def test_every_wrong_row_is_named_and_nothing_stays_of_the_file_unless_the_rest_is_wanted(
    tmp_path: Path, responses: list[Response]
) -> None:
    Response.objects.filter(pk__in=[one.pk for one in responses[2:]]).update(external_id="twice")
    right = {"response_id": "r0", "embedding": [3.0, 4.0]}
    path = write(tmp_path / "vectors.jsonl", [right, *(row for row, _ in BAD)])
    with pytest.raises(FileError) as error:
        take(path)
    assert len(error.value.errors) == len(BAD)
    for line, (said, (_, says)) in enumerate(zip(error.value.errors, BAD, strict=True), start=2):
        assert said.startswith(f"line {line}: ") and says in said, said
    assert not Encoder.objects.exists()
    assert not (tmp_path / "data").exists()
    report = take(path, skip_bad_rows=True)
    assert report.created == {"vectors": 1} and len(report.skipped) == len(BAD)
    assert_allclose(vectors(responses[0]), [[0.6, 0.8]])


def test_in_parquet_wrong_rows_are_named_too(tmp_path: Path) -> None:
    rows = [
        {"response_id": "r0", "embedding": [1.0, 2.0]},
        {"response_id": "r1", "embedding": None},
        {"response_id": "r2", "embedding": [1.0, None]},
        {"response_id": "r3", "embedding": [1.0]},
    ]
    with pytest.raises(FileError) as error:
        take(write(tmp_path / "vectors.parquet", rows))
    assert [said.split(":")[0] for said in error.value.errors] == ["row 2", "row 3", "row 4"]
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    for name, says in (
        ("broken.parquet", "not a readable parquet"),
        ("x.csv", "must end in"),
        ("no.jsonl", "cannot be read"),
    ):
        with pytest.raises(FileError, match=says):
            take(tmp_path / name)
    with pytest.raises(FileError, match="has no column embedding or vector"):
        take(write(tmp_path / "none.parquet", [{"response_id": "r0"}]))


def test_vectors_from_files_are_kept_apart_from_those_of_a_recipe(tmp_path: Path) -> None:
    path = write(tmp_path / "vectors.jsonl", [{"response_id": "r0", "embedding": [1.0, 2.0]}])
    encoder_for(EncodingRecipe("mine"))
    with pytest.raises(CommandError, match="mine is the name of another recipe's vectors already"):
        call_command("import_embeddings", str(path), "--encoder", "mine")
    out = StringIO()
    call_command("import_embeddings", str(path), "--encoder", "theirs", stdout=out)
    assert out.getvalue() == "Imported 1 vector into theirs.\n"
    longer = write(tmp_path / "longer.jsonl", [{"response_id": "r1", "embedding": [1.0, 2.0, 3.0]}])
    with pytest.raises(CommandError, match="has 3 numbers, the others 2"):
        call_command("import_embeddings", str(longer), "--encoder", "theirs")
