import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from calibration.metrics import multiple
from calibration.metrics.multiple import benjamini_hochberg

chances = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_examples_in_docstrings_hold():
    assert doctest.testmod(multiple).failed == 0


@given(chances, st.integers(0, 5), st.randoms(use_true_random=False))
def test_adjusted_p_equals_statsmodels_in_any_order_beside_tests_that_were_not_made(p, absent, random):
    _, expected, *_ = multipletests(p, method="fdr_bh")
    every = [*zip(p, expected, strict=True), *[(np.nan, np.nan)] * absent]
    random.shuffle(every)
    given_p, wanted = np.array(every).T
    assert benjamini_hochberg(given_p) == pytest.approx(wanted, nan_ok=True)


@given(chances, st.integers(0, 40))
def test_tests_that_were_chosen_from_more_count_as_if_the_others_did_not_reject(p, others):
    _, expected, *_ = multipletests(p + [1.0] * others, method="fdr_bh")
    assert benjamini_hochberg(p, tests=len(p) + others) == pytest.approx(expected[: len(p)])


def test_what_is_no_chance_is_refused_and_no_tests_have_no_p():
    with pytest.raises(ValueError, match="between 0 and 1"):
        benjamini_hochberg([0.5, 1.5])
    assert len(benjamini_hochberg([])) == 0
    assert np.isnan(benjamini_hochberg([np.nan])).all()
