import json

import numpy as np
import pytest

from annotation.enough import study_labels_curve
from annotation.quality.exclusion import exclude
from tests.factory import make_items, make_labels, make_participant, make_study

pytestmark = pytest.mark.django_db


def test_the_curve_is_of_the_counted_labels_and_changes_with_them() -> None:
    study, rng = make_study(), np.random.default_rng(0)
    people = [make_participant(study, f"p{n}") for n in range(8)]
    assert study_labels_curve(study)["reason"] == "no item has 3 labels"
    for item in make_items(study, 9):
        make_labels(item, rng.integers(1, 6, 8).tolist(), people=people)
    curve = study_labels_curve(study)
    assert [row["labels"] for row in curve["sizes"]] == [3, 4, 5, 6, 7, 8]
    assert curve["sizes"][0]["entropy_bias"]["value"] < curve["sizes"][-1]["entropy_bias"]["value"] < 0
    assert (curve["items"], curve["left_out"], curve["simulated"]) == (9, 0, False)
    assert json.loads(json.dumps(curve, allow_nan=False)) == curve
    exclude(participant=people[0], reason="careless")
    assert study_labels_curve(study)["sizes"][-1]["labels"] == 7
    assert study_labels_curve(study, with_excluded=True)["sizes"] == curve["sizes"]
