import pytest

from annotation.statistics.cautions import COVERAGE
from annotation.statistics.intervals import Method
from tests.bench._simulations import SIMULATIONS, table
from tests.bench._simulations.by_queries import BANDS
from tests.bench._simulations.simulation import Measured, Simulation, measure, measure_all

BRIEF = [simulation for simulation in SIMULATIONS if simulation.quick]


@pytest.mark.parametrize("simulation", BRIEF, ids=lambda simulation: simulation.name)
def test_intervals_hold_the_truth_and_tests_reject_as_often_as_is_documented(simulation: Simulation) -> None:
    found = measure(simulation, studies=simulation.quick)
    assert found.ratio() >= 1, (found.share, simulation.band)


@pytest.mark.parametrize("method", COVERAGE)
def test_what_a_caution_tells_of_few_clusters_lies_where_simulations_find_it(method: Method) -> None:
    for queries, percent in COVERAGE[method].items():
        least, most = BANDS[method][queries]
        assert least <= percent / 100 <= most


def test_every_statistic_is_simulated_in_the_tests_and_every_simulation_is_named_once() -> None:
    assert {simulation.subject for simulation in BRIEF} == {one.subject for one in SIMULATIONS}
    assert len({simulation.name for simulation in SIMULATIONS}) == len(SIMULATIONS)


def test_figures_depend_on_the_seed_alone_not_on_processes_or_the_other_simulations() -> None:
    first, last = SIMULATIONS[0], SIMULATIONS[-1]
    both = measure_all([first, last], studies=60, processes=2)
    assert both == [measure(first, studies=60), measure(last, studies=60)]
    assert measure(first, studies=60, seed=1) != both[0]


def test_a_share_out_of_its_band_fails_and_is_marked_in_the_table() -> None:
    far = Measured(SIMULATIONS[0], 1_000, 2_000)
    assert far.ratio() < 1 and "OUT OF ITS BAND" in table.as_text([far])
    assert Measured(SIMULATIONS[0], 0, 0).ratio() == 0
    low, high = far.interval()
    assert (low, high) == pytest.approx((0.4781, 0.5219), abs=1e-4)
    assert "| 50.0 % | 47.8 to 52.2 | 2,000 |" in table.as_markdown([far])
