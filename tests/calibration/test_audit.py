import json
import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from scipy import stats

from annotation.agreement import study_agreement
from annotation.models import Label, Study
from annotation.quality.exclusion import exclude
from annotation.statistics.clusters import cluster_weights
from annotation.statistics.resampling import percentile_interval
from calibration.audit import AuditError, as_json, create_audit, run_audit
from calibration.measures.drops import DROP
from calibration.measures.measure import BEYOND_PAPER
from calibration.measures.specification import Specification
from calibration.models import Audit, Score, Scorer
from calibration.report.lines import report_lines
from calibration.tasks import enqueue_audit, run_again, run_audit_task
from tests.calibration.scored import make_scored_study
from tests.factory import make_items, make_labels, make_participant, make_response, make_study

pytestmark = pytest.mark.django_db

Array = npt.NDArray[np.float64]


# Of the labels and scores that `make_scored_study` draws.
HASH = "f6f275f30c5a3eca03628e92fde6bf38c6044da0d2d9d4e37557134d96c86ffc"


def audited(study: Study, **asked: Any) -> dict[str, Any]:
    audit = run_audit(audit=create_audit(study=study, **({"replicates": 50} | asked)), reuse=False)
    assert (audit.state, audit.error) == (Audit.State.FINISHED, "")
    assert audit.result is not None
    return audit.result


def known(study: Study, scorer: str) -> tuple[Array, Array, Array]:
    """Counts, means and one scorer's scores of the study's items, read plainly."""
    rows = {label.item.position: [] for label in Label.objects.select_related("item")}  # type: ignore[var-annotated]
    for label in Label.objects.select_related("item").filter(item__study=study):
        rows[label.item.position].append(label.value)
    counts = np.array([[rows[n].count(v) for v in study.values] for n in sorted(rows)], dtype=float)
    scores = dict(
        Score.objects.filter(study=study, scorer__name=scorer).values_list("item__position", "value")
    )
    return (
        counts,
        np.array([np.mean(rows[n]) for n in sorted(rows)]),
        np.array([scores.get(n, np.nan) for n in sorted(rows)]),
    )


def rho_of(x: Array, y: Array) -> float:
    both = ~np.isnan(x) & ~np.isnan(y)
    return float(stats.spearmanr(x[both], y[both]).statistic)


def test_correlations_are_those_of_scipy_on_the_items_that_both_know() -> None:
    study = make_scored_study()
    result = audited(study)
    assert [scorer["name"] for scorer in result["scorers"]] == ["judge", "reward"]
    for scorer, n, coverage in zip(result["scorers"], (30, 60), (0.5, 1), strict=True):
        _, means, scores = known(study, scorer["name"])
        both = ~np.isnan(scores)
        x, y = scores[both], means[both]
        assert (scorer["n"], scorer["coverage"]) == (n, coverage)
        assert scorer["spearman"]["value"] == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
        assert scorer["kendall"]["value"] == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
        assert scorer["pearson"]["value"] == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-12)
        for name, measure in (
            ("spearman", stats.spearmanr),
            ("kendall", stats.kendalltau),
            ("pearson", stats.pearsonr),
        ):
            rng = Specification("standard", 0, 50, 0.2).rng("clusters")  # the same weights for all scorers
            loop = []
            for weight in cluster_weights(np.arange(60) % 12, replicates=50, rng=rng).astype(int)[:, both]:
                loop.append(measure(np.repeat(x, weight), np.repeat(y, weight)).statistic)
            ends = scorer[name]["low"], scorer[name]["high"]
            assert ends == pytest.approx(percentile_interval(loop), abs=1e-12)
            assert (scorer[name]["n"], scorer[name]["clusters"]) == (n, len(set(np.arange(60)[both] % 12)))
        queries = np.arange(60)[both] % 12
        within = [stats.spearmanr(x[queries == q], y[queries == q]).statistic for q in set(queries)]
        if scorer["name"] == "reward":
            assert scorer["within_query"]["value"] == pytest.approx(np.mean(within), abs=1e-12)


def test_subsets_of_ratings_are_those_of_the_papers_rules_taken_literally() -> None:
    study = make_scored_study()
    result = audited(study, preset="standard")
    counts, means, _ = known(study, "reward")
    shares = counts / counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nansum(shares * np.log2(shares), axis=1)
    first, third = np.percentile(means, [25, 75])
    expected: dict[tuple[str, float], npt.NDArray[np.bool_]] = {}
    for k in (3, 2.5, 2, 1.5, 1, 0.5):
        expected["tukey", k] = (first - k * (third - first) <= means) & (means <= third + k * (third - first))
        expected["zscore", k] = np.abs(means - means.mean()) / means.std() <= k
    for percent in (90, 80, 70, 60, 50, 40):
        low, high = np.percentile(means, [50 - percent / 2, 50 + percent / 2])
        expected["middle", percent] = (means >= low - 1e-9) & (means <= high + 1e-9)
    for percent in (16, 14, 12, 10, 8, 6, 4, 2):
        expected["entropy", percent] = entropy >= np.percentile(entropy, 100 - percent) - 1e-9
    for scorer in result["scorers"]:
        _, _, scores = known(study, scorer["name"])
        found = {(s["rule"], s["parameter"]): s for s in scorer["subsets"] if s["rule"] != "near_pairs"}
        assert found.keys() == expected.keys()
        for key, mask in expected.items():
            n = int((mask & ~np.isnan(scores)).sum())
            assert (key, found[key]["n"]) == (key, n)
            if n > 5:
                value = rho_of(scores[mask], means[mask])
                assert found[key]["spearman"]["value"] == pytest.approx(value, abs=1e-12), key


def test_near_pairs_compare_differences_within_a_query() -> None:
    study = make_scored_study()
    result = audited(study, preset="standard", scorers=["reward"])
    _, means, scores = known(study, "reward")
    (scorer,) = result["scorers"]
    near = [s for s in scorer["subsets"] if s["rule"] == "near_pairs"]
    every = {"parameter": np.inf, "n": scorer["all_pairs"]["n"], "spearman": scorer["all_pairs"]}
    for subset in (*near, every):
        pairs = [
            (scores[i] - scores[j], means[i] - means[j])
            for i in range(60)
            for j in range(60)
            if i != j and i % 12 == j % 12 and round(abs(means[i] - means[j]), 9) < subset["parameter"]
        ]
        x, y = np.round(np.array(pairs), 9).T
        assert subset["n"] == len(pairs) / 2
        assert subset["spearman"]["value"] == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


def test_pairs_are_resampled_with_their_query_in_a_block_design_too() -> None:
    study = make_scored_study(design="blocks", session_size=12)
    before = audited(study, scorers=["reward"])
    assert before["clusters"] == {"unit": "query", "n": 12, "caution": before["clusters"]["caution"]}
    for item in study.items.all():  # as a block design deals: forms hold an item of every query
        study.items.filter(pk=item.pk).update(block=item.position // 12 + 1)
    assert audited(study, scorers=["reward"]) == before


def test_too_many_pairs_are_undefined_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_scored_study()
    plain = audited(study)
    monkeypatch.setattr("calibration.metrics.subsets.pairs.MOST_PAIRS", 50)
    result = audited(study)
    for scorer, before in zip(result["scorers"], plain["scorers"], strict=True):
        estimate = scorer["all_pairs"]
        assert (estimate["value"], estimate["n"]) == (None, before["all_pairs"]["n"])
        assert "too many to compare" in estimate["reason"]
        assert scorer["spearman"] == before["spearman"]
    assert [s["n"] for s in result["subsets"]] == [s["n"] for s in plain["subsets"]]


def test_few_clusters_are_cautioned_about_and_unnamed_people_have_a_reason() -> None:
    result = audited(make_scored_study())
    assert "somewhat narrow: with 10, 95 % intervals of ordinal alpha" in result["clusters"]["caution"]
    assert (result["annotators"], result["annotators_reason"]) == (
        None,
        "the imported file names no annotators",
    )


def test_subsets_of_comparisons_are_those_of_the_papers_rules_cut_by_value() -> None:
    study = make_scored_study(kind="comparison", items=80)
    result = audited(study, preset="paper", scorers=["reward"])
    counts, means, scores = known(study, "reward")
    ties = counts[:, 2]
    sides = counts[:, 3:].sum(axis=1) + ties / 2, counts[:, :2].sum(axis=1) + ties / 2
    agreement = np.maximum(*sides) / counts.sum(axis=1)
    assert [s["rule"] for s in result["subsets"]] == ["ties"] * 8 + ["percent_agreement"] * 8
    for subset in result["scorers"][0]["subsets"]:
        wanted = int(80 * subset["parameter"] / 100)
        measure = ties if subset["rule"] == "ties" else -agreement
        cut = np.sort(measure)[::-1][wanted - 1]
        inside = measure >= cut
        assert subset["n"] == inside.sum() >= wanted
        assert subset["boundary_ties"] == (int((measure == cut).sum()) if inside.sum() > wanted else 0)
        assert subset["spearman"]["value"] == pytest.approx(rho_of(scores[inside], means[inside]), abs=1e-12)


def test_subsets_are_cut_on_the_studys_items_before_what_a_scorer_covers() -> None:
    study = make_scored_study()
    result = audited(study, preset="paper")
    judge = result["scorers"][0]
    for whole, part in zip(result["subsets"], judge["subsets"], strict=True):
        assert (whole["rule"], whole["parameter"]) == (part["rule"], part["parameter"])
        assert part["n"] < whole["n"] or whole["n"] < 3
        assert part["boundary_ties"] == whole["boundary_ties"]


def test_the_same_items_have_the_same_numbers_under_every_rule() -> None:
    result = audited(make_scored_study(people=3), preset="standard")
    for scorer in result["scorers"]:
        whole = [s for s, cut in zip(scorer["subsets"], result["subsets"], strict=True) if cut["n"] == 60]
        assert {s["rule"] for s in whole} >= {"tukey", "zscore"}
        for subset in whole:
            assert subset["spearman"] == scorer["spearman"]


def test_excluded_people_count_nowhere() -> None:
    study = make_scored_study()
    before = audited(study)
    person = make_participant(study, "loud")
    exclude(participant=person, reason="shouts")
    for item in study.items.all():
        make_labels(item, [1], people=[person])
    assert audited(study) == before


def test_excluded_people_count_where_an_audit_asks_for_them_and_its_hash_says_so() -> None:
    study = make_scored_study()
    without = audited(study)
    person = make_participant(study, "loud")
    for item in study.items.all():
        make_labels(item, [1], people=[person])
    counted = audited(study)
    exclude(participant=person, reason="shouts")
    asked = audited(study, with_excluded=True)
    assert (without["with_excluded"], asked["with_excluded"]) == (False, True)
    assert asked["labels"] == without["labels"] + study.items.count()
    assert asked["scorers"] == counted["scorers"]
    assert len({found["data_hash"] for found in (without, counted, asked)}) == 3
    assert audited(study, with_excluded=True) == asked
    assert any("with excluded people" in line for line in report_lines(asked))


def test_what_the_preset_paper_does_not_measure_is_null_beside_its_reason() -> None:
    result = audited(make_scored_study(), preset="paper")
    scorer = result["scorers"][0]
    for place, keys in [
        (result["people"], {"reliability", "ceiling"}),
        (scorer, set(BEYOND_PAPER)),
        (scorer["subsets"][0], set(DROP)),
    ]:
        assert place["reasons"].keys() == keys
        assert {place[key] for key in keys} == {None}


def test_an_undefined_correlation_is_null_with_its_reason_and_never_nan() -> None:
    study = make_study()
    items = make_items(study, 5)
    for item in items[:4]:
        make_labels(item, [3, 3, None])
    flat, absent = (Scorer.objects.create(name=name) for name in ("flat", "elsewhere"))
    Score.objects.bulk_create(Score(study=study, scorer=flat, item=item, value=1) for item in items)
    Score.objects.create(study=study, scorer=absent, item=items[4], value=1)
    result = audited(study, preset="full")
    assert "NaN" not in as_json(result)
    elsewhere, flat_found = result["scorers"]
    assert (elsewhere["n"], elsewhere["coverage"], elsewhere["spearman"]["value"]) == (0, 0, None)
    assert flat_found["n"] == 4
    whole = [found[name] for found in result["scorers"] for name in ("spearman", "kendall", "pearson")]
    for estimate in (*whole, elsewhere["within_query"]):
        assert estimate["value"] is None
        assert estimate["reason"]
    assert result["people"]["krippendorff_alpha"]["ordinal"]["value"] is None


def test_alpha_and_its_interval_are_those_of_agreement_with_the_same_seed() -> None:
    for number in reversed(range(12)):  # its queries get keys in another order than its items
        make_response(f"Query {number} of answers")
    study = make_scored_study()
    result = audited(study, seed=3)
    assert (
        result["people"]["krippendorff_alpha"]
        == (study_agreement(study, replicates=50, seed=3)["krippendorff_alpha"])
    )


def test_run_again_it_gives_the_same_text_and_another_seed_other_intervals() -> None:
    study = make_scored_study()
    first, again, other = (as_json(audited(study, seed=seed)) for seed in (1, 1, 2))
    assert first == again != other
    stored = Audit.objects.earliest("pk")
    assert as_json(stored.result) == first
    assert (stored.data_hash, stored.version) == (json.loads(first)["data_hash"], "0.1.0")


def test_a_scorers_numbers_but_for_adjusted_p_do_not_depend_on_who_else_is_audited() -> None:
    study = make_scored_study(scorers=("reward", "judge", "metric"))
    together = {scorer["name"]: _alone(scorer) for scorer in audited(study)["scorers"]}
    for names in (["judge"], ["metric", "reward"], ["reward", "metric"]):
        for scorer in audited(study, scorers=names)["scorers"]:
            assert _alone(scorer) == together[scorer["name"]]


def _alone(scorer: dict[str, Any]) -> dict[str, Any]:
    """A scorer's numbers without p adjusted for how many tests the audit makes."""
    for row in scorer["subsets"]:
        for test in ("excess", "stratified"):
            row[test].pop("adjusted_p", None)
    return scorer


def test_hash_and_numbers_are_of_labels_and_scores_on_any_database_and_under_any_keys() -> None:
    make_study("before")
    study = make_scored_study()
    first = audited(study)["data_hash"]
    assert first == HASH
    for number in reversed(range(12)):  # its queries get keys in another order
        make_response(f"Query {number} of twin")
    twin = make_scored_study("twin")
    assert audited(twin) == audited(study) | {"study": "twin"}
    score = Score.objects.filter(study=study).earliest("pk")
    Score.objects.filter(pk=score.pk).update(value=99)
    assert audited(study)["data_hash"] != first
    make_labels(twin.items.earliest("pk"), [5])
    assert audited(twin)["data_hash"] != first


def test_an_audit_freezes_what_the_study_is_when_it_runs() -> None:
    audit = create_audit(study=make_scored_study(items=24), replicates=20)
    Study.objects.update(simulated=True)
    result = run_audit(audit=audit).result
    assert result is not None and result["simulated"] is True


def test_a_finished_audit_stays_as_it_is_when_labels_come_later() -> None:
    study = make_scored_study()
    audit = run_audit(audit=create_audit(study=study, replicates=20))
    frozen = audit.result
    for item in study.items.all():
        make_labels(item, [1])
    assert run_audit(audit=audit).result == frozen
    enqueue_audit(audit=audit)
    audit.refresh_from_db()
    assert (audit.state, audit.result) == (Audit.State.FINISHED, frozen)


@pytest.mark.parametrize("left", [Audit.State.WAITING, Audit.State.RUNNING, Audit.State.FAILED])
def test_an_audit_without_a_result_is_run_again_at_somebody_s_wish(left: str) -> None:
    audit = create_audit(study=make_scored_study(), replicates=20)
    error = "the old line" if left == Audit.State.FAILED else ""
    Audit.objects.filter(pk=audit.pk).update(state=left, error=error, heard_at=timezone.now())
    run_again(audit=audit)
    run_audit_task.call(audit.pk)
    audit.refresh_from_db()
    assert (audit.state, audit.error) == (Audit.State.FINISHED, "")


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_audit_leave_one_result() -> None:
    audit = create_audit(study=make_scored_study(items=24), replicates=20)
    alone = run_audit(audit=create_audit(study=audit.study, replicates=20)).result

    def work() -> None:
        run_audit_task.call(audit.pk)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    audit.refresh_from_db()
    assert (audit.state, audit.result) == (Audit.State.FINISHED, alone)


def test_a_failure_is_stored_as_one_line() -> None:
    study = make_scored_study()
    audit = create_audit(study=study)
    Label.objects.filter(item__study=study).delete()
    assert run_audit(audit=audit).state == Audit.State.FAILED
    assert audit.error == "The study answers has no labels to audit against."
    pair = create_audit(study=make_scored_study("other"))
    Study.objects.filter(slug="other").update(kind="pair")
    pair.refresh_from_db()
    assert run_audit(audit=pair).state == Audit.State.FAILED
    assert pair.error.startswith("The audit stopped: ValueError: ")
    assert "\n" not in pair.error


@pytest.mark.django_db(transaction=True)
def test_a_worker_takes_an_enqueued_audit() -> None:
    audit = create_audit(study=make_scored_study(), replicates=20)
    enqueue_audit(audit=audit)
    call_command("db_worker", batch=True, startup_delay=False, reload=False, verbosity=0)
    audit.refresh_from_db()
    assert audit.state == Audit.State.FINISHED


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"preset": "none"}, "no preset none"),
        ({"seed": -1}, "seed"),
        ({"replicates": 1}, "replicates, not 1"),
        ({"epsilon": 1.5}, "Epsilon"),
        ({"scorers": ["nobody"]}, "nobody has no scores for the study answers; these have: judge, reward."),
        ({"scorers": []}, "Choose at least one scorer"),
    ],
)
def test_what_cannot_be_audited_is_refused_in_one_line(asked: dict[str, Any], words: str) -> None:
    study = make_scored_study(items=12)
    with pytest.raises(AuditError, match=words):
        create_audit(study=study, **asked)
    assert not Audit.objects.exists()


def test_a_study_without_scores_or_without_labels_is_refused() -> None:
    study = make_study()
    items = make_items(study, 4)
    with pytest.raises(AuditError, match="no scores yet"):
        create_audit(study=study)
    Score.objects.create(study=study, scorer=Scorer.objects.create(name="reward"), item=items[0], value=1)
    with pytest.raises(AuditError, match="no labels yet"):
        create_audit(study=study)
