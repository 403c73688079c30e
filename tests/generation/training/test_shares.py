"""Promises of shares of formats over steps: every formula against a plain loop."""

from itertools import combinations, product
from math import log2
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from generation.diversity.intervals import mean
from generation.training.shares import (
    entropy_bits,
    entropy_change,
    leader,
    pairs_differ,
    query_shares,
    share_entropy,
)

COUNTS = arrays(np.int64, (3, 2, 3), elements=st.integers(0, 4))


def by_hand(counts: Any, query: int, step: int) -> list[int]:
    """The format of each response, one after the other."""
    return [n for n, number in enumerate(counts[query, step]) for _ in range(number)]


@given(COUNTS)
@settings(max_examples=25, deadline=None)
def test_shares_entropies_and_pairs_are_what_a_loop_over_responses_counts(counts: Any) -> None:
    shares, differ = query_shares(counts), pairs_differ(counts)
    entropy = share_entropy(shares, replicates=20).value
    for step in range(2):
        answered = [query for query in range(3) if by_hand(counts, query, step)]
        means = [0.0] * 3
        for query in answered:
            said = by_hand(counts, query, step)
            for n in range(3):
                assert shares[query, step, n] == pytest.approx(said.count(n) / len(said))
                means[n] += said.count(n) / len(said) / len(answered)
            pairs = [a != b for a, b in combinations(said, 2)]
            assert differ[query, step] == pytest.approx(np.mean(pairs) if pairs else np.nan, nan_ok=True)
        by_loop = -sum(share * log2(share) for share in means if share) if answered else np.nan
        assert entropy[step] == pytest.approx(by_loop, abs=1e-12, nan_ok=True)


def test_many_answers_to_one_query_count_as_much_as_few_to_another() -> None:
    shares = query_shares([[[100, 0]], [[0, 1]]])
    assert mean(shares, replicates=20).value.tolist() == [[0.5, 0.5]]


def test_pairs_that_differ_are_right_on_average_however_few_responses_there_are() -> None:
    truth = 1 - (0.5**2 + 0.3**2 + 0.2**2)
    chances = np.array([0.5, 0.3, 0.2])
    for n in (2, 3):
        total = 0.0
        for drawn in product(range(3), repeat=n):
            counts = np.bincount(drawn, minlength=3)
            total += np.prod(chances[list(drawn)]) * pairs_differ(counts[None, None])[0, 0]
        assert total == pytest.approx(truth)


@pytest.mark.parametrize(("seed", "larger"), [(5, "exchanged"), (0, "added")])
def test_the_p_of_a_change_of_entropy_is_the_larger_of_exchanges_and_of_what_queries_add(
    seed: int, larger: str
) -> None:
    rng = np.random.default_rng(seed)
    later = np.array([[0, 0, 1], [0, 0, 1], [6, 0, 1]])
    shares = query_shares(later + rng.integers(0, 5, size=(5, 3, 3)))
    change, p = entropy_change(shares, 0, 2, replicates=30)
    observed = entropy_bits(shares[:, 2].mean(axis=0)) - entropy_bits(shares[:, 0].mean(axis=0))
    assert change.value == pytest.approx(observed)
    added = [
        sum(-s * log2(p) for s, p in zip(query[2], shares[:, 2].mean(axis=0), strict=True) if s)
        - sum(-s * log2(p) for s, p in zip(query[0], shares[:, 0].mean(axis=0), strict=True) if s)
        for query in shares
    ]
    assert np.mean(added) == pytest.approx(observed)
    as_large = turned = 0
    for swapped in product([False, True], repeat=5):
        one = np.where(np.array(swapped)[:, None], shares[:, 2], shares[:, 0]).mean(axis=0)
        two = np.where(np.array(swapped)[:, None], shares[:, 0], shares[:, 2]).mean(axis=0)
        as_large += abs(entropy_bits(two) - entropy_bits(one)) >= abs(observed) - 1e-12
        moved = [-one if turn else one for one, turn in zip(added, swapped, strict=True)]
        turned += abs(np.mean(moved)) >= abs(observed) - 1e-12
    assert p == pytest.approx(max(as_large, turned) / 32)
    assert {"exchanged": as_large > turned, "added": turned > as_large}[larger]


def test_an_entropy_that_stays_while_one_format_replaces_another_is_no_change() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(40):
        early = rng.multinomial(8, [0.9, 0.1], size=12)
        late = rng.multinomial(8, [0.1, 0.9], size=12)
        found.append(entropy_change(query_shares(np.stack([early, late], axis=1)), 0, 1, replicates=20)[1])
    assert np.mean(np.array(found) < 0.05) < 0.2


def test_a_change_is_of_the_queries_that_were_answered_at_both_steps() -> None:
    shares = query_shares([[[1, 1], [1, 1]], [[2, 0], [0, 0]], [[1, 1], [2, 0]]])
    change, p = entropy_change(shares, 0, 1, replicates=30)
    assert change.n == 2
    assert change.value == pytest.approx(entropy_bits([0.75, 0.25]) - 1)
    nothing, p = entropy_change(shares[:1], 0, 1, replicates=30)
    assert (nothing.low, np.isnan(p)) == (None, True)


def test_a_leader_that_is_not_alone_is_none_and_one_by_chance_leads_in_few_resamples() -> None:
    def mean_of_values(values: Any) -> Any:
        return lambda weights: weights @ np.asarray(values, dtype=float) / weights.sum(axis=1)[:, None]

    tied = leader(mean_of_values([[1, 0], [0, 1]]), queries=2, replicates=50)
    assert (tied.place, tied.reason) == (None, "2 of them are as large")
    close = leader(mean_of_values([[1, 0], [0, 1], [0.1, 0]]), queries=3, replicates=200)
    assert close.place == 0
    assert close.resamples is not None and 0.4 < close.resamples < 0.8
    unknown = leader(mean_of_values([[np.nan, np.nan]]), queries=1, replicates=20)
    assert unknown.reason == "none of them is defined"
