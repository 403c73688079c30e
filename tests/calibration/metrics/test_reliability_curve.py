import doctest
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from calibration.metrics.distribution.reliability_curve import equal_mass_bins, reliability_curve

LABELS = 25


def study(rng, *, queries=50, items=10, tilt=1.0):
    """A scorer that is calibrated, by drawing what people think about what it thinks, then tilted."""
    predicted = np.repeat(rng.uniform(0.2, 0.8, queries * items // 5), 5)
    lean = rng.uniform(-0.1, 0.1, (queries, 1)) + rng.uniform(-0.1, 0.1, (queries, items))
    observed = rng.binomial(LABELS, predicted + lean.ravel()) / LABELS
    return 0.5 + (predicted - 0.5) * tilt, observed, np.repeat(np.arange(queries), items)


def test_examples_in_docstrings_hold():
    assert doctest.testmod(import_module("calibration.metrics.distribution.reliability_curve")).failed == 0


def test_the_curve_is_that_of_scikit_learn_and_the_error_is_its_mean_distance_from_the_diagonal():
    rng = np.random.default_rng(1)
    predicted = rng.random(600)
    sides = rng.random(600) < predicted**1.5
    found = reliability_curve(predicted, sides, replicates=0)
    observed, mean = calibration_curve(sides, predicted, n_bins=10, strategy="quantile")
    assert [one.observed for one in found.bins] == pytest.approx(observed)
    assert [one.predicted for one in found.bins] == pytest.approx(mean)
    assert found.ece.value == pytest.approx(np.mean(np.abs(observed - mean)))
    assert (found.ece.low, found.ece_floor, found.bins[0].low) == (None, None, None)
    assert found.ece.reason == "no interval was asked for"


def test_cumulative_shares_are_pooled_and_what_either_lacks_is_left_out():
    rng = np.random.default_rng(2)
    predicted, observed = rng.random((2, 80, 4))
    both = np.where(np.arange(80)[:, None] < 60, predicted, np.nan)
    found = reliability_curve(both, observed, replicates=50, rng=rng, clusters=np.arange(80) // 2)
    alone = reliability_curve(predicted[:60].ravel(), observed[:60].ravel(), replicates=0, bins=6)
    assert (found.ece.n, found.ece.clusters, sum(one.n for one in found.bins)) == (60, 30, 240)
    assert found.ece.value == pytest.approx(alone.ece.value) and len(found.bins) == 6


def test_equal_predictions_stay_together():
    assert equal_mass_bins([5, 5, 5, 5, 1, 9], 3).tolist() == [1, 1, 1, 1, 0, 2]
    assert equal_mass_bins([2, 2, 2], 10).tolist() == [0, 0, 0]
    assert equal_mass_bins([], 10).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=12, max_size=60, unique=True), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_error_does_not_know_the_order_of_items_nor_which_side_is_counted(predicted, random):
    p = np.round(predicted, 6)
    observed = np.array([random.random() for _ in p])
    order = np.array(random.sample(range(len(p)), len(p)))
    error = reliability_curve(p, observed, replicates=0).ece.value
    assert reliability_curve(p[order], observed[order], replicates=0).ece.value == pytest.approx(error)
    if len(np.unique(p)) == len(p) and len(p) % 2 == 0:  # else one may lie on the middle border
        mirrored = reliability_curve(1 - p, 1 - observed, replicates=0).ece.value
        assert mirrored == pytest.approx(error)


def test_the_floor_is_what_calibrated_scorers_show_and_only_others_are_found_out():
    rng = np.random.default_rng(3)
    found = []
    for _ in range(120):
        predicted, observed, queries = study(rng)
        found.append(reliability_curve(predicted, observed, clusters=queries, replicates=100, rng=rng))
    assert np.mean([one.ece.value for one in found]) == pytest.approx(
        np.mean([one.ece_floor for one in found]), rel=0.07
    )
    assert np.mean([one.ece.low == 0 for one in found]) >= 0.89
    bins = [one for curve in found for one in curve.bins]
    assert 0.89 <= np.mean([one.low <= one.predicted <= one.high for one in bins]) <= 0.97
    far = []
    for _ in range(20):
        predicted, observed, queries = study(rng, tilt=0.5)
        far.append(reliability_curve(predicted, observed, clusters=queries, replicates=100, rng=rng))
    assert all(one.ece.low > 0 for one in far)
    # Predictions lie between .2 and .8, about .15 from .5 on average: half as far, they are .075 off.
    assert np.mean([one.ece.low <= 0.075 <= one.ece.high for one in far]) >= 0.9


def test_without_shares_it_is_undefined_and_what_is_no_share_is_refused():
    nothing = reliability_curve([np.nan], [0.5], replicates=0)
    assert nothing.as_dict()["ece"]["reason"] == "no item has both shares" and nothing.bins == ()
    for wrong in ({"observed": [0.5]}, {"predicted": [0.5, 1.2]}, {"bins": 0}):
        with pytest.raises(ValueError, match=r"share|bins"):
            reliability_curve(**({"predicted": [0.5, 0.7], "observed": [0.5, 0.7], "replicates": 0} | wrong))
