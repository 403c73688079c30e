"""Promises of accuracy by format and of pass@k: against loops over responses, and over subsets of samples."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from generation.training.accuracy import format_accuracy, overall_accuracy
from generation.training.passes import fewest_samples, pass_at_k
from generation.training.shares import query_shares

PARTS = arrays(np.int64, (2, 3, 2, 2), elements=st.integers(0, 3))


@given(PARTS)
@settings(max_examples=25, deadline=None)
def test_accuracies_times_shares_add_up_to_the_overall_accuracy(parts: Any) -> None:
    correct, known = parts[0], parts[0] + parts[1]
    by_format = format_accuracy(correct, known, replicates=20).value
    overall = overall_accuracy(correct, known, replicates=20).value
    for step in range(2):
        answered = [query for query in range(3) if known[query, step].sum()]
        own = [correct[query, step].sum() / known[query, step].sum() for query in answered]
        assert overall[step] == pytest.approx(np.mean(own) if own else np.nan, nan_ok=True)
        for n in range(2):
            right = sum(correct[query, step, n] / known[query, step].sum() for query in answered)
            of = sum(known[query, step, n] / known[query, step].sum() for query in answered)
            assert by_format[step, n] == pytest.approx(right / of if of else np.nan, nan_ok=True)
        shares = np.nanmean(query_shares(known)[:, step], axis=0) if answered else np.zeros(2)
        assert np.nansum(shares * by_format[step]) == pytest.approx(np.mean(own) if own else 0)


def test_pass_at_k_is_the_share_of_all_subsets_that_hold_a_correct_sample() -> None:
    for n in range(1, 7):
        for correct in range(n + 1):
            samples = [True] * correct + [False] * (n - correct)
            for k in range(1, n + 1):
                subsets = [any(drawn) for drawn in combinations(samples, k)]
                assert pass_at_k([n], [correct], k)[0] == pytest.approx(np.mean(subsets))
    assert np.isnan(pass_at_k([3], [3], 4)[0])


def test_pass_at_k_of_many_samples_neither_overflows_nor_leaves_its_range() -> None:
    found = pass_at_k([5_000] * 4, [0, 1, 2_500, 5_000], 2_500)
    assert found == pytest.approx([0, 0.5, 1, 1])
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize(("n", "correct", "k"), [(3, 1, 0), (3, 4, 1), (3, -1, 1)])
def test_what_cannot_be_counted_is_refused(n: int, correct: int, k: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        pass_at_k([n], [correct], k)


def test_the_fewest_samples_are_of_queries_that_have_any() -> None:
    assert fewest_samples(np.zeros((2, 2))) is None
