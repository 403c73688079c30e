import doctest
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from generation.diversity import clusters, kmeans, maps, transport
from generation.diversity.clusters import CLUSTERS, balanced, balanced_greedily, composition
from generation.diversity.kmeans import distances, fitted, inertia
from generation.diversity.maps import plane_map
from generation.diversity.measures import Setting
from generation.diversity.responses import QueryResponses, unit
from generation.diversity.transport import cluster_prices, greedy, least_cost


def modes(rng, *, n=120, d=20, spread=0.3, k=4):
    """Vectors around a few centres, of which some have many more than others."""
    centres = rng.normal(size=(k, d))
    share = np.arange(1, k + 1) / np.arange(1, k + 1).sum()
    return unit(centres[rng.choice(k, n, p=share)] + rng.normal(size=(n, d)) * spread)


@pytest.mark.parametrize("module", [clusters, kmeans, maps, transport])
def test_examples_in_docstrings_hold(module):
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(0, 7), st.booleans())
def test_no_assignment_of_these_sizes_costs_less(seed, k, n, ties):
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 3, (n, k)) if ties else rng.normal(size=(n, k)) * 1e6
    sizes = rng.multinomial(n, np.ones(k) / k)
    found = least_cost(cost, sizes)
    assert np.bincount(found, minlength=k).tolist() == sizes.tolist()
    every = set(permutations(np.repeat(np.arange(k), sizes).tolist()))
    least = min(cost[np.arange(n), list(one)].sum() for one in every)
    assert cost[np.arange(n), found].sum() == pytest.approx(least)
    prices = cluster_prices(cost, found)
    held = (cost - prices)[np.arange(n), found]
    assert held == pytest.approx((cost - prices).min(axis=1)) if n else True
    other = least_cost(cost, sizes, prices=rng.normal(size=k))
    assert cost[np.arange(n), other].sum() == pytest.approx(least)


def test_a_large_assignment_costs_what_scipys_does_and_less_than_the_greedy_one():
    rng = np.random.default_rng(3)
    cost = distances(modes(rng, n=300), modes(rng, n=10))
    sizes = np.full(10, 30)
    found, quick = least_cost(cost, sizes), greedy(cost, sizes)
    rows, columns = linear_sum_assignment(np.repeat(cost, 30, axis=1))
    least = cost[rows, columns // 30].sum()
    each = np.arange(300)
    assert cost[each, found].sum() == pytest.approx(least, rel=1e-6)
    assert (np.bincount(quick) == 30).all() and cost[each, quick].sum() > 1.01 * least


def test_the_greedy_assignment_takes_the_nearest_pair_that_is_free_each_time():
    rng = np.random.default_rng(4)
    cost, room, expected = rng.random((20, 4)), np.full(4, 5), np.full(20, -1)
    left = cost.copy()
    for _ in range(20):
        item, cluster = np.unravel_index(left.argmin(), left.shape)
        expected[item] = cluster
        room[cluster] -= 1
        left[item] = np.inf
        if not room[cluster]:
            left[:, cluster] = np.inf
    assert greedy(cost, np.full(4, 5)).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("cost", "sizes", "message"),
    [([[1, 2]], [1], "do not belong"), ([[1, 2]], [2, 0], "add up to 1"), ([[1, np.nan]], [1, 0], "finite")],
)
def test_costs_and_sizes_that_do_not_fit_are_refused(cost, sizes, message):
    for assign in (least_cost, greedy):
        with pytest.raises(ValueError, match=message):
            assign(cost, sizes)


@pytest.mark.parametrize("k", [1, 4, 7])
def test_k_means_is_as_near_as_scikit_learns(k):
    vectors = modes(np.random.default_rng(5))
    best = KMeans(k, n_init=4, random_state=0).fit(vectors)
    labels = kmeans.kmeans(vectors, k)
    assert inertia(vectors, labels) <= 1.01 * best.inertia_
    assert inertia(vectors, best.labels_) == pytest.approx(best.inertia_, rel=1e-5)
    sizes = np.bincount(labels, minlength=k)
    assert (np.diff(sizes) <= 0).all()


@pytest.mark.parametrize("method", [kmeans.kmeans, balanced, balanced_greedily])
def test_the_order_of_the_vectors_changes_no_cluster(method):
    rng = np.random.default_rng(6)
    vectors, order = modes(rng), rng.permutation(120)
    assert (method(vectors[order], 7) == method(vectors, 7)[order]).all()
    assert (method(vectors, 7, seed=1) == method(vectors, 7, seed=1)).all()
    assert method(vectors, 1).tolist() == [0] * 120


@pytest.mark.parametrize(("n", "k"), [(120, 4), (121, 5), (10, 10), (11, 10)])
def test_balanced_clusters_have_one_size_and_cost_no_more_than_greedy_ones(n, k):
    vectors = modes(np.random.default_rng(n), n=n)
    found = balanced(vectors, k)
    sizes = np.bincount(found, minlength=k)
    assert sizes.sum() == n and sizes.max() - sizes.min() <= 1
    _, centres = fitted(vectors, k, seed=0, starts=4)
    wanted = np.sort(sizes)
    quick = greedy(distances(vectors, centres), wanted)
    assert inertia(vectors, found) <= distances(vectors, centres)[np.arange(n), quick].sum() + 1e-5
    assert inertia(vectors, found) <= inertia(vectors, balanced_greedily(vectors, k)) + 1e-5


def test_planted_groups_of_one_size_are_found():
    rng = np.random.default_rng(8)
    truth = np.repeat(np.arange(5), 12)
    vectors = unit(np.eye(5)[truth] + rng.normal(size=(60, 5)) * 0.05)
    for method in (kmeans.kmeans, balanced, balanced_greedily):
        labels = method(vectors, 5)
        assert len(set(zip(labels.tolist(), truth.tolist(), strict=True))) == 5


def test_equal_vectors_can_be_clustered():
    vectors = np.tile([[0.6, 0.8]], (7, 1))
    assert inertia(vectors, kmeans.kmeans(vectors, 3)) == pytest.approx(0)
    assert sorted(np.bincount(balanced(vectors, 3)).tolist()) == [2, 2, 3]


@pytest.mark.parametrize(
    ("vectors", "k", "message"),
    [
        ([[1.0, 0.0]], 2, "from 1 to 1 clusters"),
        ([[1.0, 0.0]], 0, "not 0"),
        ([[np.nan, 0.0]], 1, "not finite"),
    ],
)
def test_vectors_that_cannot_be_clustered_are_refused(vectors, k, message):
    for method in (kmeans.kmeans, balanced, balanced_greedily):
        with pytest.raises(ValueError, match=message):
            method(vectors, k)


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_what_is_expected_of_random_clusters_is_their_mean(seed):
    rng = np.random.default_rng(seed)
    labels, source = rng.integers(0, 4, 40), rng.integers(0, 3, 40)
    shuffled = [composition(labels, rng.permutation(source), 3) for _ in range(300)]
    found = composition(labels, source, 3)
    assert np.mean([one.sources for one in shuffled], axis=0) == pytest.approx(found.expected, abs=0.2)
    assert np.mean([one.mixing for one in shuffled]) == pytest.approx(1, abs=0.06)
    assert found.counts.sum() == 40 and (found.sources == (found.counts > 0).sum(axis=1)).all()


def test_mixing_is_0_where_each_cluster_is_one_sources_and_undefined_with_one_source():
    labels = np.array([0, 0, 1, 1])
    assert composition(labels, labels, 2).mixing == 0
    # Each cluster has every source once: sources avoid themselves as much as they can.
    assert composition(labels, np.array([0, 1, 0, 1]), 2).mixing == pytest.approx(1.5)
    alone = composition(labels, np.zeros(4, int), 2)
    assert alone.mixing is None and alone.reason == "all responses are of one source"
    single = composition(np.arange(4), labels, 2)
    assert single.mixing is None and single.reason == "no cluster has two responses"


def test_a_querys_clusters_mix_sources_that_say_the_same_and_part_those_that_do_not():
    rng = np.random.default_rng(9)
    source = np.repeat(np.arange(4), 25)
    alike = QueryResponses("q", "", source, (), unit(rng.normal(size=(100, 16))))
    found = CLUSTERS.function(alike, Setting(5))
    assert found["balanced.mixing"] == pytest.approx(1, abs=0.1)
    assert found["balanced.sources"] == pytest.approx(found["balanced.expected"], abs=0.2)
    apart = unit(np.eye(16)[source] + rng.normal(size=(100, 16)) * 0.05)
    found = CLUSTERS.function(QueryResponses("q", "", source, (), apart), Setting(5))
    assert [float(found[f"{kind}.{what}"]) for kind in clusters.KINDS for what in ("mixing", "sources")] == [
        0,
        1,
        0,
        1,
    ]
    one = CLUSTERS.function(QueryResponses("q", "", np.zeros(100, int), (), apart), Setting(5))
    assert all(np.isnan(value) for value in one.values())


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
def test_the_map_is_scikit_learns_and_the_same_in_any_order(shape):
    rng = np.random.default_rng(10)
    vectors = rng.normal(size=shape)
    found, oracle = plane_map(vectors), PCA(2).fit(vectors)
    assert np.abs(found.points) == pytest.approx(np.abs(oracle.transform(vectors)))
    assert found.explained == pytest.approx(oracle.explained_variance_ratio_)
    order = rng.permutation(shape[0])
    assert plane_map(vectors[order]).points == pytest.approx(found.points[order])


def test_a_map_of_what_does_not_vary_is_undefined():
    for n, reason in ((4, "all vectors are the same"), (0, "there are no vectors")):
        found = plane_map(np.ones((n, 3)))
        assert found.points.tolist() == [[0, 0]] * n and (found.explained, found.reason) == (None, reason)
    line = plane_map([[0.0, 0.0], [3.0, 4.0]])
    assert line.points[:, 1].tolist() == [0, 0] and line.explained == (1, 0)
