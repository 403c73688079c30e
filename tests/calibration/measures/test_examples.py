from dataclasses import replace

import numpy as np
import pytest

from calibration.measures.examples import NO_SHARES, ONE_LABEL, examples
from tests.calibration.measures.test_distribution import column, found, studied


def test_the_items_most_wrong_in_either_direction_are_named_without_their_texts():
    frame, _, true = studied()
    told = true.copy()
    told[[5, 77, 300]] = [0, 0, 0, 0, 1]
    told[[8, 99]] = [1, 0, 0, 0, 0]
    labels = frame.counts.copy()
    labels[[5, 77, 300]], labels[[8, 99]] = [20, 5, 0, 0, 0], [0, 0, 0, 1, 24]
    rows = found(replace(frame, counts=labels), column(shares=told), part=examples)["examples"]
    high, low = ([row for row in rows if (row["error"] > 0) == up] for up in (True, False))
    assert {row["item_id"] for row in high} == {"5", "77", "300"}
    assert [row["item_id"] for row in low[:2]] == ["8", "99"] and len(low) <= 3
    first = high[0]
    assert first.keys() == {"item_id", "mean", "predicted", "counts", "distribution", "error", "noise"}
    assert (first["mean"], first["predicted"], first["error"]) == pytest.approx((1.2, 5, 3.8))
    assert first["counts"] == [20, 5, 0, 0, 0] and first["distribution"] == [0, 0, 0, 0, 1]
    deviations = [np.repeat(np.arange(5), row) - row @ np.arange(5) / 25 for row in labels]
    within = sum(float(one @ one) for one in deviations) / (len(labels) * 24)
    assert first["noise"] == pytest.approx(np.sqrt(within / 25))


def test_an_error_that_sampling_explains_is_no_example():
    frame, _, _ = studied(queries=4)
    people = frame.counts / frame.counts.sum(axis=1, keepdims=True)
    assert found(frame, column(shares=people), part=examples) == {"examples": []}


def test_of_few_labels_noise_is_larger_and_items_of_many_come_first():
    frame, _, _ = studied(queries=2)
    counts = frame.counts.copy()
    counts[0], counts[1] = [0, 0, 0, 0, 2], [0, 0, 0, 0, 25]
    even = np.full(counts.shape, 0.2)
    rows = found(replace(frame, counts=counts), column(shares=even), part=examples)["examples"]
    low = [row["item_id"] for row in rows if row["error"] < 0]
    assert low[0] == "1" and "0" not in low[:1]


def test_what_cannot_be_told_is_null_with_a_reason():
    frame, latents, true = studied(queries=3)
    none = found(frame, column(np.full(len(latents), np.nan)), part=examples)
    assert none == {"examples": None, "reasons": {"examples": NO_SHARES}}
    single = replace(frame, counts=np.eye(5, dtype=int)[np.arange(len(latents)) % 5])
    one = found(single, column(shares=true), part=examples)
    assert one == {"examples": None, "reasons": {"examples": ONE_LABEL}}
