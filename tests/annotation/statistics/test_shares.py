"""Shares of items: weighted, with intervals that hold the truth, and that are wide where nothing differs."""

import numpy as np
import pytest
from scipy.stats import binomtest

from annotation.statistics.shares import majority, share_above, share_estimate


def test_where_all_are_alike_the_far_end_is_the_exact_one_of_as_many_clusters() -> None:
    exact = binomtest(40, 40).proportion_ci(method="exact")
    clusters = np.repeat(np.arange(40), 3)
    found = share_estimate(np.ones(120), clusters=clusters)
    assert (found.low, found.high) == (pytest.approx(exact.low), 1.0)
    none = share_estimate(np.zeros(120), clusters=clusters)
    assert (none.value, none.low, none.high) == (0.0, 0.0, pytest.approx(1 - exact.low))
    few = share_estimate([1.0, 1.0, 1.0])
    assert few.low is None and few.reason == "no interval: fewer than 6 items"


def test_weights_are_how_many_each_item_stands_for() -> None:
    values, weights = [1.0, 0.0, 1.0, 0.5, 0.0, 1.0, 1.0], [3, 1, 2, 2, 4, 1, 1]
    clusters = [0, 0, 1, 1, 2, 2, 3]
    found = share_estimate(values, weights=weights, clusters=clusters)
    doubled = share_estimate(np.repeat(values, weights), clusters=np.repeat(clusters, weights))
    assert (found.value, found.low, found.high) == pytest.approx((doubled.value, doubled.low, doubled.high))
    assert (found.n, doubled.n) == (7, 14)
    assert share_estimate([float("nan")] * 3).value is None
    for wrong in ({"values": [2.0]}, {"values": [1.0], "weights": [0.0]}):
        with pytest.raises(ValueError, match=r"a share is from|a weight is above"):
            share_estimate(**wrong)  # type: ignore[arg-type]


def test_the_middle_of_a_scale_is_half_a_yes_and_half_of_the_people_is_a_tie() -> None:
    assert share_above([[1, 1, 2], [4, 0, 0], [0, 3, 0]], [0, 1, 2]).tolist() == [0.625, 0.0, 0.5]
    assert share_above([[1, 0, 0, 3]], [0, 1, 2, 3]).tolist() == [0.75]
    assert majority([0.51, 0.5, 0.49]).tolist() == [1.0, 0.5, 0.0]


def test_the_interval_of_a_precision_holds_the_truth_about_as_often_as_it_says() -> None:
    """Pairs drawn from queries of very different sizes, whose own shares differ too."""
    rng, truth, queries = np.random.default_rng(3), 0.9, 30
    held, too_high = 0, 0
    for _ in range(300):
        sizes = rng.integers(20, 400, size=queries)
        shares = rng.beta(9, 1, size=queries)
        same = rng.random((queries, 10)) < shares[:, None]
        found = share_estimate(
            same.ravel().astype(float),
            weights=np.repeat(sizes / 10, 10),
            clusters=np.repeat(np.arange(queries), 10),
        )
        assert found.low is not None and found.high is not None
        held += found.low <= truth <= found.high <= 1
        too_high += truth < found.low
    assert 0.92 <= held / 300 <= 0.985
    # Missed as often on either side, which ends equally far from the value are not.
    assert too_high / 300 < 0.045
