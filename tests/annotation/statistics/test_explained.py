import doctest

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.statistics import explained
from annotation.statistics.explained import explained_share
from annotation.statistics.groups import group_agreement

FIVE = np.arange(1.0, 6)


def study(rng, *, people=60, items=40, each=12, groups=3, severity=0.6, taste=0.0, shift=0.0):
    """Labels of people with severities of their own; `taste` is how far groups differ on an item."""
    group = rng.permutation(np.arange(people) % groups)
    person = np.repeat(np.arange(people), each)
    item = np.concatenate([rng.choice(items, each, replace=False) for _ in range(people)])
    heard = rng.normal(0, 0.7, items)[item] + rng.normal(0, severity, people)[person]
    heard += rng.normal(0, taste, (groups, items))[group[person], item] + shift * (group[person] == 0)
    return person, item, np.clip(np.round(3 + heard + rng.normal(size=len(item))), 1, 5), group


def shares_of(labels, permutations=99, seed=0, **options):
    return explained_share(*labels, rng=np.random.default_rng(seed), permutations=permutations, **options)


def test_examples_in_docstrings_hold():
    assert doctest.testmod(explained).failed == 0


def test_a_share_worked_by_hand():
    # Item 0: a gives 1, 3, b gives 5, 5: 11 of squares, of which 9 + ... lie between 2 and 5 around 3.5.
    person, item, value, group = [0, 1, 2, 3], [0, 0, 0, 0], [1, 3, 5, 5], [0, 0, 1, 1]
    found = shares_of((person, item, value, group))
    assert found.share.value == pytest.approx(9 / 11)
    # 6 ways to deal 4 people in twos: {0, 1} 9, {0, 2} 1, {0, 3} 1, each twice, of 11.
    every = explained_share(person, item, value, group, rng=np.random.default_rng(1), permutations=20_000)
    assert every.expected == pytest.approx(11 / 33, abs=0.01)
    assert every.p == pytest.approx(1 / 3, abs=0.02)
    assert (every.groups, every.people, every.labels) == (2, 4, 4)


def test_the_share_is_that_of_the_analysis_of_variance_nested_in_items():
    labels = study(np.random.default_rng(2), people=24, items=10, each=6)
    person, item, value, group = labels
    table = pd.DataFrame({"item": item, "value": value, "group": group[person]})
    items = smf.ols("value ~ C(item)", table).fit().ssr
    cells = smf.ols("value ~ C(item):C(group)", table).fit().ssr
    assert shares_of(labels).share.value == pytest.approx((items - cells) / items)


def test_differences_and_cohesions_are_those_of_the_groups_counts():
    person, item, value, group = labels = study(np.random.default_rng(3))
    counts = np.zeros((3, 40, 5))
    np.add.at(counts, (group[person], item, value.astype(int) - 1), 1)
    agreed = group_agreement(counts, values=FIVE)
    found = shares_of(labels)
    assert [one.value for one in found.differences] == pytest.approx(
        [one.difference.value for one in agreed.groups]
    )
    assert [one.value for one in found.cohesions] == pytest.approx(
        [one.within.value - one.with_rest.value for one in agreed.groups]
    )


def test_groups_that_mean_nothing_are_found_as_often_as_p_says_and_by_intervals_over_items_far_more_often():
    rng = np.random.default_rng(4)
    by_share = by_difference = by_cohesion = by_interval = 0
    for _ in range(150):
        person, item, value, group = labels = study(rng, people=40, items=20)
        found = shares_of(labels, seed=int(rng.integers(10**6)))
        by_share += found.p <= 0.05
        by_difference += found.differences[0].p <= 0.05
        by_cohesion += found.cohesions[0].p <= 0.05
        counts = np.zeros((3, 20, 5))
        np.add.at(counts, (group[person], item, value.astype(int) - 1), 1)
        held_fixed = group_agreement(counts, values=FIVE).groups[0].difference
        by_interval += held_fixed.low > 0 or held_fixed.high < 0
    assert by_share <= 15 and 1 <= by_difference <= 15 and 1 <= by_cohesion <= 15
    assert by_interval > 30  # an interval that holds the people fixed is no answer to this question


def test_groups_that_differ_are_found():
    rng = np.random.default_rng(5)
    tastes = [shares_of(study(rng, taste=0.7), seed=n) for n in range(20)]
    assert sum(found.p <= 0.05 for found in tastes) >= 19
    assert np.mean([found.excess for found in tastes]) > 0.03
    assert sum(found.cohesions[0].adjusted <= 0.05 for found in tastes) >= 12
    shifts = [shares_of(study(rng, shift=1.2), seed=n) for n in range(20)]
    assert sum(found.differences[0].adjusted <= 0.05 for found in shifts) >= 19


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_labels_names_and_the_unit_of_the_scale_change_no_share(seed):
    rng = np.random.default_rng(seed)
    person, item, value, group = labels = study(rng, people=12, items=6, each=3)
    plain = shares_of(labels, 19)
    order = rng.permutation(len(person))
    turned = shares_of((person[order], 5 - item[order], 7 - 2 * value[order], 2 - group), 19)
    assert plain.share.value == pytest.approx(turned.share.value)
    assert [one.value for one in plain.differences] == pytest.approx(
        [one.value and -one.value / 2 for one in turned.differences[::-1]]
    )


def test_people_of_no_group_are_as_if_they_had_not_come():
    person, item, value, group = study(np.random.default_rng(6))
    out = group.copy()
    out[::4] = -1
    kept = out[person] >= 0
    with_them, without = (
        shares_of((person, item, value, out)),
        shares_of((person[kept], item[kept], value[kept], out)),
    )
    assert with_them == without
    assert (without.people, without.labels) == (45, 45 * 12)


def test_shuffling_in_parts_to_save_memory_changes_nothing(monkeypatch):
    labels = study(np.random.default_rng(7))
    whole = shares_of(labels)
    monkeypatch.setattr(explained, "CHUNK", 3 * 720)
    assert shares_of(labels) == whole


def test_what_is_undefined_has_its_reason():
    alike = shares_of(([0, 1, 2], [0, 0, 0], [3, 3, 3], [0, 0, 1]))
    assert (alike.share.value, alike.p, alike.excess) == (None, None, None)
    assert alike.share.reason == "nobody disagrees on any item"
    for alone in (0, 1):
        assert "two groups" in shares_of(([0, 1], [0, 0], [1, 3], [alone, alone])).share.reason
    assert "two labels" in shares_of(([], [], [], [])).share.reason
    for wrong, match in (
        (([0], [0, 1], [3], [0]), "one entry a label"),
        (([1], [0], [3], [0]), "places from 0"),
        (([0], [0], [np.nan], [0]), "finite"),
    ):
        with pytest.raises(ValueError, match=match):
            shares_of(wrong)
    with pytest.raises(ValueError, match="19"):
        shares_of(([0], [0], [3], [0]), 5)
