import numpy as np
import pytest

from generation.diversity import neighbours
from generation.diversity.neighbours import NEIGHBOURS, distinct_sources, expected_sources, nearest
from generation.diversity.responses import unit
from generation.diversity.scheduling import measure
from tests.generation.diversity.sets import all_different, all_equal, planted


def test_the_nearest_are_those_that_sorting_all_others_gives(monkeypatch):
    monkeypatch.setattr(neighbours, "ROWS", 4)
    rng = np.random.default_rng(0)
    held, source = unit(rng.normal(size=(23, 5))), rng.integers(0, 4, 23)
    cosines = held.astype(float) @ held.T
    np.fill_diagonal(cosines, -2)
    order = np.argsort(-cosines, axis=1)[:, :9]
    found = nearest(held, most=9, rng=rng)
    assert found.tolist() == order.tolist()
    literal = [
        np.mean([len({source[place] for place in row[:number]}) for row in order]) for number in range(1, 10)
    ]
    assert distinct_sources(found, source, sources=4) == pytest.approx(literal)


def test_what_is_equally_near_comes_in_an_order_of_chance_whatever_the_order_of_the_rows():
    held = np.repeat(np.eye(2, dtype=np.float32)[:1], 40, axis=0)
    source = np.repeat([0, 1], 20)
    found = [
        distinct_sources(nearest(held, most=5, rng=np.random.default_rng(seed)), source, sources=2)
        for seed in range(40)
    ]
    expected = expected_sources(source, most=5, sources=2)
    assert np.mean(found, axis=0) == pytest.approx(expected, abs=0.03)
    assert len({tuple(each) for each in found}) > 1


def test_the_expectation_is_that_of_neighbours_drawn_at_random():
    rng = np.random.default_rng(1)
    source = np.array([0, 0, 0, 0, 1, 1, 3])
    rounds = [
        [
            [len(set(drawn[:number])) for number in range(1, 7)]
            for drawn in (rng.permutation(np.delete(source, own)) for own in range(7))
        ]
        for _ in range(1_500)
    ]
    expected = expected_sources(source, sources=4)
    assert expected == pytest.approx(np.mean(rounds, axis=(0, 1)), abs=0.03)
    assert expected[-1] == pytest.approx(np.mean([len(set(np.delete(source, own))) for own in range(7)]))


def test_sources_that_never_meet_have_one_source_among_their_own_and_planted_sets_what_chance_gives():
    apart = np.repeat(np.eye(3), 6, axis=0)[None]
    table = measure(planted(apart, sources=3, responses=6), [NEIGHBOURS])
    assert table.columns["neighbours"][0, :5] == pytest.approx(1)
    assert np.isnan(table.columns["neighbours"][0, 17:]).all()
    for data in (all_equal(queries=60), all_different(queries=60)):
        columns = measure(data, [NEIGHBOURS]).columns
        assert columns["neighbours"].mean(axis=0)[:11] == pytest.approx(
            columns["neighbours.expected"][0, :11], abs=0.05
        )
