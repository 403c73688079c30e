import doctest
import tracemalloc
from itertools import combinations

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.statistics import subsampling
from annotation.statistics.agreement import krippendorff_alpha
from annotation.statistics.entropy import entropy_bits, entropy_bits_corrected
from annotation.statistics.subsampling import labels_curve

FIVE = np.arange(1.0, 6)


def drawn(rng, items, labels, *, spread=1.5):
    """Counts of items whose people answer by shares of the item's own."""
    shares = rng.dirichlet(np.full(5, spread), size=items)
    return np.array([rng.multinomial(labels, share) for share in shares]), shares


def curve_of(counts, **options):
    return labels_curve(counts, **({"values": FIVE, "rng": np.random.default_rng(5)} | options))


def test_examples_in_docstrings_hold():
    assert doctest.testmod(subsampling).failed == 0


def test_means_over_draws_are_those_over_every_subset_of_the_labels():
    counts = np.array([[2, 1, 0, 1, 2], [0, 4, 1, 1, 0], [3, 0, 0, 0, 3]])
    (row,) = curve_of(counts, sizes=[4], draws=6000).sizes
    for bits, found in ((entropy_bits, row.entropy_bias), (entropy_bits_corrected, row.corrected_bias)):
        by_item = []
        for item in counts:
            subsets = combinations(np.repeat(np.arange(5), item), 4)
            every = np.array([np.bincount(subset, minlength=5) for subset in subsets])
            by_item.append(bits(every).mean() - entropy_bits_corrected(item[None])[0])
        assert found.value == pytest.approx(np.mean(by_item), abs=0.005)


def test_at_all_labels_stands_what_the_labels_themselves_give():
    counts, _ = drawn(np.random.default_rng(0), 60, 12)
    last = curve_of(counts).sizes[-1]
    table = pd.DataFrame(
        [
            (item, rater, label)
            for item, row in enumerate(counts)
            for rater, label in enumerate(np.repeat(FIVE, row))
        ],
        columns=["item", "rater", "label"],
    )
    icc = pingouin.intraclass_corr(table, targets="item", raters="rater", ratings="label").set_index("Type")
    assert last.labels == 12
    assert last.reliability.value == pytest.approx(icc.loc[icc.index[3], "ICC"])
    assert last.mean_error.value == pytest.approx(
        np.sqrt(table.groupby("item")["label"].var().mean() / 12), abs=1e-12
    )
    assert last.alpha == pytest.approx(krippendorff_alpha(counts, values=FIVE, level="ordinal").value)
    assert last.corrected_bias.value == 0
    assert last.entropy_bias.value == pytest.approx(
        (entropy_bits(counts) - entropy_bits_corrected(counts)).mean()
    )
    assert (last.entropy_spread, last.corrected_spread, last.alpha_spread) == (None, None, None)


def test_bias_and_spread_are_those_that_new_people_would_have():
    rng = np.random.default_rng(1)
    counts, shares = drawn(rng, 400, 25)
    curve = curve_of(counts, sizes=[5, 12, 20], draws=200)
    true = -(shares * np.log2(shares)).sum(axis=1)
    left = np.mean(entropy_bits_corrected(counts) - true)  # what the reference itself lacks
    for row in curve.sizes:
        new = np.array([[rng.multinomial(row.labels, share) for share in shares] for _ in range(60)])
        for bits, bias, spread in (
            (entropy_bits, row.entropy_bias, row.entropy_spread),
            (entropy_bits_corrected, row.corrected_bias, row.corrected_spread),
        ):
            found = bits(new.reshape(-1, 5)).reshape(60, -1)
            assert bias.value + left == pytest.approx((found - true).mean(), abs=0.02)
            if row.labels <= 12:
                assert spread == pytest.approx(np.sqrt(found.var(axis=0, ddof=1).mean()), rel=0.04)
            else:
                assert spread is None  # two sets of 20 people share some of 25
        means = new @ FIVE / row.labels
        assert row.mean_error.value == pytest.approx(np.sqrt(means.var(axis=0, ddof=1).mean()), rel=0.03)
        again = np.array([rng.multinomial(row.labels, share) for share in shares]) @ FIVE / row.labels
        alike = np.mean([np.corrcoef(again, one)[0, 1] for one in means])
        assert row.reliability.value == pytest.approx(alike, abs=0.06)
        alphas = [krippendorff_alpha(one, values=FIVE, level="ordinal").value for one in new]
        if row.labels <= 12:
            assert row.alpha_spread == pytest.approx(np.std(alphas, ddof=1), rel=0.3)


def test_intervals_of_error_and_reliability_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(2)
    held = np.zeros(2)
    for _ in range(200):
        counts, _ = drawn(rng, 80, 10, spread=1.0)
        (row,) = curve_of(counts, sizes=[8], draws=2).sizes
        # Dirichlet(1, ..., 1) shares: variance 2 of a label, of which 1/6 lies between items.
        truth = np.sqrt(2 * 5 / 6 / 8), (1 / 6) / (1 / 6 + 5 / 6 / 8)
        found = row.mean_error, row.reliability
        held += [one.low <= value <= one.high for one, value in zip(found, truth, strict=True)]
    assert (held / 200 > 0.90).all() and (held / 200 < 0.99).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_items_and_direction_of_the_scale_change_nothing_that_is_not_drawn(seed):
    rng = np.random.default_rng(seed)
    counts, _ = drawn(rng, 12, int(rng.integers(3, 9)))
    plain = curve_of(counts, draws=2)
    order = rng.permutation(12)
    turned = curve_of(counts[order][:, ::-1], values=-FIVE[::-1], draws=2, clusters=order)
    for row, other in zip(plain.sizes, turned.sizes, strict=True):
        assert row.mean_error.value == pytest.approx(other.mean_error.value)
        assert (row.reliability.value is None) == (other.reliability.value is None)
        if row.reliability.value is not None:
            assert row.reliability.value == pytest.approx(other.reliability.value)


def test_all_sizes_compare_the_same_items_and_those_left_out_are_counted():
    counts = np.array([[2, 2, 2, 2, 2]] * 9 + [[1, 1, 1, 1, 0]] * 2 + [[1, 0, 0, 0, 0]])
    curve = curve_of(counts)
    assert (curve.items, curve.left_out, curve.sizes[-1].labels) == (9, 3, 10)
    assert {row.mean_error.n for row in curve.sizes} == {9}


def test_what_cannot_be_told_has_its_reason():
    assert "no item has 3 labels" in curve_of([[1, 1, 0, 0, 0]]).reason
    assert "no item has 9 labels" in curve_of([[3, 1, 0, 0, 0]], sizes=[3, 9]).reason
    unanimous = curve_of([[0, 0, 9, 0, 0]] * 8).sizes[0]
    assert unanimous.alpha is None and unanimous.reliability.reason
    assert unanimous.mean_error.value == 0
    with pytest.raises(ValueError, match="sizes start at 3"):
        curve_of([[9, 0, 0, 0, 0]], sizes=[2])
    with pytest.raises(ValueError, match="without a draw"):
        curve_of([[9, 0, 0, 0, 0]], draws=0)


def test_memory_stays_flat_however_many_items_there_are():
    rng = np.random.default_rng(3)
    counts = rng.multinomial(25, np.full(5, 0.2), size=100_000)
    tracemalloc.start()
    curve = curve_of(counts, draws=20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (curve.items, curve.eligible) == (2_000, 100_000)
    assert peak < 150e6
