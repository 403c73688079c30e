import doctest

import numpy as np
import pytest

from calibration.metrics.distribution import splits
from calibration.metrics.distribution.splits import split_labels


def test_examples_in_docstrings_hold():
    assert doctest.testmod(splits).failed == 0


def test_parts_add_up_and_the_first_has_half_of_the_labels_or_two():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(np.arange(12), [0.2] * 5)
    first, second = split_labels(counts, rng=rng)
    np.testing.assert_array_equal(first + second, counts)
    assert (first >= 0).all() and (second >= 0).all()
    assert first.sum(axis=1).tolist() == [0, 1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 5]


def test_every_label_is_as_likely_to_be_in_either_part():
    rng = np.random.default_rng(1)
    first, _ = split_labels(np.tile([6, 0, 3, 1], (20_000, 1)), rng=rng)
    assert first.mean(axis=0) == pytest.approx([3, 0, 1.5, 0.5], abs=0.03)
    # Drawn without putting back: variance n/4 p (1 - p) N/(N - 1) of a half.
    assert first[:, 0].var() == pytest.approx(25 * 0.6 * 0.4 / 9, rel=0.05)
