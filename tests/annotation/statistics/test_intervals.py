import doctest

import numpy as np
import pytest
from scipy import stats

from annotation.statistics import intervals, resampling
from annotation.statistics.clusters import cluster_sums
from annotation.statistics.intervals import Estimate, cluster_estimate, mean_estimate, sums_estimate


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


def test_the_jackknife_of_a_mean_is_students_interval():
    values = np.append(np.random.default_rng(4).gamma(2, size=13), np.nan)
    found = mean_estimate(values, method="jackknife", confidence=0.9)
    low, high = stats.t.interval(0.9, 12, np.nanmean(values), stats.sem(values, nan_policy="omit"))
    assert (found.value, found.low, found.high) == pytest.approx((np.nanmean(values), low, high))
    assert (found.n, found.clusters, found.replicates, found.method) == (13, 13, 13, "jackknife")
    assert found.as_dict()["method"] == "jackknife"
    narrowed = mean_estimate(values, method="jackknife", bounds=(low + 0.5, high - 0.5), confidence=0.9)
    assert (narrowed.low, narrowed.high) == pytest.approx((low + 0.5, high - 0.5))


@pytest.mark.parametrize("method", ["bootstrap", "jackknife"])
def test_sums_of_clusters_have_the_interval_of_the_same_statistic_of_weights(method, monkeypatch):
    rng = np.random.default_rng(2)
    index = np.concatenate([np.arange(7), rng.integers(7, size=30)])
    sums = cluster_sums(rng.gamma(3, size=(37, 2)), index, 7)
    interval = {"n": 37, "replicates": 100, "method": method}

    def both():
        one = sums_estimate(sums, lambda s: s[:, 0] / s[:, 1], rng=np.random.default_rng(5), **interval)
        other = cluster_estimate(
            sums[:, 0].sum() / sums[:, 1].sum(),
            lambda weights: (weights @ sums[:, 0]) / (weights @ sums[:, 1]),
            clusters=7,
            rng=np.random.default_rng(5),
            **interval,
        )
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
        assert (one.clusters, one.replicates, one.method) == (7, 100 if method == "bootstrap" else 7, method)
        return one

    whole = both()
    monkeypatch.setattr(intervals, "CHUNK", 6)
    monkeypatch.setattr(resampling, "CHUNK", 14)
    assert (both().low, both().high) == pytest.approx((whole.low, whole.high))


def test_a_jackknife_takes_neither_replicates_nor_chance_and_says_why_there_is_none():
    def estimate(statistic, clusters=8, n=8):
        return cluster_estimate(
            0.5, statistic, n=n, clusters=clusters, replicates=0, rng=None, method="jackknife"
        )

    assert estimate(lambda weights: weights[:, 0]).clusters == 8
    undefined = estimate(lambda weights: np.where(weights[:, 0] > 0, 1.0, np.nan))
    assert (undefined.value, undefined.low, undefined.method) == (0.5, None, None)
    assert "without one of the clusters" in str(undefined.reason)
    assert "two clusters" in str(estimate(np.ravel, clusters=1).reason)
    assert "fewer than 6 items" in str(estimate(np.ravel, n=5).reason)
    with pytest.raises(ValueError, match="method"):
        mean_estimate([1.0, 2.0], method="delta")
