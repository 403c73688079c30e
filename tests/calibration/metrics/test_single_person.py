import doctest
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.metrics.pairwise import single_person
from calibration.metrics.pairwise.single_person import agreement_with_person, person_with_person


def test_examples_in_docstrings_hold():
    assert doctest.testmod(single_person).failed == 0


@given(
    st.lists(
        st.tuples(st.lists(st.integers(-2, 2), max_size=5), st.sampled_from([-1.5, 0, 0.5, np.nan])),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_every_label_that_takes_a_side_is_held_against_the_scorer_and_against_every_other_one(drawn):
    values = [-2, -1, 0, 1, 2]
    counts = [[labels.count(value) for value in values] for labels, _ in drawn]
    scores = [score for _, score in drawn]
    sides = [([np.sign(label) for label in labels if label], score) for labels, score in drawn]
    hits = [
        (side == np.sign(score)) if score else 0.5
        for labels, score in sides
        for side in labels
        if not np.isnan(score)
    ]
    found = agreement_with_person(scores, counts, values)
    assert found.n == len(hits)
    assert found.value == (pytest.approx(np.mean(hits)) if hits else None)
    others = []
    for labels, _ in sides:
        for place, side in enumerate(labels):
            rest = labels[:place] + labels[place + 1 :]
            if rest:
                others.append(np.mean([other == side for other in rest]))
    bar = person_with_person(counts, values)
    assert bar.n == len(others)
    assert bar.value == (pytest.approx(np.mean(others)) if others else None)
    if not hits:
        assert found.reason == "no label that can be compared took a side"


def test_the_interval_is_over_clusters_and_the_majority_passes_the_bar():
    rng = np.random.default_rng(1)
    query = np.repeat(np.arange(30), 6)
    first = rng.binomial(5, np.clip(0.5 + rng.normal(0, 0.3, 30)[query], 0, 1))
    counts = np.stack([5 - first, first], axis=1)
    bar = person_with_person(counts, [-1, 1], clusters=query)
    majority = agreement_with_person(first - 2.5, counts, [-1, 1], clusters=query)
    pairs = [
        np.mean([a == b for a, b in permutations([1] * one + [0] * (5 - one), 2)]) for one in first.tolist()
    ]
    assert bar.value == pytest.approx(np.mean(pairs)) and majority.value > bar.value
    assert (bar.method, bar.clusters, bar.n) == ("jackknife", 30, 900)
    means = np.array(pairs).reshape(30, 6).mean(axis=1)
    error = means.std(ddof=1) / np.sqrt(30)
    assert bar.high - bar.value == pytest.approx(2.0452 * error, rel=1e-3)
    with pytest.raises(ValueError, match="180 items"):
        agreement_with_person([1.0], counts, [-1, 1])
