import doctest

import numpy as np
import pytest

from annotation.statistics import planning, sizes
from annotation.statistics.agreement import krippendorff_alpha
from annotation.statistics.planning import plan_alpha_width, plan_entropy_bias, plan_mean_width
from annotation.statistics.population import Population
from annotation.statistics.sizes import Achieved, share_achieved, smallest_size

PEOPLE = Population.assumed([1, 2, 3, 4, 5], shares=[1, 1, 1, 1, 1], alpha=0.25, query_share=0.3)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_examples_in_docstrings_hold():
    assert doctest.testmod(planning).failed == doctest.testmod(sizes).failed == 0


def smallest(achieve, *, target, most):
    return smallest_size(
        achieve, meets=lambda width: width <= target, least=2, most=most, simulations=200, seed=[0]
    )


@pytest.mark.parametrize("target", [0.4, 0.11, 0.05])
def test_the_smallest_size_is_found_to_2_percent_and_progress_only_rises(target):
    shares = []
    found = smallest_size(
        lambda size, number, rng: Achieved(1.3 / (size + 7) ** 0.5, None, None, number),
        meets=lambda width: width <= target,
        least=2,
        most=5000,
        simulations=200,
        seed=[0],
        progress=shares.append,
    )
    exact = (1.3 / target) ** 2 - 7
    assert found.met and exact <= found.size <= 1.03 * exact + 2
    assert shares == sorted(shares) and shares[-1] <= 1


def test_a_stricter_target_never_needs_fewer():
    """However wrong the simulations are."""

    def width(size, number, rng):
        value = 1 / size**0.5 + 0.02 * rng.normal()
        return Achieved(value, value - 0.02, value + 0.02, number)

    sizes = [smallest(width, target=target, most=3000).size for target in np.linspace(0.3, 0.02, 80)]
    assert sizes == sorted(sizes) and len(set(sizes)) > 20


def test_few_simulations_do_where_they_leave_no_doubt():
    asked = []

    def width(size, number, rng):
        asked.append((size, number))
        return Achieved(1 / size, 0.98 / size, 1.02 / size, number)

    assert smallest(width, target=0.01, most=1000).size in (100, 101)
    assert (4, 20) in asked and (4, 200) not in asked and (100, 200) in asked


def test_a_target_beyond_the_largest_size_is_not_met_there():
    found = smallest(lambda size, number, rng: Achieved(1.0, 0.9, 1.1, number), target=0.5, most=50)
    assert (found.size, found.met) == (50, False)


def test_fresh_studies_of_the_planned_size_have_the_planned_width_of_alpha():
    plan = plan_alpha_width(PEOPLE, target=0.06, grid=[5, 25], simulations=60, rng=rng())
    chosen = plan.options[plan.best]
    assert [option.met for option in plan.options] == [True, True]
    assert plan.options[1].items < plan.options[0].items and chosen.labels_per_item == 5
    clusters = np.repeat(np.arange(chosen.queries), 15)
    widths = []
    for study in PEOPLE.simulate(chosen.queries, 15, 5, rng=rng(9), studies=60):
        found = krippendorff_alpha(
            study, values=PEOPLE.values, level="ordinal", clusters=clusters, replicates=1000, rng=rng(1)
        )
        widths.append(found.high - found.low)
    assert np.mean(widths) == pytest.approx(0.059, abs=0.002)
    assert chosen.achieved.low < np.mean(widths) < chosen.achieved.high + 0.001


def test_alpha_that_cannot_be_had_says_why_and_what_the_most_items_reach():
    plan = plan_alpha_width(PEOPLE, target=0.01, grid=[3], most_items=300, simulations=20, rng=rng())
    assert plan.best is None and "300 items, the most allowed, are too few" in plan.reason
    assert plan.options[0].items == 300 and plan.options[0].achieved.value > 0.01


def test_the_width_of_a_mean_is_that_of_students_interval():
    plan = plan_mean_width(PEOPLE, target=1.0, items=100, rng=rng())
    by_labels = {option.labels_per_item: option for option in plan.options}
    within = np.sqrt(1 - PEOPLE.alpha) * np.sqrt(2)  # five even values have a variance of 2
    # The mean of a standard deviation lies a little below the root of the mean variance.
    assert by_labels[25].achieved.value == pytest.approx(2 * 2.0639 * within / 5, rel=0.05)
    fewest = plan.options[plan.best].labels_per_item
    assert by_labels[fewest].met and not any(option.met for k, option in by_labels.items() if k < fewest)
    assert by_labels[25].items == 100 and by_labels[25].queries == 7 and by_labels[25].labels == 2500


def test_the_bias_of_entropy_is_the_known_one_and_correction_takes_most_of_it():
    plain = plan_entropy_bias(PEOPLE, target=0.2, items=750, rng=rng())
    bias = {option.labels_per_item: option.achieved.value for option in plain.options}
    assert [bias[k] for k in (5, 10, 25)] == pytest.approx([-0.65, -0.325, -0.12], abs=0.03)
    assert 15 < plain.options[plain.best].labels_per_item < 20
    corrected = plan_entropy_bias(PEOPLE, target=0.2, items=750, corrected=True, rng=rng())
    assert corrected.options[corrected.best].labels_per_item < 10


def test_a_bias_that_no_number_of_labels_reaches_says_so():
    plan = plan_entropy_bias(PEOPLE, target=0.001, items=750, grid=[3], simulations=20, rng=rng())
    assert plan.best is None and "200 labels an item" in plan.reason


def test_the_same_seed_gives_the_same_plan():
    plans = [plan_mean_width(PEOPLE, target=0.9, items=60, simulations=20, rng=rng(7)) for _ in range(2)]
    assert plans[0] == plans[1]


def test_a_share_of_simulations_has_wilsons_interval():
    found = share_achieved(9, 10)
    assert (found.low, found.high) == pytest.approx((0.5958, 0.9821), abs=1e-3)
    assert share_achieved(0, 0).value is None
