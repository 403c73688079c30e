import doctest

import numpy as np
import pytest

from annotation.statistics import latent, population
from annotation.statistics.agreement import krippendorff_alpha
from annotation.statistics.entropy import mean_label
from annotation.statistics.population import Population

SHARES = (0.05, 0.15, 0.3, 0.3, 0.2)
PEOPLE = Population.assumed([1, 2, 3, 4, 5], shares=SHARES, alpha=0.3, query_share=0.4, severity_share=0.15)
QUERIES = np.repeat(np.arange(1500), 6)


def test_examples_in_docstrings_hold():
    assert doctest.testmod(population).failed == doctest.testmod(latent).failed == 0


def test_simulated_labels_have_the_shares_agreement_and_queries_that_were_asked_for():
    counts = PEOPLE.simulate(1500, 6, 8, rng=np.random.default_rng(1))[0]
    assert (counts.sum(axis=1) == 8).all()
    assert counts.sum(axis=0) / counts.sum() == pytest.approx(SHARES, abs=0.015)
    alpha = krippendorff_alpha(counts, values=PEOPLE.values, level="interval").value
    assert alpha == pytest.approx(0.3, abs=0.02)
    true = PEOPLE.probabilities(PEOPLE.latents(1500, 6, rng=np.random.default_rng(2))[0]) @ PEOPLE.values
    first, second = true.reshape(1500, 6)[:, :3].ravel(), true.reshape(1500, 6)[:, 3:].ravel()
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.4, abs=0.05)


def test_severity_moves_all_items_of_a_session_together():
    """One session of all items a label: the mean over items of one person's labels varies by severity."""
    latents = np.zeros((2000, 40))
    counts = PEOPLE.label(latents, 1, rng=np.random.default_rng(3), session_size=40)
    per_person = np.array([mean_label(study, PEOPLE.values).mean() for study in counts])
    apart = PEOPLE.label(latents, 1, rng=np.random.default_rng(3), session_size=1)
    without = np.array([mean_label(study, PEOPLE.values).mean() for study in apart])
    spread = np.array(SHARES) @ (np.array(PEOPLE.values) - np.array(SHARES) @ PEOPLE.values) ** 2
    assert per_person.var() - without.var() == pytest.approx(0.15 * spread, rel=0.15)


def test_a_pilot_gives_back_the_people_that_it_was_drawn_from():
    rng = np.random.default_rng(4)
    pilots = PEOPLE.simulate(40, 6, 5, rng=rng, studies=150, session_size=1)
    fitted = [Population.fitted(pilot, PEOPLE.values, QUERIES[:240]) for pilot in pilots]
    assert np.mean([people.alpha for people in fitted]) == pytest.approx(0.3, abs=0.01)
    assert np.mean([people.query_share for people in fitted]) == pytest.approx(0.4, abs=0.04)
    assert np.mean([people.shares for people in fitted], axis=0) == pytest.approx(SHARES, abs=0.01)


def test_a_pilot_of_queries_with_one_item_takes_queries_not_to_matter():
    pilot = PEOPLE.simulate(200, 1, 5, rng=np.random.default_rng(5))[0]
    assert Population.fitted(pilot, PEOPLE.values, np.arange(200)).query_share == 0


@pytest.mark.parametrize(
    ("counts", "queries", "words"),
    [
        (np.ones((19, 2)), np.arange(19), "fewer than 20 items"),
        (np.ones((30, 2)), np.arange(30) % 4, "fewer than 5 queries"),
        (np.tile([2, 0], (30, 1)), np.arange(30), "the same value"),
        (np.ones((30, 2)), np.arange(30), "no agreement"),
    ],
)
def test_a_pilot_that_is_too_thin_is_refused_with_the_reason(counts, queries, words):
    with pytest.raises(ValueError, match=words):
        Population.fitted(counts, [0, 1], queries)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"shares": [1, 1]}, "shares"),
        ({"shares": [1, 0, 0]}, "shares"),
        ({"alpha": 0}, "alpha"),
        ({"alpha": 0.99}, "at most"),
        ({"query_share": 1}, "queries"),
        ({"alpha": 0.6, "severity_share": 0.6}, "no room"),
    ],
)
def test_people_who_cannot_be_are_refused(wrong, words):
    expected = {"shares": [1, 1, 1], "alpha": 0.3, "query_share": 0.3} | wrong
    with pytest.raises(ValueError, match=words):
        Population.assumed([1, 2, 3], **expected)
