"""Promises of tables of scores: read as they stand, or refused in one line that says where and why."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from generation.files import FileError
from generation.task_order.report import task_order_report
from generation.task_order.specification import Specification
from generation.task_order.table import TableRow, chains_of, read_table, share_error

HEAD = ("run", "stage", "trained", "task", "score", "se", "n", "scale", "domain", "token_entropy")
EXAMPLE = Path(__file__).parents[3] / "static" / "task_order_example.csv"
GOOD = [
    {"stage": 0, "task": "math", "score": 0.2},
    {"stage": 1, "trained": "code", "task": "math", "score": 0.4},
]


def written(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "table.csv"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, HEAD)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_table_is_read_with_its_errors_and_what_is_not_there_left_out(tmp_path: Path) -> None:
    rows = [
        GOOD[0] | {"n": 100, "domain": "Structured", "scale": "2.5"},
        GOOD[1] | {"se": 0.03, "n": 100, "token_entropy": 1.5},
    ]
    first, second = read_table(written(tmp_path, rows))
    assert first.se == pytest.approx(share_error(0.2, 100))
    assert (first.run, first.domain, first.scale) == ("one run", "structured", 2.5)
    assert (second.se, second.token_entropy, second.domain) == (0.03, 1.5, "")
    assert [TableRow.from_dict(row.as_dict()) for row in (first, second)] == [first, second]
    chains = chains_of([second, first])
    assert chains.chains[0].order == ("code",)
    assert (chains.given_scales, chains.domains) == ({"math": 2.5}, {"math": "structured"})


def test_a_share_of_few_items_is_never_certain() -> None:
    assert share_error(1.0, 10) == pytest.approx((12 / 14 * 2 / 14 / 14) ** 0.5)
    assert share_error(0.3, 10**6) == pytest.approx((0.3 * 0.7 / 10**6) ** 0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([*GOOD, GOOD[1]], "line 4: the run, stage 1 has the task math in line 3 already"),
        (
            [*GOOD, {"stage": 1, "trained": "math", "task": "code", "score": 1}],
            "line 4: the run, stage 1 trains 'math' here, but 'code' in line 3",
        ),
        ([GOOD[1]], "line 2: the run has stage 1 but no stage 0: add the scores before any training"),
        (
            [GOOD[0], GOOD[1] | {"stage": 3}],
            "line 3: the run has stage 3 but no stage 1: add its scores and what it trained",
        ),
        ([GOOD[0] | {"trained": "code"}], "stage 0 is before any training, but trained is 'code'"),
        ([GOOD[0], GOOD[1] | {"trained": ""}], "line 3: no trained: name the task that stage 1 trained"),
        ([GOOD[0] | {"score": "nan"}], "line 2: score 'nan' is not a finite number"),
        ([GOOD[0] | {"stage": "one"}], "line 2: stage 'one' is not a whole number"),
        ([GOOD[0] | {"task": ""}], "line 2: no task"),
        ([GOOD[0] | {"score": "-1e300"}], "line 2: score '-1e300' is beyond 1e+12"),
        ([GOOD[0] | {"se": -1}], "line 2: se '-1' is below 0"),
        ([GOOD[0] | {"n": 10, "score": 3.5}], "the score 3.5 is none: give its se"),
        ([GOOD[0] | {"n": 0}], "n '0' is not a number of test items"),
        ([GOOD[0] | {"scale": 0}], "line 2: scale '0' is below 1e-09: changes are divided by it"),
        (
            [GOOD[0] | {"scale": 1}, GOOD[1] | {"scale": 2}],
            "line 3: the scale of math is 2.0 here, but 1.0 in line 2",
        ),
        ([GOOD[0]], "has no stage after 0, so nothing was trained"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line_and_reason(
    tmp_path: Path, rows: list[dict[str, Any]], reason: str
) -> None:
    with pytest.raises(FileError) as refused:
        read_table(written(tmp_path, rows))
    assert reason in str(refused.value)
    assert str(refused.value).endswith("Nothing was measured.")


def test_the_example_to_begin_with_is_a_table() -> None:
    chains = chains_of(read_table(EXAMPLE))
    assert len(chains.chains) == 5
    assert chains.trained == ("code", "math", "questions", "stories")


def test_rows_in_another_order_are_the_same_report() -> None:
    rows = read_table(EXAMPLE)
    told = [
        json.dumps(task_order_report(order, Specification(draws=20), version="1"))
        for order in (rows, rows[::-1])
    ]
    assert told[0] == told[1]
