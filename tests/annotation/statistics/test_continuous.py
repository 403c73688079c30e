import doctest

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotation.statistics import continuous
from annotation.statistics.agreement import krippendorff_alpha
from annotation.statistics.clusters import cluster_weights
from annotation.statistics.continuous import alpha_of_labels
from annotation.statistics.resampling import jackknife_interval, percentile_interval

LEVELS = ("ordinal", "interval")
studies = st.integers(2, 30).flatmap(
    lambda labels: st.tuples(
        arrays(np.int64, labels, elements=st.integers(0, 6)),
        arrays(np.float64, labels, elements=st.sampled_from([-7.25, 0, 0.1, 0.3, 1e3, np.pi, np.nan])),
    )
)


def table_of(items, labels):
    """The items' counts of each distinct label, and those labels."""
    given = ~np.isnan(labels)
    values, column = np.unique(labels[given], return_inverse=True)
    counts = np.zeros((items.max() + 1, len(values)), dtype=int)
    np.add.at(counts, (items[given], column), 1)
    return counts, values


def noisy_labels(rng, queries, per_query=4, labels=5):
    """Items in queries whose quality differs, unequal numbers of labels of any value, and the queries."""
    query = np.repeat(np.arange(queries), per_query)
    quality = rng.normal(size=queries)[query] + 0.5 * rng.normal(size=len(query))
    items = np.repeat(np.arange(len(query)), rng.integers(2, 2 * labels - 1, size=len(query)))
    return items, quality[items] + rng.normal(size=len(items)), query


def test_examples_in_docstrings_hold():
    assert doctest.testmod(continuous).failed == 0


@given(studies, st.sampled_from(LEVELS))
def test_alpha_equals_the_reference_package(study, level):
    items, labels = study
    counts, values = table_of(items, labels)
    paired = counts[counts.sum(axis=1) >= 2]
    found = alpha_of_labels(items, labels, level=level)
    assert found.n == len(paired)
    if np.count_nonzero(paired.sum(axis=0)) < 2:
        assert found.value is None and found.reason
        return
    expected = krippendorff.alpha(value_counts=counts, value_domain=values, level_of_measurement=level)
    assert found.value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("method", ["bootstrap", "jackknife"])
def test_intervals_equal_the_loop_over_the_same_queries(level, method):
    rng = np.random.default_rng(2)
    items, labels, query = noisy_labels(rng, 8)
    labels[::3] = labels[::3].round()  # some of them tie
    labels[items == 5] = np.nan
    labels[np.flatnonzero(items == 9)[1:]] = np.nan  # its only label pairs with nothing
    kept = np.setdiff1d(np.arange(32), [5, 9])
    counts, values = table_of(items, labels)

    def package(weights):
        return krippendorff.alpha(
            value_counts=np.repeat(counts[kept], weights, axis=0),
            value_domain=values,
            level_of_measurement=level,
        )

    found = alpha_of_labels(
        items,
        labels,
        level=level,
        clusters=query,
        replicates=40,
        rng=np.random.default_rng(3),
        method=method,
    )
    value = package(np.ones(30, dtype=int))
    if method == "bootstrap":
        drawn = cluster_weights(query[kept], replicates=40, rng=np.random.default_rng(3)).astype(int)
        ends = percentile_interval([package(weights) for weights in drawn])
    else:
        left_out = [package((query[kept] != one).astype(int)) for one in range(8)]
        ends = jackknife_interval(value, left_out, bounds=(-1, 1))
    assert (found.value, found.low, found.high) == pytest.approx((value, *ends), abs=1e-12)
    assert (found.n, found.clusters, found.method) == (30, 8, method)


@given(studies, st.sampled_from(LEVELS), st.randoms(use_true_random=False))
def test_order_names_of_items_unit_and_origin_change_nothing(study, level, random):
    items, labels = study
    plain = alpha_of_labels(items, labels, level=level).value
    order = random.sample(range(len(items)), len(items))
    names = np.array(random.sample(range(50), 7))
    changed = alpha_of_labels(names[items[order]], labels[order] * -0.001 + 4, level=level).value
    assert changed == (None if plain is None else pytest.approx(plain, abs=1e-9))
    if level == "ordinal":
        cubed = alpha_of_labels(items, np.cbrt(labels), level=level).value
        assert cubed == (None if plain is None else pytest.approx(plain, abs=1e-12))


@pytest.mark.parametrize("level", LEVELS)
def test_the_cluster_interval_covers_the_true_alpha(level):
    rng = np.random.default_rng(5)
    truth = alpha_of_labels(*noisy_labels(rng, 20_000)[:2], level=level).value
    covered = {"bootstrap": 0, "jackknife": 0}
    for _ in range(120):
        items, labels, query = noisy_labels(rng, 20)
        for method in covered:
            found = alpha_of_labels(
                items, labels, level=level, clusters=query, replicates=200, rng=rng, method=method
            )
            covered[method] += found.low <= truth <= found.high
    assert 0.8 < covered["bootstrap"] / 120 < 0.96
    assert 0.89 < covered["jackknife"] / 120 <= 0.99


def test_a_slider_of_counts_is_measured_as_its_labels_are():
    rng = np.random.default_rng(6)
    counts = rng.multinomial(6, rng.dirichlet(np.full(101, 0.05), size=40))
    items, column = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
    for level in LEVELS:
        one, other = (
            measure(level=level, clusters=np.arange(40) // 4, replicates=60, rng=np.random.default_rng(1))
            for measure in (
                lambda **how: krippendorff_alpha(counts, values=np.arange(101.0), **how),
                lambda **how: alpha_of_labels(items, column, **how),
            )
        )
        assert (one.value, one.low, one.high) == pytest.approx(
            (other.value, other.low, other.high), abs=1e-12
        )


def test_wrong_labels_are_refused_with_their_own_message_and_undefined_ones_have_a_reason():
    for items, labels, message in [
        ([0, 1], [1.0], "one length"),
        ([0.0, 1.5], [1.0, 2.0], "whole numbers"),
        ([-1, 0], [1.0, 2.0], "whole numbers"),
        ([0, 0], [1.0, np.inf], "finite"),
    ]:
        with pytest.raises(ValueError, match=message):
            alpha_of_labels(items, labels, level="interval")
    with pytest.raises(ValueError, match="level"):
        alpha_of_labels([0, 0], [1, 2], level="nominal")
    with pytest.raises(ValueError, match="clusters"):
        alpha_of_labels([0, 0, 3, 3], [1, 2, 3, 4], level="interval", clusters=["a", "b"])
    for items, labels, reason in [
        ([], [], "two labels"),
        ([0, 1], [1.0, 2.0], "two labels"),
        ([0, 0, 1], [2.0, 2.0, 3.0], "same value"),
    ]:
        found = alpha_of_labels(items, labels, level="ordinal")
        assert found.value is None and reason in str(found.reason)
