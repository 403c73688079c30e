"""Promises of files of contrasts: what they may hold, and that each wrong row is named with its reason."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from calibration.effects.contrasts import Contrast, ContrastError, every_pair, read_contrasts
from generation.files import FileError

MODELS = {"contrast": "twins", "of": "items", "by": "model", "a": "alpha", "b": "beta"}
NAMED = {"contrast": "named", "items_a": ["i1"], "items_b": ["i2", 3]}


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "contrasts.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_the_three_formats_say_the_same(tmp_path: Path) -> None:
    rows = [MODELS | {"a": ["alpha", "gamma"]}, MODELS | {"contrast": "age", "of": "people", "by": "age"}]
    frame = pd.DataFrame(rows).assign(a=[json.dumps(["alpha", "gamma"]), "alpha"])
    frame.to_csv(tmp_path / "contrasts.csv", index=False)
    frame.to_parquet(tmp_path / "contrasts.parquet")
    read = [
        read_contrasts(path)
        for path in (written(tmp_path, *rows), tmp_path / "contrasts.csv", tmp_path / "contrasts.parquet")
    ]
    assert read[0] == read[1] == read[2]
    assert read[0][0] == Contrast("twins", "items", "model", ("alpha", "gamma"), ("beta",))
    assert [Contrast.from_dict(one.as_dict()) for one in read[0]] == read[0]
    (named,) = read_contrasts(written(tmp_path, NAMED))
    assert named == Contrast("named", "items", "item_id", ("i1",), ("i2", "3"))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([MODELS | {"b": None}], "line 1: no b"),
        ([MODELS | {"b": "alpha"}], "line 1: 'alpha' is in both groups"),
        ([MODELS | {"contrast": " "}], "line 1: no contrast, which is its name"),
        ([MODELS, MODELS], "line 2: contrast 'twins' is there twice"),
        ([MODELS | {"of": "dogs"}], "line 1: of is 'dogs', not items or people"),
        ([MODELS | {"by": ""}], "line 1: no by"),
        ([MODELS | {"kind": "interaction"}], "line 1: an interaction is a difference of two differences"),
        ([MODELS | {"kind": "other"}], "line 1: kind is 'other', not main"),
        ([NAMED | {"by": "model"}], "line 1: items_a and items_b stand in the place of by, a and b"),
        ([MODELS | {"b": [["beta"]]}], "line 1: b is [['beta']], not a value or a list of values"),
    ],
)
def test_a_wrong_row_is_named_with_its_reason(tmp_path: Path, rows: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(FileError) as refused:
        read_contrasts(written(tmp_path, *rows))
    assert says in str(refused.value)


def test_every_two_values_are_compared_once_and_too_many_or_too_few_are_refused() -> None:
    pairs = every_pair("model", ["a", "b", "c"], of="items")
    assert [(one.a[0], one.b[0]) for one in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    with pytest.raises(ContrastError, match="it takes two"):
        every_pair("model", ["a"], of="items")
    with pytest.raises(ContrastError, match="more than 1,000"):
        every_pair("model", [str(n) for n in range(46)], of="items")
