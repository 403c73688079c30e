import numpy as np
import pytest

from generation.diversity.centring import CENTRED
from generation.diversity.floor import floor, floor_distribution, floor_of, gap
from generation.diversity.homogeneity import within
from generation.diversity.scheduling import measure
from generation.diversity.similarity import SIMILARITY
from tests.generation.diversity.sets import all_different, all_equal, every, planted, simulated

BOTH = [SIMILARITY, CENTRED]


def test_the_floor_is_the_mean_of_all_pairs_of_responses_to_different_queries():
    data = simulated(np.random.default_rng(0), queries=6)
    table = measure(data, BOTH)
    held = [query.vectors.astype(float) for query in every(data)]
    pairs = np.array([[(one @ other.T).mean() for other in held] for one in held])
    literal = pairs[~np.eye(6, dtype=bool)].mean()
    found = floor(table)
    assert found.value == pytest.approx(literal, abs=1e-6)
    assert found.low < literal < found.high and found.n == 6
    # A query drawn twice is not another query.
    means = table.columns["similarity.mean"]
    weights = np.array([[2.0, 1, 0, 0, 0, 0]])
    assert floor_of(means)(weights) == pytest.approx(means[0].astype(float) @ means[1], abs=1e-6)


def test_one_query_has_no_floor_and_no_gap():
    table = measure(simulated(np.random.default_rng(0), queries=1), BOTH)
    assert floor(table).reason == "the floor needs two queries"
    assert gap(table, within(table)).at(0).value is None
    assert floor_distribution(table) is None


def test_the_gap_is_resampled_together_with_its_floor():
    """A floor moves by twice what a query has of it: values that move alike leave the gap where it is."""
    table = measure(simulated(np.random.default_rng(3), queries=30), BOTH)
    below = floor(table)
    means = table.columns["similarity.mean"].astype(float)
    each = (means @ means.sum(axis=0) - (means**2).sum(axis=1)) / 29
    together = gap(table, 2 * each).at()
    assert together.value == pytest.approx(below.value)
    assert together.high - together.low < (below.high - below.low) / 4
    cells = within(table)
    found = gap(table, cells).at(1)
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(cells[:, 1].mean() - below.value)


def test_planted_sets_have_the_floor_of_strangers_and_a_gap_of_all_or_nothing():
    for data, value in ((all_equal(), 1.0), (all_different(), 0.0)):
        table = measure(data, BOTH)
        assert floor(table).value == pytest.approx(0)
        assert gap(table, within(table)).value == pytest.approx(value)
    same = measure(planted(np.tile(np.eye(2)[0], (3, 6, 1)), sources=2, responses=3), BOTH)
    assert floor(same).value == pytest.approx(1)
    assert gap(same, within(same)).value == pytest.approx(0)
    # What is all rounding has no interval.
    assert floor(same).low is None and floor(same).reason.startswith("no interval")
    assert floor(same, "centred").value is None


def test_the_spread_of_the_floor_is_that_of_all_pairs_as_far_as_a_sample_can_tell():
    data = simulated(np.random.default_rng(1), queries=40)
    table = measure(data, BOTH)
    vectors = np.concatenate([query.vectors for query in every(data)]).astype(float)
    query = np.repeat(np.arange(40), 15)
    cosines = (vectors @ vectors.T)[query[:, None] != query]
    found = floor_distribution(table)
    assert found.quantiles == pytest.approx(
        {level: np.quantile(cosines, level) for level in (0.05, 0.25, 0.5, 0.75, 0.95)}, abs=0.02
    )
    assert found.shares.sum() == pytest.approx(1) and found.responses == 500
    assert floor_distribution(table, "centred").quantiles[0.5] == pytest.approx(0, abs=0.03)
    assert floor_distribution(measure(data, [SIMILARITY]), "centred") is None
