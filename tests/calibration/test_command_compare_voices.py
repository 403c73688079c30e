"""Promises of `compare_voices`: the planted truth is its answer, and what cannot be told is not claimed."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from jsonschema import Draft202012Validator

from calibration.models import VoicesReport
from calibration.voices.answer import answer, findings, headline
from generation.diversity.voices.report import voices_report
from generation.diversity.voices.specification import Specification
from generation.models import Collection
from tests.calibration.voiced import ENCODER, GOOD_FROM, NAME, SCORER, WAYS, planted
from tests.generation.diversity.voices.planted import the_winner_flips

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "voices.schema.json").read_text())


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path) -> None:
    settings.MANYMINDS_DATA = tmp_path


def told(*options: str) -> str:
    out = StringIO()
    few = ("--replicates", "50", "--draws", "5")
    call_command("compare_voices", NAME, "--encoder", ENCODER, *few, *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_answer_is_the_planted_one_and_the_report_keeps_to_its_schema() -> None:
    planted(ways=WAYS[:4], calls=6)
    found = json.loads(told("--scorer", SCORER, "--good", str(GOOD_FROM), "--json"))
    Draft202012Validator(SCHEMA).validate(found)
    assert {(one.budget, one.verdict, one.arm["arm"]) for one in findings(found)} == {
        ("calls", "more", "ash-8b · five at once"),
        ("tokens", "more", "ash-8b · five at once"),
    }
    assert headline(found).startswith(
        "At 6 calls and at 480 tokens a query “five at once” buys more different good answers than “plain”: "
    )
    first, *_ = told("--scorer", SCORER, "--good", str(GOOD_FROM)).splitlines()
    number = r"\d\.\d\d( \([\d.]+ to [\d.]+\))?"
    assert re.fullmatch(
        rf"At 6 calls a query, “five at once” buys more different good answers than “plain”: {number} "
        rf"against {number}, a difference of \+{number}, adjusted p \.\d+, n = 8\.( \d more do(es)? so\.)?",
        first,
    )
    without = told()
    assert "No scorer was named" in without and "different good" not in without


def compared(queries: int) -> dict[str, Any]:
    asked = Specification(scorer="judge", replicates=30, draws=4)
    return voices_report(the_winner_flips(queries), asked, version="1", data_hash="0" * 64)


def test_why_it_cannot_be_told_is_what_the_measure_lacks_rather_than_prices() -> None:
    found = compared(8)
    for held in filter(None, found["budgets"].values()):
        held["differences"] = []
        for row in held["arms"]:
            row["good_classes"] = {"value": None, "low": None, "high": None, "n": 0, "reason": "no score"}
    assert answer(found) == [headline(found)] == ["It cannot be told: no score."]


def test_who_leads_at_equal_calls_may_trail_at_equal_tokens_and_two_queries_tell_nothing() -> None:
    found = compared(8)
    verdicts = {(one.budget, one.against): one.verdict for one in findings(found)}
    assert verdicts["calls", "ensemble"] == "more"
    assert verdicts["tokens", "ensemble"] == "fewer"
    assert "every single model buys fewer different good answers than “5 models · plain”" in headline(found)
    few = compared(2)
    assert {one.verdict for one in findings(few)} == {"untold"}
    assert all("it cannot be told whether" in line for line in answer(few))


WRONG = {
    "There is no scorer nobody.": ("--scorer", "nobody"),
    "What is good takes a scorer: name one.": ("--good", "3"),
    "Draws must be from 1 to 1,000, not 0.": ("--draws", "0"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_kept(line: str) -> None:
    planted(ways=WAYS[:1], queries=1, calls=1)
    with pytest.raises(CommandError) as caught:
        told(*WRONG[line])
    assert str(caught.value) == line
    assert not VoicesReport.objects.exists()
    Collection.objects.update(name="other")
    with pytest.raises(CommandError, match=f"There is no collection {NAME}"):
        told()


@pytest.mark.django_db
def test_interrupted_it_leaves_no_report_that_seems_to_run() -> None:
    planted(ways=WAYS[:1], queries=1, calls=1)
    said: list[str] = []

    def interrupts(execute: Any, sql: str, *rest: Any) -> Any:
        said.append(sql)
        if "generation_response" in sql and any("INSERT INTO" in one for one in said):
            raise KeyboardInterrupt
        return execute(sql, *rest)

    with connection.execute_wrapper(interrupts), pytest.raises(CommandError, match="Stopped") as caught:
        told()
    assert caught.value.returncode == 130 and not VoicesReport.objects.exists()
