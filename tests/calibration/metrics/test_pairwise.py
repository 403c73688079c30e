import doctest
import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss

from calibration.metrics import logistic
from calibration.metrics.logistic import logistic_fit
from calibration.metrics.pairwise import calibration
from calibration.metrics.pairwise.calibration import FOLDS, pairwise_calibration

VALUES = [-2, -1, 0, 1, 2]


def study(rng, *, queries=40, pairs=8, labels=25):
    """Differences, counts and queries: the scorer's slope and people's leanings differ by query."""
    query = np.repeat(np.arange(queries), pairs)
    quality = rng.normal(size=len(query)) + 0.5 * rng.normal(size=queries)[query]
    scores = 3 * quality * np.exp(0.3 * rng.normal(size=queries))[query] + rng.normal(size=len(query))
    answers = np.clip(np.rint(quality[:, None] + rng.normal(size=(len(query), labels))), -2, 2)
    counts = (answers[:, :, None] == VALUES).sum(axis=1)
    return scores, counts, query


def plain(scores, counts, queries, **options):
    return pairwise_calibration(scores, counts, VALUES, clusters=queries, replicates=0, **options)


@pytest.mark.parametrize("module", [calibration, logistic])
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


def test_the_fit_is_that_of_statsmodels_and_losses_those_of_scikit_learn_out_of_fold():
    scores, counts, queries = study(np.random.default_rng(1))
    share = (counts @ [0, 0, 0.5, 1, 1]) / 25
    found = plain(scores, counts, queries, ridge=1e-9)

    def fit(rows):
        return sm.GLM(share[rows], sm.add_constant(scores[rows]), family=sm.families.Binomial()).fit().params

    intercept, slope = fit(np.ones(len(share), dtype=bool))
    assert found.slope.value == pytest.approx(slope, rel=1e-6)
    assert found.intercept.value == pytest.approx(intercept, rel=1e-6)
    expected = np.empty(len(share))
    for fold in range(FOLDS):
        inside = queries % FOLDS == fold
        intercept, slope = fit(~inside)
        expected[inside] = 1 / (1 + np.exp(-intercept - slope * scores[inside]))
    assert found.predicted == pytest.approx(expected, abs=1e-6)
    # Every share is so many labels on either side, a tie half a one on each.
    sides, weights = np.repeat([1, 0], len(share)), np.concatenate([share, 1 - share])
    both = np.tile(expected, 2)
    assert found.log_loss.value == pytest.approx(log_loss(sides, both, sample_weight=weights), abs=1e-6)
    assert found.brier.value == pytest.approx(brier_score_loss(sides, both, sample_weight=weights), abs=1e-6)


def test_coefficients_without_a_cluster_are_near_to_fits_without_it():
    scores, counts, queries = study(np.random.default_rng(2), queries=12)
    found = plain(scores, counts, queries)
    kept = [queries != q for q in range(12)]
    refitted = np.array([plain(scores[k], counts[k], queries[k]).slope.value for k in kept])
    error = np.sqrt(11 / 12 * np.square(refitted - refitted.mean()).sum())
    assert found.slope.high - found.slope.value == pytest.approx(2.2010 * error, rel=0.05)
    assert (found.slope.method, found.slope.clusters) == ("jackknife", 12)


@given(st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_swapped_sides_mirror_the_intercept_and_change_nothing_else_nor_do_order_units_and_copies(seed):
    rng = np.random.default_rng(seed)
    scores, counts, queries = study(rng, queries=7, pairs=4, labels=3)
    found = plain(scores, counts, queries)
    order = rng.permutation(len(scores))
    for other, slope, sign in (
        (plain(-scores, counts[:, ::-1], queries), 1, -1),
        (plain(scores[order], counts[order], queries[order]), 1, 1),
        (plain(10 * scores, counts, queries), 0.1, 1),
    ):
        assert other.slope.value == pytest.approx(slope * found.slope.value)
        assert other.slope.low == pytest.approx(slope * found.slope.low)
        assert other.intercept.value == pytest.approx(sign * found.intercept.value, abs=1e-9)
        either = other.slope_without_intercept, found.slope_without_intercept
        assert either[0].high == pytest.approx(slope * either[1].high)
        assert other.log_loss.value == pytest.approx(found.log_loss.value)
        assert other.brier.value == pytest.approx(found.brier.value)
        assert other.log_loss_floor == pytest.approx(found.log_loss_floor)
        assert other.curve.ece.value == pytest.approx(found.curve.ece.value)
    # Twice as many labels of the same shares: the same fit, but a lower floor.
    assert plain(scores, 2 * counts, queries).slope == found.slope


def test_better_responses_on_one_side_are_the_intercepts_and_the_slope_without_one_ignores_sides():
    scores, counts, queries = study(np.random.default_rng(6))
    worse = counts @ VALUES < 0
    better_first = np.where(worse, -scores, scores), np.where(worse[:, None], counts[:, ::-1], counts)
    found, moved = plain(scores, counts, queries), plain(*better_first, queries)
    assert found.intercept.low < 0 < found.intercept.high and moved.intercept.low > 0
    assert moved.slope.value < 0.8 * found.slope.value
    one, other = moved.slope_without_intercept, found.slope_without_intercept
    assert (one.value, one.low, one.n) == (pytest.approx(other.value), pytest.approx(other.low), 320)
    share = counts @ [0, 0, 0.5, 1, 1] / 25
    fit = sm.GLM(share, scores, family=sm.families.Binomial()).fit()
    assert other.value == pytest.approx(fit.params[0], rel=1e-3)


def test_floors_are_what_a_scorer_shows_that_knows_every_share():
    rng = np.random.default_rng(4)
    shares = rng.dirichlet(np.ones(3), size=4000)
    counts = np.array([rng.multinomial(12, row) for row in shares])
    truth = shares @ [0, 0.5, 1]
    observed = counts @ [0, 0.5, 1] / 12
    found = pairwise_calibration(truth, counts, [-1, 0, 1], replicates=0)
    known = -(observed * np.log(truth) + (1 - observed) * np.log(1 - truth))
    assert found.log_loss_floor == pytest.approx(known.mean(), abs=0.003)
    squares = observed * (1 - truth) ** 2 + (1 - observed) * truth**2
    assert found.brier_floor == pytest.approx(squares.mean(), abs=0.001)
    assert found.log_loss_floor < found.log_loss.value and found.brier_floor < found.brier.value


def test_scores_that_part_all_pairs_have_a_finite_slope_without_an_interval():
    scores = np.arange(-10, 10) + 0.5
    counts = np.stack([scores < 0, scores > 0], axis=1)
    found = pairwise_calibration(scores, counts, [-1, 1], replicates=0)
    assert found.slope.reason == calibration.PARTED and found.slope.low is None
    assert 0 < found.slope.value * found.scale < 20 and found.log_loss.value < 0.1
    scores[-1] = 1e9
    assert np.isfinite(pairwise_calibration(scores, counts, [-1, 1], replicates=0).slope.value)
    with pytest.raises(ValueError, match="ridge"):
        logistic_fit(scores, scores, np.ones((1, 20)), ridge=0)


@pytest.mark.parametrize("unit", [1e-290, 1e-160, 1e160, 1e300])
def test_no_unit_of_scores_is_too_small_or_too_large(unit):
    scores, counts, queries = study(np.random.default_rng(3))
    with warnings.catch_warnings(action="error"):
        found, other = plain(scores, counts, queries), plain(unit * scores, counts, queries)
        small = plain(1e-303 * scores, counts, queries)
    assert other.slope.value * unit == pytest.approx(found.slope.value)
    assert other.log_loss.value == pytest.approx(found.log_loss.value)
    assert small.slope.value is None and "smaller than 1e-300" in small.slope.reason


def test_intervals_of_losses_stay_among_losses():
    scores, first = np.arange(-9, 9) + 0.5, np.array([0] * 8 + [1, 1, 0, 0] + [1] * 6)
    found = pairwise_calibration(scores, np.stack([1 - first, first], axis=1), [-1, 1], replicates=0)
    assert found.brier.low >= 0 and found.log_loss.low >= 0
    parted = pairwise_calibration(scores, np.stack([scores < 0, scores > 0], axis=1), [-1, 1], replicates=0)
    assert parted.brier.low == parted.log_loss.low == 0


@pytest.mark.parametrize(
    ("differences", "clusters", "reason"),
    [
        ([1.0, 2, 3, 4, 5, np.nan], None, "fewer than 6 pairs with both scores and labels"),
        ([1.0, 2, 3, 4, 5, np.inf], None, "a score is infinite"),
        ([0.0] * 6, None, "the scorer's differences are all equal"),
        ([1.0, 2, 3, -4, 5, 6], [1] * 6, calibration.ONE_CLUSTER),
    ],
)
def test_what_is_undefined_says_why(differences, clusters, reason):
    counts = [[1, 3], [2, 2], [0, 4], [4, 0], [1, 3], [2, 2]]
    found = pairwise_calibration(differences, counts, [-1, 1], clusters=clusters, replicates=0).as_dict()
    assert [found[name]["reason"] for name in ("log_loss", "brier", "ece")] == [reason] * 3
    assert [found[name]["value"] for name in ("log_loss", "brier", "ece")] == [None] * 3
    assert found["reliability_curve"] == {"bins": []} and found["ece_floor"] is None
    assert (found["slope"]["value"] is None) == (clusters is None)


def test_intervals_of_slope_and_intercept_hold_the_truth_with_few_queries():
    rng = np.random.default_rng(5)
    truth = plain(*study(rng, queries=4000))
    held = []
    for _ in range(100):
        found = plain(*study(rng, queries=8))
        held.append(
            [
                one.low <= true.value <= one.high
                for one, true in ((found.slope, truth.slope), (found.intercept, truth.intercept))
            ]
        )
    assert (np.mean(held, axis=0) >= 0.9).all()
