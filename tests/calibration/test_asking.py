"""What an audit can be asked, and what it cannot."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotation.quality.exclusion import exclude
from calibration.asking import AuditError
from calibration.audit import (
    create_audit,
)
from calibration.models import Audit, Score, Scorer
from tests.calibration.scored import asked, finished, make_scored_study
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "finished"},
        {"state": "failed"},
        {"state": "cancelled", "result": {}},
        {"state": "lost"},
        {"preset": "none"},
        {"cluster_unit": "group"},
        {"progress": 1.01},
        {"seed": -1},
        {"epsilon": 1.0},
        {"margin": 0.0},
        {"confident": 1.0},
    ],
)
def test_the_database_refuses_an_audit_that_makes_no_sense(wrong: dict[str, Any]) -> None:
    study = make_study()
    with pytest.raises(IntegrityError), transaction.atomic():
        Audit.objects.create(study=study, **wrong)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"margin": 0.0}, "margin"),
        ({"confident": 0.4}, "confident share"),
        ({"cluster_unit": "group"}, "no group"),
        ({"cluster_unit": "form"}, "lie in no forms"),
        ({"subsets": {"tukey": [1]}, "preset": "paper"}, "authors’ subsets"),
        ({"subsets": {}}, "at least one rule"),
        ({"subsets": {"ties": [50]}}, "no rule ties for rating studies"),
        ({"subsets": {"tukey": []}}, "1 to 20 different numbers"),
        ({"subsets": {"tukey": [1, 1.0]}}, "1 to 20 different numbers"),
        ({"subsets": {"entropy": [101]}}, "more than 0 and at most 100, not 101"),
        ({"subsets": {"tukey": [float("nan")]}}, "more than 0, not nan"),
    ],
)
def test_a_specification_that_makes_no_sense_is_refused_in_one_line(more: dict[str, Any], words: str) -> None:
    study = make_scored_study(items=12)
    with pytest.raises(AuditError, match=words) as caught:
        create_audit(study=study, **more)
    assert "\n" not in str(caught.value)
    assert not Audit.objects.exists()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"preset": "none"}, "no preset none"),
        ({"seed": -1}, "seed"),
        ({"replicates": 1}, "replicates, not 1"),
        ({"epsilon": 1.5}, "Epsilon"),
        ({"scorers": ["nobody"]}, "nobody has no scores for the study answers; these have: judge, reward."),
        ({"scorers": []}, "Choose at least one scorer"),
    ],
)
def test_what_cannot_be_audited_is_refused_in_one_line(asked: dict[str, Any], words: str) -> None:
    study = make_scored_study(items=12)
    with pytest.raises(AuditError, match=words):
        create_audit(study=study, **asked)
    assert not Audit.objects.exists()


def test_a_study_without_scores_or_without_labels_is_refused() -> None:
    study = make_study()
    items = make_items(study, 4)
    with pytest.raises(AuditError, match="no scores yet"):
        create_audit(study=study)
    Score.objects.create(study=study, scorer=Scorer.objects.create(name="reward"), item=items[0], value=1)
    with pytest.raises(AuditError, match="no labels yet"):
        create_audit(study=study)


def test_a_study_whose_people_are_all_excluded_is_refused_as_such() -> None:
    study = make_study()
    person = make_participant(study, "loud")
    for item in make_items(study, 4):
        make_labels(item, [1], people=[person])
    scorer = Scorer.objects.create(name="reward")
    Score.objects.create(study=study, scorer=scorer, item=study.items.first(), value=1)
    exclude(participant=person, reason="shouts")
    with pytest.raises(AuditError, match="is excluded: restore somebody"):
        create_audit(study=study)
    assert create_audit(study=study, with_excluded=True)


def test_chosen_subsets_and_thresholds_are_what_is_measured_and_stored() -> None:
    study = make_scored_study()
    chosen = {"entropy": [30.0], "tukey": [2.0, 0.25]}
    audit = finished(asked(study, preset="standard", subsets=chosen, margin=0.25, confident=0.9, epsilon=0.1))
    assert audit.result is not None
    cut = [(subset["rule"], subset["parameter"]) for subset in audit.result["subsets"]]
    assert sorted(cut) == [("entropy", 30.0), ("tukey", 0.25), ("tukey", 2.0)]
    assert (audit.result["margin"], audit.result["confident"], audit.result["epsilon"]) == (0.25, 0.9, 0.1)
    assert audit.subsets == chosen


def test_intervals_resample_the_cluster_unit_that_is_asked_for() -> None:
    study = make_scored_study(scorers=("reward", "half"))
    for item in study.items.all():
        study.items.filter(pk=item.pk).update(block=1 + item.position // 10)
    for unit, number in (("", 12), ("query", 12), ("form", 6), ("item", 60)):
        audit = finished(asked(study, cluster_unit=unit, replicates=50, scorers=["reward"]))
        assert audit.result is not None
        assert audit.result["cluster_unit"] == audit.result["clusters"]["unit"] == (unit or "query")
        assert audit.result["clusters"]["n"] == number
        assert audit.result["scorers"][0]["spearman"]["clusters"] == number
        caution = audit.result["clusters"].get("caution", "")
        assert ("intervals are too narrow" in caution) is (unit in ("form", "item"))
