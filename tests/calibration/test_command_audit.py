import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from calibration.models import Audit, Measurement, Score, Scorer
from tests.calibration.scored import make_scored_study
from tests.factory import make_items, make_labels, make_study

pytestmark = pytest.mark.django_db


def printed(*arguments: Any, **options: Any) -> str:
    out = StringIO()
    call_command("audit", *arguments, stdout=out, replicates=20, **options)
    return out.getvalue()


def test_it_prints_a_table_of_all_items_and_of_a_subset_of_every_rule_with_n_and_interval() -> None:
    make_scored_study(simulated=True)
    text = printed("answers", preset="paper")
    assert text.startswith("answers (simulated): 60 items, 420 labels, alpha (ordinal) 0.")
    whole, entropy, tukey = (table.splitlines() for table in text.split("\n\n")[1:4])
    assert whole[0].split() == ["All", "items", "n", "rho", "within", "queries"]
    assert [line.split()[:2] for line in whole[1:]] == [["judge", "30"], ["reward", "60"]]
    assert re.fullmatch(r"Similar quality: Tukey’s fences: k = 0.5, \d\d items +all +subset", tukey[0])
    assert re.fullmatch(r"reward +(0\.\d\d \(0\.\d\d, 0\.\d\d\) *){2}", tukey[2])
    assert re.search(r"judge .*\) n=\d", tukey[1])
    assert re.match(r"Disagreed: entropy: top \d+ % to top \d+ %, \d+ items, \d+ ties ", entropy[0])
    assert "20 replicates of up to 12 queries, people held fixed, seed 0" in text
    assert "Caution: so few clusters make intervals somewhat narrow" in text
    assert "falls without any miscalibration" in text
    assert Audit.objects.get().data_hash in text


def test_near_pairs_stand_beside_all_pairs() -> None:
    make_scored_study()
    text = printed("answers")
    near = next(table for table in text.split("\n\n") if "near pairs" in table).splitlines()
    result = Audit.objects.get().result or {}
    reward = next(scorer for scorer in result["scorers"] if scorer["name"] == "reward")
    assert re.match(rf"reward( \*)? +{reward['all_pairs']['value']:.2f} \(", near[-1])


def test_it_says_what_a_perfect_scorer_can_expect_and_how_far_each_is_from_all_that_people_say() -> None:
    make_scored_study()
    Scorer.objects.filter(name="reward").update(name=f"{'long' * 30}-7")
    text = printed("answers")
    assert re.search(r"\nA scorer that knows .* can expect a rho of 0\.\d\d \(0\.\d\d, 0\.\d\d\)\n", text)
    whole, entropy, *_ = (table.splitlines() for table in text.split("\n\n")[1:])
    assert whole[0].split()[-2:] == ["Wasserstein-1", "skill"]
    assert re.fullmatch(r"(long){6}….*long-7( +\S+){8}.*", max(whole[1:]))
    assert entropy[0].endswith("adjusted p")
    assert "adjusted (Benjamini and Hochberg) over all scorers and subsets" in text
    assert re.search(r"a perfect judge is at 0\.\d\d", text)


def test_json_is_the_outer_contracts_and_the_same_twice() -> None:
    make_scored_study()
    first, second = (printed("answers", json=True, seed=5, scorer=["reward"]) for _ in range(2))
    assert first == second
    found = json.loads(first)
    assert {"study", "preset", "seed", "replicates", "data_hash", "people", "scorers"} <= found.keys()
    assert {"krippendorff_alpha", "reliability", "ceiling"} <= found["people"].keys()
    (scorer,) = found["scorers"]
    assert {
        *("name", "family", "n", "coverage", "spearman", "kendall", "pearson", "within_query", "subsets"),
        *("distribution", "pairwise", "alt_test"),
    } <= scorer.keys()
    assert {"value", "low", "high", "n"} <= scorer["spearman"].keys()
    for subset in scorer["subsets"]:
        assert {
            *("rule", "parameter", "n", "boundary_ties", "spearman", "expected", "excess", "stratified")
        } <= subset.keys()


def test_html_is_one_file_that_needs_no_network(tmp_path: Path) -> None:
    make_scored_study(simulated=True)
    report = tmp_path / "report.html"
    report.write_text("an older one")
    assert f"Wrote {report}." in printed("answers", html=report, preset="full")
    text = report.read_text()
    assert "--paper:" in text  # the look itself, not a link to it
    assert "simulated labels" in text
    for reference in ("<link", "<script", "src=", "url(", "@import", 'href="/', 'href="?', 'style="'):
        assert reference not in text, reference
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_wrong_requests_are_one_line_and_leave_nothing(tmp_path: Path) -> None:
    bare = make_study("bare")
    make_labels(make_items(bare, 3)[0], [1])
    make_scored_study(items=12)
    for arguments, words in [
        ({"slug": "nowhere"}, "There is no study nowhere."),
        ({"slug": "bare"}, "no scores yet"),
        ({"slug": "answers", "scorer": ["nobody"]}, "nobody has no scores"),
        ({"slug": "answers", "html": tmp_path}, "cannot be written"),
        ({"slug": "answers", "html": tmp_path / "no" / "report.html"}, "cannot be written"),
        ({"slug": "answers", "seed": -3}, "seed"),
    ]:
        with pytest.raises(CommandError, match=words) as caught:
            printed(arguments.pop("slug"), **arguments)
        assert "\n" not in str(caught.value)
    assert not Audit.objects.exists()
    assert not list(tmp_path.iterdir())


def test_a_failed_run_is_one_line_and_leaves_no_audit() -> None:
    study = make_scored_study(items=12)
    Score.objects.filter(study=study).update(value=None, distribution=[1.0])
    with pytest.raises(CommandError, match="The audit stopped") as caught:
        printed("answers")
    assert "\n" not in str(caught.value)
    assert not Audit.objects.exists()


def test_cancelled_on_its_page_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    make_scored_study(items=12)
    monkeypatch.setattr("tqdm.tqdm.update", lambda *_: Audit.objects.update(state=Audit.State.CANCELLED))
    with pytest.raises(CommandError, match="was cancelled by somebody"):
        printed("answers", preset="paper", json=True)
    with pytest.raises(CommandError, match="name it as in tukey=2,1"):
        call_command("audit", "answers", "--subset=tukey")


def test_subsets_thresholds_and_cluster_unit_are_chosen_and_measured_anew_if_wished() -> None:
    make_scored_study()
    asked = {"subset": [("tukey", [2.0])], "cluster_unit": "item", "margin": 0.25, "confident": 0.9}
    first = json.loads(printed("answers", json=True, preset="full", **asked))
    assert [(s["rule"], s["parameter"]) for s in first["subsets"]] == [("tukey", 2.0)]
    assert (first["cluster_unit"], first["margin"], first["confident"]) == ("item", 0.25, 0.9)
    assert json.loads(printed("answers", json=True, preset="full", anew=True, **asked)) == first
    dates = Measurement.objects.filter(scorer="judge").values_list("measured_at", flat=True)
    assert len(set(dates)) == len(dates) == 2
    flags = ["--json", "--replicates=20", "--preset=full", "--subset=tukey=2", "--cluster-unit=item"]
    out = StringIO()
    call_command("audit", "answers", *flags, "--margin=.25", "--confident=.9", stdout=out)
    assert json.loads(out.getvalue()) == first


def test_interrupted_it_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    make_scored_study(items=12)

    def interrupted(self: object, share: float) -> None:
        assert Measurement.objects.exists()
        raise KeyboardInterrupt

    monkeypatch.setattr("tqdm.tqdm.update", interrupted)
    with pytest.raises(CommandError, match="nothing of the audit was kept") as caught:
        printed("answers")
    assert caught.value.returncode == 130
    assert not Audit.objects.exists() and not Measurement.objects.exists()
