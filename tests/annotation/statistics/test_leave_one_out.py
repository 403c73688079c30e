import doctest

import numpy as np
import pytest

from annotation.statistics import leave_one_out as module
from annotation.statistics.leave_one_out import leave_one_out
from annotation.statistics.resampling import jackknife_interval


def ratio(sums):
    return sums[0] / sums[1]


def test_examples_in_docstrings_hold():
    assert doctest.testmod(module).failed == 0


def test_the_interval_is_that_of_computing_the_statistic_anew_without_each_cluster():
    rng = np.random.default_rng(0)
    columns, clusters = rng.random((2, 30)), np.repeat(list("abcdef"), 5)
    found = leave_one_out(columns, ratio, clusters=clusters)
    anew = [float(ratio(columns[:, clusters != one].sum(axis=1))) for one in "abcdef"]
    assert found.value == pytest.approx(ratio(columns.sum(axis=1)))
    assert (found.low, found.high) == pytest.approx(jackknife_interval(found.value, anew))
    assert (found.n, found.clusters, found.method) == (30, 6, "jackknife")


def test_what_is_undefined_has_its_reason_and_no_number():
    nothing = leave_one_out(np.ones((2, 0)), ratio, none="nobody came")
    assert (nothing.value, nothing.n, nothing.reason) == (None, 0, "nobody came")
    flat = leave_one_out(np.ones((2, 9)), lambda sums: sums[0] * np.nan, undefined="all alike")
    assert (flat.value, flat.n, flat.reason) == (None, 9, "all alike")
    few = leave_one_out(np.ones((2, 9)), ratio, clusters=np.zeros(9))
    assert (few.value, few.low) == (1.0, None) and "clusters" in few.reason
