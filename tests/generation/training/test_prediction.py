"""Promises of predictions: never from what they predict, and held against what came."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from generation.training.chains import Chains, Evaluation, chain
from generation.training.prediction import (
    fit,
    foretold,
    measured_forgetting,
    predicted_forgetting,
    without,
)
from tests.generation.training.planted import chains_with, measured

TASKS = ("code", "math", "story")
PLANTED = np.array([[0.3, 0.05, -0.02], [0.1, 0.3, -0.04], [-0.2, -0.15, 0.3]])
ORDERS = [TASKS, TASKS[::-1], ("math", "story", "code")]


def test_each_change_is_foretold_by_the_other_runs_alone() -> None:
    """A run of which everything is wrong changes its own predictions by nothing."""
    rng = np.random.default_rng(1)
    honest = chains_with(PLANTED, ORDERS, noise=0.02, scale=1.0, rng=rng)
    wild = chain(
        "run 0",
        [
            (stage.trained, {k: Evaluation(v.score + 5 * n * len(k)) for k, v in stage.evaluations.items()})
            for n, stage in enumerate(honest.chains[0].stages)
        ],
    )
    bent = Chains([wild, *honest.chains[1:]], honest.given_scales, {})
    before, after = (
        {(row.stage, row.task): row for row in foretold(one, measured(one)) if row.run == "run 0"}
        for one in (honest, bent)
    )
    assert len(before) == 4  # two later stages, on the two tasks that each does not train
    for key, row in before.items():
        assert after[key].predicted == pytest.approx(row.predicted)
        assert after[key].actual != pytest.approx(row.actual)


def test_a_constant_matrix_is_foretold_exactly_and_forgetting_as_it_comes() -> None:
    chains = chains_with(PLANTED, ORDERS, scale=1.0)
    whole = measured(chains)
    for row in foretold(chains, whole):
        if row.predicted is not None:
            assert row.predicted == pytest.approx(row.actual)
    for one, lost in zip(chains.chains, (0.2 + 0.15, 0.02 + 0.04, 0.15 + 0.02), strict=True):
        assert measured_forgetting(one, whole.scales) == pytest.approx(lost)
        assert predicted_forgetting(one, without(chains, one.run, whole.scales)) == pytest.approx(lost)


def test_what_shares_a_score_with_a_change_does_not_foretell_it() -> None:
    """Two seeds of one stage start from one checkpoint, whose error is in both changes."""
    row = dict.fromkeys(TASKS, Evaluation(0.5))
    start = [("", row), ("code", row | {"math": Evaluation(0.4)})]
    ends = [row | {"code": Evaluation(end)} for end in (0.3, 0.35)]
    runs = [chain(name, [*start, ("story", end)]) for name, end in zip("ab", ends, strict=True)]
    chains = Chains(runs, dict.fromkeys(TASKS, 1.0), {})
    rows = foretold(chains, measured(chains))
    assert {row.run for row in rows} == {"a", "b"}
    assert [row.predicted for row in rows] == [None] * len(rows)
    assert "no other run says what training story does to code" in str(
        predicted_forgetting(runs[0], without(chains, "a", chains.given_scales))
    )


def test_first_stages_of_other_runs_foretell_what_a_run_forgets_though_all_start_from_one_model() -> None:
    chains = chains_with(PLANTED[:2, :2], [("code", "math"), ("math", "code")], noise=0.01, scale=1.0)
    last = chains.chains[1]
    first = next(one for one in chains.changes if one.runs == {"run 1"} and one.task == "code")
    by = without(chains, "run 0", chains.given_scales)
    assert last.order[0] == first.trained == "math"
    assert predicted_forgetting(chains.chains[0], by) == max(0.0, -first.size)


def test_a_run_alone_is_fitted_by_itself_and_foretold_by_nothing() -> None:
    chains = chains_with(PLANTED, [TASKS], scale=1.0)
    rows = foretold(chains, measured(chains))
    assert [(row.predicted, row.alone) for row in rows] == [(None, True)] * 4
    assert all(row.fitted == pytest.approx(row.actual) for row in rows)


def test_the_fit_is_as_scipy_and_numpy_have_it_and_runs_count_whole() -> None:
    rng = np.random.default_rng(2)
    actual = rng.normal(size=40)
    predicted = actual + rng.normal(size=40)
    runs = [f"run {n % 8}" for n in range(40)]
    found = fit(predicted, actual, runs)
    assert found.pearson.value == pytest.approx(stats.pearsonr(predicted, actual)[0])
    assert found.spearman.value == pytest.approx(stats.spearmanr(predicted, actual)[0])
    assert found.error.value == pytest.approx(np.abs(predicted - actual).mean())
    assert found.gained.value == pytest.approx(found.error.value - np.abs(actual).mean())
    assert (found.n, found.runs) == (40, 8)
    assert found.pearson.low < found.pearson.value < found.pearson.high
    doubled = fit(np.tile(predicted, 9), np.tile(actual, 9), runs * 9)
    # Rows that only repeat their run's make nothing surer.
    assert doubled.pearson.low == pytest.approx(found.pearson.low)


def test_few_runs_have_no_interval_and_few_values_no_correlation() -> None:
    few = fit([1, 2, 3, 4], [1, 2, 3, 5], list("abba"))
    assert few.pearson.low is None
    assert few.pearson.reason == "no interval: it takes 3 runs, and there are 2"
    assert fit([1, 2], [1, 2], list("ab")).pearson.reason == "it takes 4 values, and there are 2"
    assert fit([1, 1, 1, 1], [1, 2, 3, 4], list("abcd")).pearson.reason == "one side does not vary"
    five = fit([1, 2, 3, 4, 5], [1, 3, 2, 4, 5.5], list("abcde"))
    assert five.spearman.reason == "no interval: it takes 6 values, and there are 5"
    # Of one value a run the jackknife is Student's interval.
    missed = stats.ttest_1samp([0, 1, 1, 0, 0.5], 0).confidence_interval()
    assert (five.error.low, five.error.high) == pytest.approx(tuple(missed))


def test_forgetting_is_undefined_with_its_reason() -> None:
    one = chains_with(PLANTED, [TASKS], scale=1.0).chains[0]
    assert measured_forgetting(replace(one, stages=one.stages[:2]), {}) == "it takes two stages of training"
    assert "or has no scale" in str(measured_forgetting(one, {}))
