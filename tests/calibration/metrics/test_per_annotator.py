import doctest

import numpy as np
import pytest
from scipy import stats

from calibration.metrics.annotators import annotator_ranks, per_annotator, spread
from calibration.metrics.annotators.annotator_ranks import AnnotatorRanks
from calibration.metrics.annotators.per_annotator import annotator_correlations
from tests.bench._simulations.whom import People, spread_of, true_spread


def ranked(person, item, value, items, seed=0, **asked):
    return AnnotatorRanks.of(person, item, value, items=items, rng=np.random.default_rng(seed), **asked)


def some_people(seed=1, people=14, items=40):
    rng = np.random.default_rng(seed)
    seen = np.argwhere(rng.random((people, items)) < 0.6)
    quality = rng.normal(size=items)
    labels = np.clip(np.round(3 + quality[seen[:, 1]] + rng.normal(size=len(seen))), 1, 5)
    return seen[:, 0], seen[:, 1], labels, np.round(quality + rng.normal(size=items), 1)


def test_examples_in_docstrings_hold():
    assert not any(doctest.testmod(module).failed for module in (annotator_ranks, per_annotator, spread))


def test_each_annotators_correlation_is_spearmans_of_scipy():
    person, item, value, scores = some_people()
    ranks = ranked(person, item, value, 40)
    expected = [
        stats.spearmanr(scores[item[person == who]], value[person == who]).statistic for who in range(14)
    ]
    assert ranks.correlations(ranks.scored(scores))[0] == pytest.approx(expected, abs=1e-5)
    assert annotator_correlations(ranks, scores).mean.value == pytest.approx(np.mean(expected), abs=1e-5)


def test_dealing_anew_keeps_every_items_ranks_and_every_persons_items():
    person, item, value, _ = some_people()
    ranks = ranked(person, item, value, 40, permutations=5)
    for dealt in ranks.shares[1:]:
        for one in range(40):
            assert sorted(dealt[ranks.item == one]) == sorted(ranks.shares[0, ranks.item == one])
    assert not np.array_equal(ranks.shares[0], ranks.shares[1])


def test_nobodys_severity_nor_the_order_of_labels_changes_a_number():
    person, item, value, scores = some_people()
    once = annotator_correlations(ranked(person, item, value, 40), scores)
    severe = annotator_correlations(ranked(person, item, 10 * value - person, 40), np.exp(scores))
    assert severe == once
    order = np.random.default_rng(0).permutation(len(value))
    again = annotator_correlations(ranked(person[order], item[order], value[order], 40), scores)
    assert again == once


def test_people_with_few_labels_or_labels_all_alike_are_left_out_and_counted():
    person, item, value, scores = some_people()
    value[person == 3] = 4
    few = (person != 5) | (np.cumsum(person == 5) <= 7)
    found = annotator_correlations(ranked(person[few], item[few], value[few], 40), scores)
    assert (found.mean.n, found.left_out) == (12, 2)
    assert sum(n for *_, n in found.bins) == 12


def test_fewer_than_ten_people_have_no_number_but_a_reason():
    person, item, value, scores = some_people(people=9)
    found = annotator_correlations(ranked(person, item, value, 40), scores).as_dict()
    assert found["mean"]["value"] is None and found["bins"] == []
    assert "fewer than 10 people" in found["reason"]
    assert found["spread"]["value"] is None


def test_spread_is_undefined_where_no_answer_has_labels_of_two_people():
    rng = np.random.default_rng(0)
    person, item = np.repeat(np.arange(12), 10), np.arange(120)
    found = annotator_correlations(ranked(person, item, rng.integers(1, 6, 120), 120), rng.normal(size=120))
    assert found.mean.value is not None
    assert found.spread.value is None and "too few answers" in found.spread.reason


def test_scores_missing_of_a_ranked_item_are_refused_and_those_left_out_are_not_ranked():
    person, item, value, scores = some_people()
    scores[::4] = np.nan
    with pytest.raises(ValueError, match="no score"):
        annotator_correlations(ranked(person, item, value, 40), scores)
    known = ~np.isnan(scores)
    found = annotator_correlations(ranked(person, item, value, 40, scored=known), scores)
    rows = known[item]
    alone = annotator_correlations(ranked(person[rows], item[rows], value[rows], 40), scores)
    assert found == alone


@pytest.mark.parametrize("wrong", [{"person": [0]}, {"item": [0, 9]}, {"person": [-1, 0]}])
def test_arrays_that_do_not_fit_are_refused(wrong):
    given = {"person": [0, 1], "item": [0, 1], "value": [1, 2]} | wrong
    with pytest.raises(ValueError):
        AnnotatorRanks.of(**given, items=2, rng=np.random.default_rng(0))


def test_the_moments_find_the_true_spread_whichever_people_share_items():
    """Mean over studies of the estimated variance between people, against the truth."""
    rng = np.random.default_rng(3)
    for design in (People(60, 15, 90), People(24, 40, 40)):
        found = [spread_of(rng, design, spread=0.25).value ** 2 for _ in range(40)]
        assert np.sqrt(np.mean(found)) == pytest.approx(true_spread(0.25), abs=0.05)
