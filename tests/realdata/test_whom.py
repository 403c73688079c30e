"""A scorer beside single people, on real labels of many people each."""

import json
from pathlib import Path

import numpy as np
import pytest

from calibration.metrics.annotators.altest import alternative_annotator_test
from calibration.metrics.annotators.annotator_ranks import AnnotatorRanks
from calibration.metrics.annotators.per_annotator import annotator_correlations
from tests.calibration.metrics.test_altest import by_loop

PEOPLE = 40


def test_dices_350_a_rater_in_place_of_the_others_has_the_papers_winning_rate(realdata: Path) -> None:
    """The 41st rater stands for a scorer of the first 40, by the procedure one annotator at a time."""
    lines = (realdata / "dices_350" / "labels.jsonl").read_text().splitlines()
    labels = np.array([json.loads(line)["human_labels"] for line in lines], dtype=float)
    item, person = (axis.ravel() for axis in np.indices((len(labels), PEOPLE)))
    value, scorer = labels[:, :PEOPLE].ravel(), labels[:, PEOPLE]
    given = ~np.isnan(value)
    rows = person[given], item[given], value[given]
    found = alternative_annotator_test(*rows, scorer, epsilon=0.1)
    rate, advantage, annotators = by_loop(*rows, scorer, alignment="rmse", epsilon=0.1, fewest=30)
    assert (found.winning_rate, found.annotators) == (pytest.approx(rate), annotators)
    assert found.advantage.value == pytest.approx(advantage)
    assert found.adequate and found.items == len(labels)


def test_dices_350_raters_differ_in_how_they_follow_the_mean_of_others(realdata: Path) -> None:
    """Rank correlations with a reference beside them range widely there, far beyond noise."""
    lines = (realdata / "dices_350" / "labels.jsonl").read_text().splitlines()
    labels = np.array([json.loads(line)["human_labels"] for line in lines], dtype=float)
    others, some = np.nanmean(labels[:, PEOPLE:], axis=1), labels[:, :PEOPLE]
    item, person = (axis.ravel() for axis in np.indices(some.shape))
    given = ~np.isnan(some.ravel())
    ranks = AnnotatorRanks.of(
        person[given],
        item[given],
        some.ravel()[given],
        items=len(labels),
        rng=np.random.default_rng(0),
    )
    found = annotator_correlations(ranks, others)
    assert found.mean.n + found.left_out == PEOPLE
    assert found.spread.p == 0.005 and found.spread.low > 0.1
    assert found.mean.low > 0.2
