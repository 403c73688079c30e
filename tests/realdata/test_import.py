"""Imports of real labels and scores; the numbers are counted from the files apart from the importers."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from annotation.models import Label, Study
from calibration.models import Score, Scorer

pytestmark = pytest.mark.django_db

CRITERIA = ("grammar", "fluency", "verbosity", "structure", "success", "overall")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def imported(path: Path, slug: str) -> Study:
    call_command("import_labels", path, study=slug, verbosity=0)
    study = Study.objects.get(slug=slug)
    expected = {row["item_id"]: Counter(row["human_labels"]) for row in lines(path)}
    found: dict[str, Counter[int | None]] = {item_id: Counter() for item_id in expected}
    for item_id, value in Label.objects.filter(item__study=study).values_list("item__external_id", "value"):
        found[item_id][value] += 1
    assert found == expected
    assert study.imported
    assert study.state == Study.State.CLOSED
    return study


def test_dices_is_imported_whole(realdata: Path) -> None:
    study = imported(realdata / "dices_350" / "labels.jsonl", "dices")
    assert (study.items.count(), Label.objects.count(), study.labels_per_item) == (350, 43_050, 123)
    assert study.values == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("criterion", CRITERIA)
def test_the_recipes_are_imported_whole_on_their_scale(realdata: Path, criterion: str) -> None:
    study = imported(realdata / "recipes" / f"labels_{criterion}.jsonl", criterion)
    assert study.items.count() == 52
    assert study.values == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("criterion", ["engagement", "complexity"])
def test_hanna_is_imported_with_its_25_scorers(realdata: Path, criterion: str) -> None:
    study = imported(realdata / "hanna" / f"labels_{criterion}.jsonl", criterion)
    assert study.items.count() == 1056
    path = realdata / "hanna" / f"scores_{criterion}.jsonl"
    call_command("import_scores", path, study=criterion, verbosity=0)
    expected = {(row["scorer"], row["item_id"]): (row["family"], row["score"]) for row in lines(path)}
    found = Score.objects.values_list("scorer__name", "item__external_id", "scorer__family", "value")
    assert {(scorer, item): (family, value) for scorer, item, family, value in found} == expected
    assert Scorer.objects.count() == 25


def test_wqrm_is_imported_with_a_score_for_every_text(realdata: Path) -> None:
    study = imported(realdata / "wqrm" / "preferences.jsonl", "wqrm")
    assert (study.kind, study.values) == ("comparison", [-2, -1, 0, 1, 2])
    assert (study.items.count(), Label.objects.count()) == (303, 840)
    call_command("import_scores", realdata / "wqrm" / "scores.jsonl", study="wqrm", verbosity=0)
    scored = set(Score.objects.filter(scorer__name="WQRM").values_list("response", flat=True))
    shown = study.items.values_list("response_1", "response_2")
    assert {response for pair in shown for response in pair} == scored
    agreeing = sum(_agrees(study))
    assert round(agreeing / 840, 3) == 0.607  # as the repository of the data says


def _agrees(study: Study) -> list[bool]:
    scores = dict(Score.objects.values_list("response", "value"))
    labels = Label.objects.values_list("item__response_1", "item__response_2", "value")
    return [
        (scores[first] > scores[second]) == (value > 0)
        for first, second, value in labels.filter(item__study=study)
    ]


def test_noveltybench_responses_are_imported_once(realdata: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = realdata / "noveltybench" / "responses.jsonl"
    call_command("import_responses", path)
    call_command("import_responses", path)
    assert capsys.readouterr().out.splitlines() == [
        "Imported 1,000 responses.", "Imported 0 responses. 1,000 responses were there already."
    ]  # fmt: skip
