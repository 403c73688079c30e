import numpy as np
import pytest

from generation.diversity.centring import CENTRED, Centre, centre_of, columns, sum_of
from generation.diversity.floor import floor, gap
from generation.diversity.homogeneity import over_sources, within
from generation.diversity.measures import Setting
from generation.diversity.responses import Held, QueryResponses, UnusableResponses
from generation.diversity.scheduling import measure
from generation.diversity.similarity import SIMILARITY, similarity_matrix
from tests.generation.diversity.sets import every, simulated


def test_centred_similarities_are_those_of_the_vectors_less_the_mean_of_the_queries_means():
    data = simulated(np.random.default_rng(0), queries=5)
    queries = every(data)
    mean = np.mean([query.vectors.astype(float).mean(axis=0) for query in queries], axis=0)
    centre = sum_of(centre_of(part, sources=3) for part in data.partitions).vector
    assert centre == pytest.approx(mean, abs=1e-6)
    found = columns(queries[0], Setting(3, centre))
    left = queries[0].vectors - mean
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    assert found["centred"] == pytest.approx(
        similarity_matrix(left.astype(np.float32), queries[0].source, sources=3), abs=1e-5
    )
    assert found["centred.mean"] == pytest.approx(left.mean(axis=0), abs=1e-5)


def test_the_centre_counts_each_query_and_within_it_each_source_equally():
    few = QueryResponses("a", "", np.array([0, 0, 0, 1]), (), np.eye(4, dtype=np.float32)[[0, 0, 0, 1]])
    many = QueryResponses("b", "", np.array([0, 0]), (), np.eye(4, dtype=np.float32)[[2, 2]])
    assert centre_of(Held([few, many]), sources=2).vector.tolist() == [0.25, 0.25, 0.5, 0]


def test_a_common_vector_lifts_raw_similarities_and_the_centred_gap_not_at_all():
    """Half of what two responses to a query differ in from the rest, they share: .5 is the truth."""
    found = {}
    for common in (0.0, 1.0, 3.0):
        data = simulated(np.random.default_rng(1), queries=60, dimensions=300, common=common)
        table = measure(data, [SIMILARITY, CENTRED])
        raw, centred = within(table), within(table, "centred")
        found[common] = (
            over_sources(raw).value,
            floor(table).value,
            float(gap(table, raw).value.mean()),
            float(gap(table, centred, "centred").value.mean()),
        )
    raw, floors, gaps, centred = (np.array(column) for column in zip(*found.values(), strict=True))
    assert raw == pytest.approx([1 / 2, 2 / 3, 10 / 11], abs=0.01)
    assert floors == pytest.approx([0, 1 / 3, 9 / 11], abs=0.01)
    assert gaps == pytest.approx(raw - floors)
    # Too large by less than a share 1/(Q - 1), as is documented.
    assert centred == pytest.approx(0.5, abs=0.5 / 59)


def test_a_response_at_the_centre_has_no_direction_and_leaves_its_source_undefined():
    rows = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float32)
    query = QueryResponses("q", "", np.array([0, 0, 1, 1]), (), rows)
    found = columns(query, Setting(2, np.array([0, 1], dtype=np.float32)))["centred"]
    assert found[0, 0] == pytest.approx(1) and np.isnan(found[1]).all()


def test_vectors_of_different_dimensions_in_one_data_set_are_refused():
    with pytest.raises(UnusableResponses, match="vectors of 2 and of 3 dimensions"):
        _ = Centre(np.ones(2), 1) + Centre(np.ones(3), 1)
