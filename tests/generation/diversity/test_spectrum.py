from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from generation.diversity.responses import unit
from generation.diversity.scheduling import measure
from generation.diversity.spectrum import VENDI, effective_rank, hill_number, spectrum, vendi_score
from tests.generation.diversity.sets import all_different, all_equal

vectors = arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 6)), elements=st.floats(0.1, 1)).map(
    unit
)


@given(vectors)
def test_the_smaller_matrix_has_the_same_spectrum_but_for_zeros(held):
    exact = held.astype(float)
    every = np.linalg.eigvalsh(exact @ exact.T / len(exact))
    found = spectrum(held)
    assert len(found) == min(held.shape)
    assert found == pytest.approx(every[-len(found) :], abs=1e-6)


@given(vectors, st.randoms(use_true_random=False))
def test_it_lies_between_one_and_n_and_neither_order_nor_copies_of_the_whole_set_change_it(held, random):
    value = vendi_score(held)
    assert 1 - 1e-6 <= value <= len(held) + 1e-6
    order = random.sample(range(len(held)), len(held))
    assert vendi_score(np.concatenate([held[order], held])) == pytest.approx(value, rel=1e-5)


@given(vectors)
def test_a_higher_order_counts_rare_responses_less_and_the_effective_rank_counts_them_more(held):
    orders = [vendi_score(held, order=order) for order in (0, 0.5, 1, 2, inf)]
    assert orders == sorted(orders, reverse=True) or np.ptp(orders) < 1e-6 * orders[0]
    assert effective_rank(held) >= orders[2] - 1e-6


def test_orders_near_one_lead_to_it_and_order_two_needs_no_eigenvalues():
    held = unit(np.random.default_rng(0).normal(size=(9, 5)) + 0.5)
    assert vendi_score(held, order=1 + 1e-7) == pytest.approx(vendi_score(held), rel=1e-5)
    kernel = held.astype(float) @ held.T / 9
    assert vendi_score(held, order=2) == pytest.approx(1 / (kernel**2).sum(), rel=1e-5)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="no vectors"):
        vendi_score(np.empty((0, 3), dtype=np.float32))
    with pytest.raises(ValueError, match="0 or more, not -1"):
        hill_number(np.array([1.0]), order=-1)


@pytest.mark.parametrize(("data", "value"), [(all_equal(), 1), (all_different(), 4)])
def test_planted_sets_are_worth_one_response_or_all_of_them(data, value):
    columns = measure(data, [VENDI]).columns
    for name in ("vendi", "vendi.2", "vendi.inf", "vendi.rank"):
        assert columns[name] == pytest.approx(value, rel=1e-4)
