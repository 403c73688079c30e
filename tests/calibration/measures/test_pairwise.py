import json
from dataclasses import replace

import numpy as np
import pytest

from calibration.measures.pairwise import NO_SCORE, NOT_COMPARED, pairwise
from calibration.metrics.pairwise.calibration import pairwise_calibration
from calibration.metrics.pairwise.single_person import person_with_person
from tests.calibration.measures.test_distribution import STANDARD, column, found, studied


def test_a_scorer_that_knows_what_people_think_parts_what_they_decide_and_agrees_with_a_person():
    frame, _, true = studied(queries=50, per_query=10, kind="comparison")
    good = found(frame, column(true @ frame.values), part=pairwise)["pairwise"]
    noise = column(np.random.default_rng(0).normal(size=len(true)))
    poor = found(frame, noise, part=pairwise)["pairwise"]
    equal = good["equally_good"]
    assert good["n"] == 500 == sum(equal[f"n_{kind}"] for kind in ("equivalent", "decided", "undecided"))
    assert good["slope"]["low"] > 0 > poor["slope"]["low"]
    assert equal["auc"]["low"] > 0.6 > poor["equally_good"]["auc"]["high"]
    assert good["log_loss_floor"] < good["log_loss"]["value"] < poor["log_loss"]["value"]
    assert good["single_person"]["low"] > poor["single_person"]["high"]
    assert good["person_with_person"] == poor["person_with_person"]
    assert poor["single_person"]["low"] < 0.5 < poor["single_person"]["high"]
    assert poor["ece"]["low"] == 0 and good["ece_floor"] < 0.05
    assert len(good["reliability_curve"]["bins"]) == 10


def test_only_the_pairs_that_the_scorer_scored_count_with_margin_and_confidence_as_asked():
    frame, latents, _ = studied(queries=20, kind="comparison")
    scores = np.where(np.arange(300) < 120, latents, np.nan)
    asked = replace(STANDARD, margin=0.9, confident=0.6)
    told = found(frame, column(scores), asked, pairwise)["pairwise"]
    few = found(frame, column(scores), STANDARD, pairwise)["pairwise"]
    alone = pairwise_calibration(
        latents[:120], frame.counts[:120], frame.values, clusters=frame.clusters[:120], replicates=0
    )
    assert (told["n"], told["slope"]) == (120, alone.slope.as_dict())
    bar = person_with_person(frame.counts[:120], frame.values, clusters=frame.clusters[:120])
    assert told["person_with_person"] == bar.as_dict()
    assert told["equally_good"]["margin"] == 0.9
    assert told["equally_good"]["n_equivalent"] > few["equally_good"]["n_equivalent"]
    assert told["equally_good"]["confident"]["value"] >= few["equally_good"]["confident"]["value"]


@pytest.mark.parametrize(
    ("kind", "score", "why"), [("rating", 1.0, NOT_COMPARED), ("comparison", np.nan, NO_SCORE)]
)
def test_what_cannot_be_told_is_null_with_a_reason(kind, score, why):
    frame, latents, _ = studied(queries=2, kind=kind)
    told = found(frame, column(latents * score), part=pairwise)
    assert told == {"pairwise": None, "reasons": {"pairwise": why}}


def test_two_pairs_are_too_few_and_say_so_in_plain_json():
    frame, latents, _ = studied(queries=2, per_query=1, kind="comparison")
    told = found(frame, column(latents), part=pairwise)["pairwise"]
    assert told["slope"]["value"] is None and "fewer than 6" in told["slope"]["reason"]
    assert json.loads(json.dumps(told, allow_nan=False)) == told
