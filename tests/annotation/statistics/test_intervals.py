import doctest

import numpy as np
import pytest

from annotation.statistics import intervals, resampling
from annotation.statistics.intervals import Estimate, cluster_estimate
from annotation.statistics.resampling import percentile_interval


def test_examples_in_docstrings_hold():
    assert doctest.testmod(intervals).failed == 0


def test_an_estimate_never_holds_nan_and_shows_a_reason_only_when_there_is_one():
    assert Estimate(np.float64(0.5), 0.25, np.nan, 7).as_dict() == {
        "value": 0.5,
        "low": 0.25,
        "high": None,
        "n": 7,
        "replicates": 0,
        "clusters": 0,
    }
    undefined = Estimate(np.nan, None, np.inf, 0, "no labels")
    shown = undefined.as_dict()
    assert (shown["value"], shown["high"], shown["n"], shown["reason"]) == (None, None, 0, "no labels")


def test_percentile_interval_leaves_out_undefined_replicates_until_too_few_are_left():
    values = np.concatenate([np.linspace(0, 1, 101), np.full(50, np.nan)])
    assert percentile_interval(values) == pytest.approx((0.025, 0.975))
    assert np.isnan(percentile_interval(np.concatenate([values, np.full(60, np.nan)]))).all()
    assert np.isnan(percentile_interval(np.arange(19.0))).all()
    assert np.isnan(percentile_interval([])).all()
    with pytest.raises(ValueError, match="confidence"):
        percentile_interval(values, confidence=95)


def test_interval_is_the_same_however_the_replicates_are_split_to_save_memory(monkeypatch):
    def estimate():
        return cluster_estimate(
            0.0,
            lambda weights: weights @ np.arange(9.0),
            n=9,
            clusters=9,
            replicates=333,
            rng=np.random.default_rng(8),
        )

    whole = estimate()
    monkeypatch.setattr(resampling, "CHUNK", 9 * 7)
    assert estimate() == whole
    assert whole.replicates == 333


def test_an_interval_that_cannot_be_had_says_why_and_keeps_the_value():
    rng = np.random.default_rng(0)

    def estimate(clusters, statistic=lambda weights: weights[:, 0], n=9, replicates=100):
        return cluster_estimate(0.5, statistic, n=n, clusters=clusters, replicates=replicates, rng=rng)

    alone = estimate(1, lambda weights: weights.sum(axis=1))
    assert alone.value == 0.5 and alone.low is None and "two clusters" in str(alone.reason)
    undefined = estimate(4, lambda weights: np.full(len(weights), np.nan))
    assert undefined.value == 0.5 and undefined.high is None and "undefined" in str(undefined.reason)
    for found, words in [
        (estimate(4, replicates=0), "no interval was asked for"),
        (estimate(4, replicates=10), "fewer than 20 replicates were asked for"),
        (estimate(4, n=5), "fewer than 6 items"),
    ]:
        assert (found.value, found.low, found.clusters) == (0.5, None, 0)
        assert words in str(found.reason)
    assert estimate(4, n=6).low is not None
    with pytest.raises(ValueError, match="rng"):
        cluster_estimate(0.5, np.ravel, n=4, clusters=4, replicates=9, rng=None)


def test_an_interval_says_how_many_resamples_and_clusters_it_rests_on_and_which_it_left_out():
    odd = np.arange(9.0) == 0
    found = cluster_estimate(
        1.0,
        lambda weights: np.where(weights @ odd > 0, 1.0, np.nan),
        n=9,
        clusters=9,
        replicates=200,
        rng=np.random.default_rng(3),
    )
    # One cluster of nine is missing from about (8/9)^9 = 35 % of resamples.
    assert 110 < found.replicates < 150 and found.clusters == 9
    assert f"leaves out {200 - found.replicates} of 200 resamples" in str(found.reason)
    assert found.as_dict()["replicates"] == found.replicates


def test_a_caution_tells_in_figures_how_narrow_intervals_from_few_clusters_are():
    assert [intervals.caution(few) for few in (0, 1, 40, 100)] == [None] * 4
    for few, words in [
        (2, ("far too narrow", "with 2,", "in 21 %", "jackknife intervals in 83 %")),
        (9, ("far too narrow", "with 5,", "64 %")),
        (10, ("somewhat narrow", "with 10,", "81 %")),
        (39, ("somewhat narrow", "with 20,", "88 %")),
    ]:
        assert all(word in str(intervals.caution(few)) for word in words)
