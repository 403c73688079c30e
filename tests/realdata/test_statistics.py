import json
from pathlib import Path

import numpy as np
import pytest

from annotation.statistics.agreement import krippendorff_alpha

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real labels are not on this machine")


def labels(path, values):
    rows = [json.loads(line)["human_labels"] for line in (DATA / path).read_text("utf-8").splitlines()]
    return np.array([[row.count(value) for value in values] for row in rows])


def test_dices_safety_ratings_have_the_published_nominal_alpha():
    counts = labels("dices_350/labels.jsonl", [1, 2, 3])
    found = krippendorff_alpha(counts, values=[1, 2, 3], level="nominal")
    assert found.value == pytest.approx(0.16086021565770392, abs=1e-12)
    assert found.n == 350


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
def test_recipe_ratings_have_the_published_ordinal_alphas(criterion, alpha):
    scale = [1, 2, 3, 4, 5, 6]
    counts = labels(f"recipes/labels_{criterion}.jsonl", scale)
    found = krippendorff_alpha(counts, values=scale, level="ordinal")
    assert found.value == pytest.approx(alpha, abs=1e-12)


@pytest.mark.parametrize(("criterion", "alpha"), [("engagement", 0.167), ("complexity", 0.266)])
def test_hanna_story_ratings_have_the_stated_ordinal_alphas(criterion, alpha):
    scale = [1, 2, 3, 4, 5]
    found = krippendorff_alpha(
        labels(f"hanna/labels_{criterion}.jsonl", scale), values=scale, level="ordinal"
    )
    assert found.value == pytest.approx(alpha, abs=0.0005)
