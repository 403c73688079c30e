import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from annotation.statistics import counts as counted
from annotation.statistics import entropy

FIVE = np.arange(1, 6)
tables = st.integers(2, 7).flatmap(
    lambda size: arrays(np.int64, st.tuples(st.integers(1, 8), st.just(size)), elements=st.integers(0, 30))
)


@pytest.mark.parametrize("module", [counted, entropy])
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


def test_entropy_equals_values_worked_out_by_hand():
    counts = [[1, 1, 2, 0, 0], [5, 5, 5, 5, 5], [0, 0, 9, 0, 0], [3, 0, 0, 0, 1]]
    quarter = 2 - 0.75 * math.log2(3)
    assert entropy.entropy_bits(counts) == pytest.approx([1.5, math.log2(5), 0, quarter], abs=1e-12)
    added = [2 / 8, 4 / 50, 0, 1 / 8]
    corrected = entropy.entropy_bits(counts) + np.array(added) / math.log(2)
    assert entropy.entropy_bits_corrected(counts) == pytest.approx(corrected, abs=1e-12)


def test_order_free_entropy_and_ordered_dispersion_tell_two_halves_apart():
    lukewarm, polarised = [[0, 0, 5, 5, 0]], [[5, 0, 0, 0, 5]]
    assert entropy.entropy_bits(lukewarm) == entropy.entropy_bits(polarised)
    assert entropy.ordinal_dispersion(polarised) == pytest.approx([1.0])
    assert entropy.ordinal_dispersion(lukewarm) == pytest.approx([0.25])


def test_an_item_without_labels_is_undefined_everywhere_and_one_label_has_no_deviation():
    none = [[0, 0, 0, 0, 0]]
    for measure in (
        entropy.entropy_bits,
        entropy.entropy_bits_corrected,
        entropy.ordinal_dispersion,
        entropy.modal_share,
    ):
        assert np.isnan(measure(none)).all()
    assert np.isnan(entropy.shares(none)).all()
    for measure in (entropy.mean_label, entropy.standard_deviation, entropy.preference_share):
        assert np.isnan(measure(none, FIVE)).all()
    assert np.isnan(entropy.standard_deviation([[0, 1, 0, 0, 0]], FIVE)).all()
    assert entropy.kind_of_item(none, FIVE).tolist() == [None]


@given(tables)
def test_each_measure_equals_the_same_measure_of_the_list_of_labels(counts):
    values = np.arange(counts.shape[1]) * 1.5 - 2
    rows = [np.repeat(values, row) for row in counts]
    scipys = [stats.entropy(row, base=2) if row.any() else np.nan for row in counts]
    assert entropy.entropy_bits(counts) == pytest.approx(scipys, abs=1e-12, nan_ok=True)
    means = [row.mean() if len(row) else np.nan for row in rows]
    assert entropy.mean_label(counts, values) == pytest.approx(means, abs=1e-12, nan_ok=True)
    deviations = [row.std(ddof=1) if len(row) > 1 else np.nan for row in rows]
    assert entropy.standard_deviation(counts, values) == pytest.approx(deviations, abs=1e-9, nan_ok=True)
    ones = [((row > 0).sum() + (row == 0).sum() / 2) / len(row) if len(row) else np.nan for row in rows]
    assert entropy.preference_share(counts, values) == pytest.approx(ones, abs=1e-12, nan_ok=True)


@given(tables)
def test_turning_the_scale_round_and_copying_every_label_change_no_measure_of_disagreement(counts):
    for measure in (
        entropy.entropy_bits,
        entropy.ordinal_dispersion,
        entropy.modal_share,
    ):
        plain = measure(counts)
        assert measure(counts[:, ::-1]) == pytest.approx(plain, abs=1e-9, nan_ok=True)
        assert measure(counts * 3) == pytest.approx(plain, abs=1e-9, nan_ok=True)
        assert measure(counts[::-1])[::-1] == pytest.approx(plain, abs=1e-9, nan_ok=True)


@given(tables)
def test_measures_stay_within_their_stated_ranges(counts):
    labelled = counts[counts.sum(axis=1) > 0]
    bits = entropy.entropy_bits(labelled)
    assert ((bits >= 0) & (bits <= np.log2(counts.shape[1]) + 1e-12)).all()
    dispersion = entropy.ordinal_dispersion(labelled)
    assert ((dispersion >= 0) & (dispersion <= 1)).all()


@pytest.mark.parametrize(("labels", "bias"), [(25, -0.12), (10, -0.33), (5, -0.68)])
def test_plug_in_entropy_is_too_low_by_the_stated_bits_and_the_correction_comes_closer(labels, bias):
    rng = np.random.default_rng(5)
    truth = rng.dirichlet(np.full(5, 5.0), size=20_000)
    counts = rng.multinomial(labels, truth)
    true_bits = -(truth * np.log2(truth)).sum(axis=1)
    assert (entropy.entropy_bits(counts) - true_bits).mean() == pytest.approx(bias, abs=0.025)
    left = (entropy.entropy_bits_corrected(counts) - true_bits).mean()
    assert bias * 0.6 < left < 0
    if labels == 25:
        assert left == pytest.approx(-0.01, abs=0.01)


def test_comparisons_split_ties_between_both_sides():
    share = entropy.preference_share([[2, 1, 4, 3, 0]], [-2, -1, 0, 1, 2])
    assert share == pytest.approx([0.5])


def test_four_kinds_of_item_follow_mean_and_dispersion():
    counts = [[0, 0, 2, 8, 15], [14, 9, 2, 0, 0], [1, 5, 13, 5, 1], [10, 2, 1, 2, 10]]
    assert entropy.kind_of_item(counts, FIVE).tolist() == list(entropy.KINDS)
    assert entropy.kind_of_item(counts[3:], FIVE, polarising=1.01).tolist() == ["lukewarm"]


@pytest.mark.parametrize(
    ("counts", "values", "message"),
    [
        ([1, 2], [1, 2], "shape"),
        ([[1, -1]], [1, 2], "negative"),
        ([[1.5, 1]], [1, 2], "whole numbers"),
        ([[1, np.nan]], [1, 2], "missing"),
        ([[1, np.inf]], [1, 2], "infinite"),
        ([[1, 1]], [1, 2, 3], "values"),
        ([[1, 1]], [2, 1], "rise"),
        ([[1, 1]], [1, np.inf], "finite"),
    ],
)
def test_wrong_input_is_refused_with_its_own_message(counts, values, message):
    with pytest.raises(ValueError, match=message):
        entropy.mean_label(counts, values)


def test_measures_that_need_an_order_refuse_a_scale_of_one_value():
    with pytest.raises(ValueError, match="one value"):
        entropy.kind_of_item([[3]], [1])
