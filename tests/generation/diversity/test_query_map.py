"""Promises of a query's map."""

import doctest

import numpy as np
import pytest

from generation.diversity import query_map as module
from generation.diversity.query_map import query_map
from generation.diversity.responses import QueryResponses, UnusableResponses, unit


def heaps(sizes: tuple[int, ...]) -> QueryResponses:
    """So many answers around each of some directions, of two sources in turn."""
    rng = np.random.default_rng(0)
    of = np.repeat(np.arange(len(sizes)), sizes)
    vectors = unit(np.eye(len(sizes), 6)[of] * 6 + rng.normal(size=(len(of), 6)) * 0.3)
    words = ["river", "weaver", "thief"]
    return QueryResponses("q", "", np.arange(len(of)) % 2, [f"Time is a {words[n]}" for n in of], vectors)


def test_planted_heaps_are_its_clusters_named_by_what_they_say_the_largest_first() -> None:
    query = heaps((12, 8, 4))
    found = query_map(query, sources=2, clusters=3)
    assert [len(cluster.rows) for cluster in found.clusters] == [12, 8, 4]
    assert [cluster.name.split(" · ")[0].split()[-1] for cluster in found.clusters] == [
        "river",
        "weaver",
        "thief",
    ]
    assert [cluster.counts.tolist() for cluster in found.clusters] == [[6, 6], [4, 4], [2, 2]]
    assert found.explained is not None
    assert sum(found.explained) > 0.9
    assert found.mixing == pytest.approx(1, abs=0.2)


def test_clusters_of_one_size_are_made_where_they_are_asked_for() -> None:
    found = query_map(heaps((12, 8, 4)), sources=2, clusters=3, alike_sizes=True)
    assert [len(cluster.rows) for cluster in found.clusters] == [8, 8, 8]


def test_examples_are_different_texts_nearest_to_the_middle() -> None:
    query = heaps((6, 6))
    for cluster in query_map(query, sources=2, clusters=2).clusters:
        assert len(cluster.examples) == 1  # all its texts are the same
        assert query.vectors is not None
        middle = query.vectors[cluster.rows].sum(axis=0)
        assert cluster.rows[0] == max(cluster.rows, key=lambda row: query.vectors[row] @ middle)  # type: ignore[index]


def test_there_are_never_more_clusters_than_answers_and_a_map_takes_two() -> None:
    assert len(query_map(heaps((3,)), sources=2, clusters=25).clusters) <= 3
    with pytest.raises(UnusableResponses, match="takes 2 responses"):
        query_map(heaps((1,)), sources=2)


def test_answers_that_are_all_the_same_have_a_map_that_says_so() -> None:
    vectors = np.tile(np.eye(1, 4, dtype=np.float32), (5, 1))
    found = query_map(QueryResponses("q", "", np.zeros(5, np.intp), ["same"] * 5, vectors), sources=1)
    assert found.explained is None
    assert found.reason == "all vectors are the same"
    assert found.within == pytest.approx(1)
    assert found.between is None


def test_the_examples_hold() -> None:
    assert doctest.testmod(module).failed == 0
