import doctest
import warnings

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotation.statistics import reliability
from annotation.statistics.agreement import krippendorff_alpha
from annotation.statistics.reliability import intraclass_correlation, split_half_reliability

SCALE = np.arange(-4.0, 5)
tables = st.integers(2, 5).flatmap(
    lambda size: arrays(np.int64, st.tuples(st.integers(2, 8), st.just(size)), elements=st.integers(0, 4))
)


def counts_of(labels, values):
    """Counts of an items by labels table."""
    return np.stack([(labels == value).sum(axis=1) for value in values], axis=1)


def noisy_labels(rng, queries, per_query=5, labels=8):
    """Nine values of items whose quality depends on their query, and the query of each item."""
    query = np.repeat(np.arange(queries), per_query)
    quality = rng.normal(size=queries)[query] + 0.5 * rng.normal(size=len(query))
    heard = np.round(quality[:, None] + 1.5 * rng.normal(size=(len(query), labels)))
    return np.clip(heard, SCALE[0], SCALE[-1]), query


def test_examples_in_docstrings_hold():
    assert doctest.testmod(reliability).failed == 0


def test_intraclass_correlations_equal_the_published_example():
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    counts = counts_of(np.array(ratings), range(1, 11))  # Shrout & Fleiss 1979, tables 2 and 4
    assert round(intraclass_correlation(counts, values=range(1, 11)).value, 2) == 0.17
    assert round(intraclass_correlation(counts, values=range(1, 11), average=True).value, 2) == 0.44


@pytest.mark.parametrize("noise", [0.3, 2.0, 50.0])
def test_intraclass_correlations_equal_the_reference_library_below_zero_too(noise):
    rng = np.random.default_rng(1)
    labels = np.round(rng.normal(size=(12, 1)) + noise * rng.normal(size=(12, 5)))
    values = np.unique(labels)
    long = pd.DataFrame(labels).melt(ignore_index=False, var_name="rater").reset_index()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = pingouin.intraclass_corr(long, targets="index", raters="rater", ratings="value")
    expected = table.set_index("Type")["ICC"]
    for average, name in ((False, "ICC(1,1)"), (True, "ICC(1,k)")):
        found = intraclass_correlation(counts_of(labels, values), values=values, average=average)
        assert found.value == pytest.approx(expected[name], abs=1e-9)
        assert found.n == 12
    assert noise < 50 or found.value < 0


@given(tables)
def test_unequal_numbers_of_labels_follow_the_analysis_of_variance(counts):
    rows = [np.repeat(np.arange(counts.shape[1]), row) for row in counts if row.any()]
    every = np.concatenate([np.zeros(0), *rows])
    found = intraclass_correlation(counts, values=np.arange(counts.shape[1]))
    if len(rows) < 2 or np.ptp(every) == 0 or max(map(len, rows)) < 2:
        assert found.value is None and found.reason
        return
    n = np.array([len(row) for row in rows])
    between = sum(len(row) * (row.mean() - every.mean()) ** 2 for row in rows) / (len(rows) - 1)
    within = sum(((row - row.mean()) ** 2).sum() for row in rows) / (n.sum() - len(rows))
    k = (n.sum() - (n**2).sum() / n.sum()) / (len(rows) - 1)
    assert found.value == pytest.approx((between - within) / (between + (k - 1) * within), abs=1e-9)
    average = intraclass_correlation(counts, values=np.arange(counts.shape[1]), average=True)
    if between > 1e-9:
        assert average.value == pytest.approx((between - within) / between, abs=1e-9)
    else:
        assert average.value is None and "same mean" in str(average.reason)


@given(tables, st.randoms(use_true_random=False), st.booleans())
def test_order_of_items_origin_unit_and_direction_of_the_scale_change_no_reliability(counts, random, average):
    values = np.arange(counts.shape[1], dtype=float)
    plain = intraclass_correlation(counts, values=values, average=average).value
    assume(plain is not None)
    order = random.sample(range(len(counts)), len(counts))
    for changed, scale in (
        (counts[order], values * 7 - 1e6),
        (counts[:, ::-1], values),
        (counts, values * 1e200),
    ):
        again = intraclass_correlation(changed, values=scale, average=average).value
        assert again == pytest.approx(plain, abs=1e-9, rel=1e-9)


def test_icc_is_near_interval_alpha_and_split_halves_near_icc_of_the_mean():
    labels, _ = noisy_labels(np.random.default_rng(2), 400)
    counts = counts_of(labels, SCALE)
    one = intraclass_correlation(counts, values=SCALE).value
    assert one == pytest.approx(krippendorff_alpha(counts, values=SCALE, level="interval").value, abs=1e-3)
    mean = intraclass_correlation(counts, values=SCALE, average=True).value
    halves = split_half_reliability(counts, values=SCALE, rng=np.random.default_rng(3))
    assert halves.value == pytest.approx(mean, abs=5e-3) and halves.n == 2000
    plain = split_half_reliability(counts, values=SCALE, rng=np.random.default_rng(3), stepped_up=False)
    assert halves.value == pytest.approx(2 * plain.value / (1 + plain.value))


def test_halves_are_every_split_of_the_labels_as_often_as_any_other():
    counts = np.array([[1, 1, 2, 0], [0, 3, 0, 2]])
    a, b = reliability._half_means(
        counts.astype(float), np.array([0.0, 1.0, 10.0, 100.0]), splits=30_000, rng=np.random.default_rng(4)
    )
    # Of 0, 1, 10, 10 the pairs 0-1 and 10-10 are one each of six, 0-10 and 1-10 two each.
    found, times = np.unique(a[0] * 2, return_counts=True)
    assert found.tolist() == [1, 10, 11, 20]
    assert times / 30_000 == pytest.approx([1 / 6, 2 / 6, 2 / 6, 1 / 6], abs=0.01)
    assert b[0] == pytest.approx((21 - a[0] * 2) / 2)
    # Of 1, 1, 1, 100, 100 one half has two, the other three.
    found, times = np.unique(a[1] * 2, return_counts=True)
    assert found.tolist() == [2, 101, 200]
    assert times / 30_000 == pytest.approx([0.3, 0.6, 0.1], abs=0.01)
    assert b[1] == pytest.approx((203 - a[1] * 2) / 3)


def test_a_split_near_minus_one_outweighs_no_other_and_many_items_take_fewer_splits():
    rng = np.random.default_rng(8)
    for _ in range(30):
        counts = rng.multinomial(2, [0.1, 0.2, 0.4, 0.2, 0.1], size=5)
        found, plain = (
            split_half_reliability(
                counts, values=range(5), rng=np.random.default_rng(1), stepped_up=stepped_up
            ).value
            for stepped_up in (True, False)
        )
        assert found is None or found == pytest.approx(2 * plain / (1 + plain))
    counts = rng.multinomial(4, [0.2, 0.5, 0.3], size=4000)
    usual, fifty = (
        split_half_reliability(counts, values=range(3), rng=np.random.default_rng(1), **splits)
        for splits in ({}, {"splits": 50})
    )
    assert usual == fifty


def test_two_labels_each_have_one_split_and_its_correlation_is_the_items():
    rng = np.random.default_rng(5)
    labels, _ = noisy_labels(rng, 30, labels=2)
    found = split_half_reliability(
        counts_of(labels, SCALE), values=SCALE, rng=rng, splits=400, stepped_up=False
    )
    swaps = rng.random((400, len(labels), 1)) < 0.5
    drawn = np.where(swaps, labels, labels[:, ::-1])
    assert found.value == pytest.approx(np.mean([np.corrcoef(pair.T)[0, 1] for pair in drawn]), abs=2e-3)


def test_reliability_that_cannot_be_had_says_why_and_negative_ones_are_values():
    rng = np.random.default_rng(7)
    alike = intraclass_correlation([[1, 1], [1, 1], [1, 1]], values=[1, 2])
    assert alike.value == pytest.approx(-1) and alike.n == 3
    for counts, average, reason in [
        ([[1, 1], [1, 1]], True, "same mean"),
        ([[0, 2], [0, 3]], False, "same value"),
        ([[1, 0], [0, 1]], False, "two labels"),
        ([[1, 1], [0, 0]], False, "fewer than two items"),
        (np.zeros((0, 2)), False, "two labels"),
    ]:
        found = intraclass_correlation(counts, values=[1, 2], average=average)
        assert found.value is None and reason in str(found.reason)
    for counts, reason in [
        ([[1, 1], [1, 1]], "fewer than 3 items"),
        ([[0, 2], [0, 3], [0, 2]], "same value"),
        ([[0, 2], [0, 2], [0, 2], [1, 0]], "same value"),
    ]:
        found = split_half_reliability(counts, values=[1, 2], rng=rng)
        assert found.value is None and reason in str(found.reason)
    equal = split_half_reliability([[0, 2], [0, 2], [0, 2], [1, 1]], values=[1, 2], rng=rng)
    assert equal.value is None and "means of a half" in str(equal.reason)
    opposite = split_half_reliability([[1, 0, 1], [0, 2, 0], [2, 0, 2]], values=[1, 2, 3], rng=rng)
    assert opposite.value is None and "-1" in str(opposite.reason)
    with pytest.raises(ValueError, match="split"):
        split_half_reliability([[1, 1]], values=[1, 2], rng=rng, splits=0)
    perfect = np.eye(3, dtype=int) * 2**31
    assert intraclass_correlation(perfect, values=[1, 2, 3]).value == 1
    with pytest.raises(ValueError, match="labels an item"):
        split_half_reliability(perfect, values=[1, 2, 3], rng=rng)
