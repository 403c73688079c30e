import doctest
import tracemalloc

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats import inter_rater

from annotation.statistics import agreement, coincidences
from annotation.statistics.agreement import fleiss_kappa, krippendorff_alpha, percent_agreement
from annotation.statistics.clusters import cluster_weights
from annotation.statistics.resampling import jackknife_interval, percentile_interval

LEVELS = ("nominal", "ordinal", "interval")
FIVE = np.arange(1.0, 6)
tables = st.integers(2, 6).flatmap(
    lambda size: arrays(np.int64, st.tuples(st.integers(2, 9), st.just(size)), elements=st.integers(0, 6))
)


def as_counts(rows, values):
    """Counts of a raters by items table, with None where a rater gave nothing."""
    return np.array([[column.count(value) for value in values] for column in zip(*rows, strict=True)])


def clustered_counts(rng, queries, per_query=5, labels=8):
    """Labels 1..5 of items whose quality depends on their query, and the query of each item."""
    query = np.repeat(np.arange(queries), per_query)
    quality = rng.normal(size=queries)[query] + 0.5 * rng.normal(size=len(query))
    heard = quality[:, None] + rng.normal(size=(len(query), labels))
    label = np.clip(np.round(heard + 3), 1, 5).astype(int)
    return np.stack([(label == value).sum(axis=1) for value in FIVE], axis=1), query


def naive_alpha(counts, values, level):
    """Alpha by every pair of labels, straight from its definition."""
    kept = counts[counts.sum(axis=1) >= 2]
    labels = kept.sum(axis=0)
    n = labels.sum()

    def distance(a, b):
        low, high = min(a, b), max(a, b)
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return (values[a] - values[b]) ** 2
        return (labels[low : high + 1].sum() - (labels[a] + labels[b]) / 2) ** 2 if a != b else 0.0

    size = range(len(values))
    observed = sum(
        row[a] * (row[b] - (a == b)) * distance(a, b) / (row.sum() - 1)
        for row in kept
        for a in size
        for b in size
    )
    expected = sum(labels[a] * labels[b] * distance(a, b) for a in size for b in size)
    return 1 - observed * (n - 1) / expected if expected else np.nan


def test_examples_in_docstrings_hold():
    assert doctest.testmod(agreement).failed == 0


def test_alpha_equals_krippendorffs_published_example():
    _ = None
    rows = [  # Krippendorff 2011, section C: four observers, twelve units, five values
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
    counts = as_counts(rows, [1, 2, 3, 4, 5])
    published = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849}
    for level, value in published.items():
        found = krippendorff_alpha(counts, values=FIVE, level=level)
        assert round(found.value, 3) == value
        assert found.n == 11  # one unit has a single label


@given(tables, st.sampled_from(LEVELS))
def test_alpha_equals_the_reference_package(counts, level):
    values = np.array([-3, -1.5, 0, 1, 2, 10.0])[: counts.shape[1]]
    paired = counts[counts.sum(axis=1) >= 2]
    found = krippendorff_alpha(counts, values=values, level=level)
    if np.count_nonzero(paired.sum(axis=0)) < 2:
        assert found.value is None and found.reason
        return
    expected = krippendorff.alpha(value_counts=counts, value_domain=values, level_of_measurement=level)
    assert found.value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_of_a_slider_equals_the_reference_package(level):
    rng = np.random.default_rng(4)
    counts = rng.multinomial(6, rng.dirichlet(np.full(101, 0.05), size=40))
    values = np.arange(101.0)
    expected = krippendorff.alpha(value_counts=counts, value_domain=values, level_of_measurement=level)
    assert krippendorff_alpha(counts, values=values, level=level).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_interval_equals_the_loop_over_the_same_resamples(level, monkeypatch):
    counts, query = clustered_counts(np.random.default_rng(6), 9)
    counts[3] = [0, 0, 1, 0, 0]  # pairs with nothing, so it is left out of every resample
    kept = counts.sum(axis=1) >= 2
    weights = cluster_weights(query[kept], replicates=60, rng=np.random.default_rng(7)).astype(int)
    loop = [naive_alpha(np.repeat(counts[kept], w, axis=0), FIVE, level) for w in weights]

    def found():
        return krippendorff_alpha(
            counts, values=FIVE, level=level, clusters=query, replicates=60, rng=np.random.default_rng(7)
        )

    assert (found().low, found().high) == pytest.approx(percentile_interval(loop), abs=1e-12)
    assert found().value == pytest.approx(naive_alpha(counts, FIVE, level), abs=1e-12)
    plain = found()
    monkeypatch.setattr(coincidences, "CELLS", 0)  # the way taken when matrices would not fit
    assert (found().value, found().low, found().high) == pytest.approx(
        (plain.value, plain.low, plain.high), abs=1e-12
    )


def test_resamples_with_one_value_left_are_undefined_at_every_level():
    counts = np.array([[0, 3], [0, 3], [0, 3], [0, 3], [0, 3], [3, 0]])
    for level in LEVELS:
        found = krippendorff_alpha(
            counts, values=[0.1, 0.7], level=level, replicates=400, rng=np.random.default_rng(1)
        )
        assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))
        # The odd item is missing from about (5/6)^6 = 33 % of resamples.
        assert 0.6 < found.replicates / 400 < 0.74


@given(tables, st.sampled_from(LEVELS), st.randoms(use_true_random=False))
def test_alpha_ignores_the_order_of_items_and_the_unit_of_the_scale(counts, level, random):
    values = np.arange(counts.shape[1], dtype=float)
    plain = krippendorff_alpha(counts, values=values, level=level)
    assume(plain.value is not None)
    order = random.sample(range(len(counts)), len(counts))
    assert krippendorff_alpha(counts[order], values=values, level=level).value == pytest.approx(plain.value)
    moved = krippendorff_alpha(counts, values=values * 3 - 50, level=level)
    assert moved.value == pytest.approx(plain.value)
    reverse = krippendorff_alpha(counts[:, ::-1], values=values, level=level)
    assert reverse.value == pytest.approx(plain.value)
    if level == "nominal":
        columns = random.sample(range(counts.shape[1]), counts.shape[1])
        relabelled = krippendorff_alpha(counts[:, columns], values=values, level=level)
        assert relabelled.value == pytest.approx(plain.value)


def test_perfect_agreement_is_one_and_labels_at_random_are_near_zero():
    counts = np.eye(5, dtype=int) * 4
    noise = np.random.default_rng(9).multinomial(25, np.full(5, 0.2), size=2000)
    for level in LEVELS:
        assert krippendorff_alpha(counts, values=FIVE, level=level).value == pytest.approx(1)
        assert krippendorff_alpha(noise, values=FIVE, level=level).value == pytest.approx(0, abs=0.01)


def test_undefined_cases_say_why_and_are_neither_0_nor_1():
    same = krippendorff_alpha([[0, 3], [0, 4]], values=[1, 2], level="nominal", replicates=50)
    assert same.value is None and same.n == 2 and "same value" in str(same.reason)
    single = krippendorff_alpha([[1, 0], [0, 1]], values=[1, 2], level="ordinal")
    assert single.value is None and single.n == 0 and "two labels" in str(single.reason)
    nothing = percent_agreement(np.zeros((0, 5)))
    assert nothing.value is None and nothing.reason
    one_query = krippendorff_alpha(
        [[1, 2], [2, 1], [3, 0]],
        values=[1, 2],
        level="nominal",
        clusters=["q"] * 3,
        replicates=50,
        rng=np.random.default_rng(0),
    )
    assert one_query.value is not None and one_query.low is None and "clusters" in str(one_query.reason)


def test_a_level_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="level"):
        krippendorff_alpha([[1, 2]], values=[1, 2], level="ratio")


def test_percent_agreement_counts_equal_pairs_and_resamples_clusters():
    counts, query = clustered_counts(np.random.default_rng(11), 12)
    pairs = [
        np.mean([a == b for i, a in enumerate(labels) for j, b in enumerate(labels) if i < j])
        for labels in (np.repeat(FIVE, row) for row in counts)
    ]
    found = percent_agreement(counts, clusters=query, replicates=80, rng=np.random.default_rng(12))
    assert found.value == pytest.approx(np.mean(pairs), abs=1e-12)
    weights = cluster_weights(query, replicates=80, rng=np.random.default_rng(12))
    loop = [np.average(pairs, weights=w) for w in weights]
    assert (found.low, found.high) == pytest.approx(percentile_interval(loop), abs=1e-12)


def test_a_jackknife_interval_equals_the_loop_that_leaves_out_one_query_at_a_time():
    counts, query = clustered_counts(np.random.default_rng(16), 9)
    for level in LEVELS:
        left_out = [naive_alpha(counts[query != one], FIVE, level) for one in range(9)]
        value = naive_alpha(counts, FIVE, level)
        expected = jackknife_interval(value, left_out, bounds=(-1, 1))
        found = krippendorff_alpha(counts, values=FIVE, level=level, clusters=query, method="jackknife")
        assert (found.value, found.low, found.high) == pytest.approx((value, *expected), abs=1e-12)
        assert (found.method, found.clusters) == ("jackknife", 9)


@pytest.mark.parametrize("level", LEVELS)
def test_what_computers_get_wrong_changes_no_alpha(level):
    counts, _ = clustered_counts(np.random.default_rng(17), 9)
    plain = krippendorff_alpha(counts, values=FIVE, level=level).value
    unused = np.pad(counts, ((0, 2), (1, 1)))  # items without labels, values that nobody gave
    unused[-1, 0] = 1  # and one label by itself
    for values in ([-1e300, *FIVE, 1e300], np.arange(-3, 4) * 1e300, np.arange(7) * 1e-300 - 5e-300):
        found = krippendorff_alpha(unused, values=values, level=level)
        assert found.value == pytest.approx(plain, abs=1e-12) and found.n == len(counts)
    far = krippendorff_alpha(counts, values=FIVE + 1e9, level=level)
    assert far.value == pytest.approx(plain, abs=1e-9)
    many = counts.astype(np.int64) * 2**33
    expected = naive_alpha(many.astype(object), [1, 2, 3, 4, 5], level)
    assert krippendorff_alpha(many, values=FIVE, level=level).value == pytest.approx(
        float(expected), abs=1e-12
    )


def test_kappa_equals_fleiss_published_example():
    rows = [  # Fleiss 1971, table 1: thirty patients, six psychiatrists each, five diagnoses
        "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006",
        "10050 11040 03300 10050 02031 00501 30012 51000 02040 10203",
        "00006 01050 02013 20040 10041 05010 40002 02040 10500 00006",
    ]
    counts = np.array([[int(count) for count in row] for row in " ".join(rows).split()])
    assert (counts.sum(axis=0) / 180).round(3).tolist() == [0.144, 0.144, 0.167, 0.306, 0.239]
    assert round(fleiss_kappa(counts).value, 3) == 0.430
    assert round(percent_agreement(counts).value, 4) == 0.5556


def test_kappa_equals_the_reference_library_and_needs_the_same_number_of_labels():
    rng = np.random.default_rng(18)
    counts = rng.multinomial(7, rng.dirichlet(np.ones(4), size=30))
    found = fleiss_kappa(counts)
    assert found.value == pytest.approx(inter_rater.fleiss_kappa(counts), abs=1e-12)
    assert fleiss_kappa(np.vstack([counts, np.zeros((1, 4))])) == found
    unequal = fleiss_kappa(np.vstack([counts, [[1, 0, 0, 0]]]))
    assert unequal.value is None and unequal.n == 31 and "differ in their number" in str(unequal.reason)
    assert "two labels" in str(fleiss_kappa(np.eye(4)).reason)
    assert "same value" in str(fleiss_kappa([[0, 4], [0, 4]]).reason)
    assert fleiss_kappa(np.zeros((0, 4))).value is None


def test_the_interval_of_kappa_equals_the_loop_over_the_same_resamples():
    counts, query = clustered_counts(np.random.default_rng(19), 9)
    weights = cluster_weights(query, replicates=60, rng=np.random.default_rng(7)).astype(int)
    loop = [inter_rater.fleiss_kappa(np.repeat(counts, w, axis=0)) for w in weights]
    found = fleiss_kappa(counts, clusters=query, replicates=60, rng=np.random.default_rng(7))
    assert (found.low, found.high) == pytest.approx(percentile_interval(loop), abs=1e-12)
    assert fleiss_kappa(counts, clusters=query, method="jackknife").low < found.value


def test_memory_stays_flat_at_a_hundred_thousand_items():
    counts = np.random.default_rng(14).multinomial(25, np.full(5, 0.2), size=100_000)
    query = np.arange(100_000) // 250
    tracemalloc.start()
    for level in LEVELS:
        krippendorff_alpha(
            counts, values=FIVE, level=level, clusters=query, replicates=1000, rng=np.random.default_rng(0)
        )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120e6
