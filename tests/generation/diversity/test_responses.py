import numpy as np
import pytest

from generation.diversity.responses import QueryResponses, Source, UnusableResponses, unit


def test_cells_hold_each_sources_rows_and_no_others():
    query = QueryResponses("q", "Why?", np.array([2, 0, 2]), ["a", "b", "c"], None)
    assert [(source, rows.tolist()) for source, rows in query.cells()] == [(0, [1]), (2, [0, 2])]
    assert list(QueryResponses("q", "", np.array([], dtype=int), (), None).cells()) == []


def test_chosen_rows_keep_all_that_belongs_to_them():
    query = QueryResponses("q", "", np.array([0, 1]), "ab", np.eye(2), np.array([5, 6]), ["x", "y"])
    one = query.of(np.array([1]))
    assert (one.source, one.texts, one.classes, one.keys) == (1, ["b"], 6, ["y"])
    assert one.vectors is not None and one.vectors.tolist() == [[0, 1]]


def test_what_is_not_one_for_each_response_is_refused_by_name():
    with pytest.raises(UnusableResponses, match="query q: 2 sources, but 3 vectors"):
        QueryResponses("q", "", np.array([0, 1]), (), np.eye(3))


def test_vectors_get_unit_length_and_one_without_a_direction_is_named():
    assert np.linalg.norm(unit(np.array([[3, 4], [0, 1e-3]], dtype=np.float16)), axis=1) == pytest.approx(1)
    for wrong in (0, np.nan):
        with pytest.raises(UnusableResponses, match="vector 2 of 2 is not finite or has no length"):
            unit([[1, 0], [wrong, wrong]])


def test_a_source_is_told_by_its_model_and_its_condition_if_it_has_one():
    assert [Source("a").label, Source("a", "min-p").label] == ["a", "a · min-p"]
