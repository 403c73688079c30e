import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.diversity import pairs
from generation.diversity.pairs import EDGES, PAIRS, count_pairs
from generation.diversity.responses import unit
from generation.diversity.scheduling import measure
from tests.generation.diversity.sets import all_different, all_equal


@pytest.fixture
def narrow(monkeypatch):
    """Tiles so small that a few responses need many."""
    monkeypatch.setattr(pairs, "ROWS", 3)
    monkeypatch.setattr(pairs, "WIDTH", 4)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("responses", [1, 2, 3, 4, 23])
def test_every_pair_is_counted_once_as_numpys_histogram_has_it(responses):
    rng = np.random.default_rng(responses)
    held, source = unit(rng.normal(size=(responses, 3)) + 0.5), rng.integers(0, 3, responses)
    found = count_pairs(held, source, sources=4)
    cosines = held.astype(float) @ held.T
    one, two = np.triu_indices(responses, 1)
    same = source[one] == source[two]
    values = np.clip(cosines[one, two], None, 1)
    assert found.between.tolist() == [
        np.count_nonzero(values[~same] < 0),
        *np.histogram(values[~same], EDGES)[0],
    ]
    for place in range(4):
        own = values[same & (source[one] == place)]
        assert found.within[place].tolist() == [np.count_nonzero(own < 0), *np.histogram(own, EDGES)[0]]
        for other in range(4):
            both = {(place, other), (other, place)}
            of = [(source[a], source[b]) in both for a, b in zip(one, two, strict=True)]
            assert found.above[place, other] == np.count_nonzero(values[of] > 0.8)


@pytest.mark.usefixtures("narrow")
@given(st.integers(2, 20), st.integers(0, 99))
def test_a_copy_of_a_response_is_in_the_last_bin_whatever_its_tile(responses, seed):
    held = unit(np.repeat(np.random.default_rng(seed).normal(size=(1, 7)), responses, axis=0))
    found = count_pairs(held, np.zeros(responses, dtype=int), sources=1)
    assert found.within[0, -1] == found.above[0, 0] == responses * (responses - 1) / 2


def test_planted_sets_have_all_pairs_in_the_last_bin_or_none_above_0():
    equal, different = (measure(data, [PAIRS]).columns for data in (all_equal(), all_different()))
    assert equal["pairs.within"][0, 0].tolist() == [0] * 10 + [6]
    assert equal["pairs.between"][0].tolist() == [0] * 10 + [48]
    assert equal["pairs.above"][0, 0].tolist() == [6, 16, 16]
    assert different["pairs.between"][0].tolist() == [0, 48] + [0] * 9
    assert not different["pairs.above"].any()
