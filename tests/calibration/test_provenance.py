"""An audit says how its scorers were asked, and what its numbers leave out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from annotation.models import Item, Study
from calibration.audit import create_audit, run_audit
from calibration.report.asked import asked_words
from calibration.report.lines import report_lines
from calibration.report.read import read_report
from calibration.runs.scores import collect
from tests.calibration.runs.answered import come_back, draft, judge, said, stated
from tests.calibration.scored import make_scored_study

pytestmark = pytest.mark.django_db

SCHEMA = Path(__file__).parents[2] / "docs" / "audit.schema.json"


def audited(study: Study, *scorers: str, **asked: Any) -> dict[str, Any]:
    audit = create_audit(study=study, scorers=scorers, **({"replicates": 50} | asked))
    result = run_audit(audit=audit).result
    assert result is not None, audit.error
    assert [*Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(result)] == []
    return result


def means_of(study: Study) -> list[float]:
    """The mean labels of its items, in the order in which scorers are asked."""
    return [
        float(np.mean([label.value for label in item.labels.all()]))
        for item in Item.objects.filter(study=study).order_by("position").prefetch_related("labels")
    ]


def test_a_judge_that_refuses_what_people_dislike_is_seen_through() -> None:
    study = make_scored_study(scorers=("reward", "half"))
    means = means_of(study)
    run = draft(study, judge(), scorer="shy")
    collect(run=come_back(run, lambda n, _: "refused" if means[n] < 2.5 else said(min(5, round(means[n])))))
    result = audited(study, "shy", "reward", preset="standard")
    reward, shy = sorted(result["scorers"], key=lambda scorer: scorer["name"])
    low = [mean for mean in means if mean < 2.5]
    rest = [mean for mean in means if mean >= 2.5]
    assert shy["asked"] == {
        "kind": "judge",
        "model": "judge",
        "method": "number",
        "rubric": "overall:1",
        "server": "server",
        "digest": shy["asked"]["digest"],
        "run": run.pk,
        "scored": len(rest),
        "unscored": {"refused": len(low)},
    }
    difference = shy["unscored"]["difference"]
    assert shy["unscored"]["of"] == "mean label"
    assert difference["n"] == len(low)
    assert difference["value"] == pytest.approx(np.mean(low) - np.mean(rest))
    assert difference["high"] < 0
    # Scores from a file say nothing of themselves, and leave nothing out.
    assert not {"asked", "unscored"} & set(reward)
    said_so = f"refused: {len(low)} ({round(100 * len(low) / len(means))} %)"
    assert said_so in "\n".join(report_lines(result))
    (shown,) = [one for one in read_report(result, every=True).ones if one.scorer["name"] == "shy"]
    assert said_so in " ".join(shown.asked)
    assert f"{len(low)} labelled items without a score" in " ".join(shown.asked)


def test_a_perfect_judge_of_pairs_agrees_with_people_and_one_that_likes_the_first_says_nothing() -> None:
    study = make_scored_study(kind="comparison", scorers=("reward",))
    best = [round(mean) for mean in means_of(study)]
    pairs = judge("pairwise overall")
    fair = draft(study, pairs, scorer="fair")
    collect(run=come_back(fair, lambda n, part: said(best[n] if part == "first first" else -best[n])))
    collect(run=come_back(draft(study, pairs, scorer="first"), lambda *_: said(2)))
    first, right = audited(study, "fair", "first", preset="standard")["scorers"][::-1]
    assert right["spearman"]["low"] > 0.8
    assert right["pairwise"]["slope"]["low"] > 0
    assert right["asked"]["position_bias"]["mean"]["value"] == 0
    assert right["asked"]["position_bias"]["flips"]["value"] == 0
    bias = first["asked"]["position_bias"]
    assert (bias["mean"]["value"], bias["flips"]["value"]) == (2, 1)
    assert first["spearman"]["value"] is None
    assert "first by 2.00 (2.00 to 2.00) steps" in " ".join(asked_words(first))
    assert "100 %" in " ".join(asked_words(first))


def test_each_response_of_a_pair_rated_alone_points_the_way_that_people_do() -> None:
    study = make_scored_study(kind="comparison", scorers=("reward",))
    means = means_of(study)
    worth: dict[int, int] = {}
    for item, mean in zip(Item.objects.filter(study=study).order_by("position"), means, strict=True):
        worth[len(worth)] = 3 + round(mean)
        worth[len(worth)] = 3
        assert item.response_1_id != item.response_2_id
    collect(run=come_back(draft(study, judge(), scorer="alone"), lambda n, _: said(min(5, max(1, worth[n])))))
    (alone,) = audited(study, "alone", preset="standard")["scorers"]
    assert alone["spearman"]["low"] > 0.8
    assert alone["pairwise"]["slope"]["low"] > 0


def test_shares_of_tokens_are_not_called_stated_and_what_they_leave_out_is_told() -> None:
    study = make_scored_study(scorers=("reward",))
    shares = stated(0.1, 0.2, 0.3, 0.4, 0.0)
    assert isinstance(shares, dict)
    tokens = shares | {"outside": {"overall": 0.25}}
    collect(run=come_back(draft(study, judge(method="logprobs"), scorer="tokens"), lambda *_: tokens))
    collect(run=come_back(draft(study, judge(method="stated"), scorer="states"), lambda *_: shares))
    result = audited(study, "tokens", "states", preset="standard")
    report = read_report(result, every=True)
    assert report.distribution.grid is not None
    beneath = {row.name: row.beneath for row in report.distribution.grid.rows}
    assert beneath["tokens"] == "token probabilities, n = 60"
    assert beneath["states"] == "stated, n = 60"
    found = {scorer["name"]: scorer for scorer in result["scorers"]}
    assert found["tokens"]["asked"]["outside"] == pytest.approx(0.25)
    assert "25 % of the probability lay outside" in " ".join(asked_words(found["tokens"]))
    assert "outside" not in found["states"]["asked"]
