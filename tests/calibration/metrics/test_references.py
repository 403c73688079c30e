import doctest
from dataclasses import fields

import numpy as np
import pytest

from calibration.metrics.distribution import references
from calibration.metrics.distribution.distances import distances
from calibration.metrics.distribution.references import left_out_person, overall_shares


def test_examples_in_docstrings_hold():
    assert doctest.testmod(references).failed == 0


def test_a_left_out_person_is_the_mean_over_all_people_of_what_each_would_have():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(rng.integers(2, 9, size=30), [0.1, 0.2, 0.4, 0.3])
    found = left_out_person(counts)
    for item, count in enumerate(counts):
        labels = np.repeat(np.arange(4), count)
        each = [distances([np.eye(4)[label]], [count - np.eye(4)[label]]) for label in labels]
        for field in fields(found):
            wanted = np.mean([getattr(one, field.name)[0] for one in each])
            assert getattr(found, field.name)[item] == pytest.approx(wanted, nan_ok=True)
        apart = np.abs(labels[:, None] - labels).sum() / (len(labels) * (len(labels) - 1))
        assert found.ranked_probability_score[item] == pytest.approx(apart)


def test_a_perfect_judge_halves_a_persons_ranked_probability_score():
    rng = np.random.default_rng(1)
    true = rng.dirichlet(np.ones(5), size=4000)
    counts = rng.multinomial(7, true)
    judge = distances(true, counts).ranked_probability_score.mean()
    assert judge / left_out_person(counts).ranked_probability_score.mean() == pytest.approx(0.5, abs=0.01)


def test_one_label_has_no_others():
    found = left_out_person([[1, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(np.isnan(found.total_variation), [True, True, False])
    np.testing.assert_array_equal(np.isnan(found.corrected), [True, True, True])


def test_the_overall_distribution_never_holds_an_items_own_fold():
    counts = np.array([[9, 0], [1, 3], [0, 4], [2, 2]])
    found = overall_shares(counts, [0, 1, 1, 2])
    np.testing.assert_allclose(found[1], [11 / 13, 2 / 13])
    np.testing.assert_array_equal(found[1], found[2])
    assert np.isnan(overall_shares(counts, [0] * 4)).all()
    with pytest.raises(ValueError, match="one fold an item"):
        overall_shares(counts, [0])
