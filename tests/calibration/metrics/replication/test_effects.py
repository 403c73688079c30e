"""Promises of effects: the textbook's test where its design holds, and an honest one where it does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calibration.metrics.replication.answers import Answers
from calibration.metrics.replication.contrasts import ItemContrast, PeopleContrast
from calibration.metrics.replication.severity import severities


def crossed_answers(rng: np.random.Generator, people: int, items: int) -> Answers:
    """Everybody answers everything, with a severity of their own."""
    person, item = np.indices((people, items)).reshape(2, -1)
    value = rng.normal(0, 0.7, people)[person] + rng.normal(0, 0.5, items)[item]
    return Answers(item, person, value + rng.normal(0, 1, len(item)), items, people)


def test_items_of_their_own_people_are_welchs_test_of_item_means() -> None:
    rng = np.random.default_rng(0)
    item = np.repeat(np.arange(30), 4)
    answers = Answers(item, np.arange(120), rng.integers(1, 6, 120).astype(float), 30, 120)
    group = np.arange(30) % 3 - 1
    found = ItemContrast.between(group, np.arange(30)).effect(answers)
    means = answers.value.reshape(30, 4).mean(axis=1)
    first, second = means[group == 0], means[group == 1]
    expected = stats.ttest_ind(first, second, equal_var=False)
    ends = expected.confidence_interval()
    assert (found.units, found.n_a, found.n_b, found.items, found.answers) == ("queries", 10, 10, 20, 80)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    assert found.df == pytest.approx(expected.df)
    said = [answers.value[np.isin(item, np.flatnonzero(group == side))] for side in (0, 1)]
    sd = np.sqrt(np.mean([one.var(ddof=1) for one in said]))
    assert found.d == pytest.approx((first.mean() - second.mean()) / sd)


def test_queries_with_items_of_both_groups_are_compared_within_themselves() -> None:
    rng = np.random.default_rng(1)
    query, group = np.repeat(np.arange(8), 3), np.tile([0, 1, 1], 8)
    value = 2.0 * np.repeat(np.arange(8), 3) + rng.normal(0, 1, 24)
    found = ItemContrast.between(group, query).effect(Answers(np.arange(24), np.arange(24), value, 24, 24))
    of_query = value.reshape(8, 3)
    expected = stats.ttest_rel(of_query[:, 0], of_query[:, 1:].mean(axis=1))
    assert (found.units, found.n) == ("queries in pairs", 8)
    assert found.p == pytest.approx(expected.pvalue)


def test_groups_of_people_who_answer_everything_are_welchs_test_of_their_means() -> None:
    answers = crossed_answers(np.random.default_rng(2), 16, 50)
    group = np.r_[np.zeros(6), np.ones(8), -np.ones(2)].astype(np.int64)
    # Of a single query nothing is known that its answers have in common, so nothing is added for it.
    found = PeopleContrast(group, np.zeros(50, dtype=np.int64)).effect(answers)
    means = answers.value.reshape(16, 50).mean(axis=1)
    expected = stats.ttest_ind(means[group == 0], means[group == 1], equal_var=False)
    assert found.difference == pytest.approx(means[group == 0].mean() - means[group == 1].mean())
    assert (found.p, found.df) == pytest.approx((expected.pvalue, expected.df))


def test_severities_are_the_least_squares_of_people_and_items_whoever_answered_what() -> None:
    rng = np.random.default_rng(3)
    item = np.repeat(np.arange(20), 3)
    person = np.concatenate([rng.choice(9, 3, replace=False) for _ in range(20)])
    value = rng.normal(0, 1, 60)
    fit = severities(Answers(item, person, value, 20, 9))
    design = np.concatenate([np.eye(9)[person], np.eye(20)[item]], axis=1)
    expected = np.linalg.lstsq(design, value, rcond=None)[0]
    np.testing.assert_allclose(np.diff(fit.of_people), np.diff(expected[:9]), atol=1e-7)
    np.testing.assert_allclose(fit.residuals, value - design @ expected, atol=1e-7)
    assert len(np.unique(fit.component)) == 1


def test_people_of_forms_that_share_no_item_are_compared_within_their_form() -> None:
    rng = np.random.default_rng(4)
    form = np.repeat([0, 1], 8)
    person, place = np.indices((16, 5)).reshape(2, -1)
    item, group = 5 * form[person] + place, np.r_[[0] * 6, [1] * 2, [0] * 2, [1] * 6]
    # One form's items are far better, and most of group b had them: no effect of the group at all.
    value = 3.0 * form[person] + rng.normal(0, 0.3, 80)
    found = PeopleContrast(group, np.arange(10)).effect(Answers(item, person, value, 10, 16))
    means = value.reshape(16, 5).mean(axis=1)
    design = np.stack([form == 0, form == 1, group == 0], axis=1).astype(float)
    assert found.difference == pytest.approx(np.linalg.lstsq(design, means, rcond=None)[0][2])
    assert abs(found.difference or 9) < 0.3


def test_labels_of_chance_are_significant_in_about_five_percent_also_where_people_answer_many_items() -> None:
    """Item groups that different people answered, and people dealt to groups; 200 studies each."""
    p = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        person, place = np.indices((48, 6)).reshape(2, -1)
        item = 6 * (person // 6) + place
        value = rng.normal(0, 0.8, 48)[person] + rng.normal(0, 0.4, 48)[item] + rng.normal(0, 1, len(item))
        answers = Answers(item, person, value, 48, 48)
        by_form, dealt = np.arange(48) // 6 % 2, rng.permutation(48) % 2
        p.append(
            [
                ItemContrast.between(by_form, np.arange(48)).effect(answers).p,
                PeopleContrast(dealt, np.arange(48)).effect(answers).p,
            ]
        )
    shares = (np.array(p) < 0.05).mean(axis=0)
    assert (shares >= 0.01).all()
    assert (shares <= 0.10).all()


def test_what_is_undefined_has_its_reason() -> None:
    one_each = Answers(np.arange(4), np.arange(4), np.array([1.0, 1.0, 2.0, 2.0]), 4, 4)
    contrast = ItemContrast.between(np.array([0, 0, 1, 1]), np.arange(4))
    assert contrast.effect(one_each).reason == "no variance within the groups"
    few = ItemContrast.between(np.array([0, 1, 1, -1]), np.arange(4)).effect(one_each)
    assert (few.reason, few.p, few.significant) == ("fewer than 2 queries in a group", None, None)
    apart = PeopleContrast(np.array([0, 0, 1, 1]), np.arange(4)).effect(one_each)
    assert "share items" in apart.reason
    assert ItemContrast.between(np.array([0, 0, 1, 1]), np.zeros(4, dtype=np.int64)).units == "items"


@settings(max_examples=30)
@given(st.integers(0, 2**16), st.booleans())
def test_exchanging_the_groups_turns_the_sign_and_nothing_else(seed: int, of_people: bool) -> None:
    rng = np.random.default_rng(seed)
    answers = crossed_answers(rng, 8, 12)
    group = rng.permutation(np.arange(8 if of_people else 12) % 2)
    query = np.arange(12) // 2
    one, other = (
        PeopleContrast(side, query).effect(answers)
        if of_people
        else ItemContrast.between(side, query).effect(answers)
        for side in (group, 1 - group)
    )
    assert one.difference == pytest.approx(-(other.difference or 0.0))
    assert (one.p, one.se, one.df) == pytest.approx((other.p, other.se, other.df))
