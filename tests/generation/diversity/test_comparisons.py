"""Promises of paired comparisons over queries."""

import doctest

import numpy as np
import pytest
from scipy import stats

from generation.diversity import comparisons
from generation.diversity.comparisons import benjamini_hochberg, ensemble_pairs, sign_flip


def test_the_test_is_the_permutation_test_of_scipy() -> None:
    differences = np.random.default_rng(1).normal(0.4, 1, size=11)
    exact = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf, vectorized=False
    )
    both = np.stack([differences, np.r_[differences[:9], np.nan, np.nan]], axis=1)
    assert sign_flip(both)[0] == pytest.approx(exact.pvalue, abs=1e-12)
    assert sign_flip(both)[1] == sign_flip(differences[:9])
    # Of more assignments than flips, by chance.
    assert sign_flip(both, flips=1000)[0] == pytest.approx(exact.pvalue, abs=0.04)


def test_the_test_keeps_its_size_and_has_power() -> None:
    rng = np.random.default_rng(0)
    null = rng.standard_t(4, size=(20, 2000)) * rng.uniform(0.1, 2, size=(20, 1))
    share = (sign_flip(null, flips=999, seed=2) <= 0.05).mean()
    assert 0.03 < share < 0.07
    assert (sign_flip(null + 1.5, flips=999, seed=2) <= 0.05).mean() > 0.8


def test_no_difference_is_no_evidence_and_too_few_queries_are_undefined() -> None:
    p = sign_flip([[0.0, 1.0, np.nan], [0.0, np.nan, np.nan], [0.0, np.nan, np.nan]], flips=99)
    assert p[0] == 1
    assert np.isnan(p[1:]).all()
    with pytest.raises(ValueError, match="at least 1 flip"):
        sign_flip([1.0], flips=0)


def test_adjusted_ps_are_those_of_scipy() -> None:
    p = np.random.default_rng(0).uniform(size=30) ** 2
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))
    assert np.isnan(benjamini_hochberg([np.nan])).all()


@pytest.mark.parametrize(("models", "n"), [(1, 5), (3, 7), (4, 8), (25, 10)])
def test_pairs_of_one_model_are_counted(models: int, n: int) -> None:
    source = np.arange(n) % models
    same = [source[a] == source[b] for a in range(n) for b in range(a)]
    assert ensemble_pairs(models, n) == pytest.approx(np.mean(same))


def test_pairs_take_two() -> None:
    with pytest.raises(ValueError, match="at least 1 model and 2 responses"):
        ensemble_pairs(2, 1)


def test_the_examples_hold() -> None:
    assert doctest.testmod(comparisons).failed == 0
