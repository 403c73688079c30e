import doctest
import math

from annotation.statistics import runs
from annotation.statistics.runs import longest_runs

NAN = math.nan


def test_examples_in_docstrings_hold():
    assert doctest.testmod(runs).failed == 0


def test_a_run_is_of_one_session_in_the_order_answered_and_cannot_judge_is_an_answer_in_it():
    values, order = [2, 2, 3, 2, NAN, NAN, 2], [1, 2, 6, 3, 4, 5, 7]

    def longest(order, **given):
        return longest_runs([0] * 7, values, people=1, order=order, **given)[0]

    assert longest(order) == 3
    assert longest(order, sessions=[1, 1, 1, 2, 2, 2, 2]) == 2
    assert longest([NAN, NAN, NAN, NAN, 1, 2, NAN]) == 2
    assert math.isnan(longest([NAN] * 7))
