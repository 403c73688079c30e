import doctest
from functools import partial

import numpy as np
import pytest

from annotation.statistics.clusters import multinomial_weights
from annotation.statistics.intervals import mean_estimate
from calibration.metrics import joint
from calibration.metrics.joint import Sums, joint_estimates

MEAN = {"mean": ("a", partial(Sums.mean, name="a"))}


def test_examples_in_docstrings_hold():
    assert doctest.testmod(joint).failed == 0


def test_an_estimate_of_many_is_that_of_one_from_the_same_resamples():
    rng = np.random.default_rng(0)
    values, clusters = rng.normal(size=60), np.repeat(np.arange(12), 5)
    values[::7] = np.nan
    weights = multinomial_weights(12, replicates=200, rng=np.random.default_rng(1))
    columns = {"b": np.abs(values) + 1, "a": values}
    statistics = MEAN | {"skill": ("b", partial(Sums.skill, name="a", reference="b"))}
    found = joint_estimates(columns, statistics, index=clusters, weights=weights)
    alone = mean_estimate(values, clusters=clusters, replicates=200, rng=np.random.default_rng(1))
    assert found["mean"].as_dict() == pytest.approx(alone.as_dict(), abs=1e-9)
    assert found["skill"].value == pytest.approx(1 - np.nansum(values) / np.nansum(columns["b"]))
    assert found["skill"].n == found["mean"].n == 51


def test_replicates_are_the_same_to_the_last_bit_in_whatever_order_clusters_are_added_up():
    rng = np.random.default_rng(2)
    values, order = rng.lognormal(sigma=3, size=(400, 2)), rng.permutation(400)
    weights = multinomial_weights(400, replicates=100, rng=rng)
    columns, turned = ({"a": rows[:, 0], "b": rows[:, 1]} for rows in (values, values[order]))
    skill = {"skill": ("a", partial(Sums.skill, name="a", reference="b"))}
    plain = joint_estimates(columns, skill, index=np.arange(400), weights=weights)["skill"]
    other = joint_estimates(turned, skill, index=np.arange(400), weights=weights[:, order])["skill"]
    assert (plain.low, plain.high) == (other.low, other.high)
    ratios = 1 - (weights @ values)[:, 0] / (weights @ values)[:, 1]
    assert (plain.low, plain.high) == pytest.approx(tuple(np.quantile(ratios, [0.025, 0.975])), rel=1e-9)


def test_what_has_no_value_or_nothing_to_be_divided_by_is_undefined_with_a_reason():
    nothing, some = np.full(8, np.nan), np.zeros(8)
    statistics = MEAN | {"skill": ("b", partial(Sums.skill, name="b", reference="b"))}
    weights = np.ones((30, 8))
    found = joint_estimates({"a": nothing, "b": some}, statistics, index=np.arange(8), weights=weights)
    assert (found["mean"].value, found["mean"].n, found["mean"].reason) == (None, 0, "no item has the value")
    assert found["skill"].value is None and "divided by" in found["skill"].reason
    few = joint_estimates({"a": some[:5]}, MEAN, index=np.arange(5), weights=weights[:, :5])["mean"]
    one = joint_estimates({"a": some}, MEAN, index=np.zeros(8, dtype=int), weights=weights[:, :1])["mean"]
    assert few.value == one.value == 0 and few.low is one.low is None
    assert "fewer than 6 items" in few.reason and "fewer than two clusters" in one.reason
