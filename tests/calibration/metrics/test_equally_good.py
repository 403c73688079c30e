import doctest
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtr
from sklearn.metrics import roc_auc_score

from annotation.statistics.resampling import jackknife_interval
from calibration.metrics.pairwise.auc import auc
from calibration.metrics.pairwise.equally_good import equally_good
from calibration.metrics.pairwise.equivalence import equivalent_and_decided

VALUES = np.array([-2, -1, 0, 1, 2])
CUTS = np.array([-1.5, -0.5, 0.5, 1.5])


def study(rng, *, queries=40, pairs=10, labels=25, blind=False):
    """Half of the pairs are equally good. A blind scorer parts them as far as any."""
    query = np.repeat(np.arange(queries), pairs)
    apart = rng.random(len(query)) < 0.5
    quality = apart * rng.choice([-1, 1], len(query)) * rng.uniform(0.5, 1.5, len(query))
    answers = np.clip(np.rint(quality[:, None] + 0.7 * rng.normal(size=(len(query), labels))), -2, 2)
    counts = (answers[:, :, None] == VALUES).sum(axis=1)
    seen = rng.permutation(quality) if blind else quality
    return (
        (seen + 0.3 * rng.normal(size=len(query))) * np.exp(0.3 * rng.normal(size=queries))[query],
        counts,
        query,
    )


@pytest.mark.parametrize("name", ["equally_good", "equivalence", "auc"])
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(import_module(f"calibration.metrics.pairwise.{name}")).failed == 0


def test_pairs_are_equivalent_by_two_one_sided_tests_and_decided_by_one_two_sided_test():
    counts = np.random.default_rng(1).multinomial(25, [0.1, 0.2, 0.3, 0.25, 0.15], size=200)
    counts[:3] = [[0, 0, 25, 0, 0], [0, 0, 0, 25, 0], [0, 0, 4, 0, 0]]
    equivalent, decided = equivalent_and_decided(counts, VALUES, margin=0.5)
    assert (equivalent[:3].tolist(), decided[:3].tolist()) == ([True, False, False], [False, True, False])
    for row, alike, apart in zip(counts[3:], equivalent[3:], decided[3:], strict=True):
        labels = np.repeat(VALUES, row)
        above = stats.ttest_1samp(labels, -0.5, alternative="greater").pvalue
        below = stats.ttest_1samp(labels, 0.5, alternative="less").pvalue
        assert alike == (max(above, below) < 0.05)
        assert apart == (stats.ttest_1samp(labels, 0).pvalue < 0.05 and not alike)
    assert equivalent.sum() > 10 and decided.sum() > 10
    with pytest.raises(ValueError, match="margin"):
        equivalent_and_decided(counts, VALUES, margin=0)


@pytest.mark.parametrize("labels", [5, 25])
def test_hardly_any_pair_is_taken_for_what_it_is_not(labels):
    rng = np.random.default_rng(2)
    for spread in (0.5, 0.8, 1.2):
        at = np.linspace(-1, 1, 401)
        chances = np.diff(ndtr((CUTS - at[:, None]) / spread), prepend=0, append=1, axis=1)
        for mean, wrong in ((0, 1), (0.5, 0)):
            row = chances[np.argmin(np.abs(chances @ VALUES - mean))]
            counts = rng.multinomial(labels, row, size=4000)
            assert equivalent_and_decided(counts, VALUES)[wrong].mean() < 0.07


def test_a_scorer_that_knows_equally_good_pairs_is_told_from_one_that_does_not():
    rng = np.random.default_rng(3)
    for blind in (False, True):
        scores, counts, queries = study(rng, blind=blind)
        sure = 1 / (1 + np.exp(-3 * scores))
        found = equally_good(scores, counts, VALUES, predicted=sure, clusters=queries)
        equivalent, decided = equivalent_and_decided(counts, VALUES)
        assert (found.n_equivalent, found.n_decided) == (equivalent.sum(), decided.sum())
        assert found.n_undecided == 400 - found.n_equivalent - found.n_decided
        far = np.abs(scores)
        compared = equivalent | decided
        assert found.auc.value == pytest.approx(roc_auc_score(decided[compared], far[compared]))
        assert found.spread_equivalent.value == pytest.approx(far[equivalent].mean())
        assert found.ratio.value == pytest.approx(far[equivalent].mean() / far[decided].mean())
        assert found.confident.value == pytest.approx((np.abs(sure - 0.5) > 0.25)[equivalent].mean())
        assert (found.auc.low > 0.8) != blind and (found.auc.low < 0.5 < found.auc.high) == blind
        assert (found.ratio.high < 0.5) != blind and (found.ratio.low < 1 < found.ratio.high) == blind


@given(st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_neither_sides_nor_order_nor_units_change_what_is_found(seed):
    rng = np.random.default_rng(seed)
    scores, counts, queries = study(rng, queries=6)
    found = equally_good(scores, counts, VALUES, clusters=queries)
    order = rng.permutation(len(scores))
    others = (
        equally_good(-scores, counts[:, ::-1], VALUES, clusters=queries),
        equally_good(4 * scores[order], counts[order], VALUES, clusters=queries[order]),
        equally_good(1e200 * scores, counts, VALUES, clusters=queries),
    )
    for other in others:
        assert (other.n_equivalent, other.n_decided) == (found.n_equivalent, found.n_decided)
        for name in ("auc", "ratio"):
            one, two = getattr(other, name), getattr(found, name)
            assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high))


def test_auc_and_its_interval_are_those_of_scikit_learn_with_and_without_each_cluster():
    rng = np.random.default_rng(4)
    score, positive, index = rng.integers(0, 6, 60), rng.random(60) < 0.4, np.arange(60) // 5
    found = auc(score, positive, clusters=index)
    left_out = [roc_auc_score(positive[index != g], score[index != g]) for g in range(12)]
    assert found.value == pytest.approx(roc_auc_score(positive, score))
    assert (found.low, found.high) == pytest.approx(jackknife_interval(found.value, left_out))


def test_intervals_of_the_auc_hold_the_truth_where_queries_matter():
    rng = np.random.default_rng(5)

    def drawn(queries):
        query = np.repeat(np.arange(queries), 8)
        positive = rng.random(len(query)) < 0.7
        spread = np.exp(0.5 * rng.normal(size=queries))[query]
        return np.abs(rng.normal(size=len(query)) + positive) * spread, positive, query

    truth = auc(*drawn(20_000)[:2]).value
    found = [
        auc(score, positive, clusters=query) for score, positive, query in (drawn(20) for _ in range(150))
    ]
    assert 0.89 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.99


def test_what_rests_on_too_few_pairs_is_undefined_and_says_why():
    counts = [[0, 1, 4, 8, 12]] * 9
    found = equally_good([1.0, 2, 3, 4, 5, 6, 7, 8, np.nan], counts, VALUES).as_dict()
    why = "fewer than 5 pairs that people are shown to hold equivalent"
    for name in ("auc", "ratio", "confident", "spread_equivalent"):
        assert (found[name]["value"], found[name]["reason"]) == (None, why)
    assert (found["n_equivalent"], found["n_decided"], found["spread_decided"]["value"]) == (0, 8, 4.5)
    assert auc([1.0, 2.0], [True, True]).reason == "all items are of one kind"
    for wrong in ({"differences": [1.0]}, {"predicted": [0.5]}):
        with pytest.raises(ValueError, match="9 items need"):
            equally_good(**({"differences": [1.0] * 9, "counts": counts, "values": VALUES} | wrong))
    with pytest.raises(ValueError, match="one length"):
        auc([1.0], [True, False])
