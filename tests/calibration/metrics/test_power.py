import doctest

import numpy as np
import pytest

from annotation.statistics.population import Population
from calibration.metrics import power
from calibration.metrics.power import plan_altest_pass, plan_residual_power

PEOPLE = Population.assumed([1, 2, 3, 4, 5], shares=[1, 1, 1, 1, 1], alpha=0.25, query_share=0.3)


def test_examples_in_docstrings_hold():
    assert doctest.testmod(power).failed == 0


def test_the_residual_test_takes_fewer_items_with_more_labels_and_larger_errors():
    asked = {"target": 0.9, "grid": [10, 25], "simulations": 40}
    usual = plan_residual_power(PEOPLE, rng=np.random.default_rng(0), **asked)
    few, many = usual.options
    assert few.met and many.met and few.items > 1.3 * many.items
    # 750 items of 25 labels reach 98 %.
    assert 200 <= many.items <= 650 and many.achieved.low < 0.9 <= many.achieved.value
    larger = plan_residual_power(PEOPLE, noise_ratio=2.5, rng=np.random.default_rng(0), **asked)
    assert larger.options[1].items < many.items


def test_power_that_cannot_be_had_says_why():
    plan = plan_residual_power(
        PEOPLE, target=0.9, noise_ratio=1.05, grid=[3], most_items=300, simulations=20,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert plan.best is None and "300 items" in plan.reason and plan.options[0].achieved.value < 0.5


def test_a_noisier_judge_takes_more_items_and_a_hopeless_one_says_so():
    asked = {"target": 0.8, "grid": [3, 10, 25], "simulations": 40}
    good = plan_altest_pass(PEOPLE, judge=0.5, epsilon=0.1, rng=np.random.default_rng(0), **asked)
    worse = plan_altest_pass(PEOPLE, judge=0.7, epsilon=0.1, rng=np.random.default_rng(0), **asked)
    # Ten people give an item ten labels at most.
    assert [option.labels_per_item for option in good.options] == [3, 10]
    assert good.options[1].items < worse.options[1].items and worse.options[1].people == 10
    assert 60 <= worse.options[1].items <= 150
    hopeless = plan_altest_pass(PEOPLE, judge=3.0, most_items=600, rng=np.random.default_rng(0), **asked)
    assert hopeless.best is None and "too noisy" in hopeless.reason
    with pytest.raises(ValueError, match="annotators"):
        plan_altest_pass(PEOPLE, target=0.8, annotators=2, grid=[3], rng=np.random.default_rng(0))
