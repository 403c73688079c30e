"""Audits of real labels and real scorers, through the commands alone."""

import json
from collections import defaultdict
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from scipy import stats

pytestmark = pytest.mark.django_db


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def labels_of(path: Path) -> list[list[int]]:
    return [[label for label in row["human_labels"] if label is not None] for row in rows(path)]


def audited(slug: str, **options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("audit", slug, json=True, stdout=out, **options)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def imported(*arguments: object) -> None:
    call_command(*map(str, arguments), stdout=StringIO(), stderr=StringIO())


@pytest.mark.parametrize("criterion", ["engagement", "complexity"])
def test_hanna_25_scorers_have_scipys_rho_on_all_stories(realdata: Path, criterion: str) -> None:
    labels, scores = (realdata / "hanna" / f"{name}_{criterion}.jsonl" for name in ("labels", "scores"))
    imported("import_labels", labels, f"--study={criterion}", "--kind=rating", "--scale=1..5")
    imported("import_scores", scores, f"--study={criterion}")
    found = audited(criterion, preset="paper", replicates=100)
    means = {
        row["item_id"]: np.mean([label for label in row["human_labels"] if label is not None])
        for row in rows(labels)
    }
    given: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows(scores):
        given[row["scorer"]][row["item_id"]] = row["score"]
    assert (found["items"], found["clusters"]) == (1056, {"unit": "query", "n": 96})
    assert {scorer["name"] for scorer in found["scorers"]} == given.keys()
    assert len(given) == 25
    for scorer in found["scorers"]:
        mine = given[scorer["name"]]
        both = [item for item in means if item in mine]
        rho = stats.spearmanr([mine[item] for item in both], [means[item] for item in both]).statistic
        estimate = scorer["spearman"]
        assert (scorer["n"], scorer["coverage"]) == (len(both), len(both) / 1056)
        assert estimate["value"] == pytest.approx(rho, abs=1e-12)
        assert estimate["low"] < rho < estimate["high"]
        assert estimate["replicates"] == 100 and estimate["clusters"] == 96
    sizes = {subset["parameter"]: subset["n"] for subset in found["subsets"] if subset["rule"] == "tukey"}
    exact = [Fraction(sum(given), len(given)) for given in labels_of(labels)]
    ordered = sorted(exact)
    # 1,055 steps: the quartiles lie three quarters and a quarter of the way between two means.
    first = ordered[263] + Fraction(3, 4) * (ordered[264] - ordered[263])
    third = ordered[791] + Fraction(1, 4) * (ordered[792] - ordered[791])
    for k, size in sizes.items():
        reach = Fraction(k) * (third - first)
        assert size == sum(first - reach <= mean <= third + reach for mean in exact), k
    if criterion == "engagement":
        assert (sizes[1], sizes[0.5]) == (1049, 991)


def test_wqrm_is_compared_with_experts_by_differences_of_its_scores(realdata: Path) -> None:
    folder = realdata / "wqrm"
    imported(
        "import_labels", folder / "preferences.jsonl", "--study=wqrm", "--kind=comparison", "--scale=-1..1"
    )
    imported("import_scores", folder / "scores.jsonl", "--study=wqrm")
    found = audited("wqrm", replicates=100)
    score = {row["response_id"]: row["score"] for row in rows(folder / "scores.jsonl")}
    pairs = rows(folder / "preferences.jsonl")
    differences = [score[pair["response_1_id"]] - score[pair["response_2_id"]] for pair in pairs]
    means = [np.mean([label for label in pair["human_labels"] if label is not None]) for pair in pairs]
    (scorer,) = found["scorers"]
    assert (found["kind"], scorer["name"], scorer["n"]) == ("comparison", "WQRM", len(pairs))
    assert scorer["spearman"]["value"] == pytest.approx(
        stats.spearmanr(differences, means).statistic, abs=1e-12
    )
    assert {subset["rule"] for subset in scorer["subsets"]} == {"ties", "percent_agreement"}
