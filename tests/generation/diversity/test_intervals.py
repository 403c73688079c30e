import numpy as np
import pytest
from scipy import stats

from generation.diversity import intervals
from generation.diversity.intervals import difference, estimates, mean, ratio
from generation.diversity.means import mean_of
from generation.diversity.resampling import resamples


def test_the_interval_of_a_mean_is_as_wide_as_students():
    values = np.random.default_rng(0).normal(size=15)
    found = mean(values, replicates=20_000).at()
    low, high = stats.t.interval(0.95, 14, values.mean(), stats.sem(values))
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.06)


def test_each_rests_on_the_queries_that_have_it():
    values = np.array([[1.0, np.nan, np.nan], [2.0, 5.0, np.nan], [4.0, np.nan, np.nan]])
    found = mean(values)
    assert found.n.tolist() == [3, 1, 0]
    assert found.at(0).value == pytest.approx(7 / 3) and found.at(0).low < 7 / 3 < found.at(0).high
    assert found.at(1).as_dict() == {
        "value": 5,
        "low": None,
        "high": None,
        "n": 1,
        "reason": "no interval: it rests on one query",
    }
    assert found.at(2).as_dict()["reason"] == "no query has it"
    assert mean(np.empty((0, 2))).at(1).value is None


def test_queries_that_do_not_differ_have_no_interval():
    found = mean([1.0, 1.0, 1.0]).at()
    assert (found.value, found.low) == (1, None) and found.reason.startswith(
        "no interval: the queries do not"
    )


def test_what_is_compared_is_compared_on_the_same_draws():
    rng = np.random.default_rng(1)
    hard = rng.normal(size=30) * 10
    first, second = hard + rng.normal(size=30) * 0.1, hard
    paired = difference(first + 1, second).at()
    assert paired.high - paired.low < 0.1 and paired.low < 1 < paired.high
    whole = mean(np.stack([first + 1, second], axis=1))
    assert paired.value == pytest.approx(whole.value[0] - whole.value[1])
    ratios = ratio(3 * (hard + 50), hard + 50).at()
    assert ratios.value == pytest.approx(3)
    assert ratios.low is None and ratios.reason.startswith("no interval")


def test_a_ratio_takes_only_queries_with_both_and_is_undefined_over_nothing():
    found = ratio([[1.0, 1.0], [5.0, np.nan], [9.0, 2.0]], [[2.0, 0.0], [np.nan, 3.0], [2.0, 0.0]])
    assert found.value[0] == 2.5 and found.n.tolist() == [2, 2] and found.at(1).reason == "it is undefined"


def test_resamples_are_those_of_their_seed_and_nothing_depends_on_how_many_are_held(monkeypatch):
    values = np.random.default_rng(2).normal(size=40)
    every = [mean(values, seed=seed).at() for seed in (0, 0, 1)]
    assert every[0] == every[1] != every[2]
    together = np.concatenate(list(resamples(40, replicates=30, seed=3)))
    monkeypatch.setattr("generation.diversity.resampling.CHUNK", 100)
    assert np.array_equal(np.concatenate(list(resamples(40, replicates=30, seed=3))), together)
    assert together.shape == (30, 40) and set(together.sum(axis=1)) == {40}


def test_what_makes_no_sense_is_refused():
    constant = mean_of([1.0, 2.0])
    with pytest.raises(ValueError, match="between 0 and 1"):
        estimates(constant, n=2, queries=2, confidence=95)
    with pytest.raises(ValueError, match="at least 20 replicates"):
        estimates(constant, n=2, queries=2, replicates=2)


def test_of_many_columns_a_few_are_estimated_at_a_time_and_all_on_the_same_resamples(monkeypatch):
    values = np.random.default_rng(4).normal(size=(9, 2, 3))
    values[2, 1, 1] = np.nan
    whole, ratios = mean(values, replicates=50), ratio(values, values + 9, replicates=50)
    monkeypatch.setattr(intervals, "CHUNK", 200)
    for one, other in (
        (whole, mean(values, replicates=50)),
        (ratios, ratio(values, values + 9, replicates=50)),
    ):
        for name in ("value", "low", "high", "n"):
            assert getattr(one, name) == pytest.approx(getattr(other, name))
            assert getattr(one, name).shape == (2, 3)
    assert whole.n.tolist() == [[9, 9, 9], [9, 8, 9]]
