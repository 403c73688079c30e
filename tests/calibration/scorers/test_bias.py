import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.scorers.judges.bias import position_bias

VERDICTS = st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), min_size=1, max_size=20)


@given(VERDICTS)
def test_a_judge_that_sees_only_what_responses_are_worth_has_no_bias(pairs: list[tuple[int, int]]) -> None:
    worth = np.array([first for first, _ in pairs], dtype=float)
    bias = position_bias(worth, -worth)
    assert (bias.mean.value, bias.flips.value, bias.mean.n) == (0, 0, len(pairs))


@given(VERDICTS)
def test_which_response_is_called_the_first_changes_nothing(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, dtype=float).T
    assert position_bias(first, second) == position_bias(second, first)


def test_a_judge_that_always_prefers_the_first_is_seen_through() -> None:
    bias = position_bias([2.0] * 10, [1.0] * 10)
    assert (bias.mean.value, bias.flips.value) == (1.5, 1.0)


def test_a_tie_that_is_decided_once_turned_is_a_flip_and_less_than_half_a_step_is_a_tie() -> None:
    assert position_bias([0, 0.4, 2, 1], [1, -0.4, -0.6, 0.4]).flips.value == 0.5


def test_pairs_without_one_order_are_left_out_and_none_at_all_is_undefined() -> None:
    nan = float("nan")
    assert position_bias([1, nan, 2], [-1, 2, nan]).mean.n == 1
    nothing = position_bias([nan], [1])
    assert nothing.mean.value is None
    assert nothing.flips.reason == "no pair was judged in both orders"
    with pytest.raises(ValueError, match="one length"):
        position_bias([1, 2], [1])


def test_intervals_resample_queries_and_hold_the_truth() -> None:
    """Simulated: 200 judges with a bias of .5, whose verdicts on a query's pairs lean alike."""
    rng, held = np.random.default_rng(5), 0
    queries = np.repeat(np.arange(40), 5)
    for _ in range(200):
        lean = 0.5 + rng.normal(0, 0.7, 40)[queries]
        worth = rng.normal(0, 1, 200)
        first, second = worth + lean + rng.normal(0, 0.5, 200), -worth + lean + rng.normal(0, 0.5, 200)
        mean = position_bias(first, second, queries=queries, replicates=200, rng=rng).mean
        assert mean.low is not None
        assert mean.high is not None
        held += mean.low <= 0.5 <= mean.high
    assert mean.clusters == 40
    assert 178 <= held <= 199
