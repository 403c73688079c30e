import doctest
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy
from sklearn.metrics import precision_recall_curve

from generation.diversity import classes, thresholds
from generation.diversity.classes import (
    CLASSES,
    connected_classes,
    distinct_k,
    greedy_classes,
    semantic_entropy,
    utility_k,
)
from generation.diversity.measures import Setting
from generation.diversity.report.lines import report_lines
from generation.diversity.report.report import diversity_report
from generation.diversity.report.specification import Specification
from generation.diversity.responses import DataSet, Held, QueryResponses, Source, unit
from generation.diversity.thresholds import CLASS_PAIRS, THRESHOLDS, pair_counts, threshold_curve

GIVEN = st.lists(st.integers(0, 3), min_size=1, max_size=12)


@pytest.mark.parametrize("module", [classes, thresholds])
def test_examples_in_docstrings_hold(module):
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


@given(GIVEN)
def test_entropy_is_scipys_and_neither_order_nor_names_of_classes_matter(given_classes):
    counts = np.unique(given_classes, return_counts=True)[1]
    assert semantic_entropy(given_classes) == pytest.approx(entropy(counts))
    other = [7 - one for one in given_classes[::-1]]
    assert semantic_entropy(other) == pytest.approx(semantic_entropy(given_classes))
    assert distinct_k(other) == distinct_k(given_classes) == len(counts)
    assert semantic_entropy([*given_classes, -1]) == semantic_entropy(given_classes)


def test_utility_is_the_published_weighted_mean_and_repeats_are_worth_nothing():
    # With patience .8 the ten weights are .8^0 to .8^9.
    weights = 0.8 ** np.arange(10)
    held, worth = [0, 0, 1, 1, 1, 2, 0, 0, 0, 0], [9, 10, 5, 10, 10, 2, 10, 10, 10, 10]
    expected = (1 - 0.8) / (1 - 0.8**10) * (weights[0] * 9 + weights[2] * 5 + weights[5] * 2)
    assert utility_k(held, worth) == pytest.approx(expected)
    scored = [9, 0, 5, 0, 0, 2, 0, 0, 0, 0]
    assert utility_k(held, worth) == pytest.approx(np.average(scored, weights=weights))
    assert utility_k(range(10), [7] * 10) == pytest.approx(7)
    assert utility_k([], []) is None


@pytest.mark.parametrize(
    ("held", "worth", "patience", "message"),
    [([0], [1], 1.0, "patience"), ([0, 1], [1], 0.8, "not pairs"), ([-1], [1], 0.8, "no class")],
)
def test_a_utility_of_what_is_not_given_is_refused(held, worth, patience, message):
    with pytest.raises(ValueError, match=message):
        utility_k(held, worth, patience=patience)


def test_classes_of_a_chain_are_its_firsts_or_one():
    angle = np.deg2rad([0, 30, 60, 90, 200])
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    similarity = vectors @ vectors.T
    assert greedy_classes(similarity, 0.8).tolist() == [0, 0, 1, 1, 2]
    assert connected_classes(similarity, 0.8).tolist() == [0, 0, 0, 0, 1]
    for make in (greedy_classes, connected_classes):
        assert make(similarity, 2).tolist() == [0, 1, 2, 3, 4]
        assert make(similarity, -2).tolist() == [0] * 5
        with pytest.raises(ValueError, match="shape"):
            make(similarity[:2], 0.8)


@given(st.integers(0, 10**6), st.floats(-1, 1))
def test_classes_are_the_literal_procedures(seed, threshold):
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(9, 2)))
    similarity = vectors @ vectors.T
    firsts, expected = [], []
    for one in range(9):
        joined = next((n for n, first in enumerate(firsts) if similarity[one, first] >= threshold), None)
        if joined is None:
            joined, _ = len(firsts), firsts.append(one)
        expected.append(joined)
    assert greedy_classes(similarity, threshold).tolist() == expected
    reached = similarity >= threshold
    for _ in range(4):
        reached = (reached.astype(int) @ reached) > 0
    connected = connected_classes(similarity, threshold)
    assert ((connected[:, None] == connected) == (reached | np.eye(9, dtype=bool))).all()


def test_responses_that_are_all_equal_or_all_different_have_the_extreme_values():
    source = np.repeat([0, 1, 2], 5)
    held = np.concatenate([np.zeros(5, int), np.arange(5), [-1, -1, 7, -1, -1]])
    found = CLASSES.function(QueryResponses("q", "", source, (), None, held), Setting(3))
    assert found["distinct_k"].tolist()[:2] == [1, 5] and np.isnan(found["distinct_k"][2])
    assert found["semantic_entropy"][:2] == pytest.approx([0, math.log(5)])
    assert np.isnan(found["semantic_entropy"][2])
    assert not CLASSES.possible(QueryResponses("q", "", source, (), None))


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_precision_and_recall_at_each_threshold_are_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    similarity, same = np.round(rng.random(30), 1), rng.random(30) < 0.5
    same[:2] = True, False
    levels = np.unique(similarity)
    above, same_above = pair_counts(similarity, same, levels)
    curve = threshold_curve(
        above[None], same_above[None], pairs=[30], same=[same.sum()], thresholds=levels, replicates=20
    )
    precision, recall, _ = precision_recall_curve(same, similarity)
    assert curve.precision.value == pytest.approx(precision[:-1])
    assert curve.recall.value == pytest.approx(recall[:-1])
    assert curve.share.value == pytest.approx([(similarity >= level).mean() for level in levels])
    f1 = 2 * precision[:-1] * recall[:-1] / (precision[:-1] + recall[:-1] + 1e-300)
    assert curve.f1.value == pytest.approx(f1)
    assert curve.best == levels[np.argmax(np.round(curve.f1.value, 12))]


def test_pairs_drawn_with_a_known_chance_weigh_as_many_as_they_stand_for():
    similarity, same = np.array([0.9, 0.9, 0.7]), np.array([1.0, 0.5, 0.0])
    above, same_above = pair_counts(similarity, same, [0.5, 0.8], weights=[1, 1, 10])
    assert above.tolist() == [12, 2] and same_above.tolist() == [1.5, 1.5]
    with pytest.raises(ValueError, match="one value a pair"):
        pair_counts([0.5], [True, False], [0.5])


def test_the_interval_of_a_thresholds_precision_holds_the_truth_as_often_as_it_says():
    rng, held = np.random.default_rng(11), 0
    for seed in range(100):
        # Queries differ in how often their pairs above the threshold are the same: in .6 of them on average.
        chance = rng.beta(6, 4, size=60)
        above = rng.integers(5, 15, size=60).astype(float)
        same = rng.binomial(above.astype(int), chance).astype(float)
        curve = threshold_curve(
            above[:, None], same[:, None], pairs=above, same=same, thresholds=[0.8], replicates=200, seed=seed
        )
        held += curve.precision.low[0] <= 0.6 <= curve.precision.high[0]
    assert 88 <= held <= 99


def test_a_querys_pairs_with_given_classes_are_counted_by_their_cosine():
    vectors = unit([[1, 0], [1, 0], [0, 1], [1, 0]])
    query = QueryResponses("q", "", np.array([0, 0, 1, 1]), (), vectors, np.array([3, 3, 4, -1]))
    found = CLASS_PAIRS.function(query, Setting(2))
    assert float(found["class_pairs.pairs"]) == 3 and float(found["class_pairs.same"]) == 1
    assert found["class_pairs.above"][THRESHOLDS == 0].tolist() == [3]
    # Equal vectors reach 1, whatever single precision makes of them.
    assert found["class_pairs.above"][-1] == found["class_pairs.same_above"][-1] == 1
    without = CLASS_PAIRS.function(QueryResponses("q", "", np.array([0]), (), vectors[:1]), Setting(2))
    assert without["class_pairs.above"].shape == THRESHOLDS.shape
    assert all(np.isnan(column).all() for column in without.values())
    curve = threshold_curve(
        *(
            np.stack([found[f"class_pairs.{name}"], without[f"class_pairs.{name}"]])
            for name in ("above", "same_above")
        ),
        pairs=[3, np.nan],
        same=[1, np.nan],
        replicates=20,
    )
    assert curve.precision.value[-1] == curve.recall.value[-1] == 1
    assert curve.precision.n[-1] == 1 and curve.best == 0.01


def test_a_report_says_from_which_similarity_on_two_answers_are_one_idea():
    rng = np.random.default_rng(12)
    held = [
        QueryResponses(
            str(number),
            f"Query {number}",
            np.repeat([0, 1], 5),
            [f"answer {one}" for one in range(10)],
            unit(np.eye(3)[ideas] + rng.normal(size=(10, 3)) * 0.1),
            ideas,
        )
        for number, ideas in enumerate(rng.integers(0, 3, (6, 10)))
    ]
    sources = (Source("one"), Source("two"))
    asked = Specification(replicates=50)
    found = diversity_report(DataSet(sources, [Held(held)], "planted"), asked, version="1")
    section = found["thresholds"]
    assert section["pairs"] == 270 and 0.1 < section["best"] < 0.95
    at = {row["threshold"]: row for row in section["rows"]}
    assert at[0.5]["precision"]["value"] == at[0.5]["recall"]["value"] == at[0.5]["f1"]["value"] == 1
    share = at[0.5]["share"]
    assert share["low"] < share["value"] < share["high"]
    assert share["value"] == pytest.approx(section["same"] / 270)
    assert any(line.startswith("One idea from a similarity of") for line in report_lines(found))
    # Without classes, or without vectors, the reason stands in its place.
    for change, reason in (({"classes": None}, "have classes"), ({"vectors": None}, "no vectors")):
        data = DataSet(
            sources, [Held([replace(one, **change) for one in held])], "x" * ("vectors" not in change)
        )
        without = diversity_report(data, asked, version="1")
        assert without["thresholds"] is None and reason in without["reasons"]["thresholds"]
