import doctest

import numpy as np
import pytest

from annotation.statistics import coincidences
from annotation.statistics.coincidences import ordinal_alpha, ordinal_statistic, ordinal_sums


def test_examples_in_docstrings_hold():
    assert doctest.testmod(coincidences).failed == 0


def test_both_ways_to_ordinal_alpha_of_resamples_are_one(monkeypatch):
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 3, size=(40, 6)).astype(float) + np.eye(6)[rng.integers(6, size=40)] * 2
    index = np.concatenate([np.arange(9), rng.integers(9, size=31)])
    weights = rng.multinomial(9, np.full(9, 1 / 9), size=25).astype(float)
    expected = ordinal_alpha(weights @ ordinal_sums(counts, index, 9), 6)
    monkeypatch.setattr(coincidences, "AT_ONCE", 7)
    assert ordinal_statistic(counts, index, 9)(weights) == pytest.approx(expected, abs=1e-12)
