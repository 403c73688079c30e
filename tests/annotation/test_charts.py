from math import log2

import numpy as np
import pytest

from annotation.charts.items import entropy_histogram, item_map
from annotation.charts.labels import colour, label_bar_of
from annotation.charts.models import LEAST_WIDTH, win_table
from annotation.models import Study

WORDS = ["very poor", "poor", "fair", "good", "excellent"]


@pytest.fixture
def five() -> Study:
    return Study(kind="rating", scale_low=1, scale_high=5, scale_words=WORDS)


def test_a_bar_gives_each_value_its_share_of_the_width_in_the_order_of_the_scale(five: Study) -> None:
    bar = label_bar_of(five, [6, 4, 0, 5, 10], width=103)
    assert [part.colour for part in bar.segments] == ["v1", "v2", "v4", "v5"]
    assert [part.width for part in bar.segments] == [24, 16, 20, 40]
    assert bar.segments[0].x == 0
    assert bar.segments[-1].x + bar.segments[-1].width == 103


def test_a_bar_says_its_counts_in_words(five: Study) -> None:
    assert label_bar_of(five, [1, 0, 0, 0, 2]).words == "3 labels. 1 very poor: 1, 5 excellent: 2"
    assert label_bar_of(five, [0, 0, 0, 0, 1]).words == "1 label. 5 excellent: 1"
    assert label_bar_of(five, [0] * 5).words == "No labels yet"


def test_a_comparisons_values_carry_their_sign() -> None:
    pair = Study(kind="comparison", scale_low=-2, scale_high=2)
    assert label_bar_of(pair, [1, 0, 1, 0, 1]).words == "3 labels. −2: 1, 0: 1, +2: 1"


@pytest.mark.parametrize("values", range(2, 18))
def test_scales_of_any_length_run_from_the_first_colour_to_the_last_without_repeats(values: int) -> None:
    colours = [colour(index, values) for index in range(values)]
    assert colours[0] == "v1"
    assert colours[-1] == "v5"
    assert len(set(colours)) == values


def test_five_values_have_the_five_colours_of_the_look() -> None:
    assert [colour(index, 5) for index in range(5)] == ["v1", "v2", "v3", "v4", "v5"]


def test_every_labelled_item_stands_in_one_column_of_the_histogram() -> None:
    entropy = np.array([0.0, 0.6, 0.6000000000001, 0.5999999999999, log2(5), np.nan])
    plot = entropy_histogram(entropy, values=5)
    assert plot.items == sum(column.count for column in plot.columns) == 5
    # Three times .6 bits, however it was rounded, is one bin.
    assert {(round(column.low, 1), column.count) for column in plot.columns if column.count} == {
        (0.0, 1),
        (0.6, 3),
        (2.2, 1),
    }
    assert plot.columns[-1].high == pytest.approx(log2(5))


@pytest.mark.parametrize("values", [2, 3, 5, 11, 101])
def test_the_histogram_has_few_columns_for_any_scale(values: int) -> None:
    plot = entropy_histogram(np.array([log2(values)]), values=values)
    assert 2 <= len(plot.columns) <= 16
    assert plot.columns[-1].count == 1


def test_the_map_sets_agreed_items_low_and_polarising_ones_above_the_line() -> None:
    plot = item_map(
        np.array([1.0, 5.0, 3.0, np.nan]), np.array([0.0, 0.0, 1.0, np.nan]), scale=[1, 2, 3, 4, 5]
    )
    bad, good, split = sorted(plot.dots, key=lambda dot: (dot.y != 226, dot.x))
    assert plot.items == 3
    assert bad.x < split.x < good.x
    assert split.y < plot.cut < bad.y == good.y


def test_a_map_of_many_items_stays_small_and_loses_none() -> None:
    rng = np.random.default_rng(1)
    plot = item_map(rng.uniform(1, 5, 50_000), rng.uniform(0, 1, 50_000), scale=[1, 2, 3, 4, 5])
    assert plot.items == 50_000
    assert len(plot.dots) < 4_000


def test_the_wins_of_two_models_leave_room_for_the_line_below_them() -> None:
    assert win_table(["a", "b"], np.array([[0, 3], [1, 0]])).width == LEAST_WIDTH
    assert win_table(list("abcdef"), np.ones((6, 6))).width > LEAST_WIDTH
