import doctest
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from annotation.statistics.entropy import entropy_bits, mean_label
from annotation.statistics.population import Population
from calibration.metrics.distribution.isotonic import isotonic_fit
from calibration.metrics.nulls import residuals
from calibration.metrics.nulls.residuals import stratified_residual_test

PEOPLE = Population.assumed([1, 2, 3, 4, 5], shares=[1, 1, 1, 1, 1], alpha=0.25, query_share=0.3)


def scored(rng, n=200, ratio=1.0):
    """Scores, mean labels, and half of the items, on which the scorer's error is so many times larger."""
    means, inside = np.round(rng.normal(size=n), 1), rng.random(n) < 0.5
    return means + rng.normal(size=n) * np.where(inside, ratio, 1), means, inside


def test_examples_in_docstrings_hold():
    assert doctest.testmod(residuals).failed == 0


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(-9, 9)), min_size=1, max_size=40))
def test_the_isotonic_fit_equals_sklearns(points):
    x, y = np.array(points, dtype=float).T
    assert isotonic_fit(x, y) == pytest.approx(IsotonicRegression().fit_transform(x, y), abs=1e-9)


def test_p_is_the_share_of_all_memberships_that_are_as_extreme():
    rng = np.random.default_rng(3)
    scores, means = rng.normal(size=12), np.arange(12.0)
    inside = np.arange(12) % 3 == 0
    inside[1] = True
    sizes = np.abs(scores - isotonic_fit(means, scores))
    sums = np.array([sizes[list(chosen)].sum() for chosen in combinations(range(12), 5)])
    exact = (sums >= sizes[inside].sum() - 1e-12).mean()
    found = stratified_residual_test(scores, means, inside, strata=1, permutations=20_000, rng=rng)
    assert found.p == pytest.approx(exact, abs=0.01)
    assert found.value == pytest.approx(sizes[inside].mean() - sizes[~inside].mean())
    assert found.expected == pytest.approx(0, abs=1e-12)


def test_the_normal_approximation_is_near_many_permutations():
    rng = np.random.default_rng(8)
    for ratio in (1.0, 1.2):
        data = scored(rng, 400, ratio)
        many = stratified_residual_test(*data, permutations=5000, rng=rng)
        assert stratified_residual_test(*data, permutations=0).p == pytest.approx(many.p, abs=0.02)


@given(st.integers(0, 2**32), st.floats(0.1, 9))
def test_the_test_ignores_order_the_scale_of_means_and_the_unit_of_scores(seed, unit):
    rng = np.random.default_rng(seed)
    scores, means, inside = scored(rng, 80, 1.5)
    plain = stratified_residual_test(scores, means, inside, permutations=0)
    order = rng.permutation(80)
    other = stratified_residual_test(
        unit * scores[order] - 3, np.exp(means[order]), inside[order], permutations=0
    )
    assert other.p == pytest.approx(plain.p, abs=1e-9)
    assert other.value == pytest.approx(unit * plain.value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_no_unit_of_scores_is_too_small_or_too_large(unit):
    scores, means, inside = scored(np.random.default_rng(5), 80, 1.5)
    unsure = {"variances": np.full(80, 0.04), "permutations": 0}
    plain = stratified_residual_test(scores, means, inside, **unsure)
    other = stratified_residual_test(unit * scores, means, inside, **unsure)
    assert other.p == pytest.approx(plain.p)
    assert [other.value, other.expected] == pytest.approx([unit * plain.value, unit * plain.expected])


def test_items_without_a_score_or_labels_are_left_out():
    scores, means, inside = scored(np.random.default_rng(1))
    wider = [np.append(scores, [np.nan, 0]), np.append(means, [0, np.nan]), np.append(inside, [True, False])]
    assert stratified_residual_test(*wider, permutations=0) == stratified_residual_test(
        scores, means, inside, permutations=0
    )


def test_a_subset_that_nothing_can_be_held_against_is_undefined_with_a_reason():
    scores, means, _ = scored(np.random.default_rng(2))
    high = stratified_residual_test(scores, means, means > np.median(means), strata=2, permutations=0)
    few = stratified_residual_test(scores, means, np.arange(200) < 4, permutations=0)
    assert high.p is high.value is few.p is None
    assert "nothing to compare" in high.reason and "fewer than 5 items" in few.reason
    for wrong in ({"permutations": 10}, {"strata": 0, "permutations": 0}):
        with pytest.raises(ValueError, match="must "):
            stratified_residual_test(scores, means, means > 0, **wrong)


def test_strata_stay_narrow_however_many_items():
    """A tenth of 6,000 items would hold unlike means: entropy and error follow them, and the test rejects."""
    rng = np.random.default_rng(4)
    means, inside = rng.normal(size=6000), np.arange(6000) % 2 == 0
    assert stratified_residual_test(means, means, inside, permutations=0).strata > 550
    error, entropy = 1 + means**2, means**2 + 0.1 * rng.normal(size=6000)
    scores = 5 * means + rng.normal(scale=error)
    wide, narrow = (
        stratified_residual_test(scores, means, entropy > np.median(entropy), strata=strata, permutations=0).p
        for strata in (10, None)
    )
    assert wide < 0.05 < narrow


def rejected(labels, ratio, *, studies=60, people_ratio=2.0):
    """How often p is .05 or less; people differ twice as much on half of 750 items, the scorer by a ratio."""
    rng = np.random.default_rng([labels, int(10 * ratio)])
    calm = 1 / np.sqrt((people_ratio**2 + 1) / 2)
    found = 0
    for _ in range(studies):
        latents = PEOPLE.latents(50, 15, rng=rng)
        contested = rng.permutation(750) < 375
        noise = np.where(contested, people_ratio * calm, calm)
        counts = PEOPLE.label(latents, labels, rng=rng, noise=noise)[0]
        true = PEOPLE.probabilities(latents[0], noise=noise) @ PEOPLE.values
        error = np.where(contested, ratio, 1) * 2.3 * true.std()
        entropy = entropy_bits(counts)
        tested = stratified_residual_test(
            true + rng.normal(scale=error),
            mean_label(counts, PEOPLE.values),
            entropy >= np.median(entropy),
            permutations=199,
            rng=rng,
        )
        found += tested.p <= 0.05
    return found / studies


def test_size_is_near_5_percent_and_power_high_with_25_labels_and_low_with_5():
    assert rejected(25, 1.0) <= 0.11 and rejected(5, 1.0) <= 0.11
    assert rejected(25, 1.5) >= 0.93
    assert 0.15 <= rejected(5, 1.5) <= 0.55
