import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.contrib.auth.models import User
from pyarrow import parquet

from annotation.importers import import_items, import_labels
from annotation.models import Item, Label, Participant, Study
from annotation.studies import StudyError
from generation.files import FileError, Rows
from generation.models import Query, Response
from tests.factory import make_items, make_study

pytestmark = pytest.mark.django_db


def write(tmp_path: Path, rows: Iterable[dict[str, Any]], name: str = "file.jsonl") -> Path:
    path = tmp_path / name
    rows = list(rows)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".csv":
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


def rating(n: int = 1, **columns: Any) -> dict[str, Any]:
    return {"item_id": f"i{n}", "query": f"query {n % 2}", "response": f"answer {n}", "model": "m", **columns}


def comparison(n: int = 1, **columns: Any) -> dict[str, Any]:
    return {"user_query": "q", "response_1": f"a {n}", "response_2": f"b {n}", "model_1": "m1", **columns}


def nothing_written() -> bool:
    return not any(model.objects.exists() for model in (Study, Item, Label, Participant, Response, Query))


# Items


@pytest.mark.parametrize("name", ["file.jsonl", "file.csv", "file.parquet"])
def test_items_of_each_format_make_a_draft_study(tmp_path: Path, researcher: User, name: str) -> None:
    rows = [rating(n, response_id=f"r{n}", topic="art") for n in range(3)]
    report = import_items(
        path=write(tmp_path, rows, name),
        slug="s",
        name="A study",
        labels_per_item=7,
        design="blocks",
        owner=researcher,
    )
    study = Study.objects.get()
    assert report.sentence() == "Imported 3 items into s."
    assert (study.name, study.kind, study.state) == ("A study", "rating", "draft")
    assert study.memberships.get().user == researcher
    assert (study.labels_per_item, study.session_size, study.design) == (7, 15, "blocks")
    items = list(study.items.select_related("response__model", "query"))
    assert [(item.external_id, item.response.text, item.query.text) for item in items if item.response] == [
        ("i0", "answer 0", "query 0"), ("i1", "answer 1", "query 1"), ("i2", "answer 2", "query 0")
    ]  # fmt: skip
    assert [item.metadata for item in items] == [{"topic": "art"}] * 3
    assert items[0].response is not None
    assert (items[0].response.external_id, str(items[0].response.model)) == ("r0", "m")


def test_the_kind_is_guessed_and_ids_are_row_numbers_where_the_file_has_none(tmp_path: Path) -> None:
    import_items(path=write(tmp_path, [comparison(n) for n in range(3)]), slug="pairs")
    study = Study.objects.get()
    assert (study.kind, study.scale_low, study.scale_high) == ("comparison", -2, 2)
    item = study.items.select_related("response_1__model", "response_2__model").last()
    assert item is not None
    assert item.response_1 is not None
    assert item.response_2 is not None
    assert (item.external_id, item.response_1.text, item.response_2.text) == ("3", "a 2", "b 2")
    assert (str(item.response_1.model), item.response_2.model) == ("m1", None)


def test_items_are_added_to_a_draft_after_those_that_it_has(tmp_path: Path) -> None:
    study = make_study("draft")
    make_items(study, 2)
    import_items(path=write(tmp_path, [rating(7), rating(8)]), slug="draft")
    assert list(study.items.values_list("external_id", flat=True)) == ["i0", "i1", "i7", "i8"]


def test_a_study_can_be_opened_at_once(tmp_path: Path) -> None:
    import_items(path=write(tmp_path, [rating(1)]), slug="s", labels_per_item=3, open_study=True)
    study = Study.objects.get()
    assert (study.state, study.slots.count()) == ("open", 3)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([rating(1), rating(1)], "line 2: item_id 'i1' is also in line 1"),
        ([rating(1), {"query": "q"}], "line 2: no response"),
        ([{"query": "q"}], "neither response nor response_1 and response_2"),
        ([comparison(1), comparison(1, response_2="")], "line 2: no response_2"),
        ([comparison(1, response_1="same", response_2="same", model_1=None)], "are the same response"),
        ([rating(1, block="x")], "block 'x' is not a whole number"),
        (
            [rating(n, query=None) for n in range(30)],
            "line 1: no query or user_query. 29 more rows are wrong",
        ),
    ],
)
def test_bad_items_are_refused_by_line_and_nothing_is_written(
    tmp_path: Path, rows: list[dict[str, Any]], says: str
) -> None:
    with pytest.raises(FileError) as caught:
        import_items(path=write(tmp_path, rows), slug="s")
    assert says in str(caught.value)
    assert nothing_written()


def test_what_does_not_fit_the_study_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, [rating(1)])
    make_study("pairs", kind="comparison")
    make_items(make_study("draft", labels_per_item=5), 2)
    make_study("open", state="open")
    with pytest.raises(StudyError, match="pairs is a comparison study, so rating items"):
        import_items(path=path, slug="pairs", kind="rating")
    with pytest.raises(FileError, match="line 1: no response_1"):
        import_items(path=path, slug="pairs")
    with pytest.raises(FileError, match="line 1: item_id 'i1' is in the study already"):
        import_items(path=path, slug="draft")
    with pytest.raises(StudyError, match="draft has labels per item 5, not 25"):
        import_items(path=write(tmp_path, [rating(9)]), slug="draft", labels_per_item=25)
    with pytest.raises(StudyError, match="open is open: a file can only be added to a draft"):
        import_items(path=path, slug="open")
    with pytest.raises(StudyError, match="slug"):
        import_items(path=path, slug="not a slug")
    assert not Response.objects.filter(text="answer 1", model__name="m").exists()


# Labels


def tally(study: Study) -> dict[str, list[int | None]]:
    labels = Label.objects.filter(item__study=study, status="counted").order_by("pk")
    found: dict[str, list[int | None]] = {item.external_id: [] for item in study.items.all()}
    for item_id, value in labels.values_list("item__external_id", "value"):
        found[item_id].append(value)
    return found


@pytest.mark.parametrize("name", ["file.jsonl", "file.csv", "file.parquet"])
def test_wide_labels_make_a_closed_imported_study(tmp_path: Path, name: str) -> None:
    rows = [rating(1, human_labels=[5, None, 1]), rating(2, human_labels=[2, 2, 2])]
    if name.endswith("csv"):
        rows = [row | {"human_labels": json.dumps(row["human_labels"])} for row in rows]
    report = import_labels(path=write(tmp_path, rows, name), slug="s")
    study = Study.objects.get()
    assert report.sentence() == "Imported 2 items and 5 labels into s. The scale is 1..5."
    assert (study.state, study.imported, study.simulated, study.labels_per_item) == ("closed", True, False, 3)
    assert tally(study) == {"i1": [5, 1], "i2": [2, 2, 2]}
    assert not Participant.objects.exists()
    assert not study.slots.exists()


def test_annotators_become_participants_and_missing_raters_no_labels(tmp_path: Path) -> None:
    rows = [
        rating(1, human_labels=[5, None, 1], annotators=["ann", "bob", 7]),
        rating(2, human_labels=[4, 3, 3], annotators=["bob", "ann", "carl"]),
    ]
    assert import_labels(path=write(tmp_path, rows), slug="s").created == {
        "items": 2,
        "labels": 5,
        "people": 4,
    }
    labels = Label.objects.values_list("item__external_id", "participant__code", "value")
    assert sorted(labels) == [
        ("i1", "7", 1),
        ("i1", "ann", 5),
        ("i2", "ann", 3),
        ("i2", "bob", 4),
        ("i2", "carl", 3),
    ]


def test_long_labels_need_the_item_columns_once(tmp_path: Path) -> None:
    rows = [
        rating(
            1,
            annotator_id="ann",
            label=4,
            comment="nice",
            active_seconds=2.5,
            submitted_at="2026-01-02T03:04:05Z",
        ),
        {"item_id": "i1", "annotator_id": "bob", "cannot_judge": True},
        {"item_id": "i1", "annotator_id": "carl", "label": 2, "surplus": True},
        rating(2, annotator_id="ann", label="3", excluded=False),
        rating(1, annotator_id="dora", label=5.0, excluded="true", simulated=1),
    ]
    report = import_labels(path=write(tmp_path, rows), slug="s")
    assert report.created == {"items": 2, "labels": 5, "people": 4}
    study = Study.objects.get()
    assert tally(study) == {"i1": [4, None, 5], "i2": [3]}
    assert study.simulated
    first = Label.objects.get(value=4)
    assert (first.comment, first.active_seconds, str(first.submitted_at)) == (
        "nice",
        2.5,
        "2026-01-02 03:04:05+00:00",
    )
    assert Label.objects.get(cannot_judge=True).value is None
    assert Label.objects.get(status="surplus").value == 2
    dora = Participant.objects.get(code="dora")
    assert dora.simulated
    assert dora.excluded_at
    assert Label.objects.counted().count() == 3
    assert Label.objects.filter(simulated=True).count() == 1


@pytest.mark.parametrize(
    ("row", "labels", "scale"),
    [
        (rating, [1, 3], (1, 5)),
        (rating, [1, 6], (1, 6)),
        (rating, [0, 10], (0, 10)),
        (comparison, [-1, 1], (-2, 2)),
        (comparison, [-3, 3], (-3, 3)),
        (rating, [], (1, 5)),
    ],
)
def test_the_scale_is_the_usual_one_where_labels_fit_and_else_what_they_span(
    tmp_path: Path, row: Any, labels: list[int], scale: tuple[int, int]
) -> None:
    report = import_labels(path=write(tmp_path, [row(1, human_labels=labels)]), slug="s")
    study = Study.objects.get()
    assert (study.scale_low, study.scale_high) == scale
    assert f"The scale is {scale[0]}..{scale[1]}." in report.sentence()


@pytest.mark.parametrize(
    ("row", "labels", "says"),
    [
        (rating, [1, 5], ""),
        (
            rating,
            [1, 3],
            "No label is above 3: if the scale is 1..3, delete the study and import the file again",
        ),
        (rating, [2, 5], "No label is below 2: if the scale is 2..5,"),
        (comparison, [-1, 1], "No label is below -1 or above 1: if the scale is -1..1,"),
        (rating, [4, 4], "Every label is 4: if the scale is another,"),
        (rating, [0, 3], ""),
    ],
)
def test_labels_that_do_not_reach_the_ends_of_the_usual_scale_are_told(
    tmp_path: Path, row: Any, labels: list[int], says: str
) -> None:
    report = import_labels(path=write(tmp_path, [row(1, human_labels=labels)]), slug="s")
    assert says in report.sentence() and bool(says) == ("delete the study" in report.sentence())


@pytest.mark.parametrize(
    ("label", "way_out"),
    [
        (101, "if it is right, give the scale 1..101. Nothing"),
        (102, "a scale has 101 values at most. Nothing"),
        (-97, "a scale has 101 values at most. Nothing"),
        (10**20, "Nothing"),
    ],
)
def test_a_label_far_outside_the_scale_is_told_only_a_way_out_that_there_is(
    tmp_path: Path, label: int, way_out: str
) -> None:
    with pytest.raises(FileError) as caught:
        import_labels(path=write(tmp_path, [rating(1, human_labels=[1, label])]), slug="s")
    assert "outside the scale 1..5" in str(caught.value)
    assert way_out in str(caught.value)


def test_a_scale_that_was_asked_for_is_kept_and_labels_off_it_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, [rating(1, human_labels=[0, 100]), rating(2, human_labels=[7, -1])])
    with pytest.raises(FileError, match=r"line 2: label 2 is -1, outside the scale 0\.\.100"):
        import_labels(path=path, slug="s", scale=(0, 100))
    with pytest.raises(StudyError, match="from 2 to 101 values"):
        import_labels(path=path, slug="s", scale=(5, 1))
    assert nothing_written()
    import_labels(path=path, slug="s", scale=(-1, 99), skip_bad_rows=True)
    study = Study.objects.get()
    assert (study.scale_low, study.scale_high, tally(study)) == (-1, 99, {"i2": [7, -1]})


WIDE = rating(1, human_labels=[1, 2])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([WIDE, rating(2, human_labels=[1, 2.5])], "line 2: label 2 2.5 is not a whole number"),
        ([WIDE, rating(2, human_labels=[1, "good"])], "line 2: label 2 'good' is not a whole number"),
        ([WIDE, rating(2, human_labels=[True])], "line 2: label 1 True is not a whole number"),
        ([WIDE, rating(2, human_labels=5)], "line 2: human_labels is 5, not a list"),
        ([WIDE, rating(2, human_labels="[1, 2")], "line 2: human_labels is '[1, 2', not a list"),
        ([WIDE, rating(2)], "line 2: human_labels is None, not a list"),
        ([WIDE, WIDE], "line 2: item_id 'i1' is also in line 1"),
        ([WIDE | {"annotators": ["a"]}], "line 1: 2 labels in human_labels, but 1 id in annotators"),
        ([WIDE | {"annotators": ["a", "a"]}], "line 1: annotator 'a' comes twice"),
        ([WIDE | {"annotators": ["a", None]}], "line 1: annotators has no id for label 2"),
        ([rating(1, annotator_id="a")], "neither human_labels nor label"),
        ([rating(1, label=1), rating(1, label=None)], "line 2: no label"),
        ([rating(1, label=1, cannot_judge=True)], "line 1: a label, although cannot_judge"),
        ([rating(1, label=1), {"item_id": "i2", "label": 1}], "line 2: item 'i2' is unknown"),
        ([rating(1, label=1), {"label": 1}], "line 2: no item_id"),
        ([rating(1, label=1), rating(1, label=1, response="other")], "line 2: item 'i1' has other texts"),
        (
            [rating(1, label=1, annotator_id="a"), rating(2, label=1, annotator_id="a")] * 2,
            "line 3: the same annotator",
        ),
        ([rating(1, label=1, submitted_at="soon")], "submitted_at is 'soon', not a time"),
        ([rating(1, label=1, submitted_at="2026-02-31T00:00:00Z")], "not a time"),
        ([rating(1, label=1, active_seconds=-1)], "active_seconds is -1, below 0"),
        ([rating(1, label=1, surplus="maybe")], "surplus is 'maybe', not true or false"),
        ([rating(1, label=1, excluded=True)], "excluded is true, but there is no annotator_id"),
        ([rating(1, label=1, annotator_id="a", comment="\0")], "comment holds a NUL character"),
        ([{"item_id": "i1", "label": 1}], "neither response nor response_1 and response_2"),
    ],
)
def test_bad_labels_are_refused_by_line_and_nothing_is_written(
    tmp_path: Path, rows: list[dict[str, Any]], says: str
) -> None:
    with pytest.raises(FileError) as caught:
        import_labels(path=write(tmp_path, rows), slug="s")
    assert says in str(caught.value)
    assert nothing_written()


def test_bad_rows_are_skipped_and_the_rest_is_imported_when_asked(tmp_path: Path) -> None:
    rows = [
        rating(1, label=1, annotator_id="a"),
        rating(1, label=9, annotator_id="b"),
        rating(1, label=2, annotator_id="a"),
        {"item_id": "i9", "label": 2},
        rating(2, label="x", annotator_id="a"),
        rating(2, label=5, annotator_id="a"),
    ]
    report = import_labels(path=write(tmp_path, rows), slug="s", scale=(1, 5), skip_bad_rows=True)
    assert report.rows == 2
    assert report.created == {"items": 2, "labels": 2, "people": 1}
    assert [line.split(":")[0] for line in report.skipped] == ["line 2", "line 3", "line 4", "line 5"]
    assert tally(Study.objects.get()) == {"i1": [1], "i2": [5]}


def test_labels_may_come_after_the_items_of_a_draft_but_not_twice(tmp_path: Path) -> None:
    import_items(path=write(tmp_path, [rating(1), rating(2)]), slug="s")
    path = write(
        tmp_path, [{"item_id": "i2", "annotator_id": "a", "label": 4}, rating(3, annotator_id="a", label=1)]
    )
    assert import_labels(path=path, slug="s").created == {"items": 1, "labels": 2, "people": 1}
    assert tally(Study.objects.get()) == {"i1": [], "i2": [4], "i3": [1]}
    with pytest.raises(StudyError, match="s is closed: a file can only be added to a draft"):
        import_labels(path=path, slug="s")


def test_texts_that_differ_from_the_drafts_item_are_refused(tmp_path: Path) -> None:
    import_items(path=write(tmp_path, [rating(1)]), slug="s")
    with pytest.raises(FileError, match="item 'i1' has other texts here than before"):
        import_labels(path=write(tmp_path, [rating(1, response="new", human_labels=[1])]), slug="s")
    with pytest.raises(StudyError, match=r"s has the scale 1\.\.5"):
        import_labels(path=write(tmp_path, [rating(1, human_labels=[1])]), slug="s", scale=(1, 6))
    import_labels(path=write(tmp_path, [rating(1, human_labels=[1])]), slug="s")
    assert tally(Study.objects.get()) == {"i1": [1]}


def test_ten_thousand_labels_take_few_queries(tmp_path: Path, django_assert_max_num_queries: Any) -> None:
    rows = [rating(n, human_labels=[1 + n % 5] * 25) for n in range(400)]
    with django_assert_max_num_queries(60):
        import_labels(path=write(tmp_path, rows), slug="s")
    assert Label.objects.count() == 10_000


def test_more_labels_of_an_item_than_a_study_may_ask_for_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, [rating(1, human_labels=[3] * 10_001)])
    with pytest.raises(FileError, match="an item has 10,001 labels; 10,000 are the most"):
        import_labels(path=path, slug="s")
    assert nothing_written()


@pytest.mark.parametrize(
    ("name", "column"),
    [
        *(("file.jsonl", column) for column in ("human_labels", "annotators", "simulated", "response")),
        *(("file.csv", column) for column in ("human_labels", "annotators", "simulated")),
    ],
)
def test_cells_nested_too_deep_are_refused_by_line(tmp_path: Path, name: str, column: str) -> None:
    deep = "[" * 600 + "]" * 600
    bad = rating(2, human_labels="[1]", annotators='["a"]', simulated=False) | {column: deep}
    good = rating(1, human_labels="[1]", annotators='["a"]', simulated=False)
    path = write(tmp_path, [good, bad], name)
    if name == "file.jsonl":
        path.write_text(path.read_text().replace(json.dumps(deep), deep))
    with pytest.raises(FileError, match=r"line [23]: ") as caught:
        import_labels(path=path, slug="s")
    assert "recursion" not in str(caught.value)
    assert nothing_written()


def test_what_others_wrote_while_the_file_was_read_is_refused_by_name(tmp_path: Path) -> None:
    study = make_study("draft")

    def others_write_meanwhile(rows: Rows) -> Rows:
        yield from rows
        make_items(study, 1)

    with pytest.raises(FileError, match=r"refused the rows \(.*item.*\); if others wrote the same meanwhile"):
        import_items(path=write(tmp_path, [rating(0)]), slug="draft", progress=others_write_meanwhile)
    assert study.items.count() == 1
