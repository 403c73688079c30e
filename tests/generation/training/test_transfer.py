"""Promises of the transfer matrix, of backward and of forward transfer."""

from itertools import permutations
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.training.backward import backward_transfer, forward_transfer
from generation.training.chains import Chain, Chains, Evaluation
from generation.training.chains import chain as chain_of
from generation.training.transfer import default_scale, scales_of, transfer
from tests.generation.training.planted import chains_with, measured

TASKS = ("code", "math", "story")


def scored(run: str, *stages: tuple[str, dict[str, float]], se: float | None = None) -> Chain:
    return chain_of(run, [(t, {k: Evaluation(v, se) for k, v in row.items()}) for t, row in stages])


def test_each_cell_is_the_mean_change_over_every_stage_of_every_run_in_units_of_the_scale() -> None:
    rng = np.random.default_rng(0)
    chains = chains_with(np.zeros((3, 3)), list(permutations(TASKS)), noise=0.1, rng=rng)
    found = measured(chains)
    for i in TASKS:
        for j in TASKS:
            sizes = []
            for chain in chains.chains:
                for before, after in zip(chain.stages, chain.stages[1:], strict=False):
                    if after.trained == i:
                        sizes.append(after.evaluations[j].score - before.evaluations[j].score)
            every = chains.scores(j)
            cell = found.cells[i, j]
            assert cell.value == pytest.approx(np.mean(sizes) / (every.max() - every.min()))
            assert cell.n == len(sizes) == 6
            spread = np.std(sizes, ddof=1) / sqrt(6) / found.scales[j]
            assert cell.se == pytest.approx(spread)  # larger than that by test items: there is none
            assert cell.estimate().high == pytest.approx(cell.value + 2.5706 * spread, rel=1e-4)


def test_the_standard_error_of_one_change_is_that_of_its_two_scores() -> None:
    one = scored("a", ("", {"math": 0.2}), ("code", {"math": 0.1}), se=0.03)
    chains = Chains([one], {"math": 0.5}, {})
    cell = measured(chains).cells["code", "math"]
    assert (cell.value, cell.se) == (pytest.approx(-0.2), pytest.approx(sqrt(2) * 0.03 / 0.5))
    assert cell.estimate().low == pytest.approx(-0.2 - 1.95996 * sqrt(2) * 0.06, rel=1e-5)
    without = scored("a", ("", {"math": 0.2}), ("code", {"math": 0.1}))
    estimate = measured(Chains([without], {"math": 0.5}, {})).cells["code", "math"].estimate()
    assert estimate.low is None
    assert "no standard error" in estimate.reason


def test_a_score_that_several_runs_start_from_counts_its_error_once() -> None:
    """The mean of two changes from one start: var/4 + var/4 of the ends, and the start's whole."""
    start = ("", {"math": 0.5})
    runs = [
        scored(name, start, ("code", {"math": end}), se=0.02) for name, end in (("a", 0.4), ("b", 0.4001))
    ]
    chains = Chains(runs, {"math": 1.0}, {})
    cell = measured(chains).cells["code", "math"]
    assert cell.n == 2
    assert cell.measured == pytest.approx(0.02 * sqrt(1 + 2 / 4))


def test_draws_have_the_errors_of_the_cells_and_what_they_share() -> None:
    """A score after code and before math is in both effects on story, with opposite signs."""
    row = dict.fromkeys(TASKS, 0.5)
    one = scored("a", ("", row), ("code", row | {"math": 0.6}), ("math", row | {"math": 0.7}), se=0.1)
    found = measured(Chains([one], dict.fromkeys(TASKS, 1.0), {}))
    drawn = found.noise(20_000, np.random.default_rng(0)).reshape(20_000, -1)
    assert drawn.std(axis=0) == pytest.approx(np.full(4, 0.1 * sqrt(2)), rel=0.03)
    first, second = drawn[:, 0], drawn[:, 2]  # of code and of math, on code
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(-0.5, abs=0.03)


def test_runs_that_go_on_from_a_common_stage_have_it_counted_once() -> None:
    row = dict.fromkeys(TASKS, 0.5)
    common = [("", row), ("code", row | {"math": 0.4})]
    runs = [scored("a", *common, ("math", row)), scored("b", *common, ("story", row))]
    found = Chains(runs, {}, {}).changes
    shared = [change for change in found if change.first]
    assert len(shared) == 3
    assert all(change.runs == {"a", "b"} for change in shared)
    assert len(found) == 9


def test_what_cannot_be_estimated_says_why() -> None:
    one = scored("a", ("", {"math": 0.5}), ("code", {"math": 0.5, "code": 0.1}))
    found = measured(Chains([one], {}, {}))
    assert not found.cells
    assert found.reason("code", "math") == "math has no scale: its scores are all the same"
    assert default_scale([0.3, 0.3]) is None
    with pytest.raises(ValueError, match="the scale of math must be above 0"):
        transfer([], trained=["code"], tasks=["math"], scales={"math": 0.0})


@settings(max_examples=25)
@given(factor=st.floats(0.01, 1000), order=st.permutations(TASKS))
def test_scaling_scores_changes_nothing_and_new_names_only_the_order(factor: float, order: list[str]) -> None:
    rng = np.random.default_rng(5)
    chains = chains_with(rng.normal(0, 0.1, (3, 3)), [TASKS], noise=0.02, rng=rng)
    names = dict(zip(TASKS, order, strict=True))
    again = Chains(
        [
            chain_of(
                one.run,
                [
                    (
                        names.get(stage.trained, ""),
                        {names[k]: Evaluation(factor * v.score) for k, v in stage.evaluations.items()},
                    )
                    for stage in one.stages
                ],
            )
            for one in chains.chains
        ],
        {},
        {},
    )
    before, after = measured(chains), measured(again)
    for i in TASKS:
        for j in TASKS:
            assert after.cells[names[i], names[j]].value == pytest.approx(before.cells[i, j].value)
    for statistic in (backward_transfer, forward_transfer):
        first, second = (statistic(one.chains[0], scales=scales_of(one)).value for one in (chains, again))
        assert second == pytest.approx(first)


def test_backward_and_forward_transfer_are_as_lopez_paz_and_ranzato_define_them() -> None:
    """R has a row a stage, from the one before any training, and a column a task in the order trained."""
    matrix = np.random.default_rng(3).random((4, 3))
    rows = [dict(zip(TASKS, scores, strict=True)) for scores in matrix.tolist()]
    one = scored("a", *zip(("", *TASKS), rows, strict=True), se=0.01)
    tasks = 3
    bwt = sum(matrix[tasks, i] - matrix[i + 1, i] for i in range(tasks - 1)) / (tasks - 1)
    fwt = sum(matrix[i, i] - matrix[0, i] for i in range(1, tasks)) / (tasks - 1)
    for statistic, expected in ((backward_transfer(one), bwt), (forward_transfer(one), fwt)):
        assert statistic.value == pytest.approx(expected)
        assert statistic.high == pytest.approx(expected + 1.95996 * sqrt(4) * 0.01 / 2, rel=1e-4)
        assert statistic.n == 2


@pytest.mark.parametrize(
    ("stages", "reason"),
    [
        ([("", {"code": 0.1}), ("code", {"code": 0.2})], "it takes two stages of training"),
        (
            [("", {"code": 0.1}), ("code", {"code": 0.2}), ("code", {"code": 0.2})],
            "a task was trained twice",
        ),
        (
            [("", {"code": 0.1}), ("code", {"math": 0.2}), ("math", {"code": 0.2})],
            "code is not evaluated at stage 1",
        ),
    ],
)
def test_backward_transfer_is_undefined_with_its_reason(
    stages: list[tuple[str, dict[str, float]]], reason: str
) -> None:
    estimate = backward_transfer(scored("a", *stages))
    assert (estimate.value, estimate.reason) == (None, reason)
