import doctest

import krippendorff
import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotation.statistics import cross_replication, groups
from annotation.statistics.cross_replication import cross_replication_reliability
from annotation.statistics.groups import group_agreement

FIVE = np.arange(1.0, 6)
tables = arrays(np.int64, st.tuples(st.just(3), st.integers(2, 8), st.just(4)), elements=st.integers(0, 3))
# The worked example of the authors' own implementation: two raters' pools, five items, values A and B.
FIRST = [[0, 2], [0, 3], [2, 0], [3, 0], [1, 1]]
SECOND = [[0, 2], [1, 1], [1, 1], [1, 1], [2, 0]]


def by_every_pair(first, second, distance):
    """kappa_x straight from its definition, with missing data."""
    both = [(a, b) for a, b in zip(first, second, strict=True) if sum(a) and sum(b)]
    size = range(len(distance))

    def apart(a, b):
        return sum(a[u] * b[v] * distance[u][v] for u in size for v in size)

    total = sum(sum(a) for a, _ in both), sum(sum(b) for _, b in both)
    observed = sum(apart(a, b) * (sum(a) + sum(b)) / (sum(a) * sum(b)) for a, b in both) / sum(total)
    expected = sum(apart(a, b) for a, _ in both for _, b in both) / (total[0] * total[1])
    return 1 - observed / expected if expected else None


def answers(rng, *, items=60, people=12, shift=0.0):
    """Counts (2, items, 5) of two groups that hear the same quality, one of them `shift` higher."""
    quality = rng.normal(size=items)
    counts = np.zeros((2, items, 5), dtype=int)
    for g in (0, 1):
        heard = quality[:, None] + g * shift + rng.normal(size=(items, people))
        label = np.clip(np.round(heard + 3), 1, 5).astype(int)
        counts[g] = np.stack([(label == value).sum(axis=1) for value in FIVE], axis=1)
    return counts


def test_examples_in_docstrings_hold():
    assert doctest.testmod(groups).failed == 0
    assert doctest.testmod(cross_replication).failed == 0


def test_kappa_x_is_that_of_the_authors_example_and_leaves_out_items_of_one_group():
    found = cross_replication_reliability(FIRST, SECOND, values=[0, 1], level="interval")
    assert found.value == pytest.approx(0.1818182, abs=1e-6)
    more = cross_replication_reliability(
        [*FIRST, [3, 0], [2, 1]], [*SECOND, [0, 0], [0, 0]], values=[0, 1], level="interval"
    )
    assert (more.value, more.n) == (pytest.approx(found.value), 5)


@given(tables, st.sampled_from(["interval", "ordinal"]))
def test_kappa_x_is_its_definition_by_every_pair_of_labels(counts, level):
    values = np.array([-1.0, 0, 2, 7])
    one, other = counts[:2]
    both = (one.sum(axis=1) > 0) & (other.sum(axis=1) > 0)
    given_labels = (one + other)[both].sum(axis=0)
    x = np.cumsum(given_labels) - given_labels / 2 if level == "ordinal" else values
    found = cross_replication_reliability(one, other, values=values, level=level)
    wanted = by_every_pair(one, other, np.square(x[:, None] - x)) if both.any() else None
    assert found.value == (None if wanted is None else pytest.approx(wanted))
    assert found.value is not None or found.reason


@given(tables)
def test_alpha_within_a_group_is_the_reference_packages_on_everybodys_mid_ranks(counts):
    given_labels = counts.sum(axis=(0, 1))
    ranks = np.cumsum(given_labels) - given_labels / 2
    if len(set(ranks)) < 4:
        return
    for table, group in zip(counts, group_agreement(counts, values=range(4)).groups, strict=True):
        paired = table[table.sum(axis=1) >= 2]
        if np.count_nonzero(paired.sum(axis=0)) < 2:
            assert group.within.value is None and group.within.reason
        else:
            expected = krippendorff.alpha(
                value_counts=paired, value_domain=ranks, level_of_measurement="interval"
            )
            assert group.within.value == pytest.approx(expected)


def test_the_difference_is_least_squares_with_one_constant_an_item():
    rng = np.random.default_rng(4)
    counts = rng.poisson(1.2, size=(3, 20, 5))
    group = group_agreement(counts, values=FIVE).groups[1]
    rows = [
        (item, g == 1, value)
        for g in range(3)
        for item in range(20)
        for value in np.repeat(FIVE, counts[g, item])
    ]
    item, member, value = map(np.array, zip(*rows, strict=True))
    design = np.column_stack([member.astype(float), item[:, None] == np.unique(item)])
    assert group.difference.value == pytest.approx(sm.OLS(value, design.astype(float)).fit().params[0])
    assert group.mean.value == pytest.approx(value[member].mean())


@settings(max_examples=30)
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_groups_and_of_items_and_the_direction_of_the_scale_change_nothing(counts, random):
    plain = group_agreement(counts, values=range(4))
    order = random.sample(range(counts.shape[1]), counts.shape[1])
    turned = group_agreement(counts[::-1, order, ::-1], values=[-3, -2, -1, 0])
    for group, other in zip(plain.groups, turned.groups[::-1], strict=True):
        for name, sign in (
            ("within", 1),
            ("with_rest", 1),
            ("association", 1),
            ("mean", -1),
            ("difference", -1),
        ):
            one, two = getattr(group, name), getattr(other, name)
            assert (one.value is None, one.n) == (two.value is None, two.n)
            if one.value is not None:
                assert one.value == pytest.approx(sign * two.value, rel=1e-6, abs=1e-9)
    for g, h in plain.between:
        one, two = plain.between[g, h], turned.between[2 - h, 2 - g]
        assert one.value == (None if two.value is None else pytest.approx(two.value))


def test_groups_that_hear_alike_associate_at_1_and_those_that_differ_above():
    rng = np.random.default_rng(5)
    alike = [group_agreement(answers(rng), values=FIVE).groups[0].association.value for _ in range(20)]
    apart = [
        group_agreement(answers(rng, shift=1.5), values=FIVE).groups[0].association.value for _ in range(20)
    ]
    assert np.mean(alike) == pytest.approx(1, abs=0.05)
    assert min(apart) > max(alike)


def test_intervals_over_items_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(6)
    long = group_agreement(answers(rng, items=100_000, shift=0.5), values=FIVE)
    names = "within", "with_rest", "difference"
    truth = [getattr(long.groups[1], name).value for name in names]
    held = np.zeros(3)
    for _ in range(200):
        group = group_agreement(answers(rng, shift=0.5), values=FIVE).groups[1]
        found = [getattr(group, name) for name in names]
        held += [one.low <= value <= one.high for one, value in zip(found, truth, strict=True)]
    assert (held / 200 > 0.90).all() and (held / 200 < 0.99).all()


def test_what_a_group_lacks_is_undefined_with_its_reason():
    counts = np.zeros((3, 8, 5), dtype=int)
    counts[0, :4, 2] = 2
    counts[1, 4:, 3] = 1
    found = group_agreement(counts, values=FIVE)
    flat, single, nobody = found.groups
    assert flat.within.reason == "all labels have the same value"
    assert single.within.reason == "no item has two labels of the group"
    assert nobody.mean.reason == "the group gave no labels"
    assert found.between[0, 1].reason == "no item has labels of both groups"
    assert found.groups[0].difference.value is None
    with pytest.raises(ValueError, match="two groups"):
        group_agreement(counts[:1], values=FIVE)
    with pytest.raises(ValueError, match="level"):
        group_agreement(counts, values=FIVE, level="ratio")
    with pytest.raises(ValueError, match="same items"):
        cross_replication_reliability(counts[0], counts[1, :3], values=FIVE, level="ordinal")
