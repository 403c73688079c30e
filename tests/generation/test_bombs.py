"""Promises about files made to fill the server's memory: one clear line, and little memory."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from generation.files import FileError
from generation.reading import read_rows

MEGABYTE = 2**20


def repeated(path: Path, text: str, rows: int, compression: str) -> None:
    """A column that names one text in every row, and stores it once."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
    table = pa.table({"query": column, "response": column})
    parquet.write_table(table, path, compression=compression, dictionary_pagesize_limit=2**30)


def refusal(path: Path) -> str:
    """What a program with a gigabyte to itself says of the file."""
    script = (
        "import resource, sys; from pathlib import Path\n"
        "import pyarrow.parquet\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30))\n"
        "from generation.files import FileError\n"
        "from generation.reading import read_rows\n"
        "try:\n    print('read', sum(1 for _ in read_rows(Path(sys.argv[1]))))\n"
        "except FileError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-1000:]
    return done.stdout.strip()


def test_a_text_that_a_parquet_file_repeats_in_every_row_is_told_and_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    repeated(path, "a" * 20 * MEGABYTE, 20_000, "snappy")  # 800 GB as rows
    said = refusal(path)
    assert said == "bomb.parquet, row 1: a cell is longer than 16 MB. Nothing was imported."


def test_a_parquet_file_that_unpacks_to_a_thousand_times_its_size_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    repeated(path, "a" * 70 * MEGABYTE, 10, "zstd")
    assert path.stat().st_size < MEGABYTE
    assert refusal(path) == (
        "bomb.parquet: its column query unpacks to far more than the file holds. Nothing was imported."
    )


def test_a_list_of_a_hundred_million_nothings_in_one_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    count = 2**27 + 8
    values = pa.nulls(count, pa.int8())
    table = pa.table({"human_labels": pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), values)})
    parquet.write_table(table, path, compression="zstd")
    assert path.stat().st_size < MEGABYTE
    with pytest.raises(FileError, match="unpacks to far more than the file holds"):
        list(read_rows(path))


def test_ordinary_files_that_repeat_their_texts_are_read_whole(tmp_path: Path) -> None:
    for compression in ("none", "snappy", "gzip", "zstd"):
        path = tmp_path / f"{compression}.parquet"
        repeated(path, "a" * 10_000, 5_000, compression)
        assert sum(1 for _ in read_rows(path)) == 5_000


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "query,response\n" + "a" * 17 * MEGABYTE + ",b\n", "the line is longer than 16 MB"),
        ("a.csv", 'query,response\n"' + "a,b\n" * 5 * MEGABYTE, "line 2"),
        ("a.jsonl", "[" * 100_000 + "]" * 100_000 + "\n", "line 1"),
        ("a.jsonl", '{"query": ' + "[" * 60 + "]" * 60 + "}\n", "nested deeper than 50 levels"),
        ("a.jsonl", '{"query": ' + "9" * 10_000 + "}\n", "too many digits"),
        ("a.jsonl", json.dumps({"query": "a" * 17 * MEGABYTE}) + "\n", "the line is longer than 16 MB"),
    ],
)
def test_giant_fields_and_deep_nesting_are_one_clear_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(FileError) as refused:
        list(read_rows(path))
    assert said in str(refused.value) and "\n" not in str(refused.value)
