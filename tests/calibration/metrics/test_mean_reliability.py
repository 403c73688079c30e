import doctest
from importlib import import_module

import numpy as np
import pytest
from scipy import stats

from annotation.statistics.entropy import entropy_bits, mean_label, standard_deviation
from annotation.statistics.population import Population
from annotation.statistics.reliability import intraclass_correlation
from calibration.metrics import strata
from calibration.metrics.distribution import isotonic
from calibration.metrics.nulls import corrections, mean_reliability, unsure_means
from calibration.metrics.nulls.corrections import attenuation, thorndike
from calibration.metrics.nulls.mean_reliability import pair_reliability, subset_reliability
from calibration.metrics.nulls.size_matched import size_matched
from calibration.metrics.nulls.unsure_means import variance_of_means
from calibration.metrics.subsets import entropy, middle, near_pairs, pair_spearman

PEOPLE = Population.assumed([1, 2, 3, 4, 5], shares=[1, 2, 3, 3, 1], alpha=0.3, query_share=0.3)
VALUES = np.arange(1.0, 6.0)


def test_examples_in_docstrings_hold():
    of_size = import_module("calibration.metrics.nulls.size_matched")
    for module in (corrections, isotonic, mean_reliability, of_size, strata, unsure_means):
        assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("labels", [5, 25])
def test_the_ceiling_is_the_rho_of_a_scorer_that_knows_what_people_think_on_average(labels):
    """On all items, those cut by the mean or by entropy, and near pairs: labels choose the items."""
    rng = np.random.default_rng(labels)
    latents = PEOPLE.latents(300, 15, rng=rng)
    noise = rng.choice([0.6, 1.2], size=latents.shape[1])
    counts = PEOPLE.label(latents, labels, rng=rng, noise=noise)[0]
    truth = PEOPLE.probabilities(latents[0], noise=noise) @ VALUES
    means, variances = mean_label(counts, VALUES), variance_of_means(counts, VALUES)
    queries = np.repeat(np.arange(300), 15)
    for mask in (means > 0, middle(means, 40).mask, entropy(entropy_bits(counts), 30).mask):
        rho = stats.spearmanr(truth[mask], means[mask])[0]
        assert subset_reliability(means, variances, mask).ceiling == pytest.approx(rho, abs=0.05)
    pairs = near_pairs(means, queries, 0.5).pairs
    rho = pair_spearman(truth, means, pairs, replicates=0).value
    assert pair_reliability(means, variances, queries, pairs).ceiling == pytest.approx(rho, abs=0.05)


def test_on_all_items_reliability_is_icc_1_k():
    counts = PEOPLE.simulate(40, 5, 10, rng=np.random.default_rng(1))[0]
    icc = intraclass_correlation(counts, values=VALUES, average=True).value
    means = mean_label(counts, VALUES)
    pooled = np.full(200, np.square(standard_deviation(counts, VALUES)).mean() / 10)
    assert subset_reliability(means, pooled, means > 0).value == pytest.approx(icc, abs=1e-9)
    spread = subset_reliability(means, variance_of_means(counts, VALUES), means > 0).value
    assert spread == pytest.approx(icc, abs=0.01)


def test_variances_of_means_keep_what_differs_beyond_chance():
    """Drawn wholly together where people differ alike; apart where they do not. A few labels say nothing."""
    rng = np.random.default_rng(2)
    alike, unlike = (
        np.array([rng.multinomial(20, [0.5 * s, 1 - s, 0.5 * s]) for s in shares])
        for shares in (np.full(400, 0.5), np.repeat([0.1, 0.9], 200))
    )
    assert variance_of_means(alike, [1, 2, 3]).std() < 0.1 * np.var([1, 2, 2, 3]) / 20
    low, high = variance_of_means(unlike, [1, 2, 3]).reshape(2, 200).mean(axis=1) * 20
    assert 0.1 < low < 0.15 and 0.85 < high < 0.9  # of .1 and .9, drawn to .5 a little
    few = variance_of_means([[1, 1, 0], [0, 2, 0], [1, 0, 0], [0, 0, 0]], [1, 2, 3])
    assert few[:3] == pytest.approx([0.125, 0.125, 0.25]) and np.isnan(few[3])
    assert np.isnan(variance_of_means([[1, 0], [0, 1]], [1, 2])).all()


def test_reliability_that_cannot_be_told_says_why():
    means = np.array([1.0, 2.0, 3.0, 3.0])
    for variances, inside, words in (
        (np.full(4, np.nan), [1, 1, 1, 1], "two labels"),
        (np.full(4, 9.0), [1, 1, 1, 1], "by chance"),
        (np.full(4, 0.1), [0, 0, 1, 1], "equal"),
        (np.full(4, 0.1), [0, 0, 0, 0], "equal"),
    ):
        found = subset_reliability(means, variances, np.array(inside, dtype=bool))
        assert found.value is found.ceiling is None and words in found.reason


def test_textbook_corrections_give_the_textbooks_numbers_and_none_where_undefined():
    # Pearson's on all of many normal points, from those selected by x.
    rng = np.random.default_rng(3)
    x = rng.normal(size=50_000)
    y = 0.6 * x + 0.8 * rng.normal(size=50_000)
    chosen = x > 0.5
    narrow = np.corrcoef(x[chosen], y[chosen])[0, 1]
    assert narrow < 0.4 and thorndike(narrow, x.std() / x[chosen].std()) == pytest.approx(0.6, abs=0.02)
    assert attenuation(0.3, 0.25) == pytest.approx(0.6)
    assert thorndike(0.3, None) is thorndike(None, 1.0) is None
    assert attenuation(0.3, -0.1) is attenuation(0.9, 0.5) is None


def test_random_subsets_vary_as_resampling_by_hand_does():
    rng = np.random.default_rng(4)
    means = rng.normal(size=120).round(1)
    scores = means + rng.normal(size=120)
    found = size_matched(scores, means, [30, 2, 120], draws=400, rng=rng)
    drawn = [rng.choice(120, 30, replace=False) for _ in range(400)]
    by_hand = np.array([stats.spearmanr(scores[one], means[one])[0] for one in drawn])
    assert found[0].value == pytest.approx(by_hand.mean(), abs=0.03)
    assert (found[0].low, found[0].high) == pytest.approx(np.quantile(by_hand, [0.025, 0.975]), abs=0.1)
    assert found[1].value is None
    assert found[2].low == pytest.approx(found[2].high) == stats.spearmanr(scores, means)[0]
