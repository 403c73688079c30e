import doctest

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from annotation.statistics.intervals import cluster_weights, percentile_interval
from calibration.metrics import correlation
from calibration.metrics.correlation import (
    kendall,
    pearson,
    spearman,
    spearman_interval,
    within_query_spearman,
)

points = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=40)


def scored(rng, queries, per_query=6):
    """Scores, mean labels and queries where a query moves both."""
    query = np.repeat(np.arange(queries), per_query)
    shared = rng.normal(size=queries)[query]
    quality = shared + rng.normal(size=len(query))
    return 0.5 * quality + shared + rng.normal(size=len(query)), np.round(quality, 1), query


def test_examples_in_docstrings_hold():
    assert doctest.testmod(correlation).failed == 0


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


def test_items_without_a_score_or_labels_are_left_out():
    x = [1, 2, np.nan, 4, 5, 0]
    y = [1, 3, 9, 2, 5, np.nan]
    for measure in (spearman, kendall, pearson):
        assert measure(x, y) == pytest.approx(measure([1, 2, 4, 5], [1, 3, 2, 5]))
    found = spearman_interval(x, y, clusters=list("aabbcc"), replicates=0)
    assert found.n == 4 and found.value == pytest.approx(0.8)


def test_spearman_takes_infinite_scores_as_the_extremes_that_they_are():
    assert spearman([-np.inf, 0, 1, np.inf], [1, 2, 3, 4]) == pytest.approx(1)
    assert np.isnan(pearson([-np.inf, 0, 1, np.inf], [1, 2, 3, 4]))


def test_interval_equals_the_loop_over_the_same_resamples():
    x, y, query = scored(np.random.default_rng(3), 12)
    found = spearman_interval(x, y, clusters=query, replicates=150, rng=np.random.default_rng(4))
    loop = []
    for weight in cluster_weights(query, replicates=150, rng=np.random.default_rng(4)).astype(int):
        loop.append(stats.spearmanr(np.repeat(x, weight), np.repeat(y, weight)).statistic)
    assert (found.low, found.high) == pytest.approx(percentile_interval(loop), abs=1e-12)
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert (found.n, found.replicates) == (72, 150)


def test_undefined_correlations_say_why():
    rng = np.random.default_rng(0)
    few = spearman_interval([1, 2, np.nan], [1, 2, 3], rng=rng)
    assert few.value is None and few.n == 2 and "fewer than 3" in str(few.reason)
    constant = spearman_interval([1, 1, 1, 1], [1, 2, 3, 4], rng=rng)
    assert constant.value is None and constant.n == 4 and "equal" in str(constant.reason)
    one_query = spearman_interval([1, 2, 3], [1, 2, 3], clusters=["q"] * 3, rng=rng)
    assert one_query.value == 1 and one_query.low is None and "clusters" in str(one_query.reason)
    with pytest.raises(ValueError, match="one length"):
        spearman([1, 2, 3], [1, 2])


def test_within_query_correlation_is_the_mean_over_queries_that_have_one():
    x, y, query = scored(np.random.default_rng(5), 20)
    y[query == 3] = 2.0
    x[(query == 4) & (np.arange(len(x)) % 6 > 1)] = np.nan
    each = [stats.spearmanr(x[query == q], y[query == q]).statistic for q in range(20) if q not in (3, 4)]
    shuffled = np.random.default_rng(6).permutation(len(x))
    found = within_query_spearman(
        x[shuffled], y[shuffled], query[shuffled], replicates=500, rng=np.random.default_rng(7)
    )
    assert found.value == pytest.approx(np.mean(each), abs=1e-12)
    assert found.n == 18 and str(found.reason).startswith("2 of 20 queries left out")
    error = np.std(each) / np.sqrt(18)
    assert (found.low, found.high) == pytest.approx(
        (np.mean(each) - 1.96 * error, np.mean(each) + 1.96 * error), abs=0.03
    )


def test_within_query_correlation_without_any_usable_query_is_undefined_and_says_so():
    found = within_query_spearman([1, 2, 3, 4], [1, 2, 3, 4], list("aabb"), replicates=0)
    assert found.value is None and found.n == 0 and str(found.reason).startswith("2 of 2 queries")
    assert within_query_spearman([], [], [], replicates=0).value is None


def test_within_query_correlation_does_not_see_what_only_queries_share():
    rng = np.random.default_rng(8)
    query = np.repeat(np.arange(300), 8)
    shared = rng.normal(size=300)[query]
    x, y = shared + 0.5 * rng.normal(size=(2, len(query)))
    assert spearman(x, y) > 0.7
    assert within_query_spearman(x, y, query, replicates=0).value == pytest.approx(0, abs=0.05)


def test_cluster_interval_covers_the_true_correlation_where_an_interval_over_items_does_not():
    rng = np.random.default_rng(9)
    x, y, _ = scored(rng, 40_000)
    truth = spearman(x, y)
    covered = {"queries": 0, "items": 0}
    for _ in range(200):
        x, y, query = scored(rng, 40)
        for name, clusters in (("queries", query), ("items", None)):
            found = spearman_interval(x, y, clusters=clusters, replicates=200, rng=rng)
            covered[name] += found.low <= truth <= found.high
    # About 94 % is what percentiles reach with 40 queries: 188 of 200, give or take 3.
    assert 178 <= covered["queries"] <= 198
    assert covered["items"] < covered["queries"] - 15
