import doctest
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance
from sklearn.metrics import log_loss

from calibration.metrics.distribution.distances import (
    MEASURES,
    distances,
    jensen_shannon,
    total_variation,
    wasserstein_1,
)

SCALE = np.arange(1, 6)


def studied(rng, items=40, most=9, least=1):
    """Counts of unequal numbers of labels, and a distribution for each item."""
    n = rng.integers(least, most, size=items)
    return rng.multinomial(n, rng.dirichlet(np.ones(5), size=items)), rng.dirichlet(np.ones(5), size=items)


def test_examples_in_docstrings_hold():
    assert doctest.testmod(import_module("calibration.metrics.distribution.distances")).failed == 0


def test_distances_are_those_of_scipy():
    counts, q = studied(np.random.default_rng(0))
    p = counts / counts.sum(axis=1, keepdims=True)
    pairs = list(zip(p, q, strict=True))
    found = distances(q, counts)
    wanted = [wasserstein_distance(SCALE, SCALE, a, b) for a, b in pairs]
    np.testing.assert_allclose(found.wasserstein_1, wanted, atol=1e-12)
    np.testing.assert_allclose(found.jensen_shannon, [jensenshannon(a, b, base=2) ** 2 for a, b in pairs])
    # The largest difference of the chances of any of the 32 events.
    events = (np.arange(32)[:, None] >> np.arange(5)) & 1
    np.testing.assert_allclose(found.total_variation, ((p - q) @ events.T).max(axis=1), atol=1e-12)


def test_scores_are_means_over_labels_and_split_into_peoples_spread_and_the_scorers_error():
    counts, q = studied(np.random.default_rng(1))
    found = distances(q, counts, log_floor=1e-9)
    for n, (count, share) in enumerate(zip(counts, q, strict=True)):
        labels = np.repeat(np.arange(5), count)
        said = np.eye(5)[labels]
        steps, below = np.cumsum(said, axis=1)[:, :-1], np.cumsum(share)[:-1]
        mine = {
            "log_loss": log_loss(labels, np.tile(share, (len(labels), 1)), labels=np.arange(5)),
            "brier": np.square(share - said).sum(axis=1).mean(),
            "ranked_probability_score": np.square(below - steps).sum(axis=1).mean(),
        }
        assert {name: getattr(found, name)[n] for name in mine} == pytest.approx(mine)
        p = count / count.sum()
        assert found.brier[n] - found.brier_spread[n] == pytest.approx(np.square(share - p).sum())
        gap = np.square(np.cumsum(share - p)[:-1]).sum()
        assert found.ranked_probability_score[n] - found.ranked_probability_spread[n] == pytest.approx(gap)


def test_the_log_loss_counts_smaller_shares_as_its_floor():
    counts = [[0, 0, 0, 0, 4]]
    assert distances([[1, 0, 0, 0, 0]], counts).log_loss[0] == pytest.approx(-np.log(0.01))
    assert distances([[1, 0, 0, 0, 0]], counts, log_floor=0.2).log_loss[0] == pytest.approx(-np.log(0.2))


@pytest.mark.parametrize("k", [None, 4])
def test_the_corrected_distance_is_unbiased_for_stated_distributions_and_for_votes(k):
    rng = np.random.default_rng(2)
    true, q = rng.dirichlet(np.ones(5), size=(2, 8))
    error = np.square(np.cumsum(true - q, axis=1)[:, :-1]).sum(axis=1)
    n, draws = np.array([2, 3, 5, 9, 25, 25, 2, 4]), 20_000
    counts = rng.multinomial(n, true, size=(draws, 8)).reshape(-1, 5)
    if k is None:
        found = distances(np.tile(q, (draws, 1)), counts)
    else:
        votes = rng.multinomial(k, q, size=(draws, 8)).reshape(-1, 5)
        found = distances(votes / k, counts, votes=votes)
    corrected = found.corrected.reshape(draws, 8)
    noise = corrected.std(axis=0) / np.sqrt(draws)
    assert (np.abs(corrected.mean(axis=0) - error) < 4.5 * noise).all()
    raw = (found.ranked_probability_score - found.ranked_probability_spread).reshape(draws, 8)
    assert (raw.mean(axis=0) > error + 10 * noise).all()


def test_one_label_or_one_vote_leaves_the_corrected_distance_undefined_and_none_leaves_all():
    q = np.full((4, 5), 0.2)
    q[3] = np.nan
    counts = np.array([[1, 0, 0, 0, 0], [2, 0, 0, 0, 0], [0] * 5, [3, 0, 0, 0, 0]])
    found = distances(q, counts)
    np.testing.assert_array_equal(np.isnan(found.corrected), [True, False, True, True])
    for name in (*MEASURES[:-1], "brier_spread", "ranked_probability_spread"):
        np.testing.assert_array_equal(np.isnan(getattr(found, name)), [False, False, True, True])
    votes = [[0, 1, 0, 0, 0], [0, 1, 0, 0, 0], [0] * 5, [0] * 5]
    assert np.isnan(distances(q, counts, votes=votes).corrected).all()


@given(st.integers(0, 2**32))
def test_distances_ignore_the_direction_of_the_scale_and_repeated_labels(seed):
    counts, q = studied(np.random.default_rng(seed), items=5)
    plain, turned = distances(q, counts), distances(q[:, ::-1], counts[:, ::-1])
    twice = distances(q, 2 * counts)
    for name in MEASURES:
        assert getattr(plain, name) == pytest.approx(getattr(turned, name), nan_ok=True, abs=1e-12)
        if name != "corrected":
            assert getattr(plain, name) == pytest.approx(getattr(twice, name), abs=1e-12)


@given(st.integers(0, 2**32))
def test_distances_are_symmetric_zero_for_equals_and_as_far_as_the_ends_at_most(seed):
    p, q = np.random.default_rng(seed).dirichlet(np.full(5, 0.3), size=(2, 3))
    ends = np.eye(5)[[0]], np.eye(5)[[4]]
    for measure, most in ((total_variation, 1), (jensen_shannon, 1), (wasserstein_1, 4)):
        assert measure(p, q) == pytest.approx(measure(q, p), abs=1e-12)
        assert measure(p, p) == pytest.approx(np.zeros(3), abs=1e-12)
        assert (measure(p, q) >= 0).all() and measure(*ends) == pytest.approx([most])


@pytest.mark.parametrize(
    ("predicted", "given", "words"),
    [
        ([[0.5, 0.5]], {}, "shape of the counts"),
        ([[0.5, 0.6, 0]], {}, "add up to 1"),
        ([[1.5, -0.5, 0]], {}, "add up to 1"),
        ([[np.nan, 0.5, 0.5]], {}, "add up to 1"),
        ([[1, 0, 0]], {"log_floor": 0}, "log_floor must"),
        ([[1, 0, 0]], {"votes": [[1, 0]]}, "votes must"),
    ],
)
def test_what_is_no_distribution_is_refused(predicted, given, words):
    with pytest.raises(ValueError, match=words):
        distances(predicted, [[1, 2, 0]], **given)
