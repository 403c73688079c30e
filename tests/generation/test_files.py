import csv
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from generation.files import FileError, Rejections, Repeats
from generation.reading import LONGEST_LINE, read_rows

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        list(read_rows(path))
    return str(caught.value)


def test_the_three_formats_give_the_same_rows(tmp_path: Path, write: Write) -> None:
    rows = [{"query": 'Why, "why"?', "response": "línea 1\nline 2"}, {"query": "e", "response": "x"}]
    lines = write("a.jsonl", "".join(json.dumps(row) + "\n\n" for row in rows))
    table = tmp_path / "a.csv"
    with table.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.DictWriter(stream, ["query", "response"])
        writer.writeheader()
        writer.writerows(rows)
    columns = tmp_path / "a.PARQUET"
    parquet.write_table(pa.Table.from_pylist(rows), columns)
    assert list(read_rows(lines)) == [(1, rows[0]), (3, rows[1])]
    assert list(read_rows(table)) == [(2, rows[0]), (4, rows[1])]
    assert list(read_rows(columns)) == [(1, rows[0]), (2, rows[1])]


def test_empty_cells_are_none_and_a_byte_order_mark_is_no_text(write: Write) -> None:
    assert list(read_rows(write("a.csv", b"\xef\xbb\xbfquery,model\r\nq,\r\n"))) == [
        (2, {"query": "q", "model": None})
    ]
    assert list(read_rows(write("a.jsonl", b'\xef\xbb\xbf{"a": 1}'))) == [(1, {"a": 1})]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", b"", "a.jsonl is empty"),
        ("a.jsonl", b"\n  \n", "a.jsonl has no rows"),
        ("a.jsonl", b"\xef\xbb\xbf", "a.jsonl has no rows"),
        ("a.csv", b"query,response\n", "a.csv has no rows"),
        ("a.txt", b"x", "must end in .jsonl"),
        ("a.json", b"[]", "one JSON object a line"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', "line 2: not one whole JSON object"),
        ("a.jsonl", b'{"a": 1}\n[1]\n', "line 2: not a JSON object"),
        ("a.jsonl", b'{"a": NaN}', "line 1: NaN is not JSON: write null"),
        ("a.jsonl", b'{"a": 1}\n{"a": 1, "b": {"c": 2}, "a": 3}\n', "line 2: 'a' is given twice"),
        ("a.jsonl", b'{"a": {"b": 1, "b": 1}}', "line 1: 'b' is given twice"),
        ("a.jsonl", b'{"a": -Infinity}', "line 1: -Infinity is not JSON"),
        ("a.jsonl", b'{"a": ' + b"9" * 5000 + b"}", "line 1: a number of too many digits"),
        ("a.jsonl", b'{"a": ' + b"[" * 100_000, "line 1: "),
        ("a.jsonl", '{"a": "é"}'.encode("latin-1"), "line 1: the text is not in UTF-8"),
        ("a.csv", b"query\nok\n\xff\xfe\n", "line 3: the text is not in UTF-8"),
        ("a.csv", "query\nok\n".encode("utf-16"), "line 1: the text is not in UTF-8"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "line 3: 3 cells, but the header has 2"),
        ("a.csv", b"a,b\n1\n", "line 2: 1 cell, but the header has 2"),
        ("a.csv", b"a,a\n1,2\n", "two columns are named 'a'"),
        ("a.csv", b'a,b\n1,"2\n3,4\n', "line 2: not a csv row"),
        ("a.csv", b'a,b\n1,"2"x\n', "line 2: not a csv row"),
        ("a.parquet", b"PAR1 not really", "not a readable parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line_that_names_the_place(
    write: Write, name: str, content: bytes, says: str
) -> None:
    message = refusal(write(name, content))
    assert says in message
    assert message.endswith("Nothing was imported.") or ".jsonl" in message
    assert "\n" not in message


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert (
        refusal(tmp_path / "no.csv")
        == "no.csv cannot be read: No such file or directory. Nothing was imported."
    )
    (tmp_path / "folder.csv").mkdir()
    assert "Is a directory" in refusal(tmp_path / "folder.csv")


def test_an_absurdly_long_line_or_cell_is_refused_without_being_read_whole(write: Write) -> None:
    assert "longer than 16 MB" in refusal(write("a.jsonl", b'{"a": "' + b"x" * (2 * LONGEST_LINE)))
    open_quote = b'a,b\n1,"' + b"words and words\n" * (LONGEST_LINE // 10)
    assert "line 2: not a csv row" in refusal(write("a.csv", open_quote))


def test_wrong_rows_can_be_gathered_and_the_others_read(write: Write) -> None:
    path = write("a.jsonl", '{"a": 1}\n{"a"\n[]\n{"a": 2}\n')
    rejected = Rejections(path, skip=True)
    assert [row["a"] for _, row in read_rows(path, rejected)] == [1, 2]
    assert [line.split(":")[0] for line in rejected.named()] == ["line 2", "line 3"]


def test_a_file_of_nothing_but_wrong_rows_stops_being_read(write: Write) -> None:
    path = write("a.jsonl", "{\n" * 30_000)
    with pytest.raises(FileError, match="10,000 rows or more are wrong, the first in line 1") as caught:
        list(read_rows(path, Rejections(path, skip=True)))
    assert len(caught.value.errors) == 10_000
    assert caught.value.listing().splitlines()[-1].strip() == "and 9,980 more"


def test_missing_values_of_data_frames_are_none_and_times_are_text(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    when = pa.array([0], pa.timestamp("s", tz="UTC"))
    numbers = pa.array([[1.0, float("nan"), None]])
    parquet.write_table(pa.table({"n": [float("nan")], "numbers": numbers, "when": when}), path)
    assert list(read_rows(path)) == [
        (1, {"n": None, "numbers": [1.0, None, None], "when": "1970-01-01T00:00:00+00:00"})
    ]
    parquet.write_table(pa.table({"n": [float("inf")]}), path)
    assert "row 1: a number is infinite" in refusal(path)


def test_repeats_are_found_with_the_line_before_them() -> None:
    repeats = Repeats()
    keys: list[tuple[int, int]] = [(1, 2), (2, 1), (1, 2), (0, 5), (1, 2)]
    for line, (first, second) in enumerate(keys, start=1):
        repeats.add(line, first=first, second=second)
    assert list(repeats.found()) == [(3, 1), (5, 3)]
    assert list(Repeats().found()) == []


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"long.{suffix}"
    row: dict[str, Any] = {"query": "q" * 1000, "response": "r" * 1000}
    if suffix == "parquet":
        with parquet.ParquetWriter(
            path, pa.schema([("query", pa.string()), ("response", pa.string())])
        ) as out:
            for _ in range(20):
                out.write_table(pa.Table.from_pylist([row] * 1000))
    else:
        line = json.dumps(row) if suffix == "jsonl" else ",".join(row.values())
        path.write_text("query,response\n" * (suffix == "csv") + f"{line}\n" * 20_000)
    tracemalloc.start()
    assert sum(1 for _ in read_rows(path)) == 20_000  # 40 MB of text
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_a_parquet_file_of_one_large_row_group_is_read_page_by_page(tmp_path: Path) -> None:
    path = tmp_path / "group.parquet"
    table = pa.table({"response": [f"{n:01000}" for n in range(100_000)]})
    parquet.write_table(table, path, compression="none", use_dictionary=False)  # 100 MB
    del table
    before = pa.total_allocated_bytes()
    held = max(pa.total_allocated_bytes() for number, _ in read_rows(path) if number % 5000 == 0)
    assert held - before < 20_000_000
