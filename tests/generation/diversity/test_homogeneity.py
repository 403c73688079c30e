import numpy as np
import pytest

from generation.diversity.homogeneity import (
    all_pairs_above,
    between,
    cells_above,
    heat_map,
    over_sources,
    pairs_above,
    within,
)
from generation.diversity.pairs import PAIRS
from generation.diversity.scheduling import measure
from generation.diversity.similarity import SIMILARITY
from generation.diversity.tables import Table
from tests.generation.diversity.sets import all_different, all_equal, every, simulated


def table_with(cells, counts=None):
    """A table whose similarities within sources are given."""
    cells = np.asarray(cells, dtype=float)
    matrix = np.full((*cells.shape, cells.shape[1]), 0.5)
    np.einsum("qss->qs", matrix)[...] = cells
    keys = tuple(map(str, range(len(cells))))
    counts = np.full(cells.shape, 50) if counts is None else counts
    return Table(keys, keys, counts, {"similarity": matrix})


def test_the_heat_map_holds_shares_of_a_sources_own_queries_and_their_mean_over_sources():
    table = table_with([[0.95, 0.8], [0.9, np.nan], [-0.1, np.nan], [1.0000001, np.nan]])
    found = heat_map(table)
    assert found.shares[0].tolist() == [0.25] + [0] * 9 + [0.75]
    assert found.shares[1].tolist() == [0] * 9 + [1, 0]
    assert found.average.tolist() == [0.125] + [0] * 8 + [0.5, 0.375]
    assert found.queries.tolist() == [4, 1]


def test_a_source_without_any_cell_has_no_shares_and_is_in_no_average():
    found = heat_map(table_with([[0.95, np.nan], [0.15, np.nan]]))
    assert np.isnan(found.shares[1]).all() and found.average.sum() == 1
    assert over_sources([[1.0, np.nan], [0.5, np.nan]]).value == 0.75


def test_the_share_of_cells_above_is_of_cells_and_its_average_counts_sources_equally():
    sources, average = cells_above(table_with([[0.81, 0.8], [0.9, np.nan], [0.2, np.nan], [0.3, np.nan]]))
    assert sources.value.tolist() == [0.5, 0] and average.value == 0.25 and average.n == 4


def test_shares_of_pairs_above_are_those_of_all_pairs_looked_at():
    data = simulated(np.random.default_rng(2), dimensions=4, queries=5)
    table = measure(data, [PAIRS])
    cosines = np.stack([query.vectors.astype(float) @ query.vectors.T for query in every(data)])
    source = every(data)[0].source
    within_first = cosines[:, :5, :5][:, *np.triu_indices(5, 1)]
    found = pairs_above(table)
    assert found.value[0, 0] == pytest.approx((within_first > 0.8).mean())
    assert found.value[0, 2] == found.value[2, 0] == pytest.approx((cosines[:, :5, 10:] > 0.8).mean())
    other = source[:, None] < source
    assert all_pairs_above(table, between=True).value == pytest.approx((cosines[:, other] > 0.8).mean())
    mine = np.triu(source[:, None] == source, 1)
    assert all_pairs_above(table, between=False).value == pytest.approx((cosines[:, mine] > 0.8).mean())


def test_the_matrix_between_sources_is_a_mean_over_queries_and_can_hold_self_pairs_as_published():
    table = table_with([[0.88, 0.4], [0.9, 0.6]])
    assert between(table).value == pytest.approx(np.array([[0.89, 0.5], [0.5, 0.5]]))
    published = between(table, self_pairs=True).value
    assert (50 * published[0, 0] - 1) / 49 == pytest.approx(0.89)
    assert published[0, 1] == 0.5


@pytest.mark.parametrize(("data", "share"), [(all_equal(), 1), (all_different(), 0)])
def test_planted_sets_have_all_cells_and_all_pairs_above_or_none(data, share):
    table = measure(data, [SIMILARITY, PAIRS])
    assert cells_above(table)[1].value == share
    assert pairs_above(table).value == pytest.approx(share)
    assert heat_map(table).average[-1 if share else 1] == 1 or within(table) == pytest.approx(share, abs=1e-6)
