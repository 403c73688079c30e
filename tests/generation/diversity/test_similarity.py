from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from generation.diversity.responses import unit
from generation.diversity.scheduling import measure
from generation.diversity.similarity import SIMILARITY, similarity_matrix, with_self_pairs
from tests.generation.diversity.sets import all_different, all_equal

vectors = arrays(
    np.float64, st.tuples(st.integers(1, 12), st.just(4)), elements=st.floats(0.1, 1, allow_subnormal=False)
).map(unit)


def literal(held: np.ndarray, source: np.ndarray, sources: int) -> np.ndarray:
    """Pair by pair, as one reads it."""
    found = np.full((sources, sources), np.nan)
    for one in range(sources):
        for other in range(sources):
            first, second = np.flatnonzero(source == one), np.flatnonzero(source == other)
            pairs = combinations(first, 2) if one == other else ((a, b) for a in first for b in second)
            cosines = [float(held[a].astype(float) @ held[b]) for a, b in pairs]
            if cosines:
                found[one, other] = sum(cosines) / len(cosines)
    return found


@given(vectors, st.randoms(use_true_random=False))
def test_means_are_those_of_all_pairs_looked_at_one_by_one_in_any_order(held, random):
    source = np.array([random.randrange(4) for _ in held])
    found = similarity_matrix(held, source, sources=4)
    assert found == pytest.approx(literal(held, source, 4), abs=1e-6, nan_ok=True)
    order = np.array(random.sample(range(len(held)), len(held)))
    again = similarity_matrix(held[order], source[order], sources=4)
    assert again == pytest.approx(found, abs=1e-6, nan_ok=True)


@given(vectors)
def test_a_turn_of_the_space_changes_nothing_and_every_response_twice_adds_the_self_pairs(held):
    source = np.arange(len(held)) % 2
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0].astype(np.float32)
    found = similarity_matrix(held, source, sources=2)
    assert similarity_matrix(held @ turn, source, sources=2) == pytest.approx(found, abs=1e-5, nan_ok=True)
    twice = similarity_matrix(np.repeat(held, 2, axis=0), np.repeat(source, 2), sources=2)
    assert twice[0, 1] == pytest.approx(found[0, 1], abs=1e-6, nan_ok=True)
    n = (source == 0).sum()
    if n > 1:
        # Of the pairs that two copies make, n are of a response and its copy.
        expected = (found[0, 0] * 4 * n * (n - 1) / 2 + n) / (n * (2 * n - 1))
        assert twice[0, 0] == pytest.approx(expected, abs=1e-5)


def test_a_source_with_one_response_has_none_within_and_one_without_any_has_nothing():
    found = similarity_matrix(np.eye(3, dtype=np.float32), np.array([0, 0, 1]), sources=3)
    assert np.isnan(found).tolist() == [[False, False, True], [False, True, True], [True, True, True]]


def test_the_published_diagonal_leads_back_to_pairs_of_different_responses():
    published = with_self_pairs(np.array([0.8796]), np.array([50.0]))
    assert (50 * published - 1) / 49 == pytest.approx(0.8796)
    assert published == pytest.approx(0.882, abs=1e-4)


@pytest.mark.parametrize(("data", "value"), [(all_equal(), 1), (all_different(), 0)])
def test_planted_sets_have_the_extreme_similarities(data, value):
    assert measure(data, [SIMILARITY]).columns["similarity"] == pytest.approx(value)
