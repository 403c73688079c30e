"""Simple scorers on real answers: a baseline for nothing, and what it knows."""

import json
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from scipy import stats

from annotation.models import Study
from calibration.audit import create_audit
from calibration.runs.simple import score_simply
from calibration.scorers.simple import document_frequencies, similarity_to_others
from tests.calibration.scored import finished


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.django_db
def test_wqrm_experts_prefer_the_shorter_and_more_readable_text(realdata: Path) -> None:
    """Edited drafts are shorter: the length alone ranks pairs as far from 0 as many a scorer does."""
    path = realdata / "wqrm" / "preferences.jsonl"
    wanted = ["--study=wqrm", "--kind=comparison", "--scale=-1..1"]
    call_command("import_labels", str(path), *wanted, stdout=StringIO(), stderr=StringIO())
    study = Study.objects.get(slug="wqrm")
    assert all(
        not one.unscored for one in score_simply(study=study, names=["characters", "readability"]).scorers
    )
    audit = finished(create_audit(study=study, preset="paper", replicates=40))
    assert audit.result is not None
    found = {scorer["name"]: scorer["spearman"] for scorer in audit.result["scorers"]}
    pairs = rows(path)
    means = [np.mean([label for label in pair["human_labels"] if label is not None]) for pair in pairs]
    longer = [len(pair["response_1"].strip()) - len(pair["response_2"].strip()) for pair in pairs]
    rho = stats.spearmanr(longer, means).statistic
    assert found["length in characters"]["value"] == pytest.approx(rho) == pytest.approx(-0.254, abs=5e-4)
    assert found["length in characters"]["high"] < 0 < found["readability"]["low"]


def test_noveltybench_answers_of_fewer_ideas_are_more_alike_in_their_words(realdata: Path) -> None:
    answers = rows(realdata / "noveltybench" / "responses.jsonl")
    frequencies = document_frequencies(answer["response"] for answer in answers)
    alike: list[float] = []
    ideas: list[int] = []
    for _, some in groupby(answers, key=lambda answer: answer["query_id"]):
        mine = list(some)
        found = similarity_to_others([answer["response"] for answer in mine], *frequencies)
        # Of one query every answer is an emoji: none has words.
        alike.append(np.nan if np.isnan(found).all() else float(np.nanmean(found)))
        ideas.append(len({answer["equivalence_class"] for answer in mine}))
    both = stats.spearmanr(alike, ideas, nan_policy="omit")
    assert np.isnan(alike).sum() == 1
    assert both.statistic == pytest.approx(-0.69, abs=0.01)
