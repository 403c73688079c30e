import doctest
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from annotation.statistics.clusters import cluster_weights
from annotation.statistics.entropy import entropy_bits, mean_label
from annotation.statistics.resampling import percentile_interval
from calibration.metrics import subsets
from calibration.metrics.subsets import PARAMETERS, PRESETS, comparison, pairs, presets, rating

FIVE = np.arange(1, 6)
SIDES = np.arange(-2, 3)
counts_of_25 = st.integers(1, 30).flatmap(
    lambda items: arrays(np.int64, (items, 5), elements=st.integers(0, 9))
)


def rated(items=200, labels=25, seed=1):
    rng = np.random.default_rng(seed)
    return rng.multinomial(labels, rng.dirichlet(np.full(5, 1.5), size=items))


def by_rank(measure, share):
    """The authors' way with comparisons: sort, take the first int(n * share) rows."""
    order = np.argsort(-np.asarray(measure, dtype=float), kind="stable")
    mask = np.zeros(len(order), dtype=bool)
    mask[order[: int(len(order) * share / 100)]] = True
    return mask


@pytest.mark.parametrize("module", [comparison, pairs, presets, rating])
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


def percentile_of(ordered, percent):
    """The percentile of sorted fractions by linear interpolation, exactly."""
    whole, part = divmod((len(ordered) - 1) * Fraction(percent) / 100, 1)
    return ordered[whole] + (part * (ordered[whole + 1] - ordered[whole]) if part else 0)


@pytest.mark.parametrize("labels", [3, 6, 7, 9, 25])
def test_similar_ratings_are_those_of_the_authors_rules_in_exact_fractions(labels):
    for seed in range(5):
        counts = rated(60, labels, seed)
        means = mean_label(counts, FIVE)
        exact = [Fraction(int(row @ FIVE), labels) for row in counts]
        ordered, mean = sorted(exact), sum(exact) / 60
        first, third = percentile_of(ordered, 25), percentile_of(ordered, 75)
        for parameter in PARAMETERS["tukey"]:
            reach = Fraction(parameter) * (third - first)
            inside = [first - reach <= m <= third + reach for m in exact]
            assert subsets.tukey(means, parameter).mask.tolist() == inside
            variance = sum((m - mean) ** 2 for m in exact) / 60
            inside = [(m - mean) ** 2 <= Fraction(parameter) ** 2 * variance for m in exact]
            assert subsets.zscore(means, parameter).mask.tolist() == inside
        for percent in PARAMETERS["middle"]:
            low, high = (percentile_of(ordered, 50 + half * Fraction(percent) / 2) for half in (-1, 1))
            assert subsets.middle(means, percent).mask.tolist() == [low <= m <= high for m in exact]


def test_disagreed_ratings_are_those_of_the_authors_code():
    counts = rated(750)
    p = counts / 25
    grouped = np.stack([p[:, :2].sum(axis=1), p[:, 2], p[:, 3:].sum(axis=1)], axis=1)
    # Rounded, as equal entropies summed in another order differ in their last digits.
    measures = {
        "entropy": stats.entropy(p, base=2, axis=1).round(10),
        "grouped_entropy": stats.entropy(grouped, base=2, axis=1).round(10),
        "gini": (1 - (p**2).sum(axis=1)).round(10),
        "pairwise_disagreement": (1 - (counts * (counts - 1)).sum(axis=1) / (25 * 24)).round(10),
        "majority_minority": (1 - p.max(axis=1)).round(10),
    }
    found = subsets.subsets_for(
        "rating", "full", counts=counts, values=FIVE, queries=np.repeat(np.arange(50), 15)
    )
    for subset in found:
        if subset.rule in measures:
            measure = measures[subset.rule]
            expected = measure >= np.percentile(measure, 100 - subset.parameter)
            assert (subset.mask == expected).all(), (subset.rule, subset.parameter)
            assert subset.n >= int(750 * subset.parameter / 100)


def test_comparisons_are_those_of_the_authors_code_where_nothing_ties_at_the_cut():
    counts = rated(500, seed=4)
    first, tied, second = counts[:, 3:].sum(axis=1), counts[:, 2], counts[:, :2].sum(axis=1)
    agreement = np.maximum(first + tied / 2, second + tied / 2) / 25
    for percent in PARAMETERS["ties"]:
        for subset, measure in (
            (subsets.ties(counts, SIDES, percent), tied),
            (subsets.percent_agreement(counts, SIDES, percent), -agreement),
        ):
            taken = by_rank(measure, percent)
            assert taken.sum() == int(500 * percent / 100)
            assert subset.mask[taken].all()  # nothing that they take is left out
            extra = subset.mask & ~taken
            assert set(measure[extra]) <= {measure[taken].min()}  # and what is added ties with it
            if extra.any():
                assert subset.boundary_ties == (measure == measure[taken].min()).sum()
            else:
                assert subset.boundary_ties == 0
    untied = np.array([[1, 0, zeros, 0, 30 - zeros] for zeros in range(20)])
    for percent in PARAMETERS["ties"]:
        subset = subsets.ties(untied, SIDES, percent)
        assert (subset.mask == by_rank(untied[:, 2], percent)).all() and subset.boundary_ties == 0


def test_boundary_ties_count_the_items_among_which_file_order_would_have_chosen():
    entropies = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.5, 1.5, 1.5, 2.0, 2.1])
    clean = subsets.entropy(entropies, 20)  # from the 80th percentile, the ninth of eleven
    assert clean.n == 5 and clean.boundary_ties == 3
    assert subsets.entropy(entropies, 40).boundary_ties == 0  # all three lie inside
    assert subsets.entropy(entropies, 10).n == 2 and subsets.entropy(entropies, 10).boundary_ties == 0
    ends = subsets.middle([1, 1, 1, 2, 3, 4, 5, 5, 5], 60)
    assert ends.n == 9 and ends.boundary_ties == 6
    zeros = np.array([[2, 3], [3, 2], [3, 2], [3, 2], [4, 1]])
    assert subsets.ties(zeros, [0, 1], 40).boundary_ties == 3
    assert subsets.ties(zeros, [0, 1], 80).boundary_ties == 0
    assert subsets.tukey([1, 2, 2, 2, 3], 0.5).boundary_ties == 0


def test_equal_disagreement_ties_although_the_sums_differ_in_their_last_digit():
    counts = np.array([[7, 3, 1, 9, 5], [9, 7, 5, 3, 1], [1, 3, 5, 7, 9], [25, 0, 0, 0, 0]])
    bits = entropy_bits(counts)[:3] + np.array([0, 4e-16, -4e-16])
    assert subsets.entropy(np.append(bits, 0), 26).n == 3


def test_fences_and_bounds_belong_to_the_subset():
    assert subsets.tukey(np.array([2.8, 3.2, 3.4, 3.6, 4.0]) + 0.1, 1).mask.all()
    assert subsets.zscore([1, 1, 3, 3], 1).mask.all()
    assert subsets.zscore([3, 3, 3], 0.5).mask.all()


@given(counts_of_25, st.randoms(use_true_random=False))
def test_no_rule_depends_on_the_order_of_items_nor_takes_items_without_labels(counts, random):
    order = np.array(random.sample(range(len(counts)), len(counts)))
    queries = np.arange(len(counts)) // 5
    for kind, values in (("rating", FIVE), ("comparison", SIDES)):
        plain = subsets.subsets_for(kind, "full", counts=counts, values=values, queries=queries)
        moved = subsets.subsets_for(kind, "full", counts=counts[order], values=values, queries=queries[order])
        for before, after in zip(plain, moved, strict=True):
            assert (before.mask[order] == after.mask).all()
            assert (before.n, before.boundary_ties) == (after.n, after.boundary_ties)
            assert not before.mask[counts.sum(axis=1) == 0].any()


@given(counts_of_25)
def test_larger_parameters_give_larger_subsets(counts):
    for kind, values in (("rating", FIVE), ("comparison", SIDES)):
        found = subsets.subsets_for(kind, "full", counts=counts, values=values, queries=np.zeros(len(counts)))
        for one, other in pairwise(found):
            if one.rule == other.rule:
                assert one.parameter > other.parameter
                assert (one.mask | ~other.mask).all()


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(5, 25)), max_size=25),
    st.sampled_from([0.2, 0.4, 1.0]),
)
def test_near_pairs_are_all_pairs_of_a_query_closer_than_the_threshold(items, threshold):
    queries = [f"q{query}" for query, _ in items]
    fifths = [total for _, total in items]
    found = subsets.near_pairs(np.array(fifths) / 5, queries, threshold).pairs
    limit = round(threshold * 5)
    expected = [
        [i, j]
        for i in range(len(items))
        for j in range(i + 1, len(items))
        if queries[i] == queries[j] and abs(fifths[i] - fifths[j]) < limit
    ]
    assert found.tolist() == expected


def test_pair_correlation_is_that_of_differences_in_both_orientations():
    rng = np.random.default_rng(6)
    means, queries = rng.integers(5, 25, 60) / 5, np.arange(60) // 6
    scores = means + rng.normal(size=60)
    scores[7] = np.nan
    near = subsets.near_pairs(means, queries, 1.0).pairs
    known = near[~np.isin(near, 7).any(axis=1)]
    ds = scores[known[:, 0]] - scores[known[:, 1]]
    dm = (means[known[:, 0]] - means[known[:, 1]]).round(9)
    expected = stats.spearmanr(np.append(ds, -ds), np.append(dm, -dm)).statistic
    flipped = np.where(rng.random(len(near))[:, None] < 0.5, near, near[:, ::-1])
    for orientation in (near, flipped):
        found = subsets.pair_spearman(
            scores, means, orientation, clusters=queries, replicates=200, rng=np.random.default_rng(7)
        )
        assert found.value == pytest.approx(expected, abs=1e-12)
        assert found.n == len(known)
        loop = []
        for weight in cluster_weights(queries[known[:, 0]], replicates=200, rng=np.random.default_rng(7)):
            again = np.repeat(np.arange(len(known)), weight.astype(int))
            loop.append(
                stats.spearmanr(np.append(ds[again], -ds[again]), np.append(dm[again], -dm[again])).statistic
            )
        assert (found.low, found.high) == pytest.approx(percentile_interval(loop), abs=1e-12)
        assert (found.clusters, found.replicates) == (len(set(queries[known[:, 0]])), 200)
    few = subsets.pair_spearman(scores, means, near[:2])
    assert few.value is None and few.n <= 2 and "pairs" in str(few.reason)
    assert subsets.pair_spearman(scores, means, near[:0]).n == 0
    for number, without in [(5, True), (6, False)]:
        found = subsets.pair_spearman(scores, means, known[:number], rng=np.random.default_rng(7))
        assert found.n == number and found.value is not None
        assert (found.low is None) == without == ("fewer than 6 pairs" in str(found.reason))


def test_interval_over_near_pairs_covers_the_truth_by_queries_and_not_by_pairs():
    rng = np.random.default_rng(8)

    def drawn(number):
        query = np.repeat(np.arange(number), 6)
        means, taste = rng.normal(size=(2, len(query)))
        # In each query the scorer follows people by a degree of its own, so that its pairs are alike.
        scores = rng.normal(0.5, 1, number)[query] * means + taste
        return scores, means, query, subsets.near_pairs(means, query, 1.0).pairs

    scores, means, _, pairs = drawn(4000)
    truth = subsets.pair_spearman(scores, means, pairs, replicates=0).value
    covered = {"queries": 0, "pairs": 0}
    for _ in range(120):
        scores, means, query, pairs = drawn(40)
        for name, clusters in (("queries", query), ("pairs", None)):
            found = subsets.pair_spearman(scores, means, pairs, clusters=clusters, replicates=150, rng=rng)
            covered[name] += found.low <= truth <= found.high
    assert 105 <= covered["queries"] <= 119  # 94 % is 113
    assert covered["pairs"] < covered["queries"] - 10


def test_pairs_too_many_to_compare_are_counted_and_take_no_room():
    means, queries = np.random.default_rng(9).integers(25, 126, 8000) / 25, np.zeros(8000)
    every = subsets.near_pairs(means, queries, np.inf)
    assert every.n == 8000 * 7999 / 2 and len(every.pairs) == 0 and not every.mask.any()
    sizes = np.unique(means, return_counts=True)[1]
    assert subsets.near_pairs(means, queries, 0.01).n == (sizes * (sizes - 1) / 2).sum()


def test_items_of_one_label_never_count_as_agreed_nor_as_disagreed():
    counts = np.array([[1, 0, 0, 0, 0]] * 30 + [[4, 0, 0, 0, 0], [3, 1, 0, 0, 0]] * 5)
    for kind, values in (("rating", FIVE), ("comparison", SIDES)):
        found = subsets.subsets_for(kind, "full", counts=counts, values=values, queries=np.zeros(40))
        several = [s for s in found if s.rule not in ("tukey", "zscore", "middle", "near_pairs", "ties")]
        for subset in several:
            assert not subset.mask[:30].any(), subset.rule
            # Of the ten items with several labels, the five whose labels differ.
            if kind == "rating" and subset.rule != "grouped_entropy":
                assert (subset.n, subset.boundary_ties) == (5, 5 if subset.parameter < 50 else 0)


def test_presets_hold_the_rules_and_parameters_of_the_paper_and_more():
    assert PRESETS["paper"] == {
        "rating": ("tukey", "entropy"),
        "comparison": ("ties", "percent_agreement"),
    }
    assert (
        set(PRESETS["paper"]["rating"]) < set(PRESETS["standard"]["rating"]) < set(PRESETS["full"]["rating"])
    )
    assert set(PRESETS["full"]["rating"]) | set(PRESETS["full"]["comparison"]) == set(PARAMETERS)
    found = subsets.subsets_for(
        "rating", "standard", counts=rated(30), values=FIVE, queries=np.arange(30) // 6
    )
    assert [s.parameter for s in found if s.rule == "tukey"] == [3, 2.5, 2, 1.5, 1, 0.5]
    assert [s.parameter for s in found if s.rule == "entropy"] == [16, 14, 12, 10, 8, 6, 4, 2]
    near = next(s for s in found if s.rule == "near_pairs")
    assert near.n == len(near.pairs) and near.mask.sum() == len(np.unique(near.pairs))


def test_near_pairs_stretch_their_thresholds_to_the_range_of_the_scale():
    counts = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    found = subsets.subsets_for(
        "rating", "standard", counts=counts, values=[0, 20, 50, 100], queries=["q"] * 3
    )
    near = [s for s in found if s.rule == "near_pairs"]
    assert [(s.parameter, s.n) for s in near] == [(25, 1), (18.75, 0), (12.5, 0), (6.25, 0)]


def test_a_subset_of_labels_that_do_not_exist_is_empty():
    found = subsets.subsets_for("rating", "full", counts=np.zeros((3, 5)), values=FIVE, queries=list("abc"))
    assert {s.n for s in found} == {0}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: subsets.entropy([1, 2], 0), "percent"),
        (lambda: subsets.ties([[1, 1]], [0, 1], 101), "percent"),
        (lambda: subsets.middle([1, 2], -5), "percent"),
        (lambda: subsets.subsets_for("rating", "all", counts=[[1]], values=[1], queries=["q"]), "preset"),
        (lambda: subsets.subsets_for("query", "paper", counts=[[1]], values=[1], queries=["q"]), "query"),
    ],
)
def test_wrong_input_is_refused_with_its_own_message(call, message):
    with pytest.raises(ValueError, match=message):
        call()
