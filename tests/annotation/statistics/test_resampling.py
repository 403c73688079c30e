import doctest

import numpy as np
import pytest

from annotation.statistics import resampling
from annotation.statistics.resampling import all_but_one, jackknife_interval, percentile_interval, resamples


def test_examples_in_docstrings_hold():
    assert doctest.testmod(resampling).failed == 0


def test_percentile_interval_leaves_out_undefined_replicates_until_too_few_are_left():
    values = np.concatenate([np.linspace(0, 1, 101), np.full(50, np.nan)])
    assert percentile_interval(values) == pytest.approx((0.025, 0.975))
    assert np.isnan(percentile_interval(np.concatenate([values, np.full(60, np.nan)]))).all()
    assert np.isnan(percentile_interval(np.arange(19.0))).all()
    assert np.isnan(percentile_interval([])).all()
    with pytest.raises(ValueError, match="confidence"):
        percentile_interval(values, confidence=95)


def test_a_jackknife_is_undefined_from_one_cluster_or_where_a_value_is_missing():
    assert np.isnan(jackknife_interval(1.0, [1.0])).all()
    assert np.isnan(jackknife_interval(1.0, [1.0, np.nan, 2.0])).all()
    with pytest.raises(ValueError, match="confidence"):
        jackknife_interval(1.0, [1.0, 2.0], confidence=95)


def test_pieces_that_save_memory_are_the_whole():
    rng = np.random.default_rng
    whole = np.concatenate(list(resamples(5, replicates=9, rng=rng(1))))
    pieces = list(resamples(5, replicates=9, rng=rng(1), width=2_000_000))
    assert len(pieces) == 5 and (np.concatenate(pieces) == whole).all()
    pieces = list(all_but_one(5, width=2_000_000))
    assert len(pieces) == 3 and (np.concatenate(pieces) == 1 - np.eye(5)).all()
