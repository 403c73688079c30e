import doctest

import numpy as np
import pytest

from annotation.statistics import sides
from annotation.statistics.sides import side_bias


def test_examples_in_docstrings_hold():
    assert doctest.testmod(sides).failed == 0


def test_ties_are_left_out_or_count_as_half_and_the_unknown_never_count():
    won = [1, 1, 1, 0, 0.5, 0.5, np.nan]
    assert (side_bias(won, people=None).value, side_bias(won, people=None).n) == (0.75, 4)
    half = side_bias(won, people=None, ties_as_half=True)
    assert (half.value, half.n) == (pytest.approx(4 / 6), 6)


def test_answers_of_no_side_have_no_bias_and_say_so():
    for won in ([], [np.nan], [0.5, 0.5]):
        found = side_bias(won, people=None)
        assert found.value is None and "side" in found.reason
    assert side_bias([0.5, 0.5], people=None, ties_as_half=True).value == 0.5


def test_what_is_no_side_and_people_that_are_not_one_a_label_are_refused():
    with pytest.raises(ValueError, match="left_wins"):
        side_bias([2.0], people=None)
    with pytest.raises(ValueError, match=r"clusters|people"):
        side_bias([1.0, 0.0], people=["a"])


def test_the_other_side_has_the_other_bias():
    rng = np.random.default_rng(5)
    won, people = rng.choice([0, 0.5, 1, np.nan], size=300), rng.integers(20, size=300)
    left, right = (
        side_bias(side, people=people, replicates=200, rng=np.random.default_rng(1))
        for side in (won, 1 - won)
    )
    assert left.value == pytest.approx(1 - right.value)
    assert (left.low, left.high) == (pytest.approx(1 - right.high), pytest.approx(1 - right.low))


def test_intervals_by_person_hold_the_true_bias_where_those_by_label_or_item_are_too_narrow():
    rng = np.random.default_rng(8)
    people, items, each = 50, 100, 15
    # A habit of each person's own, an answer of each item that is better, and sides drawn for every label.
    normal = np.random.default_rng(0).normal(size=(2, 400_000))
    true = (1 / (1 + np.exp(-(0.2 + normal[0] + 2 * normal[1])))).mean()
    who = np.repeat(np.arange(people), each)
    held = np.zeros(3)
    for _ in range(120):
        better, habit = 2 * rng.normal(size=items), 0.2 + rng.normal(size=people)
        item = rng.permuted(np.tile(np.arange(items), (people, 1)), axis=1)[:, :each].ravel()
        turned = rng.choice([-1, 1], size=len(item))
        won = rng.random(len(item)) < 1 / (1 + np.exp(-(habit[who] + turned * better[item])))
        for n, clusters in enumerate((who, item, None)):
            found = side_bias(won, people=clusters, replicates=200, rng=rng)
            held[n] += found.low <= true <= found.high
    by_person, by_item, by_label = held / 120
    assert 0.88 < by_person < 0.99 and by_item < 0.87 and by_label < 0.87
