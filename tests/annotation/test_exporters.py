import csv
import datetime
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.db import connection
from pyarrow import parquet

from annotation.exporters import FORMATS, SHAPES, export_labels, stream_labels
from annotation.exporters.shapes import ITEMS_AT_ONCE
from annotation.importers import import_labels
from annotation.models import Item, Label, Study
from annotation.quality.exclusion import exclude
from generation.files import FileError
from generation.reading import read_rows
from tests.factory import make_items, make_labels, make_participant, make_response, make_study

pytestmark = pytest.mark.django_db

CONTRACT = """
study item_id kind query_id query response response_1 response_2 model model_1 model_2 annotator_id session_id
block position swapped label cannot_judge comment active_seconds submitted_at surplus excluded simulated
"""
NASTY = 'a "quoted", text\r\nwith lines\tand 100% {braces} \u2028 é 😀 '


@pytest.fixture
def study() -> Study:
    """Two items of ratings: all kinds of labels, of four people of whom one is excluded."""
    study = make_study("mixed", imported=True, state="closed")
    people = [make_participant(study, code) for code in ("ann", "bob", 'c"a,rl', "excluded")]
    exclude(participant=people[3], reason="careless")
    first, second = make_items(study, 2)
    make_labels(first, [5, None, 2, 4], people=people)
    make_labels(second, [3, 3], people=people)
    when = datetime.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC)
    Label.objects.filter(item=first, value=5).update(
        comment=NASTY, active_seconds=1.25, submitted_at=when, position=2, swapped=True
    )
    Label.objects.filter(item=first, value=2).update(status="surplus", simulated=True)
    Label.objects.create(item=first, participant=people[0], value=1, status="superseded")
    return study


def export(study: Study, format: str, shape: str) -> bytes:
    return b"".join(stream_labels(study=study, format=format, shape=shape))


def rows_of(
    study: Study, shape: str, tmp_path: Path, format: str = "jsonl", with_excluded: bool | None = None
) -> list[dict[str, Any]]:
    path = tmp_path / f"rows.{format}"
    export_labels(study=study, format=format, shape=shape, with_excluded=with_excluded, output=path)
    return [row for _, row in read_rows(path)]


def test_the_long_shape_has_the_contracts_columns_and_every_label_that_nobody_corrected(
    study: Study, tmp_path: Path
) -> None:
    rows = rows_of(study, "long", tmp_path)
    assert all(list(row) == CONTRACT.split() for row in rows)
    assert [(row["item_id"], row["annotator_id"], row["label"]) for row in rows] == [
        ("i0", "ann", 5), ("i0", "bob", None), ("i0", 'c"a,rl', 2), ("i0", "excluded", 4),
        ("i1", "ann", 3), ("i1", "bob", 3),
    ]  # fmt: skip
    first = rows[0]
    assert (first["study"], first["kind"], first["response"], first["response_1"], first["model"]) == (
        "mixed", "rating", "answer 0", None, "model-a"
    )  # fmt: skip
    assert (first["comment"], first["active_seconds"], first["position"], first["swapped"]) == (
        NASTY,
        1.25,
        2,
        True,
    )
    assert first["submitted_at"] == "2026-01-02T03:04:05.000678+00:00"
    assert [row["cannot_judge"] for row in rows] == [False, True, False, False, False, False]
    assert [row["surplus"] for row in rows] == [False, False, True, False, False, False]
    assert [row["excluded"] for row in rows] == [False, False, False, True, False, False]
    assert [row["simulated"] for row in rows] == [False, False, True, False, False, False]


@pytest.mark.parametrize("shape", list(SHAPES))
def test_the_three_formats_hold_the_same_values(study: Study, tmp_path: Path, shape: str) -> None:
    expected = rows_of(study, shape, tmp_path)
    table = parquet.read_table(io.BytesIO(export(study, "parquet", shape)))
    assert not any(pa.types.is_dictionary(column.type) for column in table.schema)
    found = table.to_pylist()
    for row in found:
        if row.get("submitted_at"):
            row["submitted_at"] = row["submitted_at"].isoformat()
    assert found == expected
    text = export(study, "csv", shape).decode()
    cells = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    written = {None: "", True: "true", False: "false"}
    assert cells == [
        {
            name: written[value] if value is None or isinstance(value, bool)
            else json.dumps(value) if isinstance(value, list) else str(value)
            for name, value in row.items()
        }
        for row in expected
    ]  # fmt: skip


def test_every_shape_can_be_had_with_and_without_the_excluded(study: Study, tmp_path: Path) -> None:
    Label.objects.filter(participant__code="excluded").update(status="replaced")

    def counts(shape: str, read: Callable[[dict[str, Any]], object]) -> list[object]:
        asked = (None, True, False)
        return [[read(row) for row in rows_of(study, shape, tmp_path, with_excluded=way)] for way in asked]

    people = ["ann", "bob", 'c"a,rl', "excluded", "ann", "bob"]
    without = [code for code in people if code != "excluded"]
    assert counts("long", lambda row: row["annotator_id"]) == [people, people, without]
    assert counts("items", lambda row: row["labels"]) == [[1, 2], [2, 2], [1, 2]]
    assert counts("infinity-chat", lambda row: row["human_labels"]) == [
        [[5], [3, 3]], [[5, 4], [3, 3]], [[5], [3, 3]],
    ]  # fmt: skip


def test_the_published_shape_holds_what_is_counted_and_nothing_else(study: Study, tmp_path: Path) -> None:
    Label.objects.update(simulated=False)
    rows = rows_of(study, "infinity-chat", tmp_path)
    assert [list(row) for row in rows] == [["user_query", "response", "human_labels"]] * 2
    assert [row["human_labels"] for row in rows] == [[5], [3, 3]]
    pairs = make_study("pairs", kind="comparison")
    make_labels(make_items(pairs, 1)[0], [-2, None, 1])
    assert rows_of(pairs, "infinity-chat", tmp_path) == [
        {
            "user_query": "Query 0 of pairs",
            "response_1": "answer 0",
            "response_2": "other answer 0",
            "human_labels": [-2, 1],
        }
    ]  # fmt: skip


def test_simulated_labels_are_marked_in_every_shape(tmp_path: Path) -> None:
    study = make_study("rehearsed", simulated=True)
    make_labels(make_items(study, 1)[0], [1, 2])
    Label.objects.update(simulated=True)
    for shape in SHAPES:
        assert all(row["simulated"] is True for row in rows_of(study, shape, tmp_path)), shape


def test_the_items_shape_has_counts_and_what_follows_from_them(study: Study, tmp_path: Path) -> None:
    first, second = rows_of(study, "items", tmp_path)
    assert (first["item_id"], first["query"], first["labels"], first["cannot_judge"]) == (
        "i0",
        "Query 0 of mixed",
        1,
        1,
    )
    assert [second[f"labels_{value}"] for value in range(1, 6)] == [0, 0, 2, 0, 0]
    assert (second["mean"], second["entropy_bits"], first["sd"]) == (3.0, 0.0, None)


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_exported_imports_again_to_the_same_labels(study: Study, tmp_path: Path, format: str) -> None:
    path = tmp_path / f"labels.{format}"
    assert export_labels(study=study, format=format, shape="long", output=path) == 6
    import_labels(path=path, slug="again")
    again = Study.objects.get(slug="again")
    fields = (
        "item__external_id", "item__query__text", "item__response", "participant__code", "value",
        "cannot_judge", "comment", "active_seconds", "submitted_at", "position", "swapped", "status",
        "simulated",
    )  # fmt: skip

    def labels(study: Study) -> list[tuple[Any, ...]]:
        return list(Label.objects.current().filter(item__study=study).order_by("pk").values_list(*fields))

    assert labels(again) == labels(study)
    assert Label.objects.counted().filter(item__study=again).count() == 4
    assert export(again, format, "infinity-chat") == export(study, format, "infinity-chat")
    assert again.simulated


@pytest.mark.parametrize("format", FORMATS)
def test_the_published_shape_imports_again_to_the_same_counts(tmp_path: Path, format: str) -> None:
    study = make_study("pairs", kind="comparison")
    for item, labels in zip(make_items(study, 3), ([-2, 1, 1], [0], []), strict=True):
        make_labels(item, list(labels))
    path = tmp_path / f"labels.{format}"
    export_labels(study=study, format=format, shape="infinity-chat", output=path)
    import_labels(path=path, slug="again")
    again = Study.objects.get(slug="again")
    assert again.kind == "comparison"
    assert export(again, format, "infinity-chat") == export(study, format, "infinity-chat")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("shape", list(SHAPES))
def test_a_study_without_items_exports_a_file_without_rows(tmp_path: Path, format: str, shape: str) -> None:
    assert export_labels(study=make_study(), format=format, shape=shape, output=tmp_path / "out") == 0
    if format == "parquet":
        assert parquet.read_table(tmp_path / "out").num_rows == 0


def test_an_export_that_fails_leaves_the_file_as_it_was(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("before")
    Label.objects.filter(value=5).update(submitted_at=None)
    with pytest.raises(FileError, match="The format is csv, jsonl, parquet, not 'xls'"):
        export_labels(study=study, format="xls", shape="long", output=path)
    with pytest.raises(FileError, match="No such file or directory"):
        export_labels(study=study, format="csv", shape="long", output=tmp_path / "no" / "labels.csv")
    with pytest.raises(FileError, match="cannot be written"):
        export_labels(study=study, format="csv", shape="long", output=tmp_path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_queries_grow_by_batches_not_by_items(django_assert_max_num_queries: Any) -> None:
    study = make_study("many")
    for item in make_items(study, 300):
        make_labels(item, [1, 2])
    with django_assert_max_num_queries(5):
        export(study, "csv", "long")


def items_in_two_batches() -> list[Item]:
    study, response = make_study("long", imported=True), make_response()
    items = Item.objects.bulk_create(
        Item(study=study, external_id=f"i{n}", position=n, query=response.query, response=response)
        for n in range(ITEMS_AT_ONCE + 1)
    )
    make_labels(items[0], [1])
    make_labels(items[-1], [2])
    return items


def test_a_label_that_comes_during_an_export_has_its_annotator(tmp_path: Path) -> None:
    items = items_in_two_batches()

    def come(rows: int) -> None:
        late = make_participant(items[0].study, f"late {rows}")
        exclude(participant=late, reason="late")
        make_labels(items[-1], [3], people=[late])

    path = tmp_path / "labels.jsonl"
    export_labels(study=items[0].study, format="jsonl", shape="long", output=path, advance=come)
    last = [row for _, row in read_rows(path)][-1]
    assert (last["label"], last["annotator_id"], last["excluded"]) == (3, "late 1", True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("format", FORMATS)
def test_an_export_is_of_one_moment_and_lets_others_write(format: str, tmp_path: Path) -> None:
    items = items_in_two_batches()

    def write() -> None:
        make_labels(items[-1], [5])
        connection.close()

    def write_from_elsewhere(rows: int) -> None:
        with ThreadPoolExecutor(1) as other:
            other.submit(write).result()

    path, study = tmp_path / f"labels.{format}", items[0].study
    rows = export_labels(study=study, format=format, shape="long", output=path, advance=write_from_elsewhere)
    assert (rows, Label.objects.count()) == (2, 4)
    assert [int(row["label"]) for _, row in read_rows(path)] == [1, 2]
