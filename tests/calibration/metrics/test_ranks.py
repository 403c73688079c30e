import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from calibration.metrics.correlation import ranks


def test_examples_in_docstrings_hold():
    assert doctest.testmod(ranks).failed == 0


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40))
def test_mid_ranks_equal_scipys(x):
    assert ranks.mid_ranks(x) == pytest.approx(stats.rankdata(x), abs=0)


@pytest.mark.parametrize("ties", ["neither side", "one side", "the other side", "both sides"])
def test_replicates_equal_scipys_correlation_of_the_repeated_items(ties):
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 60))
    if ties in ("one side", "both sides"):
        x = x.round()
    if ties in ("the other side", "both sides"):
        y = y.round()
    index = rng.permutation(np.arange(60) % 11)
    weights = rng.multinomial(11, np.full(11, 1 / 11), size=50)
    loop = []
    for weight in weights:
        again = np.repeat(np.arange(60), weight[index])
        loop.append(stats.spearmanr(x[again], y[again]).statistic)
    found = ranks.spearman_statistic(x, y, index)(weights.astype(float))
    assert found == pytest.approx(loop, abs=1e-12)


@pytest.mark.parametrize("digits", [0, 1, 9])
def test_replicates_of_differences_equal_scipys_correlation_of_both_orientations(digits):
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 60)).round(digits)
    index = np.arange(60) % 11
    weights = rng.multinomial(11, np.full(11, 1 / 11), size=50)
    loop = []
    for weight in weights:
        a, b = (np.repeat(side, weight[index]) for side in (x, y))
        loop.append(stats.spearmanr(np.append(a, -a), np.append(b, -b)).statistic)
    found = ranks.difference_statistic(x, y, index)(weights.astype(float))
    assert found == pytest.approx(loop, abs=1e-12)


def test_a_replicate_whose_differences_are_all_zero_is_undefined():
    statistic = ranks.difference_statistic(np.array([0.0, 0.0, 2.0]), np.array([1.0, 2.0, 3.0]), np.arange(3))
    assert np.isnan(statistic(np.array([[2.0, 1.0, 0.0], [1.0, 1.0, 1.0]]))).tolist() == [True, False]


def test_a_replicate_with_one_constant_side_is_undefined():
    statistic = ranks.spearman_statistic(
        np.array([1.0, 2, 3, 4]), np.array([5.0, 5, 5, 6]), np.array([0, 0, 1, 2])
    )
    assert np.isnan(statistic(np.array([[2.0, 1.0, 0.0]]))).all()
    assert np.isfinite(statistic(np.array([[1.0, 1.0, 1.0]]))).all()
