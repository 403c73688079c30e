"""Promises of the command `task_order`: from a file alone, the same numbers again, lines that say why."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator

from tests.generation.task_order.test_table import EXAMPLE, GOOD, written

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "task_order.schema.json").read_text())


def measured(path: Path, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("task_order", str(path), "--json", "--draws", "40", *options, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(found)
    return found


def test_the_example_is_measured_without_a_database_and_alike_each_time() -> None:
    found = measured(EXAMPLE)
    assert found["orders"]["best"][0][0] == "stories"  # which take from all others
    assert found["orders"]["certainty"]["advantage"]["low"] > 0
    assert found["orders"]["certainty"]["advantage"]["value"] < found["orders"]["advantage"]["difference"]
    assert found["prediction"]["foretold"]["n"] == 45
    assert [row["direction"] for row in found["entropy"]["domains"]] == ["rises", "falls"]
    assert measured(EXAMPLE) == found
    assert measured(EXAMPLE, "--seed", "1")["orders"]["best"] == found["orders"]["best"]


def test_lines_say_what_was_found_and_what_it_cannot_show() -> None:
    out = StringIO()
    call_command("task_order", str(EXAMPLE), "--draws", "40", stdout=out)
    said = out.getvalue()
    assert "stories > math > questions > code" in said
    assert "ICLR 2026 submission, not accepted" in said
    assert "final scores are then the same for every order" in said
    assert "in-sample, no prediction" in said


def test_what_is_undefined_says_why(tmp_path: Path) -> None:
    found = measured(written(tmp_path, GOOD))
    assert found["orders"] is None
    assert found["reasons"]["orders"] == "orders are compared of 2 to 8 trained tasks, and there are 1"
    assert found["reasons"]["entropy"] == "no row has a token entropy"
    assert "no run trains a second stage" in found["reasons"]["prediction"]
    nine = [{"stage": 0, "task": "t0", "score": 0.1}]
    nine += [{"stage": n, "trained": f"t{n}", "task": "t0", "score": n / 10} for n in range(1, 10)]
    assert "and there are 9" in measured(written(tmp_path, nine))["reasons"]["orders"]


def test_a_wrong_file_or_number_is_one_line(tmp_path: Path) -> None:
    for given, reason in (
        ([str(tmp_path / "none.csv")], "none.csv cannot be read"),
        ([str(EXAMPLE), "--draws", "3"], "Draws must be from 20 to 10,000, not 3."),
    ):
        with pytest.raises(CommandError, match=reason):
            call_command("task_order", *given)
