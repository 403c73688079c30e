import doctest
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import isotonic_regression

from calibration.metrics.nulls import equal_noise_pairs, latent_scores, tied_ranks
from calibration.metrics.nulls.equal_noise import equal_noise
from calibration.metrics.nulls.equal_noise_pairs import equal_noise_of_pairs
from calibration.metrics.nulls.unsure_means import equal_errors
from calibration.metrics.subsets import near_pairs, pair_spearman

QUERIES = np.repeat(np.arange(20), 10)


def scored(seed=0, n=200, error=1.0):
    rng = np.random.default_rng(seed)
    means = rng.normal(size=n).round(1)
    return means + error * rng.normal(size=n), means


def test_examples_in_docstrings_hold():
    modules = (
        import_module("calibration.metrics.nulls.equal_noise"),
        equal_noise_pairs,
        latent_scores,
        tied_ranks,
    )
    assert [doctest.testmod(module).failed for module in modules] == [0] * 4


def test_what_is_expected_is_the_mean_of_permuted_residuals_at_the_same_rho_on_all_items():
    """Written out again, permutation by permutation, with scipy's Spearman."""
    scores, means = scored()
    inside, variances = abs(means) < 0.7, np.where(np.arange(200) < 100, 0.02, 0.3)
    normal = stats.norm.ppf((stats.rankdata(scores) - 0.5) / 200)
    errors = equal_errors(normal, means, variances)
    rng, drawn = np.random.default_rng(1), []
    for _ in range(400):
        residuals = rng.permutation((normal - errors.fitted) / errors.scale) * errors.scale
        again = errors.fitted + residuals + 1e-9 * rng.random(200)
        drawn.append([stats.spearmanr(again[one], means[one])[0] for one in (inside, slice(None))])
    rho, whole = np.array(drawn).T
    slope = np.polyfit(whole, rho, 1)[0]
    moved = rho - slope * (whole - stats.spearmanr(scores, means)[0])
    found = equal_noise(
        scores, means, [inside], variances=variances, permutations=4000, rng=np.random.default_rng(2)
    )[0]
    assert found.observed == pytest.approx(stats.spearmanr(scores[inside], means[inside])[0])
    assert found.expected == pytest.approx(moved.mean(), abs=4 * moved.std() / 20)
    assert (found.low, found.high) == pytest.approx(np.quantile(moved, [0.025, 0.975]), abs=0.03)
    assert found.p == pytest.approx((moved <= found.observed).mean(), abs=0.1)
    assert found.excess == found.observed - found.expected and found.as_dict()["excess"] == found.excess


def test_many_subsets_at_once_are_those_alone_and_all_items_have_none():
    scores, means = scored()
    subsets = [abs(means) < reach for reach in (9, 1, 0.5)] + [means > 0.2, abs(means) < 1.5]
    together = equal_noise(scores, means, subsets, permutations=100, rng=np.random.default_rng(3))
    for subset, found in zip(subsets, together, strict=True):
        assert (
            found == equal_noise(scores, means, [subset], permutations=100, rng=np.random.default_rng(3))[0]
        )
    whole = together[0]
    assert whole.observed == pytest.approx(stats.spearmanr(scores, means)[0])
    assert whole.excess is whole.p is None and "keeps all" in whole.reason


@pytest.mark.parametrize("cuts", [[0.0], [1.5], [-0.5, 0.5], [-1, 0, 0.4, 0.8]])
def test_a_scorer_of_few_values_expects_what_one_that_errs_alike_before_rounding_shows(cuts):
    """Residuals of a rounded score are large where it jumps: its drop in the middle is not its fault."""
    rng, found = np.random.default_rng(10), []
    for _ in range(12):
        means = rng.normal(size=500)
        scores = np.digitize(means + 0.8 * rng.normal(size=500), cuts)
        inside = [abs(means) < 0.6, means > 0]
        found.append(equal_noise(scores, means, inside, permutations=60, rng=rng))
    excess = np.array([[one.excess for one in row] for row in found]).mean(axis=0)
    assert np.abs(excess).max() < 0.04
    assert np.mean([[one.p <= 0.05 for one in row] for row in found]) < 0.1


def test_ranks_of_few_values_are_scipys():
    means = scored(11)[1]
    levels, inside = np.array([50, 1, 149]), np.stack([abs(means) < 1, means > 0.3], axis=1)
    order = np.argsort(np.random.default_rng(12).random((4, 200)), axis=1).astype(np.int32)
    ranks = np.zeros((200, 2))
    for side in range(2):
        own = stats.rankdata(means[inside[:, side]])
        ranks[inside[:, side], side] = (own - own.mean()) / np.linalg.norm(own - own.mean())
    found = tied_ranks.tied_correlations(order, levels, inside, ranks)
    for row, places in zip(found, order, strict=True):
        given = np.empty(200)
        given[places] = np.repeat(np.arange(3), levels)
        assert row == pytest.approx([stats.spearmanr(given[one], means[one])[0] for one in inside.T])


def test_plain_is_the_isotonic_fit_and_its_residuals_permuted_and_nothing_else():
    """Written out again from the words of the method: raw scores, raw means, no moved rho."""
    scores, means = scored(13)
    inside = abs(means) < 0.7
    fit = isotonic_regression(
        pd.Series(scores).groupby(means).mean(), weights=np.unique(means, return_counts=True)[1]
    )
    fitted = fit.x[np.unique(means, return_inverse=True)[1]]
    rng = np.random.default_rng(14)
    drawn = [fitted + rng.permutation(scores - fitted) for _ in range(400)]
    rho = np.array([stats.spearmanr(one[inside], means[inside])[0] for one in drawn])
    found = equal_noise(
        scores, means, [inside], variances=np.ones(200), permutations=4000, plain=True, rng=rng
    )[0]
    assert found.expected == pytest.approx(rho.mean(), abs=4 * rho.std() / 20)
    assert (found.low, found.high) == pytest.approx(np.quantile(rho, [0.025, 0.975]), abs=0.03)


def test_a_scorer_that_people_contradict_has_nothing_that_could_fall():
    scores, means = scored(15)
    inside, pairs = abs(means) < 0.7, near_pairs(means, QUERIES, 0.5).pairs
    rng = np.random.default_rng(16)
    for found in (
        equal_noise(-scores, means, [inside], permutations=20, rng=rng)[0],
        equal_noise_of_pairs(-scores, means, QUERIES, [pairs], permutations=20, rng=rng)[0],
    ):
        assert found.observed < 0 and found.expected is found.excess is found.p is None
        assert "not above 0" in found.reason


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_no_scale_of_scores_changes_a_number(seed):
    scores, means = scored(seed, 80)
    inside = [abs(means) < 0.7]
    plain, other = (
        equal_noise(numbers, means, inside, permutations=50, rng=np.random.default_rng(4))[0]
        for numbers in (scores, np.exp(scores))
    )
    assert other == plain


def test_a_scorer_that_errs_more_inside_falls_more_than_the_range_explains_and_one_that_errs_alike_does_not():
    rng = np.random.default_rng(5)
    means = rng.normal(size=800)
    inside = rng.random(800) < 0.4
    for ratio, reject in ((1.0, False), (3.0, True)):
        scores = means + 0.7 * rng.normal(size=800) * np.where(inside, ratio, 1.0)
        found = equal_noise(scores, means, [inside], permutations=500, rng=rng)[0]
        assert (found.p < 0.01) == reject and (found.excess < -0.1) == reject


def test_pairs_expect_what_permuted_items_show_and_leave_out_what_has_no_score():
    scores, means = scored(6)
    scores[:3] = np.nan
    near, all_pairs = (near_pairs(means, QUERIES, reach).pairs for reach in (0.5, np.inf))
    found, every = equal_noise_of_pairs(
        scores, means, QUERIES, [near, all_pairs], permutations=300, rng=np.random.default_rng(7)
    )
    alone = pair_spearman(scores, means, near, replicates=0)
    assert (found.observed, found.n) == (alone.value, alone.n)
    assert 0 < found.expected < every.expected and abs(every.excess) < 0.03
    assert found.low < found.expected < found.high and found.p > 0.05


def test_what_cannot_be_compared_is_undefined_with_its_reason():
    scores, means = scored(8)
    few, flat = np.arange(200) < 5, np.ones(200)
    rng = np.random.default_rng(9)
    found = [
        *equal_noise(scores, means, [few], permutations=20, rng=rng),
        *equal_noise(flat, means, [flat > 0], permutations=20, rng=rng),
        *equal_noise(np.full(200, np.nan), means, [flat > 0], permutations=20, rng=rng),
        *equal_noise_of_pairs(flat, means, QUERIES, [near_pairs(means, QUERIES, 1).pairs], rng=rng),
        *equal_noise_of_pairs(scores, means, QUERIES, [np.empty((0, 2), dtype=int)], rng=rng),
    ]
    for one in found:
        assert one.expected is one.excess is one.p is None and one.reason
    for wrong in ({"permutations": 0}, {"insides": [[True]]}):
        with pytest.raises(ValueError, match="must "):
            equal_noise(**{"scores": scores, "means": means, "insides": [few], "rng": rng} | wrong)
