import doctest

import numpy as np
import pytest
from scipy import stats

from calibration.metrics.correlation import cluster_ranks, paired
from calibration.metrics.correlation.cluster_ranks import difference_against, spearman_against
from calibration.metrics.correlation.paired import paired_difference, spearman_difference
from calibration.metrics.correlation.ranks import difference_statistic, spearman_statistic


def test_examples_in_docstrings_hold():
    assert doctest.testmod(paired).failed == doctest.testmod(cluster_ranks).failed == 0


@pytest.mark.parametrize("digits", [0, 1, 9])
@pytest.mark.parametrize("clusters", [2, 13, 60])
def test_products_of_clusters_weights_are_the_sorted_sums_to_the_last_bit(clusters, digits, monkeypatch):
    monkeypatch.setattr(cluster_ranks, "CHUNK", 60 * 17)  # blocks of 17 replicates
    rng = np.random.default_rng(5)
    y, first, second = rng.normal(size=(3, 60)).round(digits)
    index = np.append(np.arange(clusters), rng.integers(clusters, size=60 - clusters))
    weights = rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=50).astype(float)
    against, differences = (one(y, index, weights) for one in (spearman_against, difference_against))
    monkeypatch.setattr(cluster_ranks, "MOST_HELD", 0)
    made_again = spearman_against(y, index, weights)
    for x in (first, second, first):
        expected = spearman_statistic(x, y, index)(weights)
        assert np.array_equal(against(x), expected, equal_nan=True)
        assert np.array_equal(made_again(x), expected, equal_nan=True)
        expected = difference_statistic(x, y, index)(weights)
        assert np.array_equal(differences(x), expected, equal_nan=True)


def test_of_more_clusters_than_the_product_pays_for_the_numbers_are_the_same(monkeypatch):
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(2, 40))
    weights = rng.multinomial(40, np.full(40, 1 / 40), size=30).astype(float)
    sides = (spearman_against, x), (difference_against, x)
    products = [one(y, np.arange(40), weights)(side) for one, side in sides]
    monkeypatch.setattr(cluster_ranks, "MOST_CLUSTERS", 39)
    for product, (one, side) in zip(products, sides, strict=True):
        assert np.array_equal(product, one(y, np.arange(40), weights)(side))


def two_scorers(rng, queries, per_query=8):
    """Two scorers that err alike about a query, mean labels and queries."""
    query = np.repeat(np.arange(queries), per_query)
    means, shared = rng.normal(size=(2, queries))[:, query] + rng.normal(size=(2, len(query)))
    first, second = means + shared + rng.normal(size=(2, len(query)))
    return first, second, means, query


def test_a_paired_difference_is_that_of_both_scorers_in_the_same_resamples():
    rng = np.random.default_rng(7)
    first, second, means, query = two_scorers(rng, 12)
    first[3], second[8], means[11] = np.nan, np.nan, np.nan
    found = spearman_difference(
        first, second, means, clusters=query, replicates=40, rng=np.random.default_rng(1)
    )
    kept = ~np.isnan([first, second, means]).any(axis=0)
    a, b, y, of = first[kept], second[kept], means[kept], query[kept]
    draws = np.random.default_rng(1).integers(12, size=(40, 12))
    loop = []
    for drawn in draws:
        again = np.repeat(np.arange(len(y)), np.bincount(drawn, minlength=12)[of])
        loop.append(
            stats.spearmanr(a[again], y[again]).statistic - stats.spearmanr(b[again], y[again]).statistic
        )
    value = stats.spearmanr(a, y).statistic - stats.spearmanr(b, y).statistic
    half = stats.t.ppf(0.975, 11) * np.std(loop, ddof=1)
    estimate = found.difference
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((value, value - half, value + half))
    assert (estimate.n, estimate.clusters, estimate.replicates) == (kept.sum(), 12, 40)
    t = abs(value) / (half / stats.t.ppf(0.975, 11))
    assert found.p == pytest.approx(2 * stats.t.sf(t, 11))
    turned = spearman_difference(
        second, first, means, clusters=query, replicates=40, rng=np.random.default_rng(1)
    )
    assert turned.p == found.p and turned.difference.value == -estimate.value


def test_a_scorer_does_not_differ_from_itself_nor_from_its_ranks():
    first, _, means, query = two_scorers(np.random.default_rng(8), 10)
    found = spearman_difference(first, np.exp(first), means, clusters=query, rng=np.random.default_rng(0))
    assert (found.p, found.difference.low, found.difference.high) == (1, 0, 0)


def test_undefined_differences_say_why():
    with pytest.raises(ValueError, match="one length"):
        spearman_difference([1, 2], [1, 2, 3], [1, 2, 3], rng=np.random.default_rng(0))
    constant = spearman_difference([1] * 9, range(9), range(9), rng=np.random.default_rng(0))
    assert constant.p is constant.difference.value is None and constant.difference.reason
    few = spearman_difference(range(5), [2, 1, 3, 5, 4], range(5), rng=np.random.default_rng(0))
    assert few.p is few.difference.low is None and "fewer than 6" in str(few.difference.reason)
    opposite = paired_difference((1.0, -1.0), (np.ones(50), -np.ones(50)), n=9, clusters=9)
    assert opposite.p is None and "same in all resamples" in str(opposite.difference.reason)
