import json
from math import log2

import krippendorff
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotation.agreement import INTERVALS, study_agreement
from annotation.measures import measured
from annotation.models import Participant
from annotation.quality.exclusion import exclude
from tests.factory import make_items, make_labels, make_participant, make_study

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
        assert estimate["low"] < reference < estimate["high"]
        assert (estimate["replicates"], estimate["clusters"]) == (1000, 5)
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


def test_an_item_that_nobody_could_judge_says_so_and_one_without_labels_that_it_has_none() -> None:
    study = make_study()
    for item, labels in zip(make_items(study, 3), ([None, None], [], [4]), strict=True):
        make_labels(item, labels)
    reasons = [item["reason"] for item in study_agreement(study)["items_detail"]]
    assert reasons == ["nobody could judge it", "no labels yet", "one label shows no disagreement"]


def test_intervals_name_the_clusters_that_they_resample_and_caution_where_these_are_few() -> None:
    study, _ = labelled()
    other = make_items(make_study("other"), 1)[0]
    make_labels(other, [3])
    make_labels(other.study.items.get(), [None])
    for item in study.items.filter(query__text__startswith="Query 4"):  # type: ignore[attr-defined]
        item.labels.exclude(pk=item.labels.earliest("pk").pk).delete()
    intervals = study_agreement(study)["intervals"]
    assert intervals["clusters"] == 4
    assert intervals["caution"].startswith("so few clusters make intervals far too narrow: with 3, 95 %")
    assert study_agreement(other.study)["intervals"]["clusters"] == 0


def test_intervals_resample_what_is_asked_for_and_numbers_stay(
    capsys: pytest.CaptureFixture[str],
) -> None:
    study, _ = labelled()
    found = {}
    for interval in INTERVALS:
        call_command("agreement", "answers", "--json", "--interval", interval)
        found[interval] = json.loads(capsys.readouterr().out)
    assert found["cluster"] == json.loads(json.dumps(study_agreement(study)))
    units = {how: [report["intervals"][key] for key in ("unit", "clusters")] for how, report in found.items()}
    assert units == {"cluster": ["query", 5], "item": ["item", 20], "jackknife": ["query", 5]}
    for measures in zip(*(measured(report) for report in found.values()), strict=True):
        estimates = [estimate for _, estimate in measures]
        assert np.ptp([estimate["value"] for estimate in estimates]) < 1e-12
        assert len({(estimate["low"], estimate["high"]) for estimate in estimates}) == 3
    assert "items of one query are often alike" in found["item"]["intervals"]["caution"]
    assert found["jackknife"]["intervals"]["replicates"] == 5
    call_command("agreement", "answers", "--interval", "jackknife")
    assert "95 % intervals: leaving out each of 5 queries" in capsys.readouterr().out


def test_every_measure_has_its_n_and_a_sentence_on_what_it_does_not_mean() -> None:
    study, _ = labelled()
    for measure, estimate in measured(study_agreement(study)):
        assert estimate["n"] == 20
        assert measure.says.count(". ") >= 1


@pytest.mark.parametrize(("replicates", "words"), [(0, "no interval was asked for"), (10, "fewer than 20")])
def test_an_interval_that_was_not_asked_for_has_that_as_its_reason(replicates: int, words: str) -> None:
    study, _ = labelled()
    report = study_agreement(study, replicates=replicates)
    for estimate in (report["percent_agreement"], *report["krippendorff_alpha"].values()):
        assert estimate["low"] is None
        assert words in estimate["reason"]
    assert words in report["entropy_bits"]["reason"]


def test_the_command_writes_a_true_minus_and_cautions(capsys: pytest.CaptureFixture[str]) -> None:
    labelled()
    call_command("agreement", "answers")
    text = capsys.readouterr().out
    assert "-0." not in text
    assert "(−0." in text
    assert "1,000 replicates of 5 queries, people held fixed, seed 0" in text
    assert "\nCaution: so few clusters make intervals far too narrow" in text


def test_the_command_writes_one_of_a_thing_in_the_singular_and_no_interval_of_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    item, *_ = make_items(make_study(), 1)
    make_labels(item, [3], people=[Participant.objects.create(study=item.study, code="a")])
    call_command("agreement", "answers")
    text = capsys.readouterr().out
    assert text.startswith("answers: 1 item, 1 label of 1 person, 0 cannot judge\n")
    assert text.endswith("No intervals: no item has two labels\n")
    assert "replicates of" not in text


def test_a_study_too_small_for_intervals_does_not_tell_of_resamples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for item in make_items(make_study(), 5, queries=5):
        make_labels(item, [1, 3, 4])
    call_command("agreement", "answers")
    text = capsys.readouterr().out
    assert text.endswith("\nNo interval: fewer than 6 items\n")
    call_command("agreement", "answers", "--replicates", "0")
    assert capsys.readouterr().out.endswith("\nNo interval was asked for\n")


@pytest.mark.parametrize("replicates", [-1, 10**9])
def test_replicates_out_of_range_are_one_line(replicates: int) -> None:
    make_study()
    with pytest.raises(CommandError, match="--replicates is 0 to 100,000, not"):
        call_command("agreement", "answers", replicates=replicates)


def test_a_seed_below_zero_is_one_line() -> None:
    make_study()
    with pytest.raises(CommandError, match="--seed is 0 or more, not -1"):
        call_command("agreement", "answers", seed=-1)


def test_the_command_says_in_one_line_that_there_is_no_such_study() -> None:
    with pytest.raises(CommandError, match="There is no study nowhere"):
        call_command("agreement", "nowhere")


def test_agreement_is_told_with_and_without_the_excluded(capsys: pytest.CaptureFixture[str]) -> None:
    study = make_study()
    people = [make_participant(study, code) for code in "abc"]
    make_labels(make_items(study, 1)[0], [1, 2, 5], people=people)
    exclude(participant=people[2], reason="careless")
    call_command("agreement", "answers")
    assert "1 item, 2 labels of 2 people, 0 cannot judge" in capsys.readouterr().out
    call_command("agreement", "answers", "--with-excluded")
    assert "3 labels of 3 people, excluded people among them, 0 cannot judge" in capsys.readouterr().out
    asked = [study_agreement(study, with_excluded=way)["with_excluded"] for way in (False, True)]
    assert asked == [False, True]
