import doctest

import numpy as np
import pytest
from scipy import stats

from calibration.metrics.annotators import by_group
from calibration.metrics.annotators.by_group import GroupRanks, spearman_by_group


def some_people(seed=2, people=36, items=30, share=0.4):
    rng = np.random.default_rng(seed)
    seen = np.argwhere(rng.random((people, items)) < share)
    quality = rng.normal(size=items)
    labels = np.clip(np.round(3 + quality[seen[:, 1]] + rng.normal(size=len(seen))), 1, 5)
    group = rng.permutation(np.repeat([0, 1, 2, -1], people // 4))
    return seen[:, 0], seen[:, 1], labels, group, np.round(quality + rng.normal(size=items), 1)


def ranked(*labels, items=30, **asked):
    return GroupRanks.of(*labels, items=items, rng=np.random.default_rng(0), **asked)


def test_examples_in_docstrings_hold():
    assert not doctest.testmod(by_group).failed


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_each_groups_correlation_is_scipys_of_its_mean_labels_with_ties_and_gaps(share):
    person, item, value, group, scores = some_people(share=share)
    ranks = ranked(person, item, value, group, permutations=20)
    found, _ = spearman_by_group(ranks, scores)
    for g, one in enumerate(found):
        rows = group[person] == g
        there = np.unique(item[rows])
        means = [value[rows & (item == i)].mean() for i in there]
        expected = stats.spearmanr(scores[there], means).statistic
        assert one.spearman.value == pytest.approx(expected)
        assert ranks.correlations(scores)[0, g] == pytest.approx(expected, abs=1e-6)
        assert (one.people, one.spearman.n) == (len(np.unique(person[rows])), len(there))


def test_people_are_dealt_whole_and_groups_keep_their_size():
    """With everybody labelling everything alike but for severity, dealing changes no correlation."""
    person, item = np.divmod(np.arange(20 * 12), 12)
    group = np.repeat([0, 1], [15, 5])
    ranks = ranked(person, item, item % 5 + person, group, items=12)
    found, p = spearman_by_group(ranks, np.arange(12.0))
    assert ranks.people.tolist() == [15, 5]
    assert all(one.difference.p == 1 and one.difference.value == pytest.approx(0) for one in found)
    assert p == 1


def test_a_small_group_is_held_against_as_few_people():
    person, item = np.divmod(np.arange(60 * 40), 40)
    rng = np.random.default_rng(5)
    quality = rng.normal(size=40)
    value = np.round(3 + quality[item] + 2 * rng.normal(size=len(item)))
    found, _ = spearman_by_group(ranked(person, item, value, np.repeat([0, 1], [56, 4]), items=40), quality)
    assert found[1].spearman.value < found[0].spearman.value - 0.1
    assert found[1].expected < found[0].expected - 0.1
    assert min(one.difference.adjusted for one in found) > 0.1


def test_a_group_that_judges_by_something_else_is_found():
    person, item, value, group, scores = some_people(people=80, share=0.6)
    rng = np.random.default_rng(1)
    value[group[person] == 2] = rng.integers(1, 6, int((group[person] == 2).sum()))
    found, p = spearman_by_group(ranked(person, item, value, group), scores)
    assert p <= 0.01
    assert found[2].difference.value < 0 and found[2].difference.adjusted < 0.05


def test_neither_the_order_of_labels_nor_the_scale_of_scores_changes_a_number():
    person, item, value, group, scores = some_people()
    once = spearman_by_group(ranked(person, item, value, group), scores)
    order = np.random.default_rng(3).permutation(len(value))
    again = spearman_by_group(ranked(person[order], item[order], value[order], group), np.exp(scores))
    assert again == once


def test_scores_missing_of_a_ranked_item_are_refused_and_items_left_out_count_for_nothing():
    person, item, value, group, scores = some_people()
    scores[::3] = np.nan
    with pytest.raises(ValueError, match="no score"):
        spearman_by_group(ranked(person, item, value, group), scores)
    known = ~np.isnan(scores)
    found, _ = spearman_by_group(ranked(person, item, value, group, scored=known), scores)
    assert all(one.spearman.n <= known.sum() for one in found)


def test_arrays_that_do_not_fit_are_refused():
    for wrong in ({"person": [0]}, {"item": [0, 9]}, {"group": [0]}):
        given = {"person": [0, 1], "item": [0, 1], "value": [1, 2], "group": [0, 1]} | wrong
        with pytest.raises(ValueError):
            GroupRanks.of(**given, items=2, rng=np.random.default_rng(0))
