import json
import sqlite3
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from generation.files import FileError
from generation.importers import import_responses
from generation.models import LanguageModel, Query, Response

pytestmark = pytest.mark.django_db


def write(tmp_path: Path, rows: list[dict[str, Any]]) -> Path:
    path = tmp_path / "responses.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(response: str = "To remember.", **columns: Any) -> dict[str, Any]:
    return {"query_id": "q1", "query": "Why write?", "model": "m", "response": response, **columns}


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else "deep"


def test_responses_keep_their_query_model_draw_and_unknown_columns(tmp_path: Path) -> None:
    report = import_responses(path=write(tmp_path, [row(sample=3, response_id="r1", topic={"a": [1, None]})]))
    response = Response.objects.select_related("query", "model").get()
    assert report.sentence() == "Imported 1 response."
    assert (response.text, response.external_id, response.sample) == ("To remember.", "r1", 3)
    assert response.metadata == {"topic": {"a": [1, None]}}
    assert (response.query.text, response.query.external_id) == ("Why write?", "q1")
    assert response.model == LanguageModel.objects.get(name="m")


def test_what_is_nested_as_deep_as_anybody_writes_it_is_kept(tmp_path: Path) -> None:
    import_responses(path=write(tmp_path, [row(note=nested(49), many=[[]] * 200)]))
    assert Response.objects.get().metadata == {"note": nested(49), "many": [[]] * 200}


def test_importing_a_file_again_stores_nothing_twice_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, [row(f"answer {n % 1200}", sample=n) for n in range(2500)])
    assert import_responses(path=path).created == {"responses": 2500}
    again = import_responses(path=path)
    assert again.sentence() == "Imported 0 responses. 2,500 responses were there already."
    assert Response.objects.count() == 2500
    assert Query.objects.count() == 1


def test_where_draws_are_not_numbered_a_text_that_comes_again_is_another_draw(tmp_path: Path) -> None:
    path = write(tmp_path, [row("same"), row("same"), row("other")])
    assert import_responses(path=path).created == {"responses": 3}
    assert import_responses(path=path).created == {"responses": 0}
    assert sorted(Response.objects.values_list("text", "sample")) == [("other", 0), ("same", 0), ("same", 1)]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"response": None}, "no response"),
        ({"query": " "}, "no query or user_query"),
        ({"response": 7}, "response is 7, not text"),
        ({"response": "a\0b"}, "response holds a NUL character"),
        ({"response": "\ud800"}, "half of a character"),
        ({"note": {"deep": ["\0"]}}, "deep holds a NUL character"),
        ({"note": nested(51)}, "nested deeper than 50 levels"),
        ({"note": nested(900)}, "nested deeper than 50 levels"),
        ({"response": nested(900)}, "nested deeper than 50 levels"),
        ({"note": 1e999}, "Infinity is not JSON"),
        ({"model": "m" * 201}, "longer than 200 characters"),
        ({"model": True}, "model is True, not an id"),
        ({"sample": -1}, "sample -1 is not between 0"),
        ({"sample": 1.5}, "sample 1.5 is not a whole number"),
        ({"sample": 10**20}, "is not between 0"),
    ],
)
def test_one_bad_row_rejects_the_file_whole_and_is_named(
    tmp_path: Path, bad: dict[str, Any], says: str
) -> None:
    path = write(tmp_path, [row(), row(**bad), row("third")])
    with pytest.raises(FileError) as caught:
        import_responses(path=path)
    assert str(caught.value).startswith("responses.jsonl, line 2: ")
    assert says in str(caught.value)
    assert not Response.objects.exists()
    assert not Query.objects.exists()


def test_bad_rows_are_skipped_and_named_when_asked(tmp_path: Path) -> None:
    path = write(tmp_path, [row(), row(response=None), row("third"), row(sample="x")])
    report = import_responses(path=path, skip_bad_rows=True)
    assert report.text().splitlines() == [
        "Imported 2 responses. Skipped 2 rows.",
        "  line 2: no response",
        "  line 4: sample 'x' is not a whole number",
    ]
    with pytest.raises(FileError, match="line 1: no response"):
        import_responses(path=write(tmp_path, [row(response=None)]), skip_bad_rows=True)


def test_a_table_without_a_needed_column_is_refused_with_the_columns_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("prompt,response\na,b\n")
    with pytest.raises(
        FileError, match=r"a\.csv has no column query or user_query; its columns are: prompt, response"
    ):
        import_responses(path=path)


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_table_separated_by_other_marks_is_refused_for_that(tmp_path: Path, mark: str, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"query{mark}response\nWhy, then?{mark}So, and so, it is.\n")
    with pytest.raises(
        FileError, match=rf"a\.csv has {name} between its cells: save it with commas"
    ) as caught:
        import_responses(path=path)
    assert "line" not in str(caught.value)


@pytest.mark.django_db(transaction=True)
def test_imports_that_share_texts_wait_for_each_other(tmp_path: Path) -> None:
    rows = [row(f"answer {n}", query=f"query {n}") for n in range(5000)]
    said: list[object] = []
    together = Barrier(2)

    def run(name: str, rows: list[dict[str, Any]]) -> None:
        folder = tmp_path / name
        folder.mkdir()
        path = write(folder, rows)
        together.wait()
        try:
            said.append(import_responses(path=path).created["responses"])
        except Exception as error:
            said.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=("a", rows)), Thread(target=run, args=("b", rows[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [5000, 0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers")
def test_where_somebody_else_writes_for_long_it_is_said_in_a_line(tmp_path: Path) -> None:
    path = write(tmp_path, [row()])
    busy = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=50")
    busy.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(FileError, match="Somebody else is still writing"):
            import_responses(path=path)
    finally:
        busy.close()
        connection.close()
    assert import_responses(path=path).created == {"responses": 1}
