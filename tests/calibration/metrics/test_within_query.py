import doctest

import numpy as np
import pytest
from scipy import stats

from calibration.metrics.correlation import within_query
from calibration.metrics.correlation.intervals import spearman
from calibration.metrics.correlation.within_query import within_query_spearman
from tests.calibration.metrics.test_correlation import scored


def test_examples_in_docstrings_hold():
    assert doctest.testmod(within_query).failed == 0


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
    assert found.n == found.clusters == 18
    assert found.reason == (
        "2 of 20 queries left out: 1 with fewer than 3 items, 1 with all mean labels equal"
    )
    error = np.std(each) / np.sqrt(18)
    assert (found.low, found.high) == pytest.approx(
        (np.mean(each) - 1.96 * error, np.mean(each) + 1.96 * error), abs=0.03
    )


def test_within_query_correlation_without_any_usable_query_is_undefined_and_says_so():
    found = within_query_spearman([1, 2, 3, 4], [1, 2, 3, 4], list("aabb"), replicates=0)
    assert found.value is None and found.n == 0 and str(found.reason).startswith("2 of 2 queries")
    assert within_query_spearman([], [], [], replicates=0).value is None


def test_a_scorer_that_cannot_tell_the_answers_of_most_queries_apart_is_found_out():
    query = np.repeat(np.arange(96), 11)
    y = np.random.default_rng(0).normal(size=len(query))
    x = np.where(query < 3, y, query)
    found = within_query_spearman(x, y, query, rng=np.random.default_rng(0))
    assert (found.value, found.n) == (pytest.approx(1), 3)
    assert found.reason == "93 of 96 queries left out: 93 with all scores equal"


def test_within_query_interval_covers_the_true_mean():
    rng = np.random.default_rng(10)
    x, y, query = scored(rng, 20_000)
    truth = within_query_spearman(x, y, query, replicates=0).value
    covered = 0
    for _ in range(150):
        found = within_query_spearman(*scored(rng, 40), replicates=200, rng=rng)
        covered += found.low <= truth <= found.high
    assert 134 <= covered <= 148  # 94 % is 141


def test_within_query_correlation_does_not_see_what_only_queries_share():
    rng = np.random.default_rng(8)
    query = np.repeat(np.arange(300), 8)
    shared = rng.normal(size=300)[query]
    x, y = shared + 0.5 * rng.normal(size=(2, len(query)))
    assert spearman(x, y) > 0.7
    assert within_query_spearman(x, y, query, replicates=0).value == pytest.approx(0, abs=0.05)
