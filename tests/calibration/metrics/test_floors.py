import doctest
from importlib import import_module

import numpy as np
import pytest

from annotation.statistics.entropy import entropy_bits_corrected
from annotation.statistics.population import Population
from calibration.metrics.distribution.distances import MEASURES, distances
from calibration.metrics.distribution.floors import floors

SCALE = [1, 2, 3, 4, 5]
# Items differ about as much as the people who label one.
EVEN = Population.assumed(SCALE, shares=[1, 1, 1, 1, 1], alpha=0.5, query_share=0.3)
PEAKED = Population.assumed(SCALE, shares=[1, 2, 3, 6, 9], alpha=0.25, query_share=0.3)
FIRST = ("total_variation", "jensen_shannon", "wasserstein_1")


def truth(people, rng, items=750):
    return people.probabilities(people.latents(items // 15, 15, rng=rng)[0])


def means(found, names=MEASURES):
    return np.array([np.nanmean(getattr(found, name)) for name in names])


def test_examples_in_docstrings_hold():
    assert doctest.testmod(import_module("calibration.metrics.distribution.floors")).failed == 0


@pytest.mark.parametrize(("labels", "wanted"), [(25, (0.138, 0.031, 0.206)), (5, (0.306, 0.156, 0.457))])
def test_the_floors_at_25_and_at_5_labels_are_those_of_a_perfect_judge(labels, wanted):
    rng = np.random.default_rng(0)
    true = truth(EVEN, rng, 3000)
    counts = rng.multinomial(labels, true)
    assert means(distances(true, counts), FIRST) == pytest.approx(wanted, rel=0.06)
    assert means(floors(counts, rng=rng), FIRST) == pytest.approx(wanted, rel=0.09)


@pytest.mark.parametrize("people", [EVEN, PEAKED])
@pytest.mark.parametrize("votes", [None, 4])
def test_floors_are_what_a_perfect_judge_scores_however_many_labels_an_item_has(people, votes):
    rng = np.random.default_rng(1)
    true = truth(people, rng, 3000)
    counts = rng.multinomial(np.tile([3, 5, 25], 1000), true)
    if votes is None:
        judged, found = distances(true, counts), floors(counts, rng=rng)
    else:
        drawn = rng.multinomial(votes, true)
        judged = distances(drawn / votes, counts, votes=drawn)
        found = floors(counts, rng=rng, votes=np.full(3000, votes))
    for n in (3, 5, 25):
        here = counts.sum(axis=1) == n
        for name in MEASURES[:-1]:
            scored, floor = getattr(judged, name)[here], getattr(found, name)[here].mean()
            assert floor == pytest.approx(scored.mean(), rel=0.05, abs=4 * scored.std() / np.sqrt(1000))
    assert (found.corrected == 0).all()
    said = entropy_bits_corrected(drawn) if votes else -(true * np.log2(true)).sum(axis=1)
    assert found.entropy.mean() == pytest.approx(said.mean(), rel=0.03)


@pytest.mark.parametrize("careless", [True, False], ids=["agreed but for carelessness", "two camps"])
def test_floors_are_right_too_where_no_beta_distribution_is(careless):
    rng = np.random.default_rng(4)
    if careless:
        true = 0.7 * np.eye(5)[rng.integers(0, 5, 1500)] + 0.06
    else:
        share = rng.beta(0.3, 0.3, size=(1500, 1))
        true = share * [0.8, 0.15, 0.05, 0, 0] + (1 - share) * [0, 0, 0.05, 0.15, 0.8]
    counts = rng.multinomial(25, true)
    scored = means(distances(true, counts), FIRST)
    assert means(floors(counts, rng=rng), FIRST) == pytest.approx(scored, rel=0.09)


def test_labels_drawn_again_from_their_own_shares_would_make_too_low_a_floor():
    rng = np.random.default_rng(2)
    counts = rng.multinomial(5, truth(EVEN, rng, 3000))
    again = distances(counts / 5, rng.multinomial(5, counts / 5)).total_variation.mean()
    assert again < 0.7 * floors(counts, rng=rng).total_variation.mean()


def test_items_without_labels_and_studies_without_two_labels_of_an_item_have_no_floor():
    rng = np.random.default_rng(3)
    found = floors([[2, 1], [0, 0]], rng=rng)
    assert np.isfinite(found.total_variation[0]) and np.isnan(found.total_variation[1])
    assert all(np.isnan(getattr(floors([[1, 0], [0, 1]], rng=rng), name)).all() for name in MEASURES)
    agreed = floors([[4, 0], [0, 4]], rng=rng)
    assert agreed.total_variation == pytest.approx([0, 0], abs=1e-3)
    for wrong in ({"draws": 0}, {"votes": [1]}, {"votes": [-1, 2]}):
        with pytest.raises(ValueError, match="must be"):
            floors([[2, 1], [0, 2]], rng=rng, **wrong)
