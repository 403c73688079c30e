import json
import warnings

import evalica
import numpy as np
import pandas as pd
import pingouin
import pytest
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_kappa

from annotation.statistics.agreement import fleiss_kappa, krippendorff_alpha
from annotation.statistics.preference import bradley_terry
from annotation.statistics.reliability import intraclass_correlation, split_half_reliability


def labels(path):
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [[label for label in row["human_labels"] if label is not None] for row in rows]


def counted(path, values):
    return np.array([[row.count(value) for value in values] for row in labels(path)])


def test_dices_safety_ratings_have_the_published_nominal_alpha(realdata):
    counts = counted(realdata / "dices_350/labels.jsonl", [1, 2, 3])
    found = krippendorff_alpha(counts, values=[1, 2, 3], level="nominal")
    assert found.value == pytest.approx(0.16086021565770392, abs=1e-12)
    assert found.n == 350
    assert fleiss_kappa(counts).value == pytest.approx(statsmodels_kappa(counts), abs=1e-12)


@pytest.mark.parametrize(
    ("criterion", "alpha"),
    [
        ("grammar", 0.41512699786609375),
        ("fluency", 0.43239839448968664),
        ("verbosity", 0.3991422935197101),
        ("structure", 0.3985577014111057),
        ("success", 0.3627155704454662),
        ("overall", 0.4351007794425691),
    ],
)
def test_recipe_ratings_have_the_published_ordinal_alphas(realdata, criterion, alpha):
    scale = [1, 2, 3, 4, 5, 6]
    counts = counted(realdata / f"recipes/labels_{criterion}.jsonl", scale)
    found = krippendorff_alpha(counts, values=scale, level="ordinal")
    assert found.value == pytest.approx(alpha, abs=1e-12)


@pytest.mark.parametrize(("criterion", "alpha"), [("engagement", 0.167), ("complexity", 0.266)])
def test_hanna_story_ratings_have_the_stated_ordinal_alphas(realdata, criterion, alpha):
    scale = [1, 2, 3, 4, 5]
    counts = counted(realdata / f"hanna/labels_{criterion}.jsonl", scale)
    found = krippendorff_alpha(counts, values=scale, level="ordinal")
    assert found.value == pytest.approx(alpha, abs=0.0005)


@pytest.mark.parametrize(
    ("path", "size"), [("hanna/labels_engagement.jsonl", 5), ("dices_350/labels.jsonl", 3)]
)
def test_reliability_of_real_ratings_is_pingouins_and_halves_agree_with_it(realdata, path, size):
    scale = list(range(1, size + 1))
    counts = counted(realdata / path, scale)
    table = pd.DataFrame(labels(realdata / path)).rename_axis("item").reset_index()
    long = table.melt(id_vars="item", var_name="rater", value_name="label")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = pingouin.intraclass_corr(long, targets="item", raters="rater", ratings="label")
    expected = oracle.set_index("Type")["ICC"]
    one = intraclass_correlation(counts, values=scale)
    mean = intraclass_correlation(counts, values=scale, average=True)
    assert one.value == pytest.approx(expected["ICC(1,1)"], abs=1e-9)
    assert mean.value == pytest.approx(expected["ICC(1,k)"], abs=1e-9)
    halves = split_half_reliability(counts, values=scale, rng=np.random.default_rng(0))
    # Of three labels one half has one and the other two: Spearman and Brown's formula is for equal halves.
    assert halves.value == pytest.approx(mean.value, abs=0.03)


def test_experts_put_the_versions_of_a_text_in_the_order_of_evalica(realdata):
    rows = [
        json.loads(line) for line in (realdata / "wqrm/preferences.jsonl").read_text("utf-8").splitlines()
    ]
    versions = ["first_draft", "random_cot", "best_cot"]
    first, second = (
        np.array([versions.index(row[f"response_{side}_id"].split("/")[1]) for row in rows])
        for side in (1, 2)
    )
    counts = counted(realdata / "wqrm/preferences.jsonl", [-1, 1])
    found = bradley_terry(first, second, counts, values=[-1, 1], models=versions, ridge=0)
    which = np.repeat(np.arange(len(rows)), counts.sum(axis=1))
    won = np.concatenate([[False] * low + [True] * high for low, high in counts])
    winners = [evalica.Winner.X if one else evalica.Winner.Y for one in won]
    names = np.array(versions)
    scores = evalica.bradley_terry(names[first][which], names[second][which], winners, tolerance=1e-12).scores
    expected = np.log(scores[versions].to_numpy())
    assert found.strength == pytest.approx(expected - expected.mean(), abs=1e-6)
    assert found.rank.tolist() == [3, 2, 1]
    assert found.n == 303 and int(counts.sum()) == 840
