"""Promises of the orders of tasks: all of them, the best, and how sure it is the best."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.training.orders import certainty, every_order, missing
from tests.generation.training.planted import chains_with, measured

TASKS = ("code", "math", "questions", "story")
# Stories take from everything, code gives: stories first, code last.
PLANTED = np.array(
    [[0.3, 0.05, 0.04, 0.02], [-0.05, 0.3, 0.03, 0.01], [-0.06, -0.04, 0.3, 0.02], [-0.2, -0.15, -0.1, 0.3]]
)


def forgetting(matrix: np.ndarray, order: tuple[int, ...]) -> float:
    return sum(
        max(0.0, -matrix[later, earlier]) for place, later in enumerate(order) for earlier in order[:place]
    )


def test_the_best_order_of_a_planted_matrix_is_found_among_all_as_by_brute_force() -> None:
    chains = chains_with(PLANTED, [TASKS, TASKS[::-1]], scale=1.0)
    found = every_order(measured(chains).matrix(), TASKS)
    by_hand = {order: forgetting(PLANTED, order) for order in permutations(range(4))}
    least = min(by_hand.values())
    names = {tuple(TASKS[place] for place in order): lost for order, lost in by_hand.items()}
    assert {found.named(number) for number in found.ties} == {
        order for order, lost in names.items() if lost == pytest.approx(least)
    }
    assert found.named(int(found.ties[0])) == ("story", "questions", "math", "code")
    assert (found.best, found.worst) == (pytest.approx(0, abs=1e-12), pytest.approx(max(by_hand.values())))
    assert found.median == pytest.approx(np.median(list(by_hand.values())))
    for order, lost in names.items():
        assert found.forgetting_of(order) == pytest.approx(lost)
        assert found.rank(order) == 1 + sum(other < lost - 1e-9 for other in names.values())


def test_eight_tasks_have_40320_orders_and_nine_are_refused() -> None:
    names = [f"task {n}" for n in range(9)]
    matrix = np.random.default_rng(0).normal(size=(9, 9))
    found = every_order(matrix[:8, :8], names[:8])
    assert len(found.forgetting) == 40_320
    for number in (0, 777, 40_319):
        order = tuple(found.orders[number].tolist())
        assert found.forgetting[number] == pytest.approx(forgetting(matrix, order))
    with pytest.raises(ValueError, match="orders are compared of 2 to 8 tasks, not of 9"):
        every_order(matrix, names)


@settings(max_examples=25)
@given(places=st.permutations(range(4)))
def test_new_names_of_tasks_are_new_names_in_every_order(places: list[int]) -> None:
    tasks = [TASKS[place] for place in places]
    first = every_order(PLANTED, TASKS)
    second = every_order(PLANTED[np.ix_(places, places)], tasks)
    assert sorted(first.forgetting) == pytest.approx(sorted(second.forgetting))
    for number in range(0, 24, 5):
        order = first.named(number)
        assert second.rank(order) == first.rank(order)


def test_a_cell_that_is_missing_leaves_no_order_and_the_diagonal_is_not_read() -> None:
    matrix = PLANTED.copy()
    np.fill_diagonal(matrix, np.nan)
    assert every_order(matrix, TASKS).best == pytest.approx(0, abs=1e-12)
    matrix[1, 3] = np.nan
    assert missing(matrix, TASKS) == [("math", "story")]
    with pytest.raises(ValueError, match="the effect of math on story is undefined"):
        every_order(matrix, TASKS)


def test_orders_that_forget_the_same_are_told_as_ties() -> None:
    found = every_order(np.zeros((3, 3)), TASKS[:3])
    assert len(found.ties) == 6
    assert [found.rank(found.named(number)) for number in range(6)] == [1] * 6


def test_of_pure_noise_the_best_order_has_an_advantage_only_where_it_was_chosen() -> None:
    """The winner's curse: on the matrix that chose it the order is better by far, on another by nothing."""
    chosen, apart = [], []
    for seed in range(40):
        chains = chains_with(
            np.zeros((4, 4)),
            [TASKS, TASKS[::-1]],
            noise=0.05,
            se=0.05 / np.sqrt(2),
            scale=1.0,
            rng=np.random.default_rng(seed),
        )
        found = measured(chains)
        orders = every_order(found.matrix(), TASKS)
        chosen.append(orders.median - orders.best)
        sure = certainty(orders, found, draws=50, seed=seed)
        apart.append(sure.advantage.value)
        assert sure.advantage.low < 0 < sure.advantage.high
    assert np.mean(chosen) > 0.06
    assert abs(np.mean(apart)) < 0.015


def test_an_advantage_that_is_really_there_is_found_apart_too() -> None:
    chains = chains_with(PLANTED, [TASKS, TASKS[::-1]], se=0.01, scale=1.0)
    found = measured(chains)
    orders = every_order(found.matrix(), TASKS)
    sure = certainty(orders, found, draws=100, seed=0)
    assert sure.advantage.low > 0.15
    assert sure.advantage.value == pytest.approx(orders.median - orders.best, abs=0.05)
    assert sure.same_first == 1
    assert sure.same_order > 0.2
    assert sure == certainty(orders, found, draws=100, seed=0)


def test_without_standard_errors_nothing_is_said_of_how_sure_it_is() -> None:
    found = measured(chains_with(PLANTED, [TASKS, TASKS[::-1]], scale=1.0))
    orders = every_order(found.matrix(), TASKS)
    with pytest.raises(ValueError, match=r"the effect of \w+ on \w+ has no standard error"):
        certainty(orders, found, draws=50, seed=0)
