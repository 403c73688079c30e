"""Promises of the first step above a threshold: planted crossings, intervals that say what they lack."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from generation.training.steps import first_steps


def test_the_interval_is_that_of_the_first_steps_of_resamples() -> None:
    """Against every resample of four queries, each as likely as another."""
    share = np.array([[0.1, 0.4, 0.9], [0.2, 0.7, 0.9], [0.3, 0.45, 0.3], [0.2, 0.9, 0.9]])
    shares = np.stack([share, 1 - share], axis=-1)
    one, other = first_steps(shares, threshold=0.5, replicates=20_000)
    assert (one.place, one.stays, one.n) == (1, True, 4)
    first: Counter[int] = Counter()
    for drawn in product(range(4), repeat=4):
        above = share[list(drawn)].mean(axis=0) > 0.5
        first[int(above.argmax()) if above.any() else 3] += 1
    exact = np.cumsum([first[step] for step in range(3)]) / 4**4
    assert one.passed == pytest.approx(exact, abs=0.02)
    assert other.place == 0
    assert other.stays is False


def test_a_share_that_only_reaches_the_threshold_has_not_passed() -> None:
    found = first_steps(np.full((3, 2, 2), 0.5), threshold=0.5, replicates=20)
    assert [(one.place, one.low, one.high) for one in found] == [(None, None, None)] * 2
    assert "at no measured step" in found[0].reason


def test_where_resamples_often_never_pass_there_is_no_upper_end_and_it_says_so() -> None:
    share = np.array([[0.0, 0.2], [0.0, 0.3], [0.1, 1.0], [0.0, 0.6]])
    found = first_steps(np.stack([share, 1 - share], axis=-1), replicates=500)[0]
    assert (found.place, found.low, found.high) == (1, 1, None)
    assert found.reason.startswith("no upper end: in ")


def test_an_interval_is_as_wide_as_the_step_with_fewest_queries_needs_it() -> None:
    shares = np.full((30, 2, 2), 0.5)
    shares[:, 1] = np.nan
    shares[:2, 1] = [0.9, 0.1]
    found = first_steps(shares, replicates=400)[0]
    assert (found.place, found.n, found.high) == (1, 2, None)
    shares[1:, 1] = np.nan
    assert first_steps(shares, replicates=20)[0].reason == "no interval: a step has one query"


def test_one_query_has_no_interval_and_thresholds_out_of_range_are_refused() -> None:
    found = first_steps([[[0.9, 0.1]]], replicates=20)[0]
    assert (found.place, found.low, found.reason) == (0, None, "no interval: a step has one query")
    with pytest.raises(ValueError, match="below 1, not 1"):
        first_steps([[[0.9, 0.1]]], threshold=1)
