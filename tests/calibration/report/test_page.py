"""How the page of a finished audit writes subsets, intervals and what is undefined."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Study
from calibration.audit import create_audit, run_audit
from calibration.models import Audit, Score, Scorer
from calibration.report.one import equally_good_words
from generation.templatetags.numbers import end, fixed, percent
from tests.calibration.scored import make_scored_study
from tests.factory import make_items, make_labels, make_study

pytestmark = pytest.mark.django_db

CHOSEN = re.compile(r'aria-current="true">([^<]+)<')


def finished(study: Study, **asked: object) -> Audit:
    return run_audit(audit=create_audit(study=study, replicates=20, **asked))  # type: ignore[arg-type]


def test_the_page_plots_the_subset_that_is_asked_for_and_keeps_the_others(console: Client) -> None:
    url = reverse("audit", args=[finished(make_scored_study(items=120, people=25), preset="paper").pk])
    text = console.get(url, {"tukey": "0.5", "entropy": "10", "nonsense": "<b>"}).content.decode()
    assert CHOSEN.findall(text) == ["top 10 %", "k = 0.5"]
    assert 'href="?tukey=1&amp;entropy=10#tukey"' in text
    assert "<b>&" not in text
    assert console.get(url, {"tukey": "7"}).status_code == 200


def test_the_plot_starts_with_the_narrowest_subset_that_is_large_enough_and_defined(console: Client) -> None:
    audit = finished(make_scored_study(items=120, people=1), preset="standard")
    text = console.get(reverse("audit", args=[audit.pk])).content.decode()
    shown = dict(re.findall(r'#(\w+)" aria-current="true">([^<]+)<', text))
    assert audit.result is not None
    pairs = [s for s in audit.result["scorers"][1]["subsets"] if s["rule"] == "near_pairs"]
    assert pairs[-1]["spearman"]["value"] is None  # one label an item: means this near are equal
    assert "near_pairs" not in shown and "<b>less than 1 apart to less than 0.25 apart</b>" in text
    sizes = [s["n"] for s in audit.result["subsets"] if s["rule"] == "middle"]
    assert shown["middle"].startswith(f"middle {90 - 10 * sizes.index(min(n for n in sizes if n >= 100))} %")


def test_cuts_that_keep_the_same_items_are_one_and_so_are_rules(console: Client) -> None:
    study = make_scored_study(people=2)
    subsets = dict.fromkeys(("entropy", "gini", "majority_minority"), (16.0, 2.0))
    audit = finished(study, preset="full", subsets=subsets | {"tukey": (3.0, 2.5)})
    assert audit.result is not None
    assert len({s["n"] for s in audit.result["subsets"] if s["rule"] != "tukey"}) == 1
    text = console.get(reverse("audit", args=[audit.pk]), {"entropy": "2"}).content.decode()
    assert "<b>top 16 % to top 2 %</b>" in text
    assert text.count("keeps the same items, cut for cut, as entropy here") == 2
    assert 'class="cuts"' not in text


def test_other_rules_of_a_question_are_folded_behind_what_they_find(console: Client) -> None:
    audit = finished(make_scored_study(items=120), preset="standard")
    url = reverse("audit", args=[audit.pk])
    folded = re.compile(r'<details class="each rule" id="(\w+)"( open)?>\s*<summary><b>[^<]+</b> ([^<]+)<')
    found = folded.findall(console.get(url).content.decode())
    assert [(key, opened) for key, opened, _ in found] == [("zscore", ""), ("middle", "")]
    assert all(re.search(r"items: \d of 2 fall more than the range explains$", words) for *_, words in found)
    found = folded.findall(console.get(url, {"middle": "50"}).content.decode())
    assert [opened.strip() for _, opened, _ in found] == ["", "open"]


def test_n_ties_and_intervals_of_every_subset_stand_on_the_page(console: Client) -> None:
    audit = finished(make_scored_study(), preset="standard")
    text = re.sub(r"<[^>]+>|\s+", " ", console.get(reverse("audit", args=[audit.pk])).content.decode())
    text = re.sub(r"\s+", " ", text)
    assert audit.result is not None
    for subset in audit.result["subsets"]:
        ties = f", {subset['boundary_ties']} tie" if subset["boundary_ties"] else ""
        assert f"n = {subset['n']}{ties}" in text
    for scorer in audit.result["scorers"]:
        for name in ("spearman", "kendall", "pearson"):
            found = scorer[name]
            assert f"{found['value']:.2f} {found['low']:.2f} to {found['high']:.2f}" in text


def test_a_value_without_an_interval_says_why(console: Client) -> None:
    study = make_scored_study()
    query = study.items.earliest("pk").query
    study.items.update(query=query)
    text, whole = (
        console.get(reverse("audit", args=[finished(study, preset=preset).pk])).content.decode()
        for preset in ("paper", "standard")
    )
    reason = "no interval: fewer than two clusters to resample"
    table = whole[whole.index('aria-label="Every correlation') : whole.index('id="entropy"')]
    assert table.count(f"<li>{reason}</li>") == 1
    assert table.count("<sup>1</sup>") == 8
    assert "<b>1</b><span>query, which intervals resample" in text
    assert "how many intervals hold 0: no scorer has one" in text
    assert "0 of 2" not in text


def test_a_scorer_without_an_interval_is_not_counted_among_those_whose_interval_holds_zero(
    console: Client,
) -> None:
    study = make_scored_study()
    flat = Scorer.objects.create(name="flat")
    Score.objects.bulk_create(
        Score(study=study, scorer=flat, item=item, value=1) for item in study.items.all()
    )
    text, whole = (
        console.get(reverse("audit", args=[finished(study, preset=preset).pk])).content.decode()
        for preset in ("paper", "standard")
    )
    assert "<b>0 of 2</b><span>intervals for rho hold 0</span>" in text
    assert "<td>0 of 12</td>" in whole


def test_few_queries_are_cautioned_about_on_the_page_and_in_the_report(console: Client) -> None:
    audit = finished(make_scored_study(), preset="paper")
    for name in ("audit", "audit-report"):
        text = console.get(reverse(name, args=[audit.pk])).content.decode()
        assert "It resamples 12 queries: so few clusters make intervals somewhat narrow" in text
        assert "People are held fixed" in text


def test_a_share_or_an_end_is_not_rounded_to_what_it_is_not() -> None:
    assert (percent(1055 / 1056), percent(1), percent(0.5)) == ("over 99 %", "100 %", "50 %")
    assert percent(-1e-17) == "0 %"
    assert [end(number) for number in (-0.004, 0.0004, -0.25, 0, -1e-9)] == [
        "−0.004", "0.0004", "−0.25", "0.00", "0.00"
    ]  # fmt: skip
    assert end(None) == fixed(None)


def test_resamples_that_an_interval_leaves_out_are_told(console: Client) -> None:
    study = make_scored_study()
    scorer = Scorer.objects.create(name="two queries")
    items = list(study.items.order_by("position"))
    Score.objects.bulk_create(
        Score(study=study, scorer=scorer, item=item, value=n if n % 12 < 2 else -1)
        for n, item in enumerate(items)
    )
    audit = run_audit(audit=create_audit(study=study, preset="paper", replicates=60))
    assert audit.result is not None
    told = next(found["spearman"] for found in audit.result["scorers"] if found["name"] == "two queries")
    assert 20 <= told["replicates"] < 60
    text = console.get(reverse("audit", args=[audit.pk])).content.decode()
    assert f"the interval leaves out {60 - told['replicates']} of 60 resamples as undefined" in text


def test_near_pairs_are_held_against_all_pairs(console: Client) -> None:
    audit = finished(make_scored_study(), preset="standard")
    text = console.get(reverse("audit", args=[audit.pk])).content.decode()
    assert audit.result is not None
    table = text[text.index("Rho on every subset: Similar quality: near pairs") :]
    for scorer in audit.result["scorers"]:
        assert f"{scorer['all_pairs']['value']:.2f}" in table[: table.index("</table>")]
    assert "the same of all pairs within queries" in text


def test_simulated_labels_are_marked_on_the_page_and_in_the_report(console: Client) -> None:
    for simulated in (True, False):
        study = make_scored_study(f"s{int(simulated)}", simulated=simulated)
        audit = finished(study)
        for name in ("audit", "audit-report"):
            for later in (simulated, not simulated):  # what the study says later changes no audit
                Study.objects.filter(pk=study.pk).update(simulated=later)
                text = console.get(reverse(name, args=[audit.pk])).content.decode()
                assert ("simulated labels" in text) == simulated
        Study.objects.filter(pk=study.pk).update(simulated=simulated)
        for name in ("audits", "scores"):
            text = console.get(reverse(name, args=[study.slug])).content.decode()
            assert ("simulated labels" in text) == simulated


def test_undefined_estimates_are_words_with_their_reason(console: Client) -> None:
    study = make_study()
    items = make_items(study, 5)
    for item in items:
        make_labels(item, [3])
    scorer = Scorer.objects.create(name="flat")
    Score.objects.bulk_create(Score(study=study, scorer=scorer, item=item, value=1) for item in items)
    text = console.get(reverse("audit", args=[finished(study, preset="full").pk])).content.decode()
    assert "undefined" in text
    assert "are equal" in text
    assert "nan" not in re.sub(r"<[^>]+>", " ", text).lower().split()


def test_a_confident_scorer_is_told_with_the_share_that_the_audit_asked_for() -> None:
    told = {
        "n_equivalent": 3, "n_decided": 4, "n_undecided": 0, "margin": 0.5,
        "confident": {"value": 0.5, "low": None, "high": None},
    }  # fmt: skip
    words = equally_good_words({"pairwise": {"equally_good": told}}, sure=0.9)
    assert "It is sure of a side, beyond 0.90, on 50 %" in words
