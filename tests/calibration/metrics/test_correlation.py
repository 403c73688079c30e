import doctest

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from annotation.statistics.clusters import cluster_weights
from annotation.statistics.resampling import percentile_interval
from calibration.metrics.correlation import intervals, moments
from calibration.metrics.correlation.intervals import (
    kendall,
    kendall_interval,
    pearson,
    pearson_interval,
    spearman,
    spearman_interval,
)

INTERVALS = {
    spearman_interval: stats.spearmanr,
    kendall_interval: stats.kendalltau,
    pearson_interval: stats.pearsonr,
}
points = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=40)


def scored(rng, queries, per_query=6):
    """Scores, mean labels and queries where a query moves both."""
    query = np.repeat(np.arange(queries), per_query)
    shared = rng.normal(size=queries)[query]
    quality = shared + rng.normal(size=len(query))
    return 0.5 * quality + shared + rng.normal(size=len(query)), np.round(quality, 1), query


def test_examples_in_docstrings_hold():
    assert doctest.testmod(intervals).failed == doctest.testmod(moments).failed == 0


@given(points)
def test_correlations_equal_scipys(pairs):
    x, y = np.array(pairs, dtype=float).T
    if len(set(x)) < 2 or len(set(y)) < 2:
        assert all(np.isnan(measure(x, y)) for measure in (spearman, kendall, pearson))
        return
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert kendall(x, y) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    assert pearson(x, y) == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-12)


@given(points, st.randoms(use_true_random=False))
def test_rank_correlations_ignore_order_and_rising_transforms_and_turn_with_falling_ones(pairs, random):
    x, y = np.array(pairs, dtype=float).T
    assume(len(set(x)) > 1 and len(set(y)) > 1)
    order = random.sample(range(len(x)), len(x))
    for measure in (spearman, kendall):
        plain = measure(x, y)
        assert measure(x[order], y[order]) == pytest.approx(plain, abs=1e-12)
        assert measure(np.exp(x), y**3) == pytest.approx(plain, abs=1e-12)
        assert measure(-x, y) == pytest.approx(-plain, abs=1e-12)
        assert measure(y, x) == pytest.approx(plain, abs=1e-12)
    assert spearman(np.tile(x, 2), np.tile(y, 2)) == pytest.approx(spearman(x, y), abs=1e-12)


def test_ranks_that_have_nothing_to_do_with_each_other_have_exactly_no_correlation():
    for a, b in (([1, 2, 3, 4, 5, 6, 7], [4, 2, 3, 1, 3, 2, 4]), ([1, 1, 7, 7], [1, 2, 1, 2])):
        assert spearman(a, b) == 0


def test_items_without_a_score_or_labels_are_left_out():
    x, y = [1, 2, np.nan, 4, 5, 0, 7, 3], [1, 3, 9, 2, 5, np.nan, 4, 6]
    known_x, known_y = [1, 2, 4, 5, 7, 3], [1, 3, 2, 5, 4, 6]
    for measure in (spearman, kendall, pearson):
        assert measure(x, y) == pytest.approx(measure(known_x, known_y))
    for interval in INTERVALS:
        rng = np.random.default_rng(0)
        found = interval(x, y, clusters=list("aabbccdd"), replicates=40, rng=rng)
        rng = np.random.default_rng(0)
        assert found.n == 6 and found.low is not None
        assert found == interval(known_x, known_y, clusters=list("aabcdd"), replicates=40, rng=rng)


def test_rank_correlations_take_infinite_scores_as_the_extremes_that_they_are():
    x, y = [-np.inf, 0, 1, 2, 3, np.inf], [1, 2, 3, 4, 5, 6]
    for measure in (spearman, kendall):
        assert measure(x, y) == pytest.approx(1)
    assert kendall_interval(x, y, replicates=40, rng=np.random.default_rng(0)).low == pytest.approx(1)
    assert np.isnan(pearson(x, y))
    found = pearson_interval(x, y, rng=np.random.default_rng(0))
    assert found.value is None and "infinite" in str(found.reason)


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("sizes", ["equal", "unequal", "one each"])
def test_interval_equals_the_loop_over_the_same_resamples(interval, sizes, monkeypatch):
    monkeypatch.setattr("calibration.metrics.correlation.ranks.CELLS", 500)  # blocks that end within clusters
    x, y, query = scored(np.random.default_rng(3), 12)
    query = {"equal": query, "unequal": np.sort(query**2 // 30), "one each": np.arange(72)}[sizes]
    order = np.random.default_rng(4).permutation(72)
    x, y, query = np.round(x[order], 1), y[order], query[order]
    found = interval(x, y, clusters=query, replicates=150, rng=np.random.default_rng(4))
    loop = []
    for weight in cluster_weights(query, replicates=150, rng=np.random.default_rng(4)).astype(int):
        if np.ptp(np.repeat(x, weight)) and np.ptp(np.repeat(y, weight)):
            loop.append(INTERVALS[interval](np.repeat(x, weight), np.repeat(y, weight)).statistic)
    assert (found.low, found.high) == pytest.approx(percentile_interval(loop), abs=1e-12)
    assert found.value == pytest.approx(INTERVALS[interval](x, y).statistic, abs=1e-12)
    assert (found.n, found.replicates) == (72, len(loop))


def test_kendalls_interval_is_exact_with_one_cluster_of_thousands_among_many_small_ones():
    rng = np.random.default_rng(11)
    x = rng.normal(size=5_000)
    y, cluster = np.round(x + rng.normal(size=5_000), 1), np.minimum(np.arange(5_000), 2_000)
    found = kendall_interval(x, y, clusters=cluster, replicates=20, rng=np.random.default_rng(12))
    loop = []
    for weight in cluster_weights(cluster, replicates=20, rng=np.random.default_rng(12)).astype(int):
        loop.append(stats.kendalltau(np.repeat(x, weight), np.repeat(y, weight)).statistic)
    assert (found.low, found.high) == pytest.approx(percentile_interval(loop), abs=1e-12)


def test_pearsons_interval_keeps_its_digits_far_from_zero_and_beside_an_outlier():
    x, y, query = scored(np.random.default_rng(5), 12)
    near, far = (
        pearson_interval(x, shifted, clusters=query, replicates=60, rng=np.random.default_rng(6))
        for shifted in (y, 1e6 + y)
    )
    assert (far.low, far.high) == pytest.approx((near.low, near.high), abs=1e-9)
    x[0] = 1e9
    weights = cluster_weights(query, replicates=60, rng=np.random.default_rng(6)).astype(int)
    loop = [stats.pearsonr(np.repeat(x, weight), np.repeat(y, weight)).statistic for weight in weights]
    found = pearson_interval(x, y, clusters=query, replicates=60, rng=np.random.default_rng(6))
    assert (found.low, found.high) == pytest.approx(percentile_interval(loop), abs=1e-9)


@pytest.mark.parametrize("interval", INTERVALS)
def test_undefined_correlations_say_why(interval):
    rng = np.random.default_rng(0)
    few = interval([1, 2, np.nan], [1, 2, 3], rng=rng)
    assert few.value is None and few.n == 2 and "fewer than 3" in str(few.reason)
    constant = interval([1, 1, 1, 1], [1, 2, 3, 4], rng=rng)
    assert constant.value is None and constant.n == 4 and "equal" in str(constant.reason)
    one_query = interval([1, 2, 3], [1, 2, 3], clusters=["q"] * 3, rng=rng)
    assert one_query.value == pytest.approx(1)
    assert one_query.low is None and "clusters" in str(one_query.reason)
    two_queries = interval([1] * 5 + [2], range(6), clusters=list("qqqqqr"), replicates=20, rng=rng)
    assert two_queries.low is None and "too many resamples" in str(two_queries.reason)
    with pytest.raises(ValueError, match="rng"):
        interval([1, 2, 3], [1, 2, 3])
    with pytest.raises(ValueError, match="one length"):
        interval([1, 2, 3], [1, 2], rng=rng)


@pytest.mark.parametrize("interval", INTERVALS)
def test_five_items_have_a_correlation_but_no_interval(interval):
    found = interval([1, 2, 3, 4, 5], [1, 2, 3, 5, 4], rng=np.random.default_rng(0))
    assert found.value is not None and found.low is found.high is None
    assert "fewer than 6 items" in str(found.reason)


def test_above_its_limit_of_items_kendalls_interval_is_undefined_and_says_so_beside_the_value():
    x = np.arange(5_001) % 71
    y = np.arange(5_001) % 13
    found = kendall_interval(x, y, rng=np.random.default_rng(0))
    assert found.value == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    assert found.low is found.high is None
    assert "more than 5,000 items" in str(found.reason)
    kept = kendall_interval(x[:5_000], y[:5_000], replicates=20, rng=np.random.default_rng(0))
    assert kept.low < kept.high and kept.reason is None
