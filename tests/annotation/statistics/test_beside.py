import doctest

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.statistics import beside
from annotation.statistics.beside import beside_others

OTHERS = 24


def test_examples_in_docstrings_hold():
    assert doctest.testmod(beside).failed == 0


def test_a_whole_study_has_the_numbers_of_pandas():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"item": np.repeat(np.arange(60), 20), "who": np.tile(np.arange(20), 60)})
    table["value"] = np.clip(np.rint(3 + rng.normal(0, 1, 60)[table.item] + rng.normal(0, 1, 1200)), 1, 5)
    table = table.sample(frac=0.6, random_state=1)
    sums = table.groupby("item").value.transform("sum")
    number = table.groupby("item").value.transform("count")
    table["others"] = (sums - table.value) / (number - 1)
    found = beside_others(table.who, table["item"], table.value, people=20)
    people = table.groupby("who")[["value", "others"]]
    away = table.value - table.others
    assert found.correlation == pytest.approx(people.apply(lambda rows: rows.corr().iloc[0, 1]).to_numpy())
    assert found.difference == pytest.approx(away.abs().groupby(table.who).mean().to_numpy())
    assert found.severity == pytest.approx(away.groupby(table.who).mean().to_numpy())
    assert (found.correlation_low < found.correlation).all()
    assert (found.difference_high > found.difference).all()


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.1, 9), st.floats(-50, 50))
def test_another_scale_stretches_steps_and_leaves_the_correlation(seed, stretch, shift):
    rng = np.random.default_rng(seed)
    who, what = np.repeat(np.arange(5), 8), np.tile(np.arange(8), 5)
    value = rng.integers(1, 6, 40).astype(float)
    one, other = (beside_others(who, what, v, people=5) for v in (value, stretch * value + shift))
    for name in ("correlation", "correlation_low", "correlation_high"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=1e-6, nan_ok=True)
    for name in ("difference", "difference_low", "difference_high", "severity", "severity_low"):
        wanted = stretch * getattr(one, name)
        assert getattr(other, name) == pytest.approx(wanted, abs=1e-6, nan_ok=True)


def study_of(people, items_each, spread, rng):
    """Labels from 1 to 5 of people with items of their own, each item with 24 labels of others (-1)."""
    items = people * items_each
    quality = rng.normal(0, 1, items)
    others = 3 + quality[:, None] + rng.normal(0, 0.4, (items, OTHERS)) + rng.normal(0, 1, (items, OTHERS))
    mine = 3 + quality + rng.normal(0, spread, items)
    who = np.concatenate([np.repeat(np.arange(people), items_each), np.full(items * OTHERS, -1)])
    what = np.concatenate([np.arange(items), np.repeat(np.arange(items), OTHERS)])
    return who, what, np.clip(np.rint(np.concatenate([mine, others.ravel()])), 1, 5)


@pytest.mark.parametrize("items_each", [15, 60])
@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_the_intervals_of_correlation_and_difference_hold_the_truth_as_often_as_they_say(items_each, spread):
    """People who answer carefully or noisily; what holds of 60,000 items is the truth."""
    rng = np.random.default_rng(items_each)
    truth = beside_others(*study_of(1, 60_000, spread, rng), people=1)
    people = 60_000 // items_each
    found = beside_others(*study_of(people, items_each, spread, rng), people=people)
    for name in ("correlation", "difference"):
        true = getattr(truth, name)[0]
        held = (getattr(found, f"{name}_low") <= true) & (true <= getattr(found, f"{name}_high"))
        assert 0.92 < held.mean() < 0.975, name


@pytest.mark.parametrize("items_each", [5, 15, 60])
def test_the_interval_of_severity_holds_the_truth_as_often_as_it_says(items_each):
    """Simulated people of known severity, each on items of their own draw, beside the same other people."""
    rng = np.random.default_rng(7)
    people, items = 4000, 400
    quality = rng.normal(0, 1, items)
    severity = rng.normal(0, 0.5, people)
    what = np.concatenate([rng.choice(items, items_each, replace=False) for _ in range(people)])
    who = np.repeat(np.arange(people), items_each)
    values = (quality[what] + severity[who] + rng.normal(0, 0.8, len(who))).round(1)
    found = beside_others(who, what, values, people=people)
    truth = severity - severity.mean()
    held = (found.severity_low <= truth) & (truth <= found.severity_high)
    assert 0.935 < held.mean() < 0.965


def test_what_does_not_fit_raises():
    with pytest.raises(ValueError, match="an entry a label"):
        beside_others([0], [0], [1], people=1, counted=[True, False])
    with pytest.raises(ValueError, match="between 0 and 1"):
        beside_others([0], [0], [1], people=1, confidence=95)
