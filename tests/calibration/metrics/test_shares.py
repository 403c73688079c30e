import doctest

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from calibration.metrics.pairwise import shares
from calibration.metrics.pairwise.shares import share_estimate


def test_examples_in_docstrings_hold():
    assert doctest.testmod(shares).failed == 0


def test_of_many_independent_items_it_is_wilsons_interval():
    hits = np.random.default_rng(0).random(4000) < 0.1
    found = share_estimate(hits)
    low, high = proportion_confint(hits.sum(), 4000, method="wilson")
    assert (found.value, found.n) == (hits.mean(), 4000)
    assert (found.low, found.high) == (pytest.approx(low, rel=1e-2), pytest.approx(high, rel=1e-2))


@pytest.mark.parametrize("one", [0.0, 1.0])
def test_a_share_that_is_none_or_all_is_as_sure_as_the_clusters_are_many(one):
    few, many = (share_estimate([one] * 120, clusters=np.arange(120) % number) for number in (6, 60))
    for found in (few, many):
        assert found.value == one == (found.high if one else found.low) and 0 <= found.low < found.high <= 1
    assert few.high - few.low > 4 * (many.high - many.low)


def test_intervals_hold_a_small_share_where_queries_matter():
    rng, held = np.random.default_rng(1), 0
    for _ in range(300):
        chance = np.repeat(rng.beta(0.4, 7.6, size=30), 3)
        found = share_estimate(rng.random(90) < chance, clusters=np.arange(90) // 3)
        held += found.low <= 0.05 <= found.high
    assert 0.92 <= held / 300 <= 0.99


def test_items_without_the_value_are_left_out_and_a_single_cluster_has_no_interval():
    found = share_estimate([1, 0, np.nan, 1, 0, 1, 1, 0], clusters=[0] * 8)
    assert (found.value, found.n) == (4 / 7, 7) and "two clusters" in found.reason
    assert share_estimate([np.nan]).value is None
