import json
from math import log2

import krippendorff
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotation.agreement import study_agreement
from tests.factory import make_items, make_labels, make_study

pytestmark = pytest.mark.django_db


def labelled() -> tuple[object, np.ndarray]:
    study = make_study()
    rng = np.random.default_rng(7)
    rows = rng.integers(1, 6, size=(20, 6))
    for item, row in zip(make_items(study, 20, queries=5), rows, strict=True):
        make_labels(item, [int(value) for value in row])
    return study, rows


def test_the_report_agrees_with_the_reference_package_and_with_hand_made_numbers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, rows = labelled()
    call_command("agreement", "answers", "--json")
    report = json.loads(capsys.readouterr().out)
    assert (report["items"], report["labels"]) == (20, 120)
    assert report["labels_per_item"] == {"min": 6, "median": 6.0, "max": 6}
    for level in ("nominal", "ordinal", "interval"):
        reference = krippendorff.alpha(rows.T, level_of_measurement=level)
        estimate = report["krippendorff_alpha"][level]
        assert estimate["value"] == pytest.approx(reference, abs=1e-12)
        assert estimate["low"] < estimate["value"] < estimate["high"]
    first = report["items_detail"][0]
    counts = [int((rows[0] == value).sum()) for value in range(1, 6)]
    assert list(first["counts"].values()) == counts
    assert first["mean"] == pytest.approx(rows[0].mean())
    assert first["sd"] == pytest.approx(rows[0].std(ddof=1))
    assert first["entropy_bits"] == pytest.approx(-sum(c / 6 * log2(c / 6) for c in counts if c))


def test_the_same_seed_gives_the_same_interval() -> None:
    study, _ = labelled()
    assert study_agreement(study, seed=3) == study_agreement(study, seed=3)
    assert study_agreement(study, seed=3) != study_agreement(study, seed=4)


def test_what_is_undefined_is_null_beside_a_reason_never_zero() -> None:
    study = make_study()
    make_items(study, 2)
    report = study_agreement(study)
    alpha = report["krippendorff_alpha"]["ordinal"]
    assert (alpha["value"], bool(alpha["reason"])) == (None, True)
    assert (report["entropy_bits"]["mean"], bool(report["entropy_bits"]["reason"])) == (None, True)
    assert report["items_detail"][0]["mean"] is None
    make_labels(study.items.get(position=1), [4])
    single = study_agreement(study)["items_detail"][1]
    assert (single["mean"], single["entropy_bits"], single["dispersion"], single["kind"]) == (
        4.0,
        None,
        None,
        None,
    )
    assert json.dumps(report, allow_nan=False)


def test_the_command_says_in_one_line_that_there_is_no_such_study() -> None:
    with pytest.raises(CommandError, match="There is no study nowhere"):
        call_command("agreement", "nowhere")
