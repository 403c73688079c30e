"""The page of a finished audit, and its file that needs no network."""

import re
from html import escape, unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.models import Study
from calibration.audit import create_audit, run_audit
from calibration.models import Audit, Score
from calibration.report.found import ranked
from calibration.report.read import read_report
from generation.models import Response
from tests.calibration.report.filled import filled
from tests.calibration.scored import make_scored_study

pytestmark = pytest.mark.django_db

ADDRESS = re.compile(r'(?:src|href)="(?!#)([^"]*)"')


def finished(study: Study, **asked: Any) -> Audit:
    return run_audit(audit=create_audit(study=study, **({"preset": "paper", "replicates": 20} | asked)))


def whole(study: Study, items: int = 2, **asked: Any) -> Audit:
    """An audit whose result has every part."""
    audit = finished(study, **asked)
    counts = [7, 0, 0, 0, 0]
    result = filled(audit.result or {}, [(f"i{n}", counts) for n in range(items)])
    Audit.objects.filter(pk=audit.pk).update(result=result)
    audit.refresh_from_db()
    return audit


def words_of(client: Client, audit: Audit, name: str = "audit", **wishes: str) -> str:
    """The page's text."""
    html = client.get(reverse(name, args=[audit.pk]), wishes).content.decode()
    return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)).split())


def test_five_numbers_say_what_the_audit_found(console: Client) -> None:
    words = words_of(console, whole(make_scored_study()))
    assert "60 responses, 7 labels each" in words
    assert "0.95 rho that a perfect scorer can expect (" in words
    assert "0.21 Wasserstein-1 floor" in words
    assert re.search(r"1 of 2 fall more than the range explains, top \d+ %( to top \d+ %)? by entropy", words)


def test_where_no_scorer_has_a_rho_none_is_behind_the_highest(console: Client) -> None:
    study = make_scored_study()
    Score.objects.update(value=1)
    words = words_of(console, finished(study, preset="standard"))
    assert "no scorer has a rho" in words
    assert "not measured by this audit" not in words


def test_red_is_who_falls_more_than_the_range_explains_by_the_adjusted_p(console: Client) -> None:
    study = make_scored_study()
    audit = whole(study)
    report = read_report(audit.result or {}, study=study)
    section = next(one for one in report.sections if one.key == "entropy")
    assert {row.name: row.falls for row in section.plot.rows} == {"judge": True, "reward": False}
    assert report.falls == (1, 2)
    for subset in (audit.result or {})["scorers"][0]["subsets"]:
        subset["excess"] |= {"p": 0.001, "adjusted_p": 0.2}
    assert read_report(audit.result or {}, study=study).falls == (0, 2)


def test_every_part_of_the_result_is_on_the_page(console: Client) -> None:
    words = words_of(console, whole(make_scored_study(kind="comparison"), preset="standard"))
    for said in (
        "12 queries are few.",
        "+0.20 p 0.020",  # behind the highest
        "Mean labels have a standard deviation of 0.61 there and a reliability of 0.80, so that a perfect "
        "scorer can expect 0.89.",
        "A perfect judge with as many votes 0.21 0.58",
        "A perfect judge with as many votes 0.50 0.50 0.50 0.50 0.50",
        "0.70 times as far (from 0.65 to 0.75)",
        "One other person ties left out 0.60",
        "A perfect judge people’s own split 0.55 0.19",
        "does not pass too thin a design to tell",
        "People hold 10 pairs equally good",
        "18 to 29 12 people 0.40 0.35 to 0.45",
        "14 people by the rank correlation of the scorer with their own labels",
        "the subset does not overlap the rest",
        "Expected calibration error: 0.040; a calibrated scorer would have 0.015",
    ):
        assert said in words, said
    assert "not measured by this audit" not in words


def test_what_an_audit_did_not_measure_is_said_in_a_sentence_with_its_reason(console: Client) -> None:
    audit = finished(make_scored_study())
    former = audit.result or {}
    former.pop("design", None)
    former.pop("differences", None)
    former["people"] |= {"reliability": None, "ceiling": None}
    for scorer in former["scorers"]:
        for key in (
            "distribution",
            "by_disagreement",
            "pairwise",
            "alt_test",
            "annotators",
            "groups",
            "examples",
        ):
            scorer.pop(key, None)
        scorer["reasons"] = {"distribution": "not part of this version's audit"}
        for subset in scorer["subsets"]:
            for key in ("expected", "excess", "stratified"):
                subset[key] = None
    Audit.objects.filter(pk=audit.pk).update(result=former)
    for name in ("audit", "audit-report"):
        words = words_of(console, audit, name)
        assert "Not shown: not part of this version's audit." in words
        assert "intervals for rho hold 0" in words
        assert "None" not in words


def test_a_scorer_is_shown_in_detail_as_the_address_asks_and_others_are_one_link_away(
    console: Client,
) -> None:
    audit = whole(make_scored_study(scorers=("reward & more", "judge")))
    url = reverse("audit", args=[audit.pk])
    text = console.get(url, {"scorer": "judge", "tukey": "2"}).content.decode()
    assert "One scorer: <bdi>judge</bdi>" in text
    assert "?tukey=2&amp;scorer=reward%20%26%20more#one" in text
    assert '<input type="hidden" name="tukey" value="2">' in text
    text = console.get(url, {"scorer": "nobody"}).content.decode()
    assert f"One scorer: <bdi>{escape(ranked(audit.result or {})[0]['name'])}</bdi>" in text


def test_examples_show_texts_beside_peoples_labels_and_what_the_scorer_predicts(console: Client) -> None:
    study = make_scored_study()
    audit = whole(study, items=3)
    Response.objects.filter(pk=study.items.get(external_id="i0").response_id).update(text="so long " * 90)
    Response.objects.filter(pk=study.items.get(external_id="i1").response_id).update(text="<b>مرحبا</b>")
    study.items.filter(external_id="i2").update(external_id="another")
    text = console.get(reverse("audit", args=[audit.pk])).content.decode()
    assert '<details class="fold"><summary>so long' in text
    assert "&lt;b&gt;مرحبا&lt;/b&gt;" in text
    assert "no longer has the texts of item <bdi>i2</bdi>" in text
    assert "People, mean 1.50" in text and "Scorer, mean 4.25" in text and "Too high by 2.75" in text
    assert "7 labels. 1" in text and re.search(r"Predicted\. 2[^\"]*: 5 %", text)


def test_the_page_asks_no_more_of_the_database_for_many_scorers_and_examples(console: Client) -> None:
    asked = []
    for number in (2, 9):
        names = tuple(f"s{n}" for n in range(number))
        audit = whole(make_scored_study(f"of{number}", scorers=names, items=24), items=number)
        for name in ("audit", "audit-report"):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                console.get(reverse(name, args=[audit.pk]))
            asked.append(len(queries))
    assert asked[:2] == asked[2:]
    assert max(asked) <= 8


def test_the_file_holds_every_scorers_details_and_points_nowhere(console: Client) -> None:
    audit = whole(make_scored_study(scorers=("one", "two", "three")))
    text = console.get(reverse("audit-report", args=[audit.pk])).content.decode()
    assert text.count('<details class="each"') == 3
    assert text.count("Where is it most wrong?") == 3
    assert ADDRESS.findall(text) == []
    assert "<script" not in text
