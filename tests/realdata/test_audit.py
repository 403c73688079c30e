"""Audits of real labels and real scorers, through the commands alone."""

import json
from collections import defaultdict
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from django.core.management import call_command
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

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
    # Engagement whole; of complexity what the paper asks for.
    whole = criterion == "engagement"
    found = audited(criterion, preset="standard" if whole else "paper", replicates=40)
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
        assert estimate["replicates"] == 40 and estimate["clusters"] == 96
    sizes = {subset["parameter"]: subset["n"] for subset in found["subsets"] if subset["rule"] == "tukey"}
    exact = [Fraction(sum(given), len(given)) for given in labels_of(labels)]
    ordered = sorted(exact)
    # 1,055 steps: the quartiles lie three quarters and a quarter of the way between two means.
    first = ordered[263] + Fraction(3, 4) * (ordered[264] - ordered[263])
    third = ordered[791] + Fraction(1, 4) * (ordered[792] - ordered[791])
    for k, size in sizes.items():
        reach = Fraction(k) * (third - first)
        assert size == sum(first - reach <= mean <= third + reach for mean in exact), k
    if whole:
        assert (sizes[1], sizes[0.5]) == (1049, 991)
        check_whole(found, rows(labels), given)


def check_whole(
    found: dict[str, Any], stories: list[dict[str, Any]], given: dict[str, dict[str, float]]
) -> None:
    """Every part of a standard audit, from the files alone."""
    labels = pd.DataFrame([story["human_labels"] for story in stories], index=[s["item_id"] for s in stories])
    means, query = labels.mean(axis=1), pd.Series([s["query"] for s in stories], index=labels.index)
    shares = np.array([[(labels == value).sum(axis=1) / 3 for value in range(1, 6)]])[0].T
    uniform = np.full(5, 0.2)
    expected = {
        "total_variation": np.mean(np.abs(shares - 0.2).sum(axis=1) / 2),
        "jensen_shannon": np.mean([jensenshannon(row, uniform, base=2) ** 2 for row in shares]),
        "wasserstein_1": np.mean(
            [stats.wasserstein_distance(range(5), range(5), row, uniform) for row in shares]
        ),
        "log_loss": np.log(5),
        "brier": 0.8,
    }
    # ICC(1,k) of one-way analysis of variance, and what it leaves a perfect scorer.
    reliability = 1 - labels.var(axis=1).mean() / (3 * means.var())
    assert found["people"]["reliability"]["value"] == pytest.approx(reliability)
    assert found["people"]["ceiling"]["value"] == pytest.approx(np.sqrt(reliability))
    highest = found["differences"][0]["first"]
    rhos = {one["name"]: one["spearman"]["value"] for one in found["scorers"]}
    assert rhos[highest] == max(rhos.values()) and len(found["differences"]) == 24
    for difference in found["differences"]:
        second = rhos[difference["second"]]
        assert difference["spearman"]["value"] == pytest.approx(rhos[highest] - second, abs=1e-12)
    # The highest is chosen by the same labels: the family is all 300 pairs of the 25.
    every = [one["p"] for one in found["differences"]] + [1.0] * 276
    adjusted = stats.false_discovery_control(every)[:24]
    assert [one["adjusted_p"] for one in found["differences"]] == pytest.approx(adjusted)
    for scorer in found["scorers"]:
        scores = pd.Series(given[scorer["name"]]).reindex(labels.index)
        assert scorer["kendall"]["value"] == pytest.approx(stats.kendalltau(scores, means).statistic)
        assert scorer["pearson"]["value"] == pytest.approx(stats.pearsonr(scores, means).statistic)
        both = pd.DataFrame({"score": scores, "mean": means}).groupby(query)
        within = [
            stats.spearmanr(one["score"], one["mean"]).statistic
            for _, one in both
            if one["score"].nunique() > 1
        ]
        assert scorer["within_query"]["value"] == pytest.approx(np.mean(within))
        for subset in scorer["subsets"]:
            if subset["excess"]["value"] is not None:
                fall = subset["spearman"]["value"] - subset["expected"]["value"]
                assert subset["excess"]["value"] == pytest.approx(fall)
        distribution = scorer["distribution"]
        for measure, value in expected.items():
            assert distribution["references"]["uniform"][measure] == pytest.approx(value), measure
        assert distribution["n"] == 1056 and distribution["source"] == "ordered_logit"
        assert sum(one["n"] for one in distribution["reliability_curve"]["bins"]) == 4 * 1056
        levels = scorer["by_disagreement"]
        assert sum(one["n"] for one in levels) == 1056
        assert sum(one["n"] * one["residual_sd"]["value"] ** 2 for one in levels) == pytest.approx(1056)
        for example in scorer["examples"]:
            assert example["mean"] == pytest.approx(means[example["item_id"]])
            predicted = np.dot(example["distribution"], range(1, 6))
            assert example["error"] == pytest.approx(predicted - means[example["item_id"]])
            assert abs(example["error"]) > 1.96 * example["noise"]
        assert scorer["pairwise"] is scorer["alt_test"] is None
    noise = np.sqrt(labels.var(axis=1).mean() / 3)
    assert found["scorers"][0]["examples"][0]["noise"] == pytest.approx(noise)


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
    check_pairwise(scorer["pairwise"], pairs, np.array(differences))


def check_pairwise(found: dict[str, Any], pairs: list[dict[str, Any]], differences: npt.NDArray[Any]) -> None:
    """The published agreement with single experts, and the fit of scikit-learn fold by fold."""
    labels = pd.DataFrame(
        [
            (place, side)
            for place, pair in enumerate(pairs)
            for side in pair["human_labels"]
            if side is not None
        ],
        columns=["pair", "side"],
    )
    agrees = labels["side"] == np.sign(differences)[labels["pair"]]
    assert (len(labels), agrees.sum()) == (840, 510)
    assert found["single_person"]["n"] == found["person_with_person"]["n"] == 840
    assert found["single_person"]["value"] == pytest.approx(510 / 840) == pytest.approx(0.607, abs=5e-4)
    two = labels.reset_index().merge(labels.reset_index(), on="pair")
    others = two[two["index_x"] != two["index_y"]]
    each = (others["side_x"] == others["side_y"]).groupby(others["index_x"]).mean()
    assert found["person_with_person"]["value"] == pytest.approx(each.mean())

    share = ((labels.groupby("pair")["side"].mean() + 1) / 2).to_numpy()
    queries = pd.factorize(pd.Series([pair["query"] for pair in pairs]))[0]
    sides, weights = np.repeat([1, 0], len(share)), np.concatenate([share, 1 - share])

    def fit(kept: npt.NDArray[Any]) -> LogisticRegression:
        model, both = LogisticRegression(C=np.inf, tol=1e-10), np.tile(kept, 2)
        return model.fit(np.tile(differences, 2)[both, None], sides[both], weights[both])

    every = fit(np.ones(len(share), dtype=bool))
    assert found["slope"]["value"] == pytest.approx(every.coef_[0, 0], rel=2e-3)
    assert found["intercept"]["value"] == pytest.approx(every.intercept_[0], rel=2e-3)
    predicted = np.empty(len(share))
    for fold in range(20):
        mine = queries % 20 == fold
        predicted[mine] = fit(~mine).predict_proba(differences[mine, None])[:, 1]
    losses = log_loss(sides, np.tile(predicted, 2), sample_weight=weights)
    assert found["log_loss"]["value"] == pytest.approx(losses, abs=1e-4)
    brier = brier_score_loss(sides, np.tile(predicted, 2), sample_weight=weights)
    assert found["brier"]["value"] == pytest.approx(brier, abs=1e-4)
    # Better drafts come second in this file, which the scorer knows: the intercept has it, not the slope.
    assert found["slope"]["low"] < 0 < found["slope_without_intercept"]["low"]
    # Two to four experts cannot show a pair to be equally good, nor decided.
    assert found["equally_good"]["n_undecided"] == 303
