import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from annotation.agreement import study_agreement
from annotation.models import Label, Study
from annotation.quality.exclusion import exclude
from annotation.statistics.clusters import cluster_weights
from annotation.statistics.resampling import percentile_interval
from calibration.audit import as_json, create_audit, run_audit
from calibration.measures.drops import DROP
from calibration.measures.measure import BEYOND_PAPER
from calibration.measures.specification import Specification
from calibration.models import Audit, Score, Scorer
from calibration.report.lines import report_lines
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
