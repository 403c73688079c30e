import doctest
import warnings
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from statsmodels.miscmodels.ordinal_model import OrderedModel

from calibration.metrics.distribution import fitted
from calibration.metrics.distribution.fitted import isotonic_shares, out_of_fold, query_folds
from calibration.metrics.distribution.ordered_logit import ordered_logit


def labelled(rng, items=60, labels=4, slope=1.0):
    scores = rng.normal(size=items)
    below = 1 / (1 + np.exp(slope * scores[:, None] - np.array([-1.5, -0.5, 0.5, 1.5])))
    true = np.diff(below, axis=1, prepend=0, append=1)
    return scores, rng.multinomial(labels, true), true


def test_examples_in_docstrings_hold():
    assert (
        doctest.testmod(fitted).failed
        == doctest.testmod(import_module("calibration.metrics.distribution.ordered_logit")).failed
        == 0
    )


def test_the_ordered_logit_is_that_of_statsmodels():
    scores, counts, _ = labelled(np.random.default_rng(0))
    found = ordered_logit(scores, counts, ridge=0, even_labels=0)
    labels = np.repeat(np.tile(np.arange(5), len(scores)), counts.ravel())
    model = OrderedModel(labels, np.repeat(scores, 4)[:, None], distr="logit")
    wanted = model.fit(method="bfgs", disp=0, gtol=1e-9, maxiter=500)
    assert found.slope / found.unit == pytest.approx(wanted.params[0], rel=1e-6)
    np.testing.assert_allclose(found.shares(scores), model.predict(wanted.params, scores[:, None]), atol=1e-7)


def test_isotonic_shares_are_sklearns_at_each_threshold_and_never_cross():
    scores, counts, _ = labelled(np.random.default_rng(1))
    scores = np.round(scores, 1)
    new = np.linspace(-4, 4, 50)
    below = np.cumsum(isotonic_shares(scores, counts).shares(new), axis=1)[:, :-1]
    for v in range(4):
        share = counts[:, : v + 1].sum(axis=1) / 4
        wanted = IsotonicRegression(increasing=False, out_of_bounds="clip").fit(scores, share)
        np.testing.assert_allclose(below[:, v], wanted.predict(new), atol=1e-9)
    assert (np.diff(below, axis=1) >= 0).all() and (np.diff(below, axis=0) <= 1e-12).all()


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.sampled_from([1e-200, 1e-3, 7.0, 1e200]), st.booleans())
def test_predictions_ignore_order_unit_and_the_direction_of_scores_with_that_of_the_scale(seed, unit, turned):
    rng = np.random.default_rng(seed)
    scores, counts, _ = labelled(rng, items=20)
    order = rng.permutation(20)
    plain = ordered_logit(scores, counts).shares(scores)
    other = unit * (1 - 2 * turned) * scores[order]
    shares = ordered_logit(other, counts[order, :: -1 if turned else 1]).shares(other)
    np.testing.assert_allclose(shares[:, :: -1 if turned else 1], plain[order], atol=1e-6)


@pytest.mark.parametrize(
    ("scores", "counts"),
    [
        pytest.param([0, 1, 2, 3], [[5, 0, 0]] * 2 + [[0, 0, 5]] * 2, id="separated"),
        pytest.param([0, 1, 2, 3], [[99, 0, 0]] * 2 + [[0, 9999, 0], [0, 0, 99]], id="three separated"),
        pytest.param([1, 1, 1, 1], [[5, 0, 1]] * 4, id="constant"),
        pytest.param([1, 2, 3, 4], [[0, 4, 0]] * 4, id="one value"),
        pytest.param([-1e308, 0, 1e308, 1e308], [[1, 2, 3], [0, 0, 1], [3, 0, 0], [1, 1, 1]], id="huge"),
        pytest.param([0, 0, 0, 1e9], [[3, 2, 1]] * 4, id="outlier"),
        pytest.param([0, 5e-324, 1e-310, 1], [[3, 2, 1], [1, 2, 3], [2, 2, 2], [0, 0, 1]], id="tiny steps"),
        pytest.param([1, 2, 3, np.nan], [[3, 2, 1], [0, 0, 0], [1, 0, 0], [1, 2, 3]], id="missing"),
    ],
)
@pytest.mark.parametrize("fit", [ordered_logit, isotonic_shares])
def test_separated_constant_huge_and_missing_scores_have_shares_that_add_up_to_1(scores, counts, fit):
    with warnings.catch_warnings(action="error"):
        shares = fit(scores, counts).shares(scores)
    known = ~np.isnan(scores)
    np.testing.assert_allclose(shares[known].sum(axis=1), 1)
    between = fit(scores, counts).shares([0.25 * scores[0] + 0.75 * scores[1], 1e-311])
    np.testing.assert_allclose(between.sum(axis=1), 1)
    assert np.isnan(shares[~known]).all() and (shares[known] >= 0).all()


def test_equal_scores_predict_the_overall_shares():
    shares = ordered_logit([2, 2], [[400, 300, 100], [100, 100, 600]]).shares([2, 7])
    np.testing.assert_allclose(shares, np.tile([500 / 1600, 400 / 1600, 700 / 1600], (2, 1)), atol=1e-3)


def test_an_item_is_predicted_from_other_queries_alone():
    rng = np.random.default_rng(3)
    scores, counts, true = labelled(rng, items=400, labels=9)
    queries = np.repeat(np.arange(40), 10)
    folds = query_folds(queries, rng=rng)
    assert len(np.unique(folds)) == 10
    assert all(len(np.unique(folds[queries == query])) == 1 for query in range(40))
    shares = out_of_fold(scores, counts, folds)
    assert np.abs(shares - true).mean() < 0.02
    changed = counts.copy()
    changed[folds == 4] = [9, 0, 0, 0, 0]
    again = out_of_fold(scores, changed, folds)
    np.testing.assert_array_equal(again[folds == 4], shares[folds == 4])
    assert not np.allclose(again[folds != 4], shares[folds != 4])


def test_few_queries_are_a_fold_each_and_one_query_predicts_nothing():
    rng = np.random.default_rng(4)
    assert sorted(query_folds(list("abc"), rng=rng)) == [0, 1, 2]
    again = [query_folds(np.arange(30), rng=np.random.default_rng(1)).tolist() for _ in range(2)]
    assert again[0] == again[1]
    one = query_folds(np.zeros(3), rng=rng)
    assert np.isnan(out_of_fold([1, 2, 3], np.ones((3, 2)), one)).all()


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda: ordered_logit([1, 2], [[1, 2]]), "one score an item"),
        (lambda: ordered_logit([np.inf], [[1, 2]]), "infinite"),
        (lambda: ordered_logit([1], [[3]]), "one value"),
        (lambda: isotonic_shares([np.nan], [[3, 1]]), "no item"),
        (lambda: ordered_logit([1], [[3, 0]], even_labels=0), "must be among"),
        (lambda: query_folds([1, 2], rng=np.random.default_rng(0), folds=1), "at least 2"),
        (lambda: out_of_fold([1, 2], [[1, 2]], [0]), "as many as"),
    ],
)
def test_what_cannot_be_fitted_is_refused(work, words):
    with pytest.raises(ValueError, match=words):
        work()
