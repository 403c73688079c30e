import doctest

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from annotation.statistics import shuffling
from annotation.statistics.shuffling import UNDEFINED, held_against, holm


def test_examples_in_docstrings_hold():
    assert doctest.testmod(shuffling).failed == 0


def test_holm_is_the_reference_packages():
    rng = np.random.default_rng(8)
    for tests in (1, 2, 7):
        p = np.round(rng.random(tests) ** 3, 2)
        assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
        assert holm([*p, np.nan])[:-1] == pytest.approx(holm(p))


def test_a_statistic_stands_beside_the_middle_of_what_chance_gives_on_either_side():
    by_chance = np.column_stack([np.linspace(-1, 1, 99), np.full(99, np.nan)])
    found, undefined = held_against(np.array([-0.98, np.nan]), by_chance)
    assert (found.low, found.high) == pytest.approx((-0.95, 0.95))
    assert found.p == pytest.approx((1 + 2) / 100)
    assert undefined == UNDEFINED


def test_permutations_without_the_statistic_are_left_out_and_without_half_of_them_nothing_is_said():
    by_chance = np.column_stack([np.where(np.arange(100) < some, 2.0, np.nan) for some in (50, 49)])
    found, undefined = held_against(np.array([1.0, 1.0]), by_chance)
    assert found.p == 1 and undefined == UNDEFINED
